"""What the payload manager tells of a real board that it runs on: what has changed since the last reading. Pure.

Called by the host of the application on a board (`node.onboard`), live and in replays.
"""

from __future__ import annotations

from flightsw.messages.base import Message
from flightsw.messages.board import BoardReading, Quality
from flightsw.messages.health import Event, Severity

SENSORS = ("power", "chip", "clock")


def board_changes(before: BoardReading | None, now: BoardReading) -> list[Message]:
    """Events of what became of the board since its last reading."""
    told: list[Message] = []
    if now.limited is not (before is not None and before.limited):
        event = "board.limited" if now.limited else "board.released"
        told.append(Event(Severity.WARNING_HI, event, {"chip_c": -273.15 if now.chip_c is None else now.chip_c}))
    known = () if before is None else before.flags
    told += [Event(Severity.WARNING_LO, "board.flagged", {"flag": flag}) for flag in now.flags if flag not in known]
    for sensor in SENSORS:
        lost = getattr(now, f"{sensor}_quality") is Quality.MISSING
        if before is not None and lost is not (getattr(before, f"{sensor}_quality") is Quality.MISSING):
            event = "board.sensor_lost" if lost else "board.sensor_back"
            told.append(Event(Severity.WARNING_LO, event, {"sensor": sensor}))
    return told
