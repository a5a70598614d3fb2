"""What every drawing over time has: its size, the shared time axis with eclipses behind it, title, key and edge.

What moves with time is in a group of class `z`, which the page's script zooms; the axis is drawn again by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from flightsw.report import axes
from flightsw.report.drawing import FloatArray

WIDTH, LEFT, RIGHT = 1060, 92, 116
PLOT = WIDTH - LEFT - RIGHT
TOP, BOTTOM = 26, 20
ROW = 19
LETTER_PX = 6.1
CAPITAL_PX = 7.9
"""of DejaVu Sans at 10.5 px, on average"""
BOLD_PX = 7.9
"""of a title's letter: wide enough for DejaVu, the widest of the fonts that may draw it"""


@dataclass(frozen=True)
class Frame:
    """The time axis that all share, and the eclipses behind it."""

    time_s: FloatArray
    """start of each tick"""
    end_s: float
    dark: tuple[tuple[float, float], ...] = ()
    """eclipses, from and to"""

    def x(self, time_s: float) -> float:
        """Pixels from the left."""
        return LEFT + PLOT * time_s / self.end_s if self.end_s > 0.0 else float(LEFT)

    def xs(self, time_s: FloatArray) -> FloatArray:
        """The same of many."""
        return LEFT + PLOT * time_s / self.end_s if self.end_s > 0.0 else np.full(len(time_s), float(LEFT))

    @property
    def tick_s(self) -> float:
        """Length of a tick."""
        return float(self.time_s[1] - self.time_s[0]) if len(self.time_s) > 1 else self.end_s


def framed(
    key: str, title: str, legend: Sequence[tuple[str, str, bool]], body: str, height: int, frame: Frame, attributes: str
) -> str:
    """A drawing with title, key, edge and time axis around its body."""
    total = TOP + height + BOTTOM
    unit = axes.time_unit(frame.end_s)
    found = axes.ticks(0.0, frame.end_s / unit.seconds, 10)
    time_ticks = "".join(
        f'<text class="tt" x="{frame.x(value * unit.seconds):.1f}" y="{TOP + height + 13}">{text}</text>'
        for value, text in zip(found, axes.labels(found), strict=True)
    )
    return (
        f'<svg class="plot" id="{escape(key)}" viewBox="0 0 {WIDTH} {total}" xmlns="http://www.w3.org/2000/svg" '
        f'role="img" aria-label="{escape(title)}" data-end="{frame.end_s!r}"{attributes}>'
        f'<text class="title" x="{LEFT}" y="13">{escape(title)}</text>'
        f"{legend_svg(legend, title)}"
        f"{body}"
        f'<rect class="edge" x="{LEFT}" y="{TOP}" width="{PLOT}" height="{height}"/>'
        f'<g class="time">{time_ticks}</g>'
        f'<text class="tu" x="{LEFT + PLOT + 8}" y="{TOP + height + 13}">{unit.sign}</text></svg>'
    )


def legend_svg(entries: Sequence[tuple[str, str, bool]], title: str) -> str:
    """The key: to the right of the title, as much as there is room for."""
    x = LEFT + len(title) * BOLD_PX + 18.0
    parts = []
    for label, color, dashed in entries:
        need = 20.0 + text_px(label) + 14.0
        if x + need > WIDTH:
            break
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        parts.append(
            f'<g class="key" data-line="{escape(label)}"><path d="M{x:.1f},9h15" stroke="{color}"{dash}/>'
            f'<text x="{x + 19:.1f}" y="13">{escape(label)}</text></g>'
        )
        x += need
    return "".join(parts)


def text_px(text: str) -> float:
    """How wide a text is, at most by a little."""
    return sum(CAPITAL_PX if letter.isupper() else LETTER_PX for letter in text)


def bands(frame: Frame, height: int) -> str:
    """Eclipses."""
    return moving(
        "".join(
            f'<rect class="dark" x="{frame.x(begin):.2f}" y="{TOP}" width="{frame.x(end) - frame.x(begin):.2f}" '
            f'height="{height}"/>'
            for begin, end in frame.dark
        )
    )


def moving(content: str) -> str:
    """What the zoom stretches, cut off at the plot's edges."""
    return f'<g clip-path="url(#plot-clip)"><g class="z">{content}</g></g>'


def polygon(x: FloatArray, y: FloatArray, *, gaps: bool = True) -> str:
    """Path data; where a value is unknown a gap, or without one what is known joined."""
    parts: list[str] = []
    pen = "M"
    for px, py in zip(x.tolist(), y.tolist(), strict=True):
        if py != py:  # noqa: PLR0124  NaN alone differs from itself
            pen = "M" if gaps or not parts else "L"
            continue
        parts.append(f"{pen}{px:.2f},{py:.2f}")
        pen = "L"
    return "".join(parts)


def row_label(text: str, top: int) -> str:
    """What a row is, at its left; the whole of it as a tooltip."""
    shown = text if len(text) <= 15 else f"{text[:14]}…"
    return f'<text class="yt" x="{LEFT - 6}" y="{top + 13}">{escape(shown)}<title>{escape(text)}</title></text>'
