"""Rest: the device powered down while there is nothing worth its idle power. Pure.

By time-out, what every board support package offers: down after so long without work, up again once something has
waited for so long or so much has come together. By foresight: down where the work's slack outlasts what a boot costs,
up again while there is still ample time to serve what has come together. Called by the laws, every tick.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from flightsw.apps.inference.work import SourceWork
from flightsw.devices.silicon import Silicon

WORTH = 1.5
"""a rest must save at least so many times what the boot costs"""
SPARE_S = 60.0
"""kept beside a boot and the work that waits: caps may be low when it is time"""
LEFT = 0.5
"""of a deadline: a rest lasts no longer than until so much of it is left"""


class Timeout(msgspec.Struct, frozen=True, gc=False):
    """Rest by time-out; `idle_ticks` None: never."""

    idle_ticks: int | None
    wake_s: float


def rests_by_timeout(
    resting: bool, idle_ticks: int, work: Sequence[SourceWork], timeout: Timeout, limit_scenes: int
) -> bool:
    """Whether it rests from this tick on. `idle_ticks`: without work so far."""
    if timeout.idle_ticks is None:
        return False
    waiting = sum(one.waiting for one in work)
    if not resting:
        return waiting == 0 and idle_ticks >= timeout.idle_ticks
    return not (2 * waiting > limit_scenes or any(one.waiting and one.oldest_s >= timeout.wake_s for one in work))


def rests_by_foresight(
    resting: bool,
    idle: bool,
    work: Sequence[SourceWork],
    seconds: Sequence[float],
    silicon: Silicon,
    leak_w: float,
    limit_scenes: int,
    spare_s: float = math.inf,
) -> bool:
    """Whether it rests from this tick on. `idle`: nothing waits nor is under way; `seconds`: that a scene takes, by
    source; `spare_s`: the plan needs the device for all time but so much."""
    service_s = sum(one.waiting * took_s for one, took_s in zip(work, seconds, strict=True))
    need_s = silicon.boot_s + 1.3 * service_s + SPARE_S
    if resting:
        waiting = sum(one.waiting for one in work)
        return (
            spare_s > silicon.boot_s
            and 2 * waiting <= limit_scenes
            and all(one.slack_s > max(need_s, LEFT * one.deadline_s) for one in work)
        )
    saved_w = silicon.modes[0].base_w + leak_w - silicon.gated_w
    if not idle or saved_w <= 0.0:
        return False
    boot_j = silicon.boot_w * silicon.boot_s
    pause_s = min((one.slack_s - max(need_s, LEFT * one.deadline_s) for one in work), default=0.0)
    return min(pause_s, spare_s - silicon.boot_s) * saved_w > WORTH * boot_j
