"""Rows of strips from columns: enumerations, flags and levels as stretches of time in one state."""

from __future__ import annotations

import numpy as np

from flightsw.report import decimate
from flightsw.report.drawing import BLUE, GREEN, GREY, OLIVE, ORANGE, PINK, RED, SKY, Row, Span
from flightsw.report.rundata import RunData, stretches

MOST_SPANS = 1500
"""of a row: more than one a pixel shows nothing more"""
STATE_COLORS = {
    "OFF": "#c9ccd1",
    "BOOT": SKY,
    "SURVIVAL": "#a33b00",
    "SAFE": RED,
    "STANDBY": OLIVE,
    "NOMINAL": BLUE,
    "PAYLOAD": GREEN,
    "NONE": "#d5d8dc",
    "POWER": BLUE,
    "THERMAL": RED,
    "COMMANDED": OLIVE,
    "DEVICE": GREY,
    "ON": GREEN,
    "LIMITING": ORANGE,
    "TRIPPED": RED,
    "SUN": ORANGE,
    "NADIR": BLUE,
    "TARGET": PINK,
    "INERTIAL": OLIVE,
    "PRESCRIBED": GREY,
}
"""by the state's name; what isn't named gets the next colour"""
_LEVELS = ("#d5d8dc", "#f0b27a", RED, "#a33b00", "#6e2800")
_MORE = (SKY, PINK, OLIVE, BLUE, GREEN, ORANGE)


def states_row(data: RunData, signal: str, label: str) -> Row | None:
    """An enumeration, its states by name."""
    words = {float(number): name for name, number in data.columns.members.get(signal, {}).items()}
    return _row(data, signal, label, lambda value: words.get(value, f"{value:g}"), _state_color)


def levels_row(data: RunData, signal: str, label: str, nought: str) -> Row | None:
    """A level; 0 has a name of its own."""
    return _row(
        data,
        signal,
        label,
        lambda value: nought if value == 0.0 else f"{value:g}",
        lambda _, value: _LEVELS[min(len(_LEVELS) - 1, int(value))],
    )


def named_row(data: RunData, signal: str, label: str, names: tuple[str, ...]) -> Row | None:
    """A number that stands for one of several things."""
    return _row(
        data,
        signal,
        label,
        lambda value: names[int(value)] if int(value) < len(names) else f"{value:g}",
        lambda _, value: _MORE[int(value) % len(_MORE)],
    )


def flag_row(data: RunData, signal: str, label: str, color: str) -> Row | None:
    """Where a flag holds."""
    values = data.get(signal)
    if values is None:
        return None
    found = _fewer(stretches(values > 0.0, data.columns.dt_s))
    return Row(label, tuple(Span(begin, end, "", color) for begin, end in found))


def _row(data: RunData, signal: str, label: str, text_of: object, color_of: object) -> Row | None:
    assert callable(text_of)
    assert callable(color_of)
    values = data.get(signal)
    if values is None:
        return None
    starts = decimate.changes(values)
    ends = np.append(starts[1:], len(values))
    spans = []
    for begin, end in zip(starts.tolist(), ends.tolist(), strict=True):
        value = float(values[begin])
        if np.isnan(value):
            continue
        text = text_of(value)
        spans.append(Span(begin * data.columns.dt_s, end * data.columns.dt_s, text, color_of(text, value)))
    return Row(label, tuple(_longest(spans)))


def _state_color(text: str, value: float) -> str:
    return STATE_COLORS.get(text, _MORE[int(value) % len(_MORE)])


def _longest(spans: list[Span]) -> list[Span]:
    """Of very many the longest, in their order."""
    if len(spans) <= MOST_SPANS:
        return spans
    shortest = sorted((one.end_s - one.begin_s for one in spans), reverse=True)[MOST_SPANS - 1]
    return [one for one in spans if one.end_s - one.begin_s >= shortest][:MOST_SPANS]


def _fewer(found: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Of very many, neighbours joined."""
    step = -(-len(found) // MOST_SPANS) or 1
    return [(found[place][0], found[min(place + step, len(found)) - 1][1]) for place in range(0, len(found), step)]
