"""Draws panels: lines over time with their limits, or areas on top of each other.

A panel says in `data-` attributes what its pixels mean, so that values can be read back from its paths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from flightsw.report import axes, decimate
from flightsw.report.drawing import GREY, FloatArray, Limit, Line, Panel
from flightsw.report.frame import LEFT, PLOT, TOP, Frame, bands, framed, moving, polygon

SLACK_PX = 0.12
STACK_BUCKETS = 900
LINE_PX = 11.5
ToPixels = Callable[[FloatArray], FloatArray]
"""values to pixels from the top"""


def panel_svg(panel: Panel, frame: Frame, others: Sequence[Line] = (), other_time_s: FloatArray | None = None) -> str:
    """Lines over time. `others`: the same of another run, drawn beneath."""
    low, high = _range(panel, others)
    height = panel.height

    def y_of(values: FloatArray) -> FloatArray:
        return TOP + height - height * (values - low) / (high - low)

    body = [bands(frame, height), _grid(low, high, height)]
    if panel.stacked:
        drawn = _areas(panel.lines, frame, y_of)
    else:
        times = frame.time_s if other_time_s is None else other_time_s
        drawn = [_path(line, frame, times, y_of, "other") for line in others]
        drawn += [_path(line, frame, frame.time_s, y_of, "mine") for line in sorted(panel.lines, key=_faint_first)]
    body.append(moving("".join(drawn)))
    body += _limits(panel.limits, low, high, height)
    attributes = f' data-low="{low!r}" data-high="{high!r}" data-height="{height}" data-unit="{escape(panel.unit)}"'
    told = len(panel.lines) > 1 or any(line.label.lower() != panel.title.lower() for line in panel.lines)
    legend = [(line.label, line.color, line.dashed) for line in panel.lines] if told else []
    legend += [("pale and dotted: the other run", GREY, True)] if others else []
    unit = f" [{panel.unit}]" if panel.unit else ""
    return framed(panel.key, f"{panel.title}{unit}", legend, "".join(body), height, frame, attributes)


def _grid(low: float, high: float, height: int) -> str:
    found = axes.ticks(low, high, max(3, height // 26))
    parts = []
    for value, text in zip(found, axes.labels(found), strict=True):
        y = TOP + height - height * (value - low) / (high - low)
        parts.append(f'<path class="grid" d="M{LEFT},{y:.1f}h{PLOT}"/>')
        parts.append(f'<text class="yt" x="{LEFT - 6}" y="{y + 3.5:.1f}">{text}</text>')
    return "".join(parts)


def _limits(limits: Sequence[Limit], low: float, high: float, height: int) -> list[str]:
    """Dashed, with their names at the right; of those out of sight the names and values alone."""
    parts, labels = [], []
    for one in sorted(limits, key=lambda one: -one.value):
        y = TOP + height - height * (one.value - low) / (high - low)
        if low <= one.value <= high:
            parts.append(f'<path class="limit" d="M{LEFT},{y:.1f}h{PLOT}" stroke="{one.color}"/>')
            labels.append((y + 3.5, one.label))
        else:
            arrow = "↑" if one.value > high else "↓"
            labels.append((min(max(y, TOP), TOP + height) + 3.5, f"{arrow} {one.label} {one.value:g}"))
    for (_, label), y in zip(labels, _apart([y for y, _ in labels], TOP + height - 1.0), strict=True):
        parts.append(f'<text class="lt" x="{LEFT + PLOT + 6}" y="{y:.1f}">{escape(label)}</text>')
    return parts


def _apart(wanted: Sequence[float], lowest: float) -> list[float]:
    """Places of texts, downwards: as wished for, but a line apart, and none beneath the panel."""
    placed: list[float] = []
    for y in wanted:
        placed.append(max(y, placed[-1] + LINE_PX) if placed else y)
    limit = lowest
    for place in range(len(placed) - 1, -1, -1):
        placed[place] = min(placed[place], limit)
        limit = placed[place] - LINE_PX
    return placed


def _range(panel: Panel, others: Sequence[Line]) -> tuple[float, float]:
    if panel.stacked:
        total = np.sum([np.nan_to_num(line.values) for line in panel.lines], axis=0) if panel.lines else np.zeros(1)
        return axes.padded(0.0, float(np.max(total, initial=0.0)), 0.0)
    known = [line.values[np.isfinite(line.values)] for line in (*panel.lines, *others)]
    known = [values for values in known if values.size]
    low = min((float(values.min()) for values in known), default=0.0)
    high = max((float(values.max()) for values in known), default=1.0)
    # A limit that is near belongs into the picture; one that is far would flatten it.
    span = max(high - low, 0.05 * max(abs(low), abs(high)), 1e-9)
    near = [one.value for one in panel.limits if low - 1.2 * span <= one.value <= high + 1.2 * span]
    return axes.padded(min([low, *near]), max([high, *near]), panel.floor)


def _faint_first(line: Line) -> bool:
    return not line.faint


def _path(line: Line, frame: Frame, time_s: FloatArray, y_of: ToPixels, whose: str) -> str:
    """One line. Where it swings within a bucket, a band from its lowest to its highest, and its mean as the line."""
    color = line.color
    about = f'data-line="{escape(line.label)}"'
    band = ""
    starts = decimate.changes(line.values) if line.step and len(line.values) else ()
    if line.step and len(starts) <= 2 * decimate.BUCKETS:
        x, y = _stairs(line.values, time_s, frame, y_of)
    else:
        places = decimate.kept(line.values)
        x, y = frame.xs(time_s[places]), y_of(line.values[places])
        low, high, mean, width = decimate.envelope(line.values)
        if width > 1 and _swings(y_of(low) - y_of(high)):
            x = frame.xs(np.minimum(time_s[0] + (np.arange(len(mean)) + 0.5) * width * frame.tick_s, time_s[-1]))
            outline = polygon(np.concatenate([x, x[::-1]]), np.concatenate([y_of(high), y_of(low)[::-1]]), gaps=False)
            band = f'<path class="band {whose}" {about} fill="{color}" d="{outline}Z"/>'
            y = y_of(mean)
        needed = decimate.straightened(x, y, SLACK_PX)
        x, y = x[needed], y[needed]
    classes = f"l {whose}" + (" faint" if line.faint else "")
    dash = ' stroke-dasharray="5 3"' if line.dashed and whose == "mine" else ""
    return f'{band}<path class="{classes}" {about} stroke="{color}"{dash} d="{polygon(x, y)}"/>'


def _stairs(values: FloatArray, time_s: FloatArray, frame: Frame, y_of: ToPixels) -> tuple[FloatArray, FloatArray]:
    starts = decimate.changes(values) if len(values) else np.array([], dtype=np.int64)
    ends = np.append(starts[1:], len(values)) if len(starts) else starts
    at_s = np.column_stack([time_s[starts], time_s[ends - 1] + frame.tick_s]).ravel()
    return frame.xs(at_s), y_of(np.repeat(values[starts], 2))


def _swings(thickness_px: FloatArray) -> bool:
    """More than a line is thick, in more than a hundredth of the run."""
    known = thickness_px[np.isfinite(thickness_px)]
    return bool(known.size) and float(np.percentile(known, 99.0)) > 2.5


def _areas(lines: Sequence[Line], frame: Frame, y_of: ToPixels) -> list[str]:
    parts = []
    base: FloatArray | None = None
    for line in lines:
        values, width = decimate.means(line.values, STACK_BUCKETS)
        base = np.zeros(len(values)) if base is None else base
        top = base + values
        edges = np.minimum(np.arange(len(values) + 1) * width, len(line.values)) * frame.tick_s
        x = frame.xs(np.column_stack([edges[:-1], edges[1:]]).ravel())
        over, under = y_of(np.repeat(top, 2)), y_of(np.repeat(base, 2))
        outline = polygon(np.concatenate([x, x[::-1]]), np.concatenate([over, under[::-1]]))
        parts.append(
            f'<path class="area" data-line="{escape(line.label)}" fill="{line.color}" d="{outline}Z">'
            f"<title>{escape(line.label)}</title></path>"
        )
        base = top
    return parts
