"""Scripted faults: `[[faults]]` of a scenario, as data. What happens to the node, and when; each kind is a struct.

    [[faults]]
    kind = "crash"
    process = "thermal"
    at = "300s"

A crash loses a flight application in the tick at that time: it never answers it, and comes back as after any loss.
In processes it is really killed. It is an outside input in the log, the same on every host, so a run with faults has
one hash and replays. Read by both hosts of the Exchange through `crashes_by_tick`; checked against the process table
by `check_faults`.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from flightsw.bus.table import ProcessTable, Role
from flightsw.errors import ConfigError
from flightsw.messages.base import Label
from flightsw.node.durations import parse_duration_s

MOST_CRASHES = 5
"""of one process: after so many restarts the launcher takes it for broken"""


class Crash(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="crash"):
    """A flight application is lost."""

    process: Label
    at: str
    """after the start, like "600s", "90min" or "1.5h" """

    @property
    def at_s(self) -> float:
        """When, after the start."""
        return parse_duration_s(self.at, float("inf"))

    def __post_init__(self) -> None:
        try:
            parse_duration_s(self.at, 5400.0)
        except ConfigError:
            raise ConfigError(f'faults.at = "{self.at}": must be like "600s", "90min" or "1.5h"') from None
        if "orbit" in self.at:
            raise ConfigError(f'faults.at = "{self.at}": must be in s, min, h or d')


Fault = Crash
"""Every kind: a union, told apart by `kind`, once there is more than one."""


def crashes_by_tick(faults: Iterable[Fault], dt_s: float) -> dict[int, tuple[str, ...]]:
    """Who is lost in which tick, in file order."""
    by_tick: dict[int, tuple[str, ...]] = {}
    for fault in faults:
        tick = round(fault.at_s / dt_s)
        if fault.process not in by_tick.get(tick, ()):
            by_tick[tick] = (*by_tick.get(tick, ()), fault.process)
    return by_tick


def check_faults(faults: Iterable[Fault], table: ProcessTable, dt_s: float, ticks: int) -> None:
    """Raise ConfigError for a fault that can't happen: who isn't there, or is lost already; after the run's end."""
    back_tick: dict[str, int] = {}
    crashes: dict[str, int] = {}
    flight = [row.name for row in table.rows if row.role is Role.FLIGHT]
    for index, fault in sorted(enumerate(faults), key=lambda item: item[1].at_s):
        where, tick = f"faults[{index}]", round(fault.at_s / dt_s)
        if fault.process not in flight:
            raise ConfigError(f"{where}.process = {fault.process!r}: must be one of {', '.join(flight)}")
        if tick >= ticks:
            raise ConfigError(f'{where}.at = "{fault.at}": must be before the end of the run, {ticks * dt_s:.0f} s')
        if tick < back_tick.get(fault.process, 0):
            raise ConfigError(
                f'{where}.at = "{fault.at}": {fault.process} is lost then already: must be at tick '
                f"{back_tick[fault.process]} or later"
            )
        back_tick[fault.process] = tick + table.by_name[fault.process].restart_ticks
        crashes[fault.process] = crashes.get(fault.process, 0) + 1
        if crashes[fault.process] > MOST_CRASHES:
            raise ConfigError(f"{where}: {fault.process} crashes too often: must be at most {MOST_CRASHES} times")
