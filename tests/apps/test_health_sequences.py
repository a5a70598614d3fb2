"""Stored command sequences: times, verification, failure, restart; and what comes up by telecommand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.health.sequencer import Sequencer, SequencerConfig
from flightsw.apps.health.sequences import FIRST_REQUEST, MAX_SEQUENCES
from flightsw.apps.health.timekeeper import OnboardClock, Timekeeper
from flightsw.bus.application import Inbox
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.commands import SequenceDisable, SequenceEnable, SequenceLoad, SequenceStart, SequenceStop
from flightsw.messages.comms import TcRequest, TcStage, TcVerification, already_seen
from flightsw.messages.health import Event, Severity
from flightsw.messages.sequences import Sequence, SequenceCriticalData, SequenceStatus, SequenceTrigger
from flightsw.messages.times import parse_utc_ns, utc_text

EPOCH_NS = parse_utc_ns("2026-01-03T10:00:00Z")
PATIENCE = 10


def steps(*times: str, on_failure: str = "stop") -> list[dict[str, Any]]:
    return [{"at": at, "command": "power.set_reserve", "args": {"soc": 0.3}, "on_failure": on_failure} for at in times]


def sequence(*times: str, kind: str = "relative", name: str = "drill", **more: Any) -> Sequence:
    on_failure = more.pop("on_failure", "stop")
    table = {"name": name, "kind": kind, "steps": steps(*times, on_failure=on_failure), **more}
    return msgspec.convert(table, Sequence)


class Bench:
    """The sequencer, and an ingest that answers each request once, `answer_ticks` after it was sent."""

    def __init__(self, *stored: Sequence, triggers: tuple[SequenceTrigger, ...] = (), answer_ticks: int = 3) -> None:
        self.config = SequencerConfig(sequences=stored, triggers=triggers, patience_ticks=PATIENCE)
        self.tick = 0
        self.answer_ticks = answer_ticks
        self.verdicts: dict[int, TcStage] = {}
        """by place of the request; else completed"""
        self.deaf: set[int] = set()
        """ticks in which nothing sent arrives"""
        self.seen: list[int] = []
        self.executed: list[tuple[int, int]] = []
        """(tick, request)"""
        self.answers: dict[int, list[TcVerification]] = {}
        self.sent: list[tuple[int, TcRequest]] = []
        self.events: list[Event] = []
        self.kept: SequenceCriticalData | None = None
        self.status: SequenceStatus | None = None
        self.boot()

    def boot(self) -> None:
        self.time = Timekeeper(OnboardClock(epoch_utc_ns=EPOCH_NS), 1.0, lambda: self.tick)
        self.sequencer = Sequencer(self.config, self.time)

    def restart(self, away_ticks: int) -> None:
        self.tick += away_ticks
        self.boot()
        items = () if self.kept is None else (("health", self.kept),)
        self.sequencer.restore(Inbox(items))

    def command(self, command: Any) -> str | None:
        return self.sequencer.handlers[type(command)](command)

    def run(self, ticks: int, *messages: tuple[str, Message]) -> None:
        for _ in range(ticks):
            arrived = [("comms", one) for one in self.answers.pop(self.tick, [])]
            inbox = Inbox([*arrived, *messages])
            for message in self.sequencer.step(inbox) if self.sequencer.awake else ():
                self.take(message)
            messages = ()
            self.tick += 1

    def take(self, message: Message) -> None:
        if isinstance(message, SequenceCriticalData):
            self.kept = msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=SequenceCriticalData)
        elif isinstance(message, SequenceStatus):
            self.status = message
        elif isinstance(message, Event):
            self.events.append(message)
        elif isinstance(message, TcRequest):
            self.sent.append((self.tick, message))
            if self.tick not in self.deaf:
                self.ingest(message)

    def ingest(self, request: TcRequest) -> None:
        stage, reason = TcStage.REJECTED, already_seen(request.request)
        if request.request not in self.seen:
            stage, reason = self.verdicts.get(len(self.seen), TcStage.COMPLETED), None
            self.seen.append(request.request)
            if stage is TcStage.COMPLETED:
                self.executed.append((self.tick, request.request))
        answer = TcVerification(request.request, request.name, stage, reason)
        self.answers.setdefault(self.tick + self.answer_ticks, []).append(answer)

    def ids(self) -> list[str]:
        return [event.id for event in self.events]


def test_a_relative_sequence_sends_each_step_at_its_time_after_the_start_and_completes():
    bench = Bench(sequence("0s", "10s", "1min"))
    bench.run(5)
    assert bench.command(SequenceStart("drill")) is None
    bench.run(100)
    assert [tick for tick, _ in bench.sent] == [5, 15, 65]
    assert [request.request for _, request in bench.sent] == [FIRST_REQUEST, FIRST_REQUEST + 1, FIRST_REQUEST + 2]
    assert bench.ids() == ["sequence.started", "sequence.completed"]
    assert bench.status is not None
    assert (bench.status.started, bench.status.completed, bench.status.running) == (1, 1, ())


def test_a_step_waits_for_the_verdict_on_the_one_before():
    bench = Bench(sequence("0s", "0s", "1s"), answer_ticks=4)
    bench.command(SequenceStart("drill"))
    bench.run(30)
    assert [tick for tick, _ in bench.sent] == [0, 4, 8]


@pytest.mark.parametrize("times", [("2026-01-03T10:00:20Z", "2026-01-03T10:01:00Z"), ("MET+20s", "MET+60s")])
def test_an_absolute_sequence_waits_for_its_times_by_utc_or_met(times: tuple[str, str]):
    bench = Bench(sequence(*times, kind="absolute", start="boot"))
    bench.run(100)
    assert [tick for tick, _ in bench.sent] == [20, 60]
    assert bench.ids() == ["sequence.started", "sequence.completed"]


def test_past_steps_are_passed_over_at_the_start_and_told_and_a_sequence_all_past_is_refused():
    bench = Bench(sequence("MET+20s", "MET+60s", kind="absolute"))
    bench.run(30)
    assert bench.command(SequenceStart("drill")) is None
    bench.run(50)
    assert [tick for tick, _ in bench.sent] == [60]
    assert bench.events[0].args["past_steps"] == 1
    reason = bench.command(SequenceStart("drill"))
    assert reason is not None
    assert "past" in reason


@pytest.mark.parametrize("stage", [TcStage.REJECTED, TcStage.FAILED])
@pytest.mark.parametrize(("on_failure", "sent", "last"), [("stop", 1, "stopped"), ("continue", 2, "completed")])
def test_a_failed_step_stops_the_sequence_or_not_as_it_says(stage: TcStage, on_failure: str, sent: int, last: str):
    bench = Bench(sequence("0s", "10s", on_failure=on_failure))
    bench.verdicts[0] = stage
    bench.command(SequenceStart("drill"))
    bench.run(40)
    assert len(bench.sent) == sent
    assert bench.ids() == ["sequence.started", "sequence.step_failed", f"sequence.{last}"]
    failed = bench.events[1]
    assert failed.severity is Severity.WARNING_LO
    assert (failed.args["step"], failed.args["command"]) == (0, "power.set_reserve")


def test_a_request_that_was_lost_is_sent_once_more_under_its_number_and_executed_once():
    bench = Bench(sequence("0s", "30s"))
    bench.deaf.add(0)
    bench.command(SequenceStart("drill"))
    bench.run(60)
    assert [request.request - FIRST_REQUEST for _, request in bench.sent] == [0, 0, 1]
    assert [request - FIRST_REQUEST for _, request in bench.executed] == [0, 1]
    assert bench.ids() == ["sequence.started", "sequence.completed"]


def test_a_sequence_whose_requests_nobody_hears_fails_and_says_so():
    bench = Bench(sequence("0s", "30s"))
    bench.deaf.update(range(200))
    bench.command(SequenceStart("drill"))
    bench.run(60)
    assert bench.executed == []
    assert bench.ids() == ["sequence.started", "sequence.step_failed", "sequence.stopped"]
    assert bench.events[1].args["reason"] == "no verification came"


def test_sequences_are_stopped_disabled_and_enabled_by_command_and_refusals_say_why():
    bench = Bench(sequence("0s", "30s"))
    assert "doesn't run" in (bench.command(SequenceStop("drill")) or "")
    assert "unknown sequence 'x'" in (bench.command(SequenceStart("x")) or "")
    assert bench.command(SequenceDisable("drill")) is None
    assert "disabled" in (bench.command(SequenceStart("drill")) or "")
    assert bench.command(SequenceEnable("drill")) is None
    assert bench.command(SequenceStart("drill")) is None
    bench.run(10)
    assert "runs already" in (bench.command(SequenceStart("drill")) or "")
    assert bench.command(SequenceStop("drill")) is None
    bench.run(50)
    assert len(bench.sent) == 1
    assert bench.ids() == ["sequence.started", "sequence.stopped"]


def test_an_event_starts_a_sequence_where_its_arguments_fit():
    trigger = SequenceTrigger(app="thermal", event="limit.crossed", args={"zone": "RED"}, sequence="drill")
    bench = Bench(sequence("0s"), triggers=(trigger,))
    for app, zone in (("power", "RED"), ("thermal", "YELLOW")):
        bench.run(5, (app, Event(Severity.WARNING_LO, "limit.crossed", {"zone": zone})))
    assert bench.sent == []
    bench.run(5, ("thermal", Event(Severity.WARNING_HI, "limit.crossed", {"zone": "RED", "value": 1.0})))
    assert len(bench.sent) == 1
    assert bench.events[0].args["by"] == "thermal limit.crossed"


def test_a_trigger_whose_sequence_can_not_start_is_told():
    trigger = SequenceTrigger(app="power", event="low", sequence="drill")
    bench = Bench(sequence("0s", enabled=False), triggers=(trigger,))
    bench.run(5, ("power", Event(Severity.WARNING_LO, "low", {})))
    assert bench.ids() == ["sequence.not_started"]
    assert "disabled" in str(bench.events[0].args["reason"])


def load(bench: Bench, text: str, name: str = "up", part_size: int = 100) -> list[str | None]:
    parts = [text[start : start + part_size] for start in range(0, len(text), part_size)]
    loads = [SequenceLoad(name, place, len(parts), part) for place, part in enumerate(parts, 1)]
    return [bench.command(command) for command in loads]


UPLOAD = """name = "up"
kind = "relative"

