"""On-board time: the oscillator's counter made into MET, MET into UTC. Pure.

MET is the counter without its jumps: between two readings the counter must have gone on as far as the scheduler's ticks
say, give or take the drift of an oscillator that works; what it went further or less is a jump, and taken out. UTC is
reference + (MET - reference) * (1 + rate). GNSS pulls phase and rate by a PI law once it has been acquired; a GNSS time
that is suddenly off is not believed. Ground's correlation is stepped to where it is far, and slewed to where it is
near, as RFC 5905 (NTP) has it. Called by `timekeeper` with each reading.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from flightsw.messages.base import Message
from flightsw.messages.health import Event, Severity
from flightsw.messages.time import ClockSensors, TimeSync

PHASE_GAIN, RATE_GAIN = 0.3, 0.02
"""of the PI law, per reading: poles at 0.91 and 0.77, settled within a minute at a reading in 10 s"""
MOST_PPB = 200_000.0
"""no oscillator that works is further off: a bare crystal is good for 100 ppm over its whole range"""

Seconds = Annotated[float, Meta(gt=0.0, le=1e6)]


class TimeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The time law."""

    jump_s: Seconds = 0.01
    """the counter may differ by so much from the scheduler's ticks, beside drift, from reading to reading"""
    gate_s: Seconds = 0.5
    """GNSS time further off than this is not believed, once it has been acquired"""
    step_s: Seconds = 0.128
    """UTC further off ground's correlation than this is stepped, and slewed otherwise (RFC 5905: 128 ms)"""
    slew_ppm: Annotated[float, Meta(gt=0.0, le=100_000.0)] = 500.0
    """how fast (RFC 5905: 500 ppm)"""


class State(msgspec.Struct, frozen=True, gc=False):
    """The last reading, and how it becomes MET and UTC."""

    tick: int = 0
    counter_ns: int = 0
    offset_ns: int = 0
    """MET less the counter"""
    reference_met_ns: int = 0
    reference_utc_ns: int | None = None
    rate_ppb: float = 0.0
    slew_ns: int = 0
    """of UTC, still to be made"""
    sync: TimeSync = TimeSync.NONE
    gnss_rejected: bool = False
    jumps: int = 0
    gnss_error_ns: int | None = None


def initial(epoch_utc_ns: int | None) -> State:
    """A cold start at MET 0, with the UTC that was loaded before launch."""
    return State(reference_utc_ns=epoch_utc_ns, sync=TimeSync.NONE if epoch_utc_ns is None else TimeSync.FREE)


def met_ns(state: State, tick: int, dt_ns: int) -> int:
    """MET at the beginning of a tick: the last reading, carried on by ticks at the oscillator's rate."""
    since_ns = (tick - state.tick) * dt_ns
    return max(0, state.counter_ns + state.offset_ns + since_ns - round(since_ns * state.rate_ppb * 1e-9))


def utc_at(state: State, met: int) -> int | None:
    """UTC at a MET."""
    if state.reference_utc_ns is None:
        return None
    since_ns = met - state.reference_met_ns
    return max(0, state.reference_utc_ns + since_ns + round(since_ns * state.rate_ppb * 1e-9))


def read(state: State, reading: ClockSensors, tick: int, dt_ns: int, config: TimeConfig) -> tuple[State, list[Message]]:
    """A reading that came in this tick."""
    out: list[Message] = []
    elapsed_ns = (tick - state.tick) * dt_ns
    gap_ns = reading.counter_ns - state.counter_ns - elapsed_ns
    offset_ns, jumps = state.offset_ns, state.jumps
    if abs(gap_ns) > config.jump_s * 1e9 + elapsed_ns * MOST_PPB * 1e-9:
        offset_ns, jumps = offset_ns - gap_ns, jumps + 1
        out.append(Event(Severity.WARNING_HI, "clock.jump", {"jump_s": round(gap_ns * 1e-9, 6)}))
    after = replace(state, tick=tick, counter_ns=reading.counter_ns, offset_ns=offset_ns, jumps=jumps)
    after = _slewed(after, elapsed_ns, config)
    after, told = _disciplined(after, reading.gnss_utc_ns, elapsed_ns, config)
    return after, out + told


