"""Draws panels, strips and marks over time as SVG, all with one time axis that the page's script zooms together.

What moves with time is in a group of class `z`; texts that must not be stretched carry their times in seconds. A panel
says in `data-` attributes what its pixels mean, so that values can be read back from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from flightsw.report import axes, decimate
from flightsw.report.drawing import GREY, FloatArray, Limit, Line, Marks, Panel, Row, Span, Strip

WIDTH, LEFT, RIGHT = 1060, 84, 116
PLOT = WIDTH - LEFT - RIGHT
TOP, BOTTOM = 26, 20
ROW = 19
SLACK_PX = 0.12
STACK_BUCKETS = 900
LINE_PX = 11.5
LETTER_PX = 6.1
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


def panel_svg(panel: Panel, frame: Frame, others: Sequence[Line] = (), other_time_s: FloatArray | None = None) -> str:
    """Lines over time. `others`: the same of another run, drawn beneath."""
    low, high = _range(panel, others)
    height = panel.height

    def y_of(values: FloatArray) -> FloatArray:
        return TOP + height - height * (values - low) / (high - low)

    body = [_bands(frame, height), _grid(low, high, height)]
    body.append('<g class="z">')
    if panel.stacked:
        body += _areas(panel.lines, frame, y_of)
    else:
        times = frame.time_s if other_time_s is None else other_time_s
        body += [_path(line, frame, times, y_of, "other") for line in others]
        body += [_path(line, frame, frame.time_s, y_of, "mine") for line in sorted(panel.lines, key=_faint_first)]
    body.append("</g>")
    body += _limits(panel.limits, low, high, height)
    attributes = f' data-low="{low!r}" data-high="{high!r}" data-height="{height}" data-unit="{escape(panel.unit)}"'
    told = len(panel.lines) > 1 or any(line.label.lower() != panel.title.lower() for line in panel.lines)
    legend = [(line.label, line.color, line.dashed) for line in panel.lines] if told else []
    legend += [("dashed grey: the other run", GREY, True)] if others else []
    unit = f" [{panel.unit}]" if panel.unit else ""
    return _framed(panel.key, f"{panel.title}{unit}", legend, "".join(body), height, frame, attributes)


def strip_svg(strip: Strip, frame: Frame) -> str:
    """States over time."""
    height = ROW * len(strip.rows)
    body = [_bands(frame, height)]
    texts = []
    for place, row in enumerate(strip.rows):
        top = TOP + ROW * place
        body.append(_row_label(row.label, top))
        body.append('<g class="z">')
        for span in row.spans:
            left, right = frame.x(span.begin_s), frame.x(span.end_s)
            width = max(right - left, 0.4)
            body.append(
                f'<rect x="{left:.2f}" y="{top + 2}" width="{width:.2f}" height="{ROW - 4}" fill="{span.color}">'
                f"<title>{escape(_span_words(row, span))}</title></rect>"
            )
            if span.text:
                texts.append(_span_text(span, left, width, top))
        body.append("</g>")
        if not row.spans:
            texts.append(f'<text class="never" x="{LEFT + PLOT / 2}" y="{top + 13}">never</text>')
    return _framed(strip.key, strip.title, [], "".join([*body, *texts]), height, frame, "")


def marks_svg(marks: Marks, frame: Frame) -> str:
    """Events over time, a row a source."""
    height = ROW * max(1, len(marks.rows))
    body = [_bands(frame, height)]
    for place, (label, row) in enumerate(marks.rows.items()):
        top = TOP + ROW * place
        body.append(_row_label(label, top))
        body.append('<g class="z">')
        for mark in row:
            x = frame.x(mark.time_s)
            body.append(
                f'<path class="mark" d="M{x:.2f},{top + 3}V{top + ROW - 3}" stroke="{mark.color}">'
                f"<title>{escape(mark.text)}</title></path>"
            )
        body.append("</g>")
    legend = [(name, color, False) for name, color in marks.legend]
    return _framed(marks.key, marks.title, legend, "".join(body), height, frame, "")


def _framed(
    key: str, title: str, legend: Sequence[tuple[str, str, bool]], body: str, height: int, frame: Frame, attributes: str
) -> str:
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
        f"{_legend(legend, title)}"
        f'<svg x="0" y="0" width="{WIDTH}" height="{total}"><g clip-path="url(#plot-clip)">{body}</g></svg>'
        f'<rect class="edge" x="{LEFT}" y="{TOP}" width="{PLOT}" height="{height}"/>'
        f'<g class="time">{time_ticks}</g>'
        f'<text class="tu" x="{LEFT + PLOT + 8}" y="{TOP + height + 13}">{unit.sign}</text></svg>'
    )


def _legend(entries: Sequence[tuple[str, str, bool]], title: str) -> str:
    """To the right of the title, as much as there is room for."""
    x = LEFT + len(title) * BOLD_PX + 18.0
    parts = []
    for label, color, dashed in entries:
        need = 20.0 + len(label) * LETTER_PX + 14.0
        if x + need > WIDTH:
            break
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        parts.append(
            f'<g class="key" data-line="{escape(label)}"><path d="M{x:.1f},9h15" stroke="{color}"{dash}/>'
            f'<text x="{x + 19:.1f}" y="13">{escape(label)}</text></g>'
        )
        x += need
    return "".join(parts)


def _bands(frame: Frame, height: int) -> str:
    if not frame.dark:
        return '<g class="z"></g>'
    rects = "".join(
        f'<rect class="dark" x="{frame.x(begin):.2f}" y="{TOP}" width="{frame.x(end) - frame.x(begin):.2f}" '
        f'height="{height}"/>'
        for begin, end in frame.dark
    )
    return f'<g class="z">{rects}</g>'


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
    for (_, label), y in zip(labels, _apart([y for y, _ in labels], TOP + height + 1.0), strict=True):
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


def _path(line: Line, frame: Frame, time_s: FloatArray, y_of: object, whose: str) -> str:
    assert callable(y_of)
    values = line.values
    starts = decimate.changes(values) if line.step and len(values) else np.array([], dtype=np.int64)
    if line.step and len(starts) <= 2 * decimate.BUCKETS:
        ends = np.append(starts[1:], len(values)) if len(starts) else starts
        tick_s = frame.time_s[1] - frame.time_s[0] if len(frame.time_s) > 1 else frame.end_s
        at_s = np.column_stack([time_s[starts], time_s[ends - 1] + tick_s]).ravel()
        shown = np.repeat(values[starts], 2)
    else:
        places = decimate.kept(values)
        at_s, shown = time_s[places], values[places]
    x = LEFT + PLOT * at_s / frame.end_s if frame.end_s > 0.0 else at_s
    y = y_of(shown)
    if not line.step:
        needed = decimate.straightened(x, y, SLACK_PX)
        x, y = x[needed], y[needed]
    classes = f"l {whose}" + (" faint" if line.faint else "")
    dash = ' stroke-dasharray="5 3"' if line.dashed else ""
    color = GREY if whose == "other" else line.color
    return f'<path class="{classes}" data-line="{escape(line.label)}" stroke="{color}"{dash} d="{polygon(x, y)}"/>'


def polygon(x: FloatArray, y: FloatArray) -> str:
    """Path data; a gap where a value is unknown. A point alone becomes a dot."""
    parts: list[str] = []
    pen = "M"
    for px, py in zip(x.tolist(), y.tolist(), strict=True):
        if py != py:  # noqa: PLR0124  NaN alone differs from itself
            pen = "M"
            continue
        parts.append(f"{pen}{px:.2f},{py:.2f}")
        pen = "L" if pen == "M" else ""
        pen = "L"
    return "".join(parts)


def _areas(lines: Sequence[Line], frame: Frame, y_of: object) -> list[str]:
    assert callable(y_of)
    parts = []
    base: FloatArray | None = None
    for line in lines:
        values, width = decimate.means(line.values, STACK_BUCKETS)
        base = np.zeros(len(values)) if base is None else base
        top = base + values
        tick_s = frame.end_s / max(1, len(line.values))
        edges = np.minimum(np.arange(len(values) + 1) * width * tick_s, frame.end_s)
        x = LEFT + PLOT * np.column_stack([edges[:-1], edges[1:]]).ravel() / frame.end_s
        over, under = y_of(np.repeat(top, 2)), y_of(np.repeat(base, 2))
        outline = polygon(np.concatenate([x, x[::-1]]), np.concatenate([over, under[::-1]]))
        parts.append(
            f'<path class="area" data-line="{escape(line.label)}" fill="{line.color}" d="{outline}Z">'
            f"<title>{escape(line.label)}</title></path>"
        )
        base = top
    return parts


def _row_label(text: str, top: int) -> str:
    shown = text if len(text) <= 13 else f"{text[:12]}…"
    return f'<text class="yt" x="{LEFT - 6}" y="{top + 13}">{escape(shown)}<title>{escape(text)}</title></text>'


def _span_words(row: Row, span: Span) -> str:
    return f"{row.label}: {span.text or 'yes'}, {span.begin_s:.10g} s to {span.end_s:.10g} s"


def _span_text(span: Span, left: float, width: float, top: int) -> str:
    fits = width > len(span.text) * LETTER_PX + 6.0
    hidden = "" if fits else ' style="display:none"'
    return (
        f'<text class="st" data-from="{span.begin_s!r}" data-to="{span.end_s!r}" x="{left + width / 2:.1f}" '
        f'y="{top + 13}" fill="{_ink_on(span.color)}"{hidden}>{escape(span.text)}</text>'
    )


def _ink_on(color: str) -> str:
    """Black or white, whichever reads better on a colour (relative luminance, WCAG 2)."""
    parts = [int(color[place : place + 2], 16) / 255.0 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if luminance < 0.27 else "#1f2430"
