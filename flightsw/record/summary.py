"""What a run amounted to: one pass over its log, each needed message decoded once; writes events.jsonl on the way.

Called by `flightsw run` at the end, and usable on any run folder, also one that was killed. Figures of the spacecraft
come from `truth.plant`, figures of flight software from its own telemetry.

Alignment: what `infer.status` grants at tick n is in force at the device for the power that `hw.device` reports at
tick n + 2, and is compared with that. Eclipse is truth: less than half of the Sun's disc in view.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import LogReader, sound
from flightsw.bus.records import LOST, MESSAGE
from flightsw.devices.models import load_card
from flightsw.errors import ConfigError
from flightsw.messages.comms import TcStage
from flightsw.messages.inference import InferenceAccount, Refusal
from flightsw.record.folder import write_whole
from flightsw.record.tally import Tally

if TYPE_CHECKING:
    from flightsw.node.run import RunOutcome

EVENTS_FILE = "events.jsonl"


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in figures. None: the log doesn't say, or there was no such time in it."""

    scenario: str
    evidence: str | None = None
    """what the scenario's figures rest on, as it says itself"""
    seed: int
    exit: str
    """completed, interrupted, failed; without an outcome: complete or cut, as the log says"""
    ticks: int
    simulated_s: float
    wall_s: float | None
    startup_s: float | None
    """to the end of the first tick"""
    running_s: float | None
    """from the end of the first tick to the end of the last"""
    ticks_per_s: float | None
    log_hash: str
    soc_min: float | None
    soc_end: float | None
    chip_c_max: float | None
    inferences: int
    inferences_executed: int
    """of these, computed for real"""
    inferences_dropped: int
    inferences_in_time: int
    """done before their deadline"""
    inferences_by_variant: dict[str, int]
    """in the order of the model's card, to the last that was used"""
    inferences_refused: dict[str, int]
    """turned away at arrival, by reason, as last told (every tenth tick)"""
    value: float
    """quality x priority weight of those in time"""
    energy_each_j: float | None
    """drawn by the payload for each of those in time"""
    batches: int
    batches_executed: int
    """of these, computed for real"""
    energy_wh: float | None
    """drawn by the payload"""
    eclipses: int
    """stretches of eclipse, with one that the run begins in"""
    events: int
    events_by_severity: dict[str, int]
    mode_changes: int
    power_capped_fraction: float | None
    """share of payload time (ticks with demand) in which the power budget bound"""
    thermal_capped_fraction: float | None
    cap_min_eclipse_w: float | None
    """of the caps in payload time, as the next"""
    cap_max_sun_w: float | None
    worst_excess_working_w: float | None
    """largest excess of the device's power over what was granted two ticks before, at least 0, where it worked then"""
    worst_excess_idle_w: float | None
    """the same where it didn't: what idling, booting or leaking drew beyond a grant that may be 0"""
    passes: int
    downlinked_bytes: int
    products: int
    """results that reached the ground whole"""
    electrical_residual_j: float | None
    """largest absolute value of the ledger's residual at any tick"""
    thermal_residual_j: float | None
    tc_accepted: int
    """passed on to their owners, which then completed or failed them"""
    tc_rejected: int
    """refused at the door"""
    tc_completed: int
    tc_failed: int
    lost: tuple[str, ...]
    perturbed: bool | None
    slips: int | None
    cpu_s: dict[str, float]
    """by process"""


def summarise(run_dir: Path, outcome: RunOutcome | None = None) -> Summary:
    """One pass over the run's log; writes its events.jsonl. Raises LogError: missing, foreign, altered; RunError: no
    room for it."""
    events = io.BytesIO()
    summary = tell(run_dir, events, outcome)
    write_whole(run_dir / EVENTS_FILE, events.getvalue())
    return summary


Hearer = Callable[[int, msgspec.Raw, Tally], None]
"""Hears a message behind the tally; those from outside first, as they were delivered."""


def tell(
    run_dir: Path,
    events: BinaryIO,
    outcome: RunOutcome | None = None,
    hearers: Mapping[str, Hearer] = MappingProxyType({}),
) -> Summary:
    """The same without a file: events as JSON lines. `hearers` listen in by topic, so that one pass does for both."""
    reader = LogReader(run_dir)
    reader.read_as_shipped()
    dt_s = reader.header.dt_ns / 1e9
    tally = Tally(dt_s, events, reader.topics, reader.header.cycle_ticks)
    lost = _read(reader, tally, hearers)
    about = {
        "scenario": str(reader.header.scenario.get("name", "")),
        "evidence": reader.header.scenario.get("evidence"),
        "seed": reader.header.seed,
        "ticks": reader.tick_count,
        "simulated_s": reader.tick_count * dt_s,
        "log_hash": reader.log_hash,
    }
    return msgspec.convert(_figures(tally, reader.header) | about | _hosting(outcome, reader, lost), Summary)