def correlated(
    state: State, met: int, utc: int, rate_ppb: float, now_met: int, config: TimeConfig
) -> tuple[State, list[Message]] | str:
    """Ground's correlation taken over: stepped to where it is far, slewed to where it is near; or why not."""
    if state.sync is TimeSync.GNSS:
        return "GNSS holds the time: its word is better than a correlation over the link"
    truth = replace(
        state, reference_met_ns=met, reference_utc_ns=utc, rate_ppb=rate_ppb, slew_ns=0, sync=TimeSync.GROUND
    )
    before_ns, now_ns = utc_at(state, now_met), utc_at(truth, now_met)
    assert now_ns is not None
    error_ns = None if before_ns is None else now_ns - before_ns
    if error_ns is None or abs(error_ns) > config.step_s * 1e9:
        step_s = 0.0 if error_ns is None else round(error_ns * 1e-9, 6)
        return truth, [Event(Severity.WARNING_LO, "clock.stepped", {"step_s": step_s, "by": "ground"})]
    slewed = replace(truth, reference_met_ns=now_met, reference_utc_ns=before_ns, slew_ns=error_ns)
    return slewed, [Event(Severity.ACTIVITY_LO, "clock.correlated", {"error_s": round(error_ns * 1e-9, 6)})]


def _slewed(state: State, elapsed_ns: int, config: TimeConfig) -> State:
    if not state.slew_ns or state.reference_utc_ns is None:
        return state
    most_ns = max(1, round(elapsed_ns * config.slew_ppm * 1e-6))
    made_ns = max(-most_ns, min(most_ns, state.slew_ns))
    return replace(state, reference_utc_ns=state.reference_utc_ns + made_ns, slew_ns=state.slew_ns - made_ns)


def _disciplined(state: State, gnss_ns: int | None, elapsed_ns: int, config: TimeConfig) -> tuple[State, list[Message]]:
    """Pulled towards GNSS, or not where there is none or it is not to be believed."""
    if gnss_ns is None:
        free = TimeSync.FREE if state.sync is TimeSync.GNSS else state.sync
        return replace(state, sync=free, gnss_error_ns=None), []
    met = state.counter_ns + state.offset_ns
    utc = utc_at(state, met)
    error_ns = None if utc is None else gnss_ns - utc
    near = error_ns is not None and abs(error_ns) <= config.gate_s * 1e9
    if state.sync is TimeSync.GNSS or state.gnss_rejected:
        if not near:
            return _rejecting(state, error_ns)
    elif utc is None or not near:  # acquired: nothing better was known
        step_s = 0.0 if error_ns is None else round(error_ns * 1e-9, 6)
        acquired = replace(
            state, reference_met_ns=met, reference_utc_ns=gnss_ns, slew_ns=0, sync=TimeSync.GNSS, gnss_error_ns=error_ns
        )
        return acquired, [Event(Severity.WARNING_LO, "clock.stepped", {"step_s": step_s, "by": "gnss"})]
    assert utc is not None
    assert error_ns is not None
    rate_ppb = state.rate_ppb + RATE_GAIN * 1e9 * error_ns / max(1, elapsed_ns)
    pulled = replace(
        state,
        reference_met_ns=met,
        reference_utc_ns=utc + round(PHASE_GAIN * error_ns),
        rate_ppb=max(-MOST_PPB, min(MOST_PPB, rate_ppb)),
        slew_ns=0,
        sync=TimeSync.GNSS,
        gnss_rejected=False,
        gnss_error_ns=error_ns,
    )
    return pulled, [Event(Severity.ACTIVITY_HI, "clock.gnss_back", {})] if state.gnss_rejected else []


def _rejecting(state: State, error_ns: int | None) -> tuple[State, list[Message]]:
    sync = TimeSync.FREE if state.sync is TimeSync.GNSS else state.sync
    after = replace(state, sync=sync, gnss_rejected=True, gnss_error_ns=error_ns)
    if state.gnss_rejected or error_ns is None:
        return after, []
    return after, [Event(Severity.WARNING_HI, "clock.gnss_rejected", {"error_s": round(error_ns * 1e-9, 6)})]
