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
    if before is not None:
        for sensor in SENSORS:
            became = _of_sensor(getattr(before, f"{sensor}_quality"), getattr(now, f"{sensor}_quality"))
            if became is not None:
                told.append(Event(Severity.WARNING_LO, became, {"sensor": sensor}))
    return told


def _of_sensor(before: Quality, now: Quality) -> str | None:
    """A model that steps in for a sensor is told: its figures look as good."""
    if (now is Quality.MISSING) is not (before is Quality.MISSING):
        return "board.sensor_lost" if now is Quality.MISSING else "board.sensor_back"
    if (before, now) == (Quality.MEASURED, Quality.MODELLED):
        return "board.sensor_modelled"
    return "board.sensor_back" if (before, now) == (Quality.MODELLED, Quality.MEASURED) else None
