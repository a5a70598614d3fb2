"""Plots as SVG text, for reports that open anywhere. One chart: lines and dots over two axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 34, 46
COLOURS = ("#1f5fa8", "#c8501e", "#2c7d3f", "#7a3f9c")
TICKS = 6
"""at most, at round values"""
LEGEND = 110


@dataclass(frozen=True)
class Series:
    """Points of one thing."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    dots: bool = False


def chart(title: str, x_label: str, y_label: str, series: Sequence[Series]) -> str:
    """An SVG element. Nothing but the title where there is no point."""
    shown = [one for one in series if len(one.x)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    parts = [head, f'<text x="{LEFT}" y="20" font-size="15" font-weight="bold">{escape(title)}</text>']
    if shown:
        x_axis = _Axis([x for one in shown for x in one.x], LEFT, WIDTH - RIGHT)
        y_axis = _Axis([y for one in shown for y in one.y], HEIGHT - BOTTOM, TOP)
        parts += _frame(x_axis, y_axis, x_label, y_label)
        for one, colour in zip(shown, COLOURS, strict=False):
            parts.append(_drawn(one, colour, x_axis, y_axis))
        parts += [
            f'<text x="{WIDTH - RIGHT - LEGEND * (len(shown) - place)}" y="20" font-size="12" fill="{colour}">'
            f"{escape(one.name)}</text>"
            for place, (one, colour) in enumerate(zip(shown, COLOURS, strict=False))
        ]
    return "\n".join([*parts, "</svg>"])


class _Axis:
    """Values to pixels."""

    def __init__(self, values: Sequence[float], first_px: float, last_px: float) -> None:
        low, high = min(values), max(values)
        self._step = _round_step((high - low) or 1.0)
        self.low = self._step * math.floor(low / self._step)
        self.high = self._step * math.ceil(high / self._step + 1e-9)
        self._first_px, self._last_px = first_px, last_px

    def px(self, value: float) -> float:
        return self._first_px + (self._last_px - self._first_px) * (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        return [self.low + place * self._step for place in range(round((self.high - self.low) / self._step) + 1)]


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that it fits at most TICKS times."""
    power = 10.0 ** math.floor(math.log10(span / TICKS))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power * TICKS >= span * (1.0 - 1e-9))


def _frame(x_axis: _Axis, y_axis: _Axis, x_label: str, y_label: str) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [
        f'<rect x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{bottom - TOP}" fill="none" stroke="#999"/>',
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 8}" font-size="12" text-anchor="middle">{escape(x_label)}</text>',
        f'<text x="14" y="{TOP - 8}" font-size="12">{escape(y_label)}</text>',
    ]
    parts += [_label(x_axis.px(value), bottom + 16, "middle", value) for value in x_axis.ticks()]
    for value in y_axis.ticks():
        y = y_axis.px(value)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#e4e4e4"/>')
        parts.append(_label(LEFT - 6, y + 4, "end", value))
    return parts


def _label(x: float, y: float, anchor: str, value: float) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="11" text-anchor="{anchor}">{value:.4g}</text>'


def _drawn(series: Series, colour: str, x_axis: _Axis, y_axis: _Axis) -> str:
    points = [(x_axis.px(x), y_axis.px(y)) for x, y in zip(series.x, series.y, strict=True)]
    if series.dots:
        dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.6"/>' for x, y in points)
        return f'<g fill="{colour}" fill-opacity="0.45">{dots}</g>'
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"/>'
