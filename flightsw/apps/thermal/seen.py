"""The temperatures that the on-board model starts from, and whether they are to be believed. Pure.

Read by `predictive`.
A board, a radiator or a structure changes by tenths of a kelvin a second. A thermistor that leaps, and further than the
chip does, is wrong; it is in doubt for a minute, so that noise makes no chatter.
"""

from __future__ import annotations

import msgspec

from flightsw.messages.plant import ThermalSensors

LEAP_K = 10.0
"""from tick to tick, beyond what the chip's own diode has moved"""
DOUBT_TICKS = 60


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One tick's readings."""

    chip_c: float
    board_c: float
    sink_c: float
    structure_c: float


def seen_now(sensors: ThermalSensors | None) -> Seen | None:
    """What the model needs of the readings; None: one is missing."""
    if sensors is None:
        return None
    chip_c, board_c, sink_c, structure_c = sensors.chip_c, sensors.board_c, sensors.radiator_c, sensors.bus_c
    if chip_c is None or board_c is None or sink_c is None or structure_c is None:
        return None
    return Seen(chip_c, board_c, sink_c, structure_c)


def doubted(before_ticks: int, seen: Seen | None, last: Seen | None) -> int:
    """How long the slow thermistors are in doubt, after this tick's readings and those of the tick before."""
    if seen is not None and last is not None:
        leaps_k = (seen.board_c - last.board_c, seen.sink_c - last.sink_c, seen.structure_c - last.structure_c)
        if max(map(abs, leaps_k)) > LEAP_K + abs(seen.chip_c - last.chip_c):
            return DOUBT_TICKS
    return max(0, before_ticks - 1)
