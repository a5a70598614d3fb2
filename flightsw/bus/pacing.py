"""Wall-clock pacing: the one module that may ask what time it is. It can delay a tick, never change one.

Deadlines are absolute on the monotonic clock, so that errors don't add up. Used by the two hosts of the Exchange.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable

from flightsw.errors import RunError

SLIP_TOLERANCE_S = 1e-3
"""A tick that starts this much after its deadline counts as a cycle slip."""
SERVICE_S = 0.05
"""Whoever asks a host anything is answered within so long."""
PROGRESS_S = 0.2
"""between two words of progress"""


class SlipPolicy(enum.Enum):
    """What to do when the machine can't hold the pace."""

    SLIP = "slip"
    """run on and catch up when possible"""
    SKIP = "skip"
    """move all later deadlines by the delay"""
    ABORT = "abort"
    """end the run"""


def monotonic_s() -> float:
    """The wall clock of pacing, progress and guards."""
    return time.monotonic()


def sleep_s(duration_s: float) -> None:
    """Wait on the wall clock."""
    time.sleep(duration_s)


class Pacer:
    """Decides how long to wait before a tick. `speed`: simulated seconds a wall second; None: as fast as possible."""

    def __init__(self, dt_s: float, speed: float | None, policy: SlipPolicy = SlipPolicy.SLIP) -> None:
        self._dt_s = dt_s
        self._policy = policy
        self._speed = speed
        self._origin_s: float | None = None
        self._origin_tick = 0
        self._steps_end_tick = 0
        """while paused, ticks before this one may start all the same"""
        self.paused = False
        self.slips = 0
        """ticks that started late"""
        self.late_s = 0.0
        """by how much the last one did"""

    @property
    def speed(self) -> float | None:
        """Simulated seconds a wall second; None: free."""
        return self._speed

    @property
    def free(self) -> bool:
        """No tick is to wait for the wall clock."""
        return self._speed is None and not self.paused

    def set_speed(self, speed: float | None) -> None:
        """Change the pace from the next tick on."""
        self._speed = speed
        self.restart()

    def restart(self) -> None:
        """Count deadlines from the next tick on: what the one before took to begin with is no slip."""
        self._origin_s = None

    def pause(self) -> None:
        """Hold before the next tick until `resume`."""
        self.paused = True
        self._origin_s = None
        self._steps_end_tick = 0

    def step(self, tick: int, ticks: int) -> None:
        """Let so many ticks start from `tick` on, or behind those that were let already, and hold then."""
        if not self.paused:
            self.pause()
        self._steps_end_tick = max(tick, self._steps_end_tick) + ticks

    def resume(self) -> None:
        """Go on, with deadlines counted from now."""
        self.paused = False
        self._origin_s = None

    def delay_s(self, tick: int, now_s: float) -> float:
        """Seconds to wait before `tick` may start; 0: start now. Infinite while paused."""
        if self.paused:
            return 0.0 if tick < self._steps_end_tick else float("inf")
        if self._speed is None:
            return 0.0
        if self._origin_s is None:
            self._origin_s, self._origin_tick = now_s, tick
        deadline_s = self._origin_s + (tick - self._origin_tick) * self._dt_s / self._speed
        return max(0.0, deadline_s - now_s)

    def started(self, tick: int, now_s: float) -> None:
        """Account a tick's start: late ones are slips, and the policy decides what follows."""
        if self._speed is None or self._origin_s is None:
            return
        self.late_s = late_s = now_s - (self._origin_s + (tick - self._origin_tick) * self._dt_s / self._speed)
        if late_s <= SLIP_TOLERANCE_S:
            return
        self.slips += 1
        if self._policy is SlipPolicy.SKIP:
            self._origin_s += late_s
        elif self._policy is SlipPolicy.ABORT:
            raise RunError(f"CYCLE_SLIP: tick {tick} started {late_s * 1e3:.1f} ms late and the policy is abort")


class Gap:
    """Between two ticks: a host holds the pace there, and serves whoever asks.

    `serve(tick, wait_s, now_s)` may wait so long, no longer than SERVICE_S; `is_stopped` is asked behind it.
    """

    def __init__(
        self, pacer: Pacer, serve: Callable[[int, float, float], None], is_stopped: Callable[[], bool]
    ) -> None:
        self._pacer = pacer
        self._serve = serve
        self._is_stopped = is_stopped
        self._next_service_s = 0.0

    def passes(self, tick: int) -> bool:
        """Until `tick` may start. False: stop here."""
        now_s = monotonic_s()
        if now_s < self._next_service_s and self._pacer.free:
            return True
        delay_s = self._pacer.delay_s(tick, now_s)
        if delay_s > 0.0 or now_s >= self._next_service_s:
            while True:
                self._next_service_s = now_s + SERVICE_S
                self._serve(tick, min(delay_s, SERVICE_S), now_s)
                if self._is_stopped():
                    return False
                now_s = monotonic_s()
                delay_s = self._pacer.delay_s(tick, now_s)
                if delay_s <= 0.0:
                    break
        self._pacer.started(tick, now_s)
        return True
