"""The link law for one tick: is the transmitter on, what may it send, has a pass begun or ended. Pure.

In SAFE the node sends its housekeeping and nothing else: it must be heard, and its charge is needed elsewhere. Before
the node's mode is known, and while booting, it is silent.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from flightsw.messages.health import Mode


class State(msgspec.Struct, frozen=True, gc=False):
    """What the law carries from tick to tick."""

    station: int | None = None
    allowed: bool = True
    """ground's wish"""
    pass_bytes: int = 0
    """sent in the pass under way, or in the last one"""
    carry_bits: float = 0.0
    """less than a byte that the last tick had room for"""


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """One tick's inputs."""

    station: int | None
    rate_bps: float
    mode: Mode
    rail_on: bool
    """the EPS has not shed the transmitter"""
    housekeeping_bytes: int
    """waiting"""
    product_bytes: int
    """waiting"""


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What goes out."""

    transmit: bool
    budget_bytes: int
    """what this tick has room for"""
    products: bool
    """products may go, not housekeeping alone"""
    began: int | None
    """station whose pass begins with this tick"""
    ended: int | None
    """station whose pass ended with the tick before"""


def step(state: State, inputs: Inputs, dt_s: float) -> tuple[State, Outputs]:
    """One tick."""
    station = inputs.station
    changed = station != state.station
    products = inputs.mode > Mode.SAFE
    waiting_bytes = inputs.housekeeping_bytes + (inputs.product_bytes if products else 0)
    transmit = (
        station is not None
        and inputs.rate_bps > 0.0
        and state.allowed
        and inputs.rail_on
        and inputs.mode >= Mode.SAFE
        and waiting_bytes > 0
    )
    budget_bytes, carry_bits = 0, 0.0
    if transmit:
        bits = inputs.rate_bps * dt_s + state.carry_bits
        budget_bytes = int(bits / 8.0)
        carry_bits = bits - 8.0 * budget_bytes
    after = State(station, state.allowed, 0 if changed and station is not None else state.pass_bytes, carry_bits)
    began, ended = (station, state.station) if changed else (None, None)
    return after, Outputs(transmit, budget_bytes, products, began, ended)


def counted(state: State, sent_bytes: int) -> State:
    """So much was sent in this tick."""
    return replace(state, pass_bytes=state.pass_bytes + sent_bytes)


def with_transmitter(state: State, *, allowed: bool) -> State:
    """Ground allows or forbids the transmitter."""
    return replace(state, allowed=allowed)
