"""Alarms as a judge of `flightsw check --alarms`: one verdict, that a flight without faults warns of nothing.

Asked for, not a rule: a node whose scenario takes it to its limits warns truly.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.errors import ConfigError
from flightsw.messages.health import BusEventKind, Severity
from flightsw.messages.topics import BUS
from flightsw.node.scenario import Scenario
from flightsw.record.logview import Line, read_lines
from flightsw.record.tally import BUS_SEVERITY
from flightsw.regress.faultverdicts import is_alarm, monitor_of
from flightsw.regress.faultwatch import Told
from flightsw.regress.judging import FinishedRun
from flightsw.regress.verdict import Outcome, Verdict

ALARMS_ID = "ALARMS"
EVENTS, BUS_EVENTS = "event.*", "bus.event"
SHOWN = 10


class AlarmJudge:
    """Warnings of the node itself, but for a full store or queue: without a fault each is a false alarm."""

    def prepare(self, scenario: Scenario) -> int:
        """One. Raises ConfigError: the scenario has faults, of which the node ought to warn."""
        if scenario.faults:
            raise ConfigError(f"scenario {scenario.name}: alarms: it has [[faults]]: its warnings may be true")
        return 1

    def judge(self, run: FinishedRun) -> Sequence[Verdict]:
        """The verdict."""
        told = [_told(line) for line in read_lines(run.run_dir, (EVENTS, BUS_EVENTS))]
        false = [one for one in told if is_alarm(one)]
        return (
            Verdict(
                id=ALARMS_ID,
                text="The node warns of nothing, for no fault is there",
                outcome=Outcome.FAILED if false else Outcome.PASSED,
                first_tick=false[0].tick if false else None,
                reason=f"{len(false)} of {len(told)} events are warnings" if false else "",
                formula="no warning but of a full store or queue",
                excerpt=tuple(f"tick {one.tick}: {monitor_of(one)}" for one in false[:SHOWN]),
            ),
        )


def _told(line: Line) -> Told:
    if line.topic == BUS_EVENTS:
        said = str(line.message["kind"])
        severity, args = BUS_SEVERITY[BusEventKind[said]], {"app": line.message["process"]}
        return Told(line.tick, BUS, said, int(severity), args)
    severity = Severity[str(line.message["severity"])]
    source = line.topic.removeprefix(EVENTS.removesuffix("*"))
    return Told(line.tick, source, str(line.message["id"]), int(severity), dict(line.message["args"]))