[[steps]]
at = "0s"
command = "power.set_reserve"
args = { soc = 0.4 }

[[steps]]
at = "20s"
command = "health.ping"
"""


def test_a_sequence_comes_up_in_parts_runs_and_survives_a_restart():
    bench = Bench()
    answers = load(bench, UPLOAD)
    assert len(answers) >= 2
    assert set(answers) == {None}
    bench.run(5)
    bench.restart(10)
    assert bench.command(SequenceStart("up")) is None
    bench.run(40)
    assert [request.name for _, request in bench.sent] == ["power.set_reserve", "health.ping"]


@pytest.mark.parametrize(
    ("was", "becomes", "reason"),
    [
        ("0.4", "1.4", "soc = 1.4"),
        ("power.set_reserve", "power.explode", "unknown command"),
        ('"20s"', '"20x"', "steps[1].at"),
        ('at = "0s"', "", "`at` - at `$.steps[0]`"),
        ('"up"', '"down"', "must be the name it is loaded under"),
        ("[[steps]]", "[[steps", "Expected"),
    ],
)
def test_an_upload_that_is_wrong_is_refused_with_the_reason_and_changes_nothing(was: str, becomes: str, reason: str):
    bench = Bench(sequence("0s"))
    assert set(load(bench, UPLOAD)) == {None}
    bench.run(1)
    kept = bench.kept
    *parts, last = load(bench, UPLOAD.replace(was, becomes))
    assert set(parts) == {None}
    assert last is not None
    assert reason in last
    bench.run(1)
    assert bench.kept is kept


def test_parts_out_of_order_and_a_running_sequence_are_refused():
    bench = Bench()
    load(bench, UPLOAD)
    bench.command(SequenceStart("up"))
    bench.run(1)
    assert "runs: must be stopped first" in (load(bench, UPLOAD)[-1] or "")
    assert "must be part 1" in (bench.command(SequenceLoad("up", 2, 2, "x")) or "")
    assert bench.command(SequenceLoad("up", 1, 3, "x")) is None
    assert "must be part 2 of 3 of 'up'" in (bench.command(SequenceLoad("up", 3, 3, "x")) or "")
    assert "from 1 to parts" in (bench.command(SequenceLoad("up", 3, 2, "x")) or "")


def test_the_store_is_bounded():
    bench = Bench(*[sequence("0s", name=f"s{n}") for n in range(MAX_SEQUENCES)])
    assert "must be at most" in (load(bench, UPLOAD)[-1] or "")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"steps": []}, ">= 1"),
        ({"kind": "sometimes"}, "sometimes"),
        ({"late": "soon"}, 'late = "soon"'),
        ({"name": "Drill!"}, "regex"),
        ({"steps": steps("10s", "5s")}, 'steps[1].at = "5s": must not be before "10s"'),
        ({"kind": "absolute", "steps": steps("MET+1s", "2026-01-03T10:20:00Z")}, "steps[1].at"),
        ({"kind": "absolute"}, 'steps[0].at = "0s": must be UTC'),
    ],
)
def test_a_sequence_that_is_wrong_is_refused_with_step_and_field(change: dict[str, Any], where: str):
    table = {"name": "drill", "kind": "relative", "steps": steps("0s")}
    assert msgspec.convert(table, Sequence).steps
    with pytest.raises((ConfigError, msgspec.ValidationError)) as caught:
        msgspec.convert({**table, **change}, Sequence)
    assert where in str(caught.value)


def test_times_in_utc_read_back():
    assert utc_text(parse_utc_ns("2026-01-03T10:20:00.250Z")) == "2026-01-03T10:20:00.250Z"
    for text in ("2026-01-03T10:20:00", "2026-13-03T10:20:00Z", "1960-01-01T00:00:00Z", "2026-01-03T10:20:00+01:00"):
        with pytest.raises(ValueError, match="UTC"):
            parse_utc_ns(text)


@settings(max_examples=150, deadline=None)
@given(
    times=st.lists(st.integers(0, 60), min_size=1, max_size=6).map(sorted),
    kind=st.sampled_from(["relative", "absolute"]),
    restarts=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12)), max_size=3),
    deaf=st.sets(st.integers(0, 90), max_size=6),
    answer_ticks=st.integers(1, 4),
)
def test_whatever_is_lost_no_step_is_executed_twice_and_none_is_passed_over_in_silence(
    times: list[int], kind: str, restarts: list[tuple[int, int]], deaf: set[int], answer_ticks: int
):
    prefix = "MET+" if kind == "absolute" else ""
    bench = Bench(
        sequence(*[f"{prefix}{at}s" for at in times], kind=kind, on_failure="continue", late="5s", start="boot"),
        answer_ticks=answer_ticks,
    )
    bench.deaf = deaf
    bench.run(1)
    for ticks, away in restarts:
        bench.run(ticks)
        bench.restart(away)
    bench.run(250)
    told = [event for event in bench.events if event.id in ("sequence.step_failed", "sequence.step_unconfirmed")]
    executed = [request for _, request in bench.executed]
    assert len(set(executed)) == len(executed)
    failed = sum(event.id == "sequence.step_failed" for event in told)
    assert len(executed) + failed >= len(times)
    assert len(executed) <= len(times)
    assert bench.ids()[-1] == "sequence.completed"
