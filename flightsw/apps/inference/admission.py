"""Admission: whether what arrives can be served before its deadline, as far as energy and heat are foreseen. Pure.

What can't is refused at once, with the reason that binds first: the sender may look elsewhere, and the queue isn't
filled with what will be dropped in the end. Judged by the cheapest variant, so that only what is hopeless is refused.
Called by `queue`, for every frame.
"""

from __future__ import annotations

from typing import NamedTuple

from flightsw.messages.inference import Refusal


class Outlook(NamedTuple):
    """Scenes a second that can be served from now on."""

    device_per_s: float
    """by the device in its highest mode"""
    energy_per_s: float
    """by the energy ahead, spread evenly"""
    thermal_per_s: float
    """within the thermal cap as it is"""


def room_for(outlook: Outlook, deadline_ns: int, ahead: int, room: int, reason: Refusal) -> tuple[int, Refusal]:
    """How many scenes may come in behind `ahead`, at most `room`, and why not more."""
    deadline_s = deadline_ns * 1e-9
    for per_s, why in (
        (outlook.device_per_s, Refusal.DEADLINE),
        (outlook.thermal_per_s, Refusal.THERMAL),
        (outlook.energy_per_s, Refusal.ENERGY),
    ):
        served = int(min(per_s * deadline_s, 1e18)) - ahead
        if served < room:
            room, reason = served, why
    return room, reason
