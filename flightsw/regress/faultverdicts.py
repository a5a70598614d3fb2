"""What came of a fault: how it was found, what followed, and whether the node was left as it should be. Pure.

Read by `faultmatrix`, from what `faultwatch` saw of the flight and of the same one without the fault.
"""

from __future__ import annotations

import enum

import msgspec

from flightsw.devices.profiles import load_profile
from flightsw.messages.health import Mode, Severity
from flightsw.node.scenario import Scenario
from flightsw.plant.config import CHIP
from flightsw.regress.faultcases import Case
from flightsw.regress.faultwatch import Seen, Told

LOWEST_SOC = 0.02
"""an empty pack opens its protection, and the node is gone"""
BATTERY_C = (-20.0, 60.0)
"""lithium-ion cells are neither to be discharged below nor used above (usual 18650 data sheets)"""
OVER_SHUTDOWN_K = 5.0
"""the chip's own trip must hold it: what diode and step may miss"""
WRONG_SOC = 0.10
"""an estimate that is off by more misleads every decision about power"""
WRONG_CHIP_K = 10.0
SILENT_TICKS = 60
LEAST_WORK = 0.5
"""of the undisturbed flight's: less without a word is a failure that nobody knows of"""
LATE_TICKS = 1000
"""at the end of a flight: whether the payload works again"""
PLANT = "plant"
OF_LOAD = (("comms", "store.full"), ("inference", "queue.full"))
"""Warnings that more comes in than goes out: true without any fault, where a scenario asks for so much."""
ABOUT = ("signal", "app", "load", "reading", "sensor")
"""Arguments of an event that say what it is about."""


class Verdict(enum.Enum):
    """How a fault ended. The last four are failures of the node, or of the emulator."""

    RECOVERED = "recovered"
    """told, and at the end all is as without it"""
    SAFE = "safe"
    """told; the payload is off, or an application is left down"""
    DEGRADED = "degraded"
    """told; the node goes on with less"""
    TOLERATED = "tolerated"
    """not told, and nothing came of it"""
    WRONG = "silently wrong"
    """not told, and the node believes what isn't so, or works much less than it should"""
    HUNG = "hung"
    """an application is silent at the end and nobody says so"""
    LOST = "below survival limits"
    CRASHED = "emulator crashed"

    @property
    def failed(self) -> bool:
        """Whether the node, or the emulator, has failed."""
        return self in (Verdict.WRONG, Verdict.HUNG, Verdict.LOST, Verdict.CRASHED)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One case, flown and judged."""

    case: Case
    verdict: Verdict
    why: str
    monitor: str | None
    """which event told it first; None: none did"""
    after_ticks: int | None
    answers: tuple[str, ...]
    """what the node did about it: other events, modes"""
    soc_min: float
    chip_max_c: float
    battery_c: tuple[float, float]
    lost_work: float
    """share of the results that the undisturbed flight has from the fault on"""
    lost_downlink: float
    """likewise, of what reached the ground"""


def warnings_of(seen: Seen) -> list[Told]:
    """What the node itself has told as a warning or worse; the plant's events are truth, for the log."""
    return [one for one in seen.told if _is_warning(one)]


def _is_warning(one: Told) -> bool:
    return one.severity >= Severity.WARNING_LO and one.source != PLANT


def alarms_of(seen: Seen) -> list[Told]:
    """Of these, what would be a false alarm in a flight without faults."""
    return [one for one in seen.told if is_alarm(one)]


def is_alarm(one: Told) -> bool:
    """Whether an event would be a false alarm where nothing has gone wrong."""
    return _is_warning(one) and (one.source, one.id) not in OF_LOAD


