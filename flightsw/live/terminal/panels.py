"""The picture of one moment on a terminal of 80 x 24 or more: panels, each a few lines of figures with their units.

Pure: a `Picture` in, something that rich can print out. A larger terminal shows more events. Called by `screen`, and by
whoever wants a picture of it (docs, tests).
"""

from __future__ import annotations

from rich.align import Align
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from flightsw.live.limits import Level
from flightsw.live.state import Happening
from flightsw.live.terminal import subsystems
from flightsw.live.terminal.picture import Picture
from flightsw.live.terminal.words import STYLES, bar
from flightsw.live.text import UNKNOWN, clock, number
from flightsw.messages.health import Severity

LEAST_COLUMNS, LEAST_ROWS = 80, 24
_FIXED_ROWS = 18
"""all but the events' panel"""
_MODE_LEVELS = {"SURVIVAL": Level.ALARM, "SAFE": Level.ALARM, "BOOT": Level.WARNING, "OFF": Level.ALARM}
_EVENT_STYLES = {
    Severity.DIAGNOSTIC: "dim",
    Severity.ACTIVITY_LO: "",
    Severity.ACTIVITY_HI: "",
    Severity.COMMAND: "cyan",
    Severity.WARNING_LO: "bold yellow",
    Severity.WARNING_HI: "bold red",
    Severity.FATAL: "bold red reverse",
}
_EVENT_MARKS = {Severity.WARNING_LO: "!", Severity.WARNING_HI: "!!", Severity.FATAL: "!!", Severity.COMMAND: ">"}
KEYS = (
    ("space", "pause, and go on"),
    ("s, right", "one tick, then hold"),
    ("+ / -", "faster / slower; beyond the fastest: as fast as possible"),
    ("q", "end the run in order: its folder is complete"),
    ("?", "this help"),
)


def frame(picture: Picture, columns: int, rows: int) -> RenderableType:
    """The whole screen."""
    if columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        return Text(f"{_headline(picture).plain}\n{columns} x {rows}: the view needs {LEAST_COLUMNS} x {LEAST_ROWS}")
    half = columns // 2
    top = _side_by_side(
        _panel("power", subsystems.power(picture), half, 8),
        _panel("thermal", subsystems.thermal(picture), columns - half, 8),
    )
    middle = _side_by_side(
        _panel("inference", subsystems.inference(picture), half, 7),
        _panel("link and node", subsystems.link(picture), columns - half, 7),
    )
    left = rows - _FIXED_ROWS
    below = _panel("keys", _help(), columns, left) if picture.shows_help else _events(picture, columns, left)
    return Group(_headline(picture, columns), _timeline(picture, columns), top, middle, below, _footer(picture))


def _side_by_side(left: Panel, right: Panel) -> Table:
    grid = Table.grid(padding=0)
    grid.add_row(left, right)
    return grid


def _panel(title: str, body: RenderableType, columns: int, rows: int) -> Panel:
    return Panel(body, title=title, title_align="left", border_style="dim", width=columns, height=rows, padding=(0, 1))


def _headline(picture: Picture, columns: int = LEAST_COLUMNS) -> Text:
    facts, pace = picture.facts, picture.pace
    mode = picture.state.value("health.mode", "mode") or UNKNOWN
    style = STYLES[_MODE_LEVELS.get(mode, Level.PLAIN)] or "bold"
    left = Text.assemble((facts.name, "bold"), (f"  seed {facts.seed}  ", "dim"), (mode, style))
    if pace is not None and pace.paused:
        speed = Text("PAUSED", style="bold yellow")
    else:
        wanted = "" if pace is None else "free, " if pace.speed is None else f"set {pace.speed:g} x, "
        speed = Text(f"{wanted}{number(picture.factor, 'x real time', 0)}")
    if pace is not None and pace.slips and pace.speed is not None:
        speed.append(f", {pace.slips} slips", "yellow")
    left.append(" " * max(1, columns - left.cell_len - speed.cell_len - 2))
    return Text(" ").append_text(left).append_text(speed)


def _timeline(picture: Picture, columns: int) -> Text:
    facts, state = picture.facts, picture.state
    end_s = None if facts.ticks is None else facts.ticks * facts.dt_s
    share = state.time_s / end_s if end_s else None
    orbit = "" if facts.orbit_s is None else f"  orbit {state.time_s / facts.orbit_s:.2f}"
    of = "" if end_s is None else f" of {clock(end_s)}"
    text = f" T+ {clock(state.time_s)}{of}{orbit}  "
    return Text(text).append_text(bar(share, columns - len(text) - 1, "cyan", plain=picture.plain))


def _events(picture: Picture, columns: int, rows: int) -> Panel:
    happenings = list(picture.state.happenings)[-(rows - 2) :]
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(min_width=11, justify="right", style="dim", no_wrap=True)
    grid.add_column(min_width=2, no_wrap=True)
    grid.add_column(min_width=9, style="dim", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for one in happenings:
        grid.add_row(clock(one.tick * picture.state.dt_s), *_event_cells(one))
    return _panel(f"events, {picture.state.happened} so far", grid, columns, rows)


def _event_cells(one: Happening) -> tuple[Text, str, Text]:
    style = _EVENT_STYLES[one.severity]
    return Text(_EVENT_MARKS.get(one.severity, ""), style=style), one.source, Text(one.text, style=style)


def _help() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    for key, what in KEYS:
        grid.add_row(key, what)
    return grid


def _footer(picture: Picture) -> RenderableType:
    if picture.note:
        return Text(f" {picture.note}", style="bold")
    if not picture.has_keys:
        return Text(" Ctrl-C ends the run in order", style="dim")
    text = Text(" ")
    for key, what in (("space", "pause"), ("s", "step"), ("+ -", "speed"), ("q", "quit"), ("?", "help")):
        text.append(f"{key} ", "bold").append(f"{what}   ", "dim")
    return Align.left(text)
