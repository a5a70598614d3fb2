"""Stored command sequences: times, verification, failure, restart; and what comes up by telecommand."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.comms.config import CommsConfig
from flightsw.apps.health import sequences
from flightsw.apps.health.sequencer import Sequencer, SequencerConfig
from flightsw.apps.health.sequences import FIRST_REQUEST, MAX_SEQUENCES
from flightsw.apps.health.timekeeper import OnboardClock, Timekeeper
from flightsw.bus.application import Inbox
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.commands import SequenceDisable, SequenceEnable, SequenceLoad, SequenceStart, SequenceStop
from flightsw.messages.comms import TcRequest, TcStage, TcVerification, already_seen
from flightsw.messages.health import Event, Severity
from flightsw.messages.sequences import (
    Sequence,
    SequenceCriticalData,
    SequenceRun,
    SequenceStatus,
    SequenceTrigger,
)
from flightsw.messages.times import parse_utc_ns, utc_text
from flightsw.node.build import RESTART_TICKS

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


S = 10**9
DRILL = sequence("0s", "10s", "60s")
OTHER = sequence("5s", name="other")
RUN = SequenceRun("drill", 100 * S, 1)
WAITING = SequenceRun("drill", 100 * S, 1, FIRST_REQUEST + 4, 50)


def holding(*runs: SequenceRun, more: tuple[Sequence, ...] = (OTHER,), **state: Any) -> sequences.State:
    """Two sequences stored, those runs under way, seven requests sent."""
    first = sequences.initial((DRILL, *more))
    counts = {"next_request": FIRST_REQUEST + 7, "started": 4, "completed": 2, "stopped": 1}
    return msgspec.structs.replace(first, runs=runs, **{**counts, **state})


def at(tick: int, met_s: float, utc_ns: int | None = None) -> sequences.Instant:
    return sequences.Instant(tick, round(met_s * S), utc_ns)


def counts(state: sequences.State) -> tuple[int, int, int]:
    return state.started - 4, state.completed - 2, state.stopped - 1


def went(step: sequences.Step | str) -> tuple[sequences.State, list[Message]]:
    assert not isinstance(step, str)
    return step


def test_a_started_sequence_counts_from_now_and_others_run_on():
    other = SequenceRun("other", 7 * S)
    after, told = went(sequences.started(holding(other), "drill", at(9, 12.5), "command"))
    assert after.runs == (other, SequenceRun("drill", round(12.5 * S), 0))
    assert counts(after) == (1, 0, 0)
    assert told == [Event(Severity.ACTIVITY_HI, "sequence.started", {"sequence": "drill", "by": "command"})]


ABSOLUTE = {
    "MET": sequence("MET+20s", "MET+40s", "MET+60s", kind="absolute", name="plan"),
    "UTC": sequence(*[utc_text(EPOCH_NS + s * S) for s in (20, 40, 60)], kind="absolute", name="plan"),
}


@pytest.mark.parametrize("scale", ["MET", "UTC"])
@pytest.mark.parametrize(("now_ns", "first"), [(0, 0), (20 * S, 0), (20 * S + 1, 1), (60 * S, 2), (60 * S + 1, None)])
def test_a_step_at_this_very_time_is_not_past(scale: str, now_ns: int, first: int | None):
    state = holding(more=(ABSOLUTE[scale],))
    now = sequences.Instant(9, now_ns if scale == "MET" else 12345, EPOCH_NS + now_ns if scale == "UTC" else None)
    step = sequences.started(state, "plan", now, "boot")
    if first is None:
        assert step == "sequence 'plan': all its times are past"
        return
    after, (told,) = went(step)
    assert after.runs == (SequenceRun("plan", now.met_ns, first),)
    assert isinstance(told, Event)
    assert told.args == {"sequence": "plan", "by": "boot"} | ({"past_steps": first} if first else {})


def test_a_sequence_by_utc_needs_utc_to_be_started_and_waits_where_it_is_lost():
    state = holding(more=(ABSOLUTE["UTC"],))
    assert sequences.started(state, "plan", at(9, 9.0), "boot") == (
        "sequence 'plan': no UTC on board: its times must be by MET"
    )
    running = holding(SequenceRun("plan", 0, 0), more=(ABSOLUTE["UTC"],))
    assert sequences.advanced(running, at(9, 1e6), PATIENCE, S) == (running, [])


@pytest.mark.parametrize(("met_ns", "due"), [(110 * S - 1, False), (110 * S, True), (900 * S, True)])
def test_a_relative_step_goes_out_at_its_time_after_the_start_however_late(met_ns: int, due: bool):
    other = SequenceRun("other", 10**15)
    state = holding(RUN, other)
    after, sent = sequences.advanced(state, sequences.Instant(44, met_ns, None), PATIENCE, S)
    if not due:
        assert (after, sent) == (state, [])
        return
    assert sent == [TcRequest(FIRST_REQUEST + 7, "power.set_reserve", {"soc": 0.3})]
    assert after.runs == (SequenceRun("drill", 100 * S, 1, FIRST_REQUEST + 7, 44), other)
    assert after.next_request == FIRST_REQUEST + 8


@pytest.mark.parametrize(
    ("late", "dt_ns", "late_ns", "sent"),
    [
        ("5s", S, 0, True),
        ("5s", S, -1, None),
        ("5s", S, 5 * S, True),
        ("5s", S, 5 * S + 1, False),
        ("1s", S, 2 * S, True),
        ("1s", S, 2 * S + 1, False),
        ("1s", S // 10, S, True),
        ("1s", S // 10, S + 1, False),
    ],
)
def test_a_step_of_an_absolute_sequence_may_be_late_by_so_much_and_by_two_ticks_in_any_case(
    late: str, dt_ns: int, late_ns: int, sent: bool | None
):
    plan = sequence("MET+20s", kind="absolute", name="plan", late=late)
    state = holding(SequenceRun("plan", 3 * S, 0), more=(plan,))
    after, told = sequences.advanced(state, sequences.Instant(44, 20 * S + late_ns, None), PATIENCE, dt_ns)
    if sent is None:
        assert (after, told) == (state, [])
    elif sent:
        assert [type(message) for message in told] == [TcRequest]
    else:
        failed, ended = told
        assert isinstance(failed, Event)
        assert failed.args["reason"] == f"late by {late_ns / S:.1f} s: must be at most {late}"
        assert isinstance(ended, Event)
        assert ended.id == "sequence.stopped"
        assert after.runs == ()


def test_a_request_of_the_first_tick_is_not_taken_for_one_before_a_restart():
    after, _ = sequences.advanced(holding(SequenceRun("drill", 0, 0)), at(0, 0.0), PATIENCE, S)
    assert after.runs[0].sent_tick == 1


@pytest.mark.parametrize(("tick", "again"), [(50 + PATIENCE, False), (51 + PATIENCE, True)])
def test_a_request_is_sent_again_when_patience_is_over(tick: int, again: bool):
    state = holding(WAITING, SequenceRun("other", 10**15))
    after, sent = sequences.advanced(state, at(tick, 500.0), PATIENCE, S)
    if not again:
        assert (after, sent) == (state, [])
        return
    assert sent == [TcRequest(FIRST_REQUEST + 4, "power.set_reserve", {"soc": 0.3})]
    assert after.runs[0] == SequenceRun("drill", 100 * S, 1, FIRST_REQUEST + 4, tick, True)
    assert after.next_request == FIRST_REQUEST + 7


def test_a_request_before_a_restart_is_sent_again_at_once():
    run = msgspec.structs.replace(WAITING, sent_tick=0)
    after, sent = sequences.advanced(holding(run), at(3, 500.0), PATIENCE, S)
    assert len(sent) == 1
    assert (after.runs[0].sent_tick, after.runs[0].repeated) == (3, True)


FAILED = {"sequence": "drill", "step": 1, "command": "power.set_reserve"}
STOPPED = {"sequence": "drill", "step": 1, "reason": "step 1, power.set_reserve, failed"}


@pytest.mark.parametrize(
    ("stage", "reason", "repeated", "told"),
    [
        (TcStage.REJECTED, "too hot", False, "too hot"),
        (TcStage.REJECTED, None, True, "rejected"),
        (TcStage.FAILED, "", False, "failed"),
        (TcStage.REJECTED, already_seen(FIRST_REQUEST + 4), False, already_seen(FIRST_REQUEST + 4)),
        (TcStage.REJECTED, already_seen(FIRST_REQUEST + 3), True, already_seen(FIRST_REQUEST + 3)),
    ],
)
def test_a_refused_step_ends_its_sequence_with_the_reason(
    stage: TcStage, reason: str | None, repeated: bool, told: str
):
    other = SequenceRun("other", 0)
    state = holding(other, msgspec.structs.replace(WAITING, repeated=repeated))
    after, said = sequences.verified(state, TcVerification(FIRST_REQUEST + 4, "power.set_reserve", stage, reason))
    assert said == [
        Event(Severity.WARNING_LO, "sequence.step_failed", FAILED | {"reason": told}),
        Event(Severity.WARNING_LO, "sequence.stopped", STOPPED),
    ]
    assert after.runs == (other,)
    assert counts(after) == (0, 0, 1)


def test_a_repeated_request_that_was_seen_before_is_told_as_unconfirmed_and_the_sequence_goes_on():
    state = holding(msgspec.structs.replace(WAITING, repeated=True))
    word = TcVerification(FIRST_REQUEST + 4, "power.set_reserve", TcStage.REJECTED, already_seen(FIRST_REQUEST + 4))
    after, said = sequences.verified(state, word)
    args = FAILED | {"reason": "executed or not: no word came"}
    assert said == [Event(Severity.WARNING_LO, "sequence.step_unconfirmed", args)]
    assert after.runs == (SequenceRun("drill", 100 * S, 2),)
    assert counts(after) == (0, 0, 0)


@pytest.mark.parametrize(
    "word",
    [
        TcVerification(FIRST_REQUEST + 4, "power.set_reserve", TcStage.ACCEPTED, None),
        TcVerification(FIRST_REQUEST + 5, "power.set_reserve", TcStage.COMPLETED, None),
        TcVerification(9, "power.set_reserve", TcStage.REJECTED, "no"),
    ],
)
def test_only_the_last_word_on_a_step_of_ours_moves_a_sequence(word: TcVerification):
    state = holding(WAITING)
    assert sequences.verified(state, word) == (state, [])


@pytest.mark.parametrize(("step", "last"), [(0, False), (1, False), (2, True)])
def test_a_completed_step_leads_to_the_next_and_the_last_one_to_the_end(step: int, last: bool):
    other = SequenceRun("other", 0)
    state = holding(SequenceRun("drill", 100 * S, step, FIRST_REQUEST + 4, 50, True), other)
    word = TcVerification(FIRST_REQUEST + 4, "power.set_reserve", TcStage.COMPLETED, None)
    after, said = sequences.verified(state, word)
    if last:
        assert said == [Event(Severity.ACTIVITY_HI, "sequence.completed", {"sequence": "drill"})]
        assert (after.runs, counts(after)) == ((other,), (0, 1, 0))
    else:
        assert (after.runs, said) == ((SequenceRun("drill", 100 * S, step + 1), other), [])
        assert counts(after) == (0, 0, 0)


def test_a_stopped_sequence_says_where_and_why():
    after, told = went(sequences.stopped(holding(WAITING, SequenceRun("other", 0)), "drill", "enough"))
    args = {"sequence": "drill", "step": 1, "reason": "enough"}
    assert told == [Event(Severity.WARNING_LO, "sequence.stopped", args)]
    assert (after.runs, counts(after)) == ((SequenceRun("other", 0),), (0, 0, 1))
    assert sequences.stopped(holding(), "x", "") == "unknown sequence 'x': must be one of drill, other"
    assert sequences.stopped(sequences.initial(()), "x", "") == "unknown sequence 'x': must be one of (none)"


def test_a_full_store_takes_another_text_for_a_name_it_holds_and_the_last_place_can_be_filled():
    full = sequences.initial(tuple(sequence("0s", name=f"s{n}") for n in range(MAX_SEQUENCES)))
    after = sequences.loaded(full, sequence("7s", name="s3"))
    assert isinstance(after, sequences.State)
    assert (after.stored["s3"].sequence.steps[0].at, after.stored["s3"].uploaded) == ("7s", True)
    assert sequences.loaded(full, DRILL) == f"{MAX_SEQUENCES} sequences are stored: must be at most {MAX_SEQUENCES}"
    one_less = sequences.initial(tuple(sequence("0s", name=f"s{n}") for n in range(MAX_SEQUENCES - 1)))
    assert isinstance(sequences.loaded(one_less, DRILL), sequences.State)


def test_what_is_kept_comes_back_with_its_switches_and_what_runs_is_sent_again():
    up = sequence("9s", name="up")
    loaded = sequences.loaded(holding(WAITING, SequenceRun("up", 3)), OTHER)
    assert isinstance(loaded, sequences.State)
    with_up = msgspec.structs.replace(loaded, stored=loaded.stored | {"up": sequences.stored(up, uploaded=True)})
    switched = sequences.switched(with_up, "drill", enabled=False)
    assert isinstance(switched, sequences.State)
    kept = sequences.kept(switched)
    assert kept.loaded == (OTHER, up)
    assert kept.enabled == ("other", "up")
    again = sequences.restored(sequences.initial((DRILL,)), kept)
    assert {name: (one.enabled, one.uploaded) for name, one in again.stored.items()} == {
        "drill": (False, False),
        "other": (True, True),
        "up": (True, True),
    }
    assert again.runs == (msgspec.structs.replace(WAITING, sent_tick=0), SequenceRun("up", 3))
    assert (again.next_request, counts(again)) == (FIRST_REQUEST + 7, (0, 0, 0))
    gone = msgspec.structs.replace(kept, loaded=())
    assert [run.name for run in sequences.restored(sequences.initial((DRILL,)), gone).runs] == ["drill"]


@pytest.mark.parametrize("change", ["switch", "load"])
def test_a_change_of_the_store_is_told_and_kept_though_nothing_runs(change: str):
    bench = Bench(sequence("0s"))
    bench.run(3)
    assert bench.status is None
    if change == "switch":
        bench.command(SequenceDisable("drill"))
    else:
        load(bench, UPLOAD)
    bench.run(1)
    assert bench.status is not None
    assert bench.status.enabled == ((False,) if change == "switch" else (True, True))
    assert bench.kept is not None


def test_an_empty_sequencer_sleeps_and_one_that_waits_for_a_trigger_does_not():
    assert not Bench().sequencer.awake
    bench = Bench(sequence("0s"))
    assert bench.sequencer.awake
    bench.run(1)
    assert not bench.sequencer.awake
    bench.command(SequenceStart("drill"))
    bench.run(2)
    assert bench.sequencer.awake
    trigger = SequenceTrigger(app="power", event="low", sequence="drill")
    waiting = Bench(sequence("0s"), triggers=(trigger,))
    waiting.run(3)
    assert waiting.sequencer.awake


def test_a_sequence_of_the_boot_is_started_once_and_not_after_a_restart():
    bench = Bench(sequence("0s", start="boot"))
    bench.run(20)
    assert bench.ids() == ["sequence.started", "sequence.completed"]
    bench.restart(1)
    bench.run(20)
    assert bench.ids() == ["sequence.started", "sequence.completed"]


def test_a_sequencer_by_itself_is_as_patient_as_one_that_the_node_makes_for_shipped_communications():
    assert SequencerConfig().patience_ticks == CommsConfig().report_ticks + RESTART_TICKS


def test_figures_that_ground_and_recorded_runs_rest_on():
    assert (MAX_SEQUENCES, FIRST_REQUEST) == (32, 2**40)
    assert sequences.initial((DRILL,)).stopped == 0


def test_what_is_told_without_a_change_goes_out_without_status_and_critical_data():
    trigger = SequenceTrigger(app="power", event="low", sequence="drill")
    bench = Bench(sequence("0s", enabled=False), triggers=(trigger,))
    bench.run(1, ("power", Event(Severity.WARNING_LO, "low", {})))
    assert bench.ids() == ["sequence.not_started"]
    assert (bench.status, bench.kept) == (None, None)


def test_a_switch_for_a_sequence_that_is_not_stored_is_refused():
    assert sequences.switched(holding(), "x", enabled=True) == "unknown sequence 'x': must be one of drill, other"


def test_a_part_without_its_first_one_is_asked_for_the_first_and_a_long_complaint_is_cut():
    bench = Bench()
    assert str(bench.command(SequenceLoad("up", 2, 2, "x"))).endswith("must be part 1")
    wrong = load(bench, UPLOAD.replace("0.4", f'"{"x" * 200}"'))[-1]
    assert wrong is not None
    assert len(wrong) == 256
