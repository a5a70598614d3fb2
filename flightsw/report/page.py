"""Puts the report together: sections, drawings, contents list, style and script in one HTML file.

Nothing is fetched, nothing says when it was made. With another run, its lines are drawn beneath and its figures stand
beside. Called by `making`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from importlib import resources

from flightsw.report import charts, decimate, frame, groundtrack, panels, strips
from flightsw.report.drawing import Bars, Drawn, Histogram, Html, Line, Marks, Panel, Part, Row, Section, Strip, Track
from flightsw.report.rundata import RunData
from flightsw.report.sections import (
    board,
    comparison,
    configuration,
    inference,
    ledgers,
    link,
    orbit,
    power,
    summary,
    thermal,
    timeline,
    timing,
)

SECTIONS = (
    summary.section,
    orbit.section,
    power.section,
    thermal.section,
    inference.section,
    board.section,
    link.section,
    timeline.section,
    timeline.faults,
    summary.margins,
    ledgers.section,
    timing.section,
    configuration.section,
)
"""In the order in which they are shown."""
SIGNALS = tuple(
    dict.fromkeys(
        name for module in (orbit, power, thermal, inference, board, link, timeline, ledgers) for name in module.SIGNALS
    )
)


class Drawer:
    """Draws parts on the time axis of one run, with another one beneath."""

    def __init__(self, data: RunData, against: RunData | None) -> None:
        self._data = data
        end_s = max(data.end_s, 0.0 if against is None else against.end_s)
        self._frame = frame.Frame(data.columns.time_s, end_s, data.eclipses())
        self._other_time_s = None if against is None else against.columns.time_s
        self._others: dict[str, Drawn] = {}
        if against is not None:
            made = (part for make in SECTIONS for part in make(against).parts)
            self._others = {part.key: part for part in made if not isinstance(part, Html)}

    def draw(self, part: Drawn) -> str:
        """The drawing as SVG."""
        other = self._others.get(part.key)
        match part:
            case Panel():
                lines: Sequence[Line] = other.lines if isinstance(other, Panel) and not part.stacked else ()
                return panels.panel_svg(part, self._frame, lines, self._other_time_s)
            case Strip():
                return strips.strip_svg(_beside(part, other) if isinstance(other, Strip) else part, self._frame)
            case Marks():
                return strips.marks_svg(part, self._frame)
            case Bars():
                return charts.bars_svg(part, other if isinstance(other, Bars) else None)
            case Histogram():
                return charts.histogram_svg(part)
            case Track():
                return groundtrack.track_svg(part, self._data.columns.dt_s)


def _beside(strip: Strip, other: Strip) -> Strip:
    """Each row with that of the other run beneath, where they differ."""
    theirs = {row.label: row.spans for row in other.rows}
    rows: list[Row] = []
    for row in strip.rows:
        rows.append(row)
        if theirs.get(row.label, row.spans) != row.spans:
            rows.append(Row(f"{row.label}, other", theirs[row.label]))
    return replace(strip, rows=tuple(rows))


def sections_of(data: RunData, against: RunData | None = None) -> list[Section]:
    """All sections; the comparison behind the summary, where there is another run."""
    made = [make(data) for make in SECTIONS if make is not board.section or board.flew(data)]
    return made if against is None else [made[0], comparison.section(data, against), *made[1:]]


def drawings(data: RunData, against: RunData | None = None) -> Iterator[tuple[str, str]]:
    """(key, SVG with its style) of every drawing, for pictures."""
    drawer = Drawer(data, against)
    style = _asset("drawing.css")
    for section in sections_of(data):
        for part in section.parts:
            if not isinstance(part, Html):
                yield part.key, standalone(drawer.draw(part), style)


def standalone(drawn: str, style: str) -> str:
    """A drawing that needs no page around it."""
    head, rest = drawn.split(">", 1)
    return f"{head}><style>{style}</style>{_CLIP_SVG}{rest}"


def styled(drawn: str) -> str:
    """The same, in the style of all drawings."""
    return standalone(drawn, _asset("drawing.css"))


def page(data: RunData, against: RunData | None = None) -> str:
    """The whole file."""
    drawer = Drawer(data, against)
    sections = sections_of(data, against)
    title = f"{data.summary.scenario or data.name}, seed {data.header.seed}"
    versus = "" if against is None else f" against {against.name}"
    ticks = decimate.width(len(data.columns))
    step_s = ticks * data.columns.dt_s if ticks > 1 else 0.0
    contents = "".join(f'<a href="#{one.key}">{escape(one.title)}</a>' for one in sections)
    body = "".join(_section(one, drawer) for one in sections)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: flightsw report</title>"
        f"<style>{_asset('page.css')}{_asset('drawing.css')}</style></head>"
        f'<body data-left="{frame.LEFT}" data-plot="{frame.PLOT}" data-top="{frame.TOP}" data-step="{step_s:.10g}">'
        f'<svg width="0" height="0" style="position:absolute">{_CLIP_SVG}</svg>'
        f"<nav><b>flightsw</b>{contents}<p id=range>Drag in a plot to zoom all.</p>"
        "<button id=reset disabled>Whole run</button>"
        f"<p>Shaded: eclipse. Click a key to hide its line.</p>"
        f"<p id=steps>{escape(_steps(data, step_s))}</p></nav><main><h1>{escape(title)}</h1>"
        f"<p>run {escape(data.name)}{escape(versus)}</p>{body}</main><div id=read></div>"
        f"<script>{_asset('page.js')}</script></body></html>\n"
    )


def _steps(data: RunData, step_s: float) -> str:
    """How fine the plots are."""
    if not step_s:
        return "Lines are drawn of every tick."
    areas_s = decimate.width(len(data.columns), panels.STACK_BUCKETS) * data.columns.dt_s
    return (
        f"Lines keep the lowest and the highest value of every {step_s:.10g} s, areas are means of {areas_s:.10g} s. "
        "Every tick: flightsw export."
    )


_CLIP_SVG = (
    f'<defs><clipPath id="plot-clip"><rect x="{frame.LEFT}" y="{frame.TOP}" width="{frame.PLOT}" height="2000"/>'
    "</clipPath></defs>"
)


def _section(section: Section, drawer: Drawer) -> str:
    parts = "".join(_part(part, drawer) for part in section.parts)
    return f'<section id="{section.key}"><h2>{escape(section.title)}</h2>{parts}</section>'


def _part(part: Part, drawer: Drawer) -> str:
    if isinstance(part, Html):
        return part.text
    note = part.note if isinstance(part, Panel | Strip) else ""
    caption = f"<figcaption>{escape(note)}</figcaption>" if note else ""
    return f"<figure>{drawer.draw(part)}{caption}</figure>"


def _asset(name: str) -> str:
    return resources.files("flightsw.report").joinpath(name).read_text(encoding="utf-8")
