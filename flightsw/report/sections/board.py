"""A real board in the loop: how far its measurements were believed, how old they were, and what it was held to.

Runs without a board have no such section. How well the pace was held is `flightsw hil report`'s.
"""

from __future__ import annotations

import numpy as np

from flightsw.report.drawing import BLUE, GREEN, GREY, ORANGE, RED, Line, Panel, Part, Row, Section, Span, Strip
from flightsw.report.rundata import RunData
from flightsw.report.sections.strips import flag_row, states_row

SIGNALS = (
    "truth.board.quality",
    "truth.board.age_ticks",
    "truth.board.power_w",
    "hw.board.power_w",
    "hw.board.sensor_w",
    "hw.board.chip_c",
    "hw.board.cap_asked",
    "hw.board.cap_applied",
    "hw.board.duty",
    "hw.board.limited",
    "hw.board.queued_s",
)
QUALITY = "truth.board.quality"
QUALITY_COLORS = {"MEASURED": GREEN, "MODELLED": BLUE, "HELD": ORANGE, "STALE": RED, "MISSING": "#d5d8dc"}


def flew(data: RunData) -> bool:
    """There was one."""
    return data.setting("board") is not None


def section(data: RunData) -> Section:
    """The board, where there is one."""
    parts = [part for part in (_belief(data), _age(data), _power(data), _chip(data), _caps(data)) if part is not None]
    return Section("board", "Board", tuple(parts))


def _belief(data: RunData) -> Part | None:
    quality = states_row(data, QUALITY, "counted with")
    rows = [
        None if quality is None else _coloured(quality),
        flag_row(data, "hw.board.limited", "interlocked", RED),
    ]
    kept = tuple(row for row in rows if row is not None)
    note = (
        "What the plant took the payload's draw from. Stale: the board was away, and an idle one's law stood in for it."
    )
    return Strip("board-quality", "Measurements of the board", kept, note) if kept else None


def _coloured(row: Row) -> Row:
    return Row(
        row.label,
        tuple(Span(one.begin_s, one.end_s, one.text, QUALITY_COLORS.get(one.text, one.color)) for one in row.spans),
    )


def _age(data: RunData) -> Part | None:
    values = data.get("truth.board.age_ticks")
    if values is None:
        return None
    limit = data.setting("board.hold_ticks")
    line = Line("age at use", values, BLUE, step=True)
    lines = (line,) if limit is None else (line, Line("counts so long", np.full(len(values), limit), RED, dashed=True))
    return Panel("board-age", "Age of what was measured", "ticks", lines, floor=0.0, height=90)


def _power(data: RunData) -> Part | None:
    return _panel(
        data,
        ("board-power", "Draw of the board, as it said and as it counted", "W"),
        (
            ("said", "hw.board.power_w", GREY, False),
            ("by its own sensor", "hw.board.sensor_w", ORANGE, False),
            ("counted", "truth.board.power_w", GREEN, True),
        ),
    )


def _chip(data: RunData) -> Part | None:
    names = (("silicon", "hw.board.chip_c", BLUE, False), ("emulated", "truth.plant.node_c[0]", GREY, False))
    if data.get("hw.board.chip_c") is None:
        return None
    return _panel(data, ("board-chip", "Chip on the desk, and as flown", "°C"), names)


def _caps(data: RunData) -> Part | None:
    return _panel(
        data,
        ("board-caps", "Share of the top clock", ""),
        (
            ("asked", "hw.board.cap_asked", RED, True),
            ("by the clock", "hw.board.cap_applied", BLUE, False),
            ("by pauses", "hw.board.duty", GREEN, False),
        ),
    )


def _panel(data: RunData, names: tuple[str, str, str], wanted: tuple[tuple[str, str, str, bool], ...]) -> Part | None:
    key, title, unit = names
    lines = tuple(
        Line(label, values, color, step=True, dashed=dashed)
        for label, name, color, dashed in wanted
        if (values := data.get(name)) is not None
    )
    return Panel(key, title, unit, lines, floor=0.0, height=110) if lines else None
