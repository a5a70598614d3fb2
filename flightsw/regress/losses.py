"""Losses that nothing in a run's script accounts for: code that raised, ended or was killed. `check` and `requirements`
hold every run to there being none.

A scripted or injected crash accounts for its own loss; a restart by order or watchdog for its own where there was a
fault or a telecommand that it may answer to. Found by running the bus again through the log, where anybody was lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from flightsw.bus.logreader import LogReader
from flightsw.bus.rebuild import replay
from flightsw.bus.records import LOST, MESSAGE, named
from flightsw.node.again import exchange_of, scenario_of, table_of
from flightsw.node.hostlog import HOST_LOG
from flightsw.regress.verdict import Outcome, Verdict

LOSSES_ID = "LOST"
SHOWN = 10


def loss_verdict(run_dir: Path, lost: Sequence[str]) -> tuple[Verdict, ...]:
    """One that fails, or none. `lost`: whom the run lost, as its outcome or manifest says. Raises LogError."""
    found = list(unaccounted(run_dir)) if lost else []
    if not found:
        return ()
    raised = _raised(run_dir)
    names = dict.fromkeys(name for _, name in found)
    counts = ", ".join(f"{name} x{sum(other == name for _, other in found)}" for name in names)
    return (
        Verdict(
            id=LOSSES_ID,
            text="No application is lost but by what the scenario has happen",
            outcome=Outcome.FAILED,
            first_tick=found[0][0],
            reason=f"lost: {counts}",
            formula="no loss without a scripted crash or an ordered restart",
            excerpt=tuple(f"tick {tick}: {name}{raised.get(tick, '')}" for tick, name in found[:SHOWN]),
        ),
    )


def unaccounted(run_dir: Path) -> Iterator[tuple[int, str]]:
    """(tick, process) of each such loss, in order. Raises LogError."""
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    table = table_of(scenario)
    reader.read_as(table.topics)
    exchange = exchange_of(scenario, table)
    provoked = bool(scenario.faults)
    for record in reader.ticks():
        replay(exchange, record)
        provoked = provoked or any(item[0] == MESSAGE for item in record.inputs)
        accounted = {*exchange.crashing, *(exchange.restarted if provoked else ())}
        yield from ((record.tick, name) for name in named(record, LOST) if name not in accounted)


def _raised(run_dir: Path) -> dict[int, str]:
    """By tick, what the host's log has of who failed in it: the last line of the traceback."""
    try:
        told = [msgspec.json.decode(line) for line in (run_dir / HOST_LOG).read_bytes().splitlines()]
    except (OSError, msgspec.DecodeError):
        return {}
    faults = [one for one in told if one.get("event") == "process.fault" and {"tick", "exception"} <= one.keys()]
    return {one["tick"]: f": {one['exception'].strip().splitlines()[-1]}" for one in faults}
