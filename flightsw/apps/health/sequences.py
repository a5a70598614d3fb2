"""Stored command sequences: which step goes out when, and what follows from its verification. Pure.

A step is a telecommand request like ground's: it goes through the same ingest, and its verification comes back from
there. One step of a sequence is under way at a time; the next goes out at its time, and not before the verdict on the
one before. A request that nobody answers (its reader was being restarted) is sent once more under the same number:
ingest refuses what it has seen, so that no step is executed twice. Called by `sequencer`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from flightsw.messages.base import Message, Scalar
from flightsw.messages.comms import TcRequest, TcStage, TcVerification, already_seen
from flightsw.messages.health import Event, Severity
from flightsw.messages.sequences import Scale, Sequence, SequenceCriticalData, SequenceRun
from flightsw.messages.times import parse_span_ns

MAX_SEQUENCES = 32
FIRST_REQUEST = 2**40
"""request numbers from here on are those of sequences; ground's start at 1"""


class Instant(NamedTuple):
    """Now, as the node knows it."""

    tick: int
    met_ns: int
    utc_ns: int | None
    """None: no correlation"""


class Stored(NamedTuple):
    """A sequence in the store."""

    sequence: Sequence
    times: tuple[tuple[Scale, int], ...]
    late_ns: int
    enabled: bool
    uploaded: bool
    """by telecommand: not in the scenario"""


class State(msgspec.Struct, frozen=True, gc=False):
    """What is stored and what runs."""

    stored: dict[str, Stored]
    """never changed in place"""
    runs: tuple[SequenceRun, ...] = ()
    next_request: int = FIRST_REQUEST
    started: int = 0
    completed: int = 0
    stopped: int = 0


Step = tuple[State, list[Message]]
"""The state that follows, and what is told or sent."""


def stored(sequence: Sequence, *, uploaded: bool = False) -> Stored:
    """A sequence made ready."""
    return Stored(sequence, sequence.times(), parse_span_ns(sequence.late), sequence.enabled, uploaded)


def initial(sequences: tuple[Sequence, ...]) -> State:
    """A cold start: what the scenario has loaded."""
    return State({sequence.name: stored(sequence) for sequence in sequences})


def restored(state: State, kept: SequenceCriticalData) -> State:
    """A warm start: what was loaded, enabled and under way. A request whose verification may have come in between is
    sent again at once: its number tells whether it did."""
    every = state.stored | {one.name: stored(one, uploaded=True) for one in kept.loaded}
    return State(
        {name: one._replace(enabled=name in kept.enabled) for name, one in every.items()},
        tuple([replace(run, sent_tick=0) for run in kept.runs if run.name in every]),
        kept.next_request,
        kept.started,
        kept.completed,
        kept.stopped,
    )


def kept(state: State) -> SequenceCriticalData:
    """What must survive a restart."""
    return SequenceCriticalData(
        state.next_request,
        tuple([one.sequence for one in state.stored.values() if one.uploaded]),
        tuple([name for name, one in state.stored.items() if one.enabled]),
        state.runs,
        state.started,
        state.completed,
        state.stopped,
    )


def loaded(state: State, sequence: Sequence) -> State | str:
    """The sequence in the store, in place of one of its name; or why not."""
    if _run_of(state, sequence.name) is not None:
        return f"sequence {sequence.name!r} runs: must be stopped first"
    if sequence.name not in state.stored and len(state.stored) >= MAX_SEQUENCES:
        return f"{len(state.stored)} sequences are stored: must be at most {MAX_SEQUENCES}"
    return replace(state, stored=state.stored | {sequence.name: stored(sequence, uploaded=True)})


def switched(state: State, name: str, *, enabled: bool) -> State | str:
    """Enabled or disabled; one that runs goes on. Or why not."""
    one = state.stored.get(name)
    if one is None:
        return _unknown(state, name)
    return replace(state, stored=state.stored | {name: one._replace(enabled=enabled)})


def started(state: State, name: str, now: Instant, by: str) -> Step | str:
    """A sequence set going; or why not. Steps of an absolute one that are past are passed over, and told."""
    one = state.stored.get(name)
    if one is None:
        return _unknown(state, name)
    if not one.enabled:
        return f"sequence {name!r} is disabled"
    if _run_of(state, name) is not None:
        return f"sequence {name!r} runs already"
    first = 0
    if one.sequence.kind == "absolute":
        clock_ns = _clock_ns(one.times[0][0], now, 0)
        if clock_ns is None:
            return f"sequence {name!r}: no UTC on board: its times must be by MET"
        first = sum(at_ns < clock_ns for _, at_ns in one.times)
        if first == len(one.times):
            return f"sequence {name!r}: all its times are past"
    args: dict[str, Scalar] = {"sequence": name, "by": by} | ({"past_steps": first} if first else {})
    after = replace(state, runs=(*state.runs, SequenceRun(name, now.met_ns, first)), started=state.started + 1)
    return after, [Event(Severity.ACTIVITY_HI, "sequence.started", args)]


