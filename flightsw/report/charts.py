"""Draws charts that have no time axis: amounts by name, and histograms."""

from __future__ import annotations

from html import escape

from flightsw.report import axes
from flightsw.report.drawing import RED, Bars, Histogram
from flightsw.report.frame import LEFT, PLOT, TOP, WIDTH

ROW = 18
LABELS = 190
LENGTH = 460


def bars_svg(chart: Bars, other: Bars | None = None) -> str:
    """Amounts as bars from nought, their figures beside them. `other`: those of another run, as ticks."""
    others = {} if other is None else dict(other.amounts)
    values = [value for _, value in chart.amounts] + list(others.values())
    low, high = min(0.0, *values), max(0.0, *values)
    scale = LENGTH / (high - low) if high > low else 0.0
    zero = LABELS + LENGTH * (-low / (high - low) if high > low else 0.0)
    parts = []
    for place, (name, value) in enumerate(chart.amounts):
        top = TOP + ROW * place
        left, width = min(zero, zero + value * scale), max(abs(value) * scale, 0.5)
        end = max(zero, zero + value * scale)
        figure = f"{_short(value)}" + (f"  (other run {_short(others[name])})" if name in others else "")
        parts.append(f'<text class="yt" x="{LABELS - 8}" y="{top + 13}">{escape(name)}</text>')
        parts.append(
            f'<rect x="{left:.1f}" y="{top + 3}" width="{width:.1f}" height="{ROW - 6}" fill="{chart.color}"/>'
            f'<text class="bt" x="{end + 6:.1f}" y="{top + 13}">{figure}</text>'
        )
        if name in others:
            at = zero + others[name] * scale
            parts.append(f'<path class="other-tick" d="M{at:.1f},{top + 1}v{ROW - 2}"/>')
    height = ROW * len(chart.amounts)
    axis = f'<path class="zero" d="M{zero:.1f},{TOP}v{height}"/>'
    return _framed(chart.key, f"{chart.title} [{chart.unit}]", "".join(parts) + axis, height + 6)


def histogram_svg(chart: Histogram) -> str:
    """Counts by value."""
    height = 110
    low, high = float(chart.edges[0]), float(chart.edges[-1])
    most = float(chart.counts.max()) or 1.0
    span = high - low or 1.0

    def x_of(value: float) -> float:
        return LEFT + PLOT * (value - low) / span

    parts = []
    for left, right, count in zip(chart.edges[:-1], chart.edges[1:], chart.counts, strict=True):
        tall = height * 0.94 * float(count) / most
        if count:
            parts.append(
                f'<rect class="bin" x="{x_of(left):.1f}" y="{TOP + height - tall:.1f}" '
                f'width="{max(0.5, x_of(right) - x_of(left) - 0.6):.1f}" height="{tall:.1f}"><title>{left:.4g} to '
                f"{right:.4g} {escape(chart.unit)}: {count:g}</title></rect>"
            )
    for place, (name, value) in enumerate(chart.marks):
        x, y = x_of(value), TOP + 10 + 12 * place
        left = x > LEFT + 0.85 * PLOT
        anchor = ' style="text-anchor:end"' if left else ""
        parts.append(f'<path class="limit" d="M{x:.1f},{TOP}v{height}" stroke="{RED}"/>')
        parts.append(
            f'<text class="lt on" x="{x + (-4 if left else 4):.1f}" y="{y}"{anchor}>{escape(name)} {value:.4g}</text>'
        )
    found = axes.ticks(low, high, 10)
    for value, text in zip(found, axes.labels(found), strict=True):
        parts.append(f'<text class="tt" x="{x_of(value):.1f}" y="{TOP + height + 13}">{text}</text>')
    edge = f'<rect class="edge" x="{LEFT}" y="{TOP}" width="{PLOT}" height="{height}"/>'
    most_text = f'<text class="yt" x="{LEFT - 6}" y="{TOP + 10}">{most:g}</text>'
    unit = f'<text class="tu" x="{LEFT + PLOT + 8}" y="{TOP + height + 13}">{escape(chart.unit)}</text>'
    return _framed(chart.key, chart.title, "".join(parts) + edge + most_text + unit, height + 20)


def _short(value: float) -> str:
    return "0" if abs(value) < 1e-9 else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _framed(key: str, title: str, body: str, height: int) -> str:
    return (
        f'<svg class="chart" id="{escape(key)}" viewBox="0 0 {WIDTH} {TOP + height}" '
        f'xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}">'
        f'<text class="title" x="{LEFT}" y="13">{escape(title)}</text>{body}</svg>'
    )