def judged(case: Case, seen: Seen, nominal: Seen, scenario: Scenario) -> Found:
    """The verdict on one flight."""
    known = {(one.tick, one.source, one.id) for one in nominal.told}
    told = [one for one in warnings_of(seen) if one.tick >= case.tick and (one.tick, one.source, one.id) not in known]
    first = told[0] if told else None
    verdict, why = _verdict(case, seen, nominal, scenario, told)
    nodes = [node.name for node in scenario.plant.thermal.nodes]
    chip, battery = nodes.index(CHIP), nodes.index(scenario.plant.battery_node)
    flown = bool(seen.node_max_c)
    return Found(
        case=case,
        verdict=verdict,
        why=why,
        monitor=None if first is None else monitor_of(first),
        after_ticks=None if first is None else first.tick - case.tick,
        answers=_answers(case, seen, told),
        soc_min=seen.soc_min,
        chip_max_c=seen.node_max_c[chip] if flown else 0.0,
        battery_c=(seen.node_min_c[battery], seen.node_max_c[battery]) if flown else (0.0, 0.0),
        lost_work=_lost(seen.done_since(case.tick), nominal.done_since(case.tick)),
        lost_downlink=_lost(seen.sent_since(case.tick), nominal.sent_since(case.tick)),
    )


def _lost(got: int, of: int) -> float:
    return max(0.0, 1.0 - got / of) if of else 0.0


def monitor_of(told: Told) -> str:
    """The event's name, with what it is about."""
    about = next((str(told.args[key]) for key in ABOUT if key in told.args), "")
    return f"{told.source}: {told.id}" + (f" {about}" if about else "")


def _answers(case: Case, seen: Seen, told: list[Told]) -> tuple[str, ...]:
    modes = [f"mode {mode}" for tick, mode, _ in seen.modes if tick >= case.tick and told]
    return tuple(dict.fromkeys([*map(monitor_of, told[1:]), *modes]))[:6]


def _verdict(case: Case, seen: Seen, nominal: Seen, scenario: Scenario, told: list[Told]) -> tuple[Verdict, str]:
    if seen.error is not None:
        return Verdict.CRASHED, seen.error
    if (beyond := _beyond_limits(seen, scenario)) is not None:
        return Verdict.LOST, beyond
    silent = [app for app, tick in seen.last_heard.items() if tick < seen.ticks - SILENT_TICKS]
    if silent and not told:
        return Verdict.HUNG, f"{', '.join(silent)} silent at the end"
    if not told:
        wrong = _wrong(case, seen, nominal)
        return (Verdict.TOLERATED, "") if wrong is None else (Verdict.WRONG, wrong)
    if silent:
        return Verdict.SAFE, f"{', '.join(silent)} down"
    if seen.mode != nominal.mode:
        payload_off = Mode[seen.mode] < Mode.NOMINAL
        return (Verdict.SAFE if payload_off else Verdict.DEGRADED), f"mode {seen.mode}"
    late = seen.ticks - LATE_TICKS
    since = late if nominal.done_since(late) else case.tick
    if (lost := _lost(seen.done_since(since), nominal.done_since(since))) > 1.0 - LEAST_WORK:
        return Verdict.DEGRADED, f"{lost:.0%} of the work lost from tick {since} on"
    return Verdict.RECOVERED, ""


def _beyond_limits(seen: Seen, scenario: Scenario) -> str | None:
    nodes = [node.name for node in scenario.plant.thermal.nodes]
    chip, battery = nodes.index(CHIP), nodes.index(scenario.plant.battery_node)
    shutdown_c = load_profile(scenario.plant.profile).silicon().shutdown_c
    if seen.soc_min < LOWEST_SOC:
        return f"state of charge {seen.soc_min:.3f}"
    if not BATTERY_C[0] <= seen.node_min_c[battery] <= seen.node_max_c[battery] <= BATTERY_C[1]:
        return f"battery from {seen.node_min_c[battery]:.1f} to {seen.node_max_c[battery]:.1f} degC"
    if seen.node_max_c[chip] > shutdown_c + OVER_SHUTDOWN_K:
        return f"chip at {seen.node_max_c[chip]:.1f} degC"
    return None


def _wrong(case: Case, seen: Seen, nominal: Seen) -> str | None:
    if seen.soc_error > max(WRONG_SOC, 2.0 * nominal.soc_error):
        return f"state of charge believed {seen.soc_error:.2f} off"
    if seen.chip_error_k > max(WRONG_CHIP_K, 2.0 * nominal.chip_error_k):
        return f"chip believed {seen.chip_error_k:.1f} K off"
    if seen.mode != nominal.mode:
        return f"mode {seen.mode} without a warning"
    if (lost := _lost(seen.done_since(case.tick), nominal.done_since(case.tick))) > 1.0 - LEAST_WORK:
        return f"{lost:.0%} of the work lost"
    return None