def stopped(state: State, name: str, reason: str) -> Step | str:
    """A sequence ended before its last step; or why not."""
    run = _run_of(state, name)
    if run is None:
        return f"sequence {name!r} doesn't run" if name in state.stored else _unknown(state, name)
    return _ended(state, run, reason)


def verified(state: State, verification: TcVerification) -> Step:
    """Ingest's word on a request: the last word on a step of ours lets its sequence go on, or stops it."""
    run = next((run for run in state.runs if run.request == verification.request), None)
    if run is None or verification.stage is TcStage.ACCEPTED:
        return state, []
    if verification.stage is TcStage.COMPLETED:
        return _next(state, run)
    if run.repeated and verification.reason == already_seen(run.request):
        told = _step_event(
            state, run, Severity.WARNING_LO, "sequence.step_unconfirmed", "executed or not: no word came"
        )
        state, more = _next(state, run)
        return state, [told, *more]
    return _failed(state, run, verification.reason or verification.stage.name.lower())


def advanced(state: State, now: Instant, patience_ticks: int, dt_ns: int) -> Step:
    """One tick of all that run."""
    out: list[Message] = []
    for run in state.runs:
        if not run.request:
            state, more = _released(state, run, now, dt_ns)
            out += more
        elif run.sent_tick == 0 or now.tick - run.sent_tick > patience_ticks:
            state, more = _unanswered(state, run, now)
            out += more
    return state, out


def _released(state: State, run: SequenceRun, now: Instant, dt_ns: int) -> Step:
    """The step that is due, if it is."""
    one = state.stored[run.name]
    scale, at_ns = one.times[run.step]
    clock_ns = _clock_ns(scale, now, run.base_ns)
    if clock_ns is None or clock_ns < at_ns:
        return state, []
    # a tick is the finest that a step can be timed to, and another is lost on the way
    if scale is not Scale.ELAPSED and clock_ns - at_ns > max(one.late_ns, 2 * dt_ns):
        return _failed(state, run, f"late by {(clock_ns - at_ns) / 1e9:.1f} s: must be at most {one.sequence.late}")
    step, number = one.sequence.steps[run.step], state.next_request
    sent = _with(state, run, replace(run, request=number, sent_tick=max(1, now.tick)))
    return replace(sent, next_request=number + 1), [TcRequest(number, step.command, step.args)]


def _unanswered(state: State, run: SequenceRun, now: Instant) -> Step:
    if run.repeated:
        return _failed(state, run, "no verification came")
    step = state.stored[run.name].sequence.steps[run.step]
    after = _with(state, run, replace(run, sent_tick=now.tick, repeated=True))
    return after, [TcRequest(run.request, step.command, step.args)]


def _failed(state: State, run: SequenceRun, reason: str) -> Step:
    step = state.stored[run.name].sequence.steps[run.step]
    told = _step_event(state, run, Severity.WARNING_LO, "sequence.step_failed", reason)
    follow: Callable[[], Step] = (
        (lambda: _next(state, run))
        if step.on_failure == "continue"
        else (lambda: _ended(state, run, f"step {run.step}, {step.command}, failed"))
    )
    state, more = follow()
    return state, [told, *more]


def _next(state: State, run: SequenceRun) -> Step:
    if run.step + 1 < len(state.stored[run.name].times):
        return _with(state, run, SequenceRun(run.name, run.base_ns, run.step + 1)), []
    after = replace(_with(state, run, None), completed=state.completed + 1)
    return after, [Event(Severity.ACTIVITY_HI, "sequence.completed", {"sequence": run.name})]


def _ended(state: State, run: SequenceRun, reason: str) -> Step:
    after = replace(_with(state, run, None), stopped=state.stopped + 1)
    args: dict[str, Scalar] = {"sequence": run.name, "step": run.step, "reason": reason}
    return after, [Event(Severity.WARNING_LO, "sequence.stopped", args)]


def _step_event(state: State, run: SequenceRun, severity: Severity, name: str, reason: str) -> Event:
    command = state.stored[run.name].sequence.steps[run.step].command
    return Event(severity, name, {"sequence": run.name, "step": run.step, "command": command, "reason": reason})


def _clock_ns(scale: Scale, now: Instant, base_ns: int) -> int | None:
    if scale is Scale.UTC:
        return now.utc_ns
    return now.met_ns - base_ns if scale is Scale.ELAPSED else now.met_ns


def _run_of(state: State, name: str) -> SequenceRun | None:
    return next((run for run in state.runs if run.name == name), None)


def _with(state: State, run: SequenceRun, after: SequenceRun | None) -> State:
    """The state with `after` in place of a run; None: without it."""
    runs = [after if one.name == run.name else one for one in state.runs]
    return replace(state, runs=tuple([one for one in runs if one is not None]))


def _unknown(state: State, name: str) -> str:
    return f"unknown sequence {name!r}: must be one of {', '.join(state.stored) or '(none)'}"
