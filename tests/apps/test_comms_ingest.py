"""Telecommand ingest: each request ends in exactly one of rejected, completed, failed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.comms.ingest import SEEN_REQUESTS, IngestState, conclude, forbidden, receive, time_out
from flightsw.messages.commands import COMMANDS, HealthPing, InferSetPayload, PowerSetReserve, owner_of
from flightsw.messages.comms import TcDispatch, TcReport, TcRequest, TcStage, TcVerification
from flightsw.messages.health import Mode

PATIENCE_TICKS = 5
FINAL = (TcStage.REJECTED, TcStage.COMPLETED, TcStage.FAILED)


def reserve(number: int = 1, soc: float = 0.4) -> TcRequest:
    return TcRequest(number, "power.set_reserve", {"soc": soc})


def take(state: IngestState, request: TcRequest, mode: Mode = Mode.PAYLOAD, tick: int = 0):
    return receive(state, request, mode, tick, PATIENCE_TICKS)


def test_a_good_request_is_accepted_and_passed_on_typed():
    state, answers = take(IngestState(), reserve())
    assert answers == [
        TcVerification(1, "power.set_reserve", TcStage.ACCEPTED, None),
        TcDispatch(1, PowerSetReserve(0.4)),
    ]
    assert (state.accepted, state.rejected, len(state.open)) == (1, 0, 1)


@pytest.mark.parametrize(
    ("name", "args", "reason"),
    [
        ("power.explode", {}, "unknown command"),
        ("power.set_reserve", {}, "'soc' is missing"),
        ("power.set_reserve", {"soc": 2.0}, "soc = 2.0"),
        ("power.set_reserve", {"soc": "half"}, "soc = 'half'"),
        ("power.set_reserve", {"soc": 0.4, "now": True}, "unknown argument 'now'"),
    ],
)
def test_a_bad_request_is_rejected_with_its_reason_and_never_dispatched(name, args, reason):
    state, (answer,) = take(IngestState(), TcRequest(9, name, args))
    assert answer.stage is TcStage.REJECTED
    assert reason in answer.reason
    assert (state.accepted, state.rejected, state.open) == (0, 1, ())


def test_a_request_seen_before_is_rejected_whether_it_is_still_open_or_not():
    state, _ = take(IngestState(), reserve())
    state, (again,) = take(state, reserve())
    assert (again.stage, again.reason) == (TcStage.REJECTED, "request 1 was already seen")
    state, _ = conclude(state, "power", TcReport(1, TcStage.COMPLETED, None))
    _, (again,) = take(state, reserve())
    assert again.stage is TcStage.REJECTED


@pytest.mark.parametrize("mode", [Mode.BOOT, Mode.SAFE])
def test_the_payload_can_be_switched_off_but_not_on_in_a_mode_that_keeps_it_off(mode):
    _, (answer,) = take(IngestState(), TcRequest(1, "infer.set_payload", {"on": True}), mode)
    assert answer.stage is TcStage.REJECTED
    assert mode.name in answer.reason
    assert forbidden(InferSetPayload(False), mode) is None
    assert forbidden(InferSetPayload(True), Mode.STANDBY) is None
    assert forbidden(HealthPing(), mode) is None


@pytest.mark.parametrize("stage", [TcStage.COMPLETED, TcStage.FAILED])
def test_the_owner_s_word_closes_a_request(stage):
    state, _ = take(IngestState(), reserve())
    state, answers = conclude(state, "power", TcReport(1, stage, "why"))
    assert answers == [TcVerification(1, "power.set_reserve", stage, "why")]
    assert state.open == ()
    assert conclude(state, "power", TcReport(1, stage, None)) == (state, [])


def test_words_of_others_or_of_no_finality_close_nothing():
    state, _ = take(IngestState(), reserve())
    assert conclude(state, "thermal", TcReport(1, TcStage.COMPLETED, None)) == (state, [])
    assert conclude(state, "power", TcReport(1, TcStage.ACCEPTED, None)) == (state, [])
    assert conclude(state, "power", TcReport(2, TcStage.COMPLETED, None)) == (state, [])


def test_an_owner_that_keeps_silent_has_failed_the_command_after_its_patience_and_not_before():
    state, _ = take(IngestState(), reserve(), tick=100)
    state, answers = time_out(state, 100 + PATIENCE_TICKS)
    assert answers == []
    state, (answer,) = time_out(state, 101 + PATIENCE_TICKS)
    assert (answer.stage, answer.reason) == (TcStage.FAILED, "no report from power")
    assert state.open == ()


def test_every_command_has_an_owner_that_can_report():
    owners = {owner_of(name) for name in COMMANDS if not name.startswith("table.")}
    assert owners == {"power", "thermal", "inference", "comms", "health"}


def test_a_table_command_s_owner_is_the_application_that_it_names_and_nobody_else_closes_it():
    state, (accepted, _) = take(IngestState(), TcRequest(1, "table.dump", {"app": "thermal", "which": "active"}))
    assert accepted.name == "table.dump"
    assert conclude(state, "power", TcReport(1, TcStage.COMPLETED, None)) == (state, [])
    _, (late,) = time_out(state, 10**6)
    assert (late.name, late.reason) == ("table.dump", "no report from thermal")
    _, (done,) = conclude(state, "thermal", TcReport(1, TcStage.COMPLETED, None))
    assert (done.name, done.stage) == ("table.dump", TcStage.COMPLETED)


@settings(max_examples=150, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("request"), st.integers(0, 12), st.floats(0.0, 1.2)),
            st.tuples(st.just("report"), st.integers(0, 12), st.sampled_from([TcStage.COMPLETED, TcStage.FAILED])),
            st.tuples(st.just("wait"), st.integers(1, 4), st.none()),
        ),
        max_size=60,
    )
)
def test_every_request_gets_exactly_one_last_word(steps):
    state, tick, requests, answers = IngestState(), 0, 0, []
    for kind, number, value in steps:
        if kind == "request":
            requests += 1
            state, more = take(state, reserve(number, value), tick=tick)
        elif kind == "report":
            state, more = conclude(state, "power", TcReport(number, value, None))
        else:
            tick += number
            state, more = time_out(state, tick)
        answers += more
    state, more = time_out(state, tick + PATIENCE_TICKS + 1)
    answers += more
    last = [one for one in answers if isinstance(one, TcVerification) and one.stage in FINAL]
    assert state.open == ()
    assert len(last) == requests == state.accepted + state.rejected
    assert sum(isinstance(one, TcDispatch) for one in answers) == state.accepted


def test_memory_of_requests_is_bounded():
    state = IngestState()
    for number in range(3 * SEEN_REQUESTS):
        state, _ = take(state, reserve(number))
    assert len(state.seen) == SEEN_REQUESTS
    assert state.seen[-1] == 3 * SEEN_REQUESTS - 1


def test_the_last_64_requests_are_remembered_and_a_repeat_makes_none_of_them_forgotten():
    state = IngestState()
    for number in range(64):
        state, _ = take(state, reserve(number))
    for _ in range(3):
        state, (again,) = take(state, reserve(63))
        assert again.stage is TcStage.REJECTED
    assert state.seen == tuple(range(64))
    state, answers = take(state, reserve(64))
    assert answers[0].stage is TcStage.ACCEPTED
    assert state.seen == tuple(range(1, 65))


def test_of_two_open_requests_only_the_one_that_is_overdue_fails():
    state, _ = take(IngestState(), reserve(1), tick=100)
    state, _ = take(state, reserve(2), tick=101)
    state, answers = time_out(state, 101 + PATIENCE_TICKS)
    assert [(one.request, one.stage) for one in answers] == [(1, TcStage.FAILED)]
    assert [one.request for one in state.open] == [2], "its last tick is this one"
    _, answers = conclude(state, "power", TcReport(2, TcStage.COMPLETED, None))
    assert [(one.request, one.stage) for one in answers] == [(2, TcStage.COMPLETED)]