def _read(reader: LogReader, tally: Tally, hearers: Mapping[str, Hearer]) -> tuple[str, ...]:
    """Pass the log through the tally; the processes lost, in order."""
    names = [topic.name for topic in reader.schemas]
    handlers = [tally.handlers.get(name) for name in names]
    listening = [hearers.get(name) for name in names]
    lost: list[str] = []
    with sound(reader.run_dir):
        for record in reader.ticks():
            lost += [item[1] for item in record.inputs if item[0] == LOST]
            for number, payload in (item[1] for item in record.inputs if item[0] == MESSAGE):
                hear = listening[number]
                if hear is not None:
                    hear(record.tick, payload, tally)
            for number, payload in record.entries:
                handle = handlers[number]
                if handle is not None:
                    handle(record.tick, payload)
                hear = listening[number]
                if hear is not None:
                    hear(record.tick, payload, tally)
            tally.end_tick()
    return tuple(lost)


def _hosting(outcome: RunOutcome | None, reader: LogReader, lost: tuple[str, ...]) -> dict[str, Any]:
    """What the log can't know: how the run was hosted and ended."""
    if outcome is None:
        return {
            "exit": "complete" if reader.complete else "cut",
            "wall_s": None,
            "startup_s": None,
            "running_s": None,
            "ticks_per_s": None,
            "lost": lost,
            "perturbed": None,
            "slips": None,
            "cpu_s": {},
        }
    return {
        "exit": outcome.exit,
        "wall_s": outcome.wall_s,
        "startup_s": outcome.startup_s,
        "running_s": outcome.running_s,
        "ticks_per_s": outcome.ticks / outcome.wall_s if outcome.wall_s > 0.0 else None,
        "lost": outcome.lost,
        "perturbed": outcome.perturbed,
        "slips": outcome.slips,
        "cpu_s": outcome.cpu_s,
    }


def _figures(tally: Tally, header: LogHeader) -> dict[str, Any]:
    """The tally's figures under the summary's names."""
    truth, infer, comms = tally.truth, tally.infer, tally.comms
    busy = tally.demand_ticks
    return {
        "soc_min": tally.soc_min,
        "soc_end": None if truth is None else truth.soc,
        "chip_c_max": tally.chip_c_max,
        "inferences": 0 if infer is None else infer.items_done,
        "inferences_executed": tally.scenes_executed,
        "inferences_dropped": 0 if infer is None else infer.items_dropped,
        "inferences_in_time": tally.scenes_in_time,
        "inferences_by_variant": _by_variant(tally.scenes_by_variant, header),
        "inferences_refused": _refused(tally.account),
        "value": tally.value,
        "energy_each_j": truth.payload_energy_j / tally.scenes_in_time if truth and tally.scenes_in_time else None,
        "batches": tally.batches,
        "batches_executed": tally.batches_executed,
        "energy_wh": None if truth is None else truth.payload_energy_j / 3600.0,
        "eclipses": tally.eclipses,
        "events": sum(tally.events_by_severity.values()),
        "events_by_severity": tally.events_by_severity,
        "mode_changes": tally.mode_changes,
        "power_capped_fraction": tally.power_capped_ticks / busy if busy else None,
        "thermal_capped_fraction": tally.thermal_capped_ticks / busy if busy else None,
        "cap_min_eclipse_w": tally.cap_min_eclipse_w,
        "cap_max_sun_w": tally.cap_max_sun_w,
        "worst_excess_working_w": tally.excess.worst_working_w,
        "worst_excess_idle_w": tally.excess.worst_idle_w,
        "passes": tally.passes,
        "downlinked_bytes": 0 if comms is None else comms.sent_bytes,
        "products": tally.products,
        "electrical_residual_j": tally.electrical_residual_j,
        "thermal_residual_j": tally.thermal_residual_j,
        "tc_accepted": 0 if comms is None else comms.tc_accepted,
        "tc_rejected": 0 if comms is None else comms.tc_rejected,
        "tc_completed": tally.verdicts.get(TcStage.COMPLETED, 0),
        "tc_failed": tally.verdicts.get(TcStage.FAILED, 0),
    }


def _by_variant(counts: dict[int, int], header: LogHeader) -> dict[str, int]:
    """By the names of the model's card, in its order; where the card isn't here, by place."""
    try:
        names = [one.name for one in load_card(str(header.scenario["apps"]["inference"]["model"])).variants]
    except (ConfigError, LookupError, TypeError):
        names = []
    return {names[place] if place < len(names) else str(place): counts[place] for place in sorted(counts)}


def _refused(account: InferenceAccount | None) -> dict[str, int]:
    """By reason, over all sources; those that occurred."""
    if account is None:
        return {}
    by_reason = {reason.name.lower(): sum(account.refused[reason :: len(Refusal)]) for reason in Refusal}
    return {reason: scenes for reason, scenes in by_reason.items() if scenes}
