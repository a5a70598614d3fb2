"""Figures as a terminal shows them: coloured by their limits alone, as bars and scales.

A mark stands behind what is outside its limits, so that a terminal without colour says it too. Pure; used by `panels`.
"""

from __future__ import annotations

from rich.text import Text

from flightsw.live.limits import Level, Limits
from flightsw.live.text import number

STYLES = {
    Level.UNKNOWN: "dim",
    Level.PLAIN: "",
    Level.NOMINAL: "",
    Level.WARNING: "bold yellow",
    Level.ALARM: "bold red",
}
MARKS = {Level.WARNING: " !", Level.ALARM: " !!"}
BAR_STYLES = STYLES | {Level.NOMINAL: "green", Level.PLAIN: "cyan"}


def figure(value: float | None, unit: str, level: Level = Level.PLAIN, digits: int = 1) -> Text:
    """A number in the style of its level, marked where it is outside."""
    text = Text(number(value, unit, digits), style=STYLES[level])
    return text.append(MARKS.get(level, ""))


def bar(share: float | None, columns: int, style: str, *, plain: bool) -> Text:
    """A share as a bar."""
    full = 0 if share is None else round(columns * min(1.0, max(0.0, share)))
    on, off = ("#", ".") if plain else ("━", "─")
    return Text.assemble((on * full, style), (off * (columns - full), "dim"))


def scale(value: float | None, limits: Limits, low: float, high: float, columns: int, *, plain: bool) -> Text:
    """Where a value lies between two ends, with what is beyond its limits coloured."""
    dash, dot = ("-", "o") if plain else ("─", "●")
    text = Text()
    step = (high - low) / (columns - 1)
    place = None if value is None else min(columns - 1, max(0, round((value - low) / step)))
    for column in range(columns):
        at = low + column * step
        level = limits.level(at)
        if column == place:
            text.append(dot, STYLES[limits.level(value)] or "bold")
        else:
            text.append(dash, {Level.WARNING: "yellow", Level.ALARM: "red"}.get(level, "dim"))
    return text
