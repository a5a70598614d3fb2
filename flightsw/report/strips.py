"""Draws states over time as rows of coloured stretches, and events as marks.

Texts that must not be stretched by the zoom carry their times in seconds.
"""

from __future__ import annotations

from html import escape

from flightsw.report.drawing import Mark, Marks, Row, Span, Strip
from flightsw.report.frame import LEFT, PLOT, ROW, TOP, Frame, bands, framed, moving, row_label, text_px


def strip_svg(strip: Strip, frame: Frame) -> str:
    """States over time."""
    height = ROW * len(strip.rows)
    body = [bands(frame, height)]
    texts = []
    for place, row in enumerate(strip.rows):
        top = TOP + ROW * place
        body.append(row_label(row.label, top))
        body.append(moving("".join(_stretch(row, span, frame, top) for span in row.spans)))
        texts += [_span_text(span, frame, top) for span in row.spans if span.text]
        if not row.spans:
            texts.append(f'<text class="never" x="{LEFT + PLOT / 2}" y="{top + 13}">never</text>')
    return framed(strip.key, strip.title, [], "".join([*body, *texts]), height, frame, "")


def marks_svg(marks: Marks, frame: Frame) -> str:
    """Events over time, a row a source."""
    height = ROW * max(1, len(marks.rows))
    body = [bands(frame, height)]
    for place, (label, row) in enumerate(marks.rows.items()):
        top = TOP + ROW * place
        body.append(row_label(label, top))
        body.append(moving("".join(_mark(mark, frame, top) for mark in row)))
    legend = [(name, color, False) for name, color in marks.legend]
    return framed(marks.key, marks.title, legend, "".join(body), height, frame, "")


def _stretch(row: Row, span: Span, frame: Frame, top: int) -> str:
    left, right = frame.x(span.begin_s), frame.x(span.end_s)
    words = f"{row.label}: {span.text or 'yes'}, {span.begin_s:.10g} s to {span.end_s:.10g} s"
    return (
        f'<rect x="{left:.2f}" y="{top + 2}" width="{max(right - left, 0.4):.2f}" height="{ROW - 4}" '
        f'fill="{span.color}"><title>{escape(words)}</title></rect>'
    )


def _mark(mark: Mark, frame: Frame, top: int) -> str:
    return (
        f'<path class="mark" d="M{frame.x(mark.time_s):.2f},{top + 3}V{top + ROW - 3}" stroke="{mark.color}">'
        f"<title>{escape(mark.text)}</title></path>"
    )


def _span_text(span: Span, frame: Frame, top: int) -> str:
    left, right = frame.x(span.begin_s), frame.x(span.end_s)
    hidden = "" if right - left > text_px(span.text) + 6.0 else ' style="display:none"'
    return (
        f'<text class="st" data-from="{span.begin_s!r}" data-to="{span.end_s!r}" x="{(left + right) / 2:.1f}" '
        f'y="{top + 13}" fill="{_ink_on(span.color)}"{hidden}>{escape(span.text)}</text>'
    )


def _ink_on(color: str) -> str:
    """Black or white, whichever reads better on a colour (relative luminance, WCAG 2)."""
    parts = [int(color[place : place + 2], 16) / 255.0 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if luminance < 0.27 else "#1f2430"
