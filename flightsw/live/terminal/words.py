"""Figures as a terminal shows them: with their unit, a dash for what is unknown, coloured by their limits alone.

A mark stands behind what is outside its limits, so that a terminal without colour says it too. Pure; used by `panels`.
"""

from __future__ import annotations

from rich.text import Text

from flightsw.live.limits import Level, Limits

UNKNOWN = "-"
STYLES = {
    Level.UNKNOWN: "dim",
    Level.PLAIN: "",
    Level.NOMINAL: "",
    Level.WARNING: "bold yellow",
    Level.ALARM: "bold red",
}
MARKS = {Level.WARNING: " !", Level.ALARM: " !!"}
BAR_STYLES = STYLES | {Level.NOMINAL: "green", Level.PLAIN: "cyan"}


def number(value: float | None, unit: str, digits: int = 1) -> str:
    """`31.2 W`; large powers in kW and MW; a percentage of a share with unit `%`."""
    if value is None:
        return UNKNOWN
    if unit == "W" and abs(value) >= 1e4:
        return f"{value / 1e6:.1f} MW" if abs(value) >= 1e6 else f"{value / 1e3:.1f} kW"
    if unit == "%":
        return f"{value:.{digits}%}".replace("%", " %")
    return f"{value:,.{digits}f} {unit}".rstrip()


def figure(value: float | None, unit: str, level: Level = Level.PLAIN, digits: int = 1) -> Text:
    """A number in the style of its level, marked where it is outside."""
    text = Text(number(value, unit, digits), style=STYLES[level])
    return text.append(MARKS.get(level, ""))


def clock(duration_s: float | None) -> str:
    """`0:09:30`, `1d 02:09:30`."""
    if duration_s is None:
        return UNKNOWN
    minutes, seconds = divmod(int(max(0.0, duration_s)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days}d {hours:02}:{minutes:02}:{seconds:02}" if days else f"{hours}:{minutes:02}:{seconds:02}"


def amount(count: float | None) -> str:
    """A count that may be large: `4,648`, `1.24 M`."""
    if count is None:
        return UNKNOWN
    return f"{count / 1e6:.2f} M" if abs(count) >= 1e6 else f"{count:,.0f}"


def data_size(size_bytes: float | None) -> str:
    """`329.9 MB`."""
    if size_bytes is None:
        return UNKNOWN
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:,.1f} {unit}"
    return f"{size_bytes:.0f} B"


def data_rate(rate_bps: float | None) -> str:
    """`5.0 Mbit/s`."""
    if rate_bps is None:
        return UNKNOWN
    return f"{rate_bps / 1e6:.1f} Mbit/s" if rate_bps >= 1e6 else f"{rate_bps / 1e3:.1f} kbit/s"


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
