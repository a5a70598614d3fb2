"""Telemetry watched as a whole: readings to windows, a network's residuals to one score, scores to an alarm.

A limit check sees one signal; a network that was shown nominal flights also sees that signals no longer belong
together. The alarm is advice to the ground: nothing on board acts on it. Pure, and without the network itself, which
`scorer` runs and `monitor` puts between these steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from flightsw.messages.base import Message
from flightsw.messages.comms import CommsStatus
from flightsw.messages.inference import InferenceStatus
from flightsw.messages.plant import PowerSensors, ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

VISIBLE: dict[str, type[Message]] = {
    "sensor.power": PowerSensors,
    "sensor.thermal": ThermalSensors,
    "power.status": PowerStatus,
    "thermal.status": ThermalStatus,
    "infer.status": InferenceStatus,
    "comms.status": CommsStatus,
}
"""What health hears of the node every tick. Read only."""
KINDS = tuple(VISIBLE.values())
CLEAR = 0.8
"""share of the threshold below which a look is calm: an alarm does not flicker about it"""
WORST = 1e6
"""a score is told as at most this"""

Heard = tuple[Message | None, ...]
"""one tick's messages, in the order of KINDS"""
Sample = tuple[float, ...]
"""one tick's readings, in the order of the channels"""


class Channel(NamedTuple):
    """Where a reading is found."""

    kind: int
    """in KINDS"""
    field: str
    place: int | None
    """in a tuple"""


class Alarm(msgspec.Struct, frozen=True, gc=False):
    """What is known after a look."""

    raised: bool = False
    contrary: int = 0
    """looks in a row that spoke against `raised`"""


def readings(heard: Heard, channels: Sequence[Channel]) -> Sample | None:
    """One tick's readings. None: one of them is missing, which other monitors tell."""
    found = []
    for kind, field, place in channels:
        message = heard[kind]
        value = None if message is None else getattr(message, field)
        if place is not None and value is not None:
            value = value[place] if place < len(value) else None
        if value is None:
            return None
        found.append(value)
    return tuple(found)


def windowed(window: tuple[Sample, ...], new: Sequence[Sample | None], samples: int) -> tuple[Sample, ...]:
    """The newest samples without a gap between them, at most so many: the network was never shown a gap."""
    for sample in new:
        window = () if sample is None else (*window, sample)
    return window[-samples:]


def worst_of(residuals: Sequence[float], allowed: Sequence[float]) -> tuple[float, int]:
    """(score, channel that contributes most): the largest share of its allowed residual that a channel has come to.

    To a thousandth, so that no decision hangs on a network's last bits. Of equals the first."""
    shares = [round(residual / most, 3) for residual, most in zip(residuals, allowed, strict=True)]
    score = max(shares)
    return min(score, WORST), shares.index(score)


def alarmed(alarm: Alarm, score: float, threshold: float, persistence: int) -> Alarm:
    """After one look: raised by `persistence` looks in a row above the threshold, and ended by as many well below."""
    contrary = score < CLEAR * threshold if alarm.raised else score > threshold
    if not contrary:
        return alarm if alarm.contrary == 0 else Alarm(alarm.raised)
    if alarm.contrary + 1 >= persistence:
        return Alarm(not alarm.raised)
    return Alarm(alarm.raised, alarm.contrary + 1)
