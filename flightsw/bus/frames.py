"""The frames between the bus and its processes, and the payload of the join.

    process -> bus   HELLO{name, protocol, schema_hash, incarnation, brief}
    bus -> process   WELCOME{run_id, tick, dt_ns, seed} | REFUSED{reason}
    bus -> process   STEP{run_id, first_tick, last_tick, inboxes}     one inbox a tick
    process -> bus   DONE{run_id, first_tick, last_tick, incarnation, outboxes}
    process -> bus   FAULT{incarnation, text}                         it can't go on and is about to exit
    bus -> process   STOP{}

An agent on a board, which has no scenario of its own, first asks for it:

    agent -> bus     ENLIST{name, protocol}
    bus -> agent     BRIEF{run_id, scenario, files, number}           also to a HELLO by another brief

Each is one MessagePack array, the name first. Message payloads inside are embedded as they are, never decoded.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from flightsw.messages.schema import PROTOCOL

WireEntry = tuple[int, msgspec.Raw]
"""(topic number, encoded payload)."""


class _Frame(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Root of all frames."""


class Hello(_Frame, frozen=True, tag="HELLO"):
    name: str
    protocol: int
    schema_hash: str
    incarnation: int
    brief: str = ""
    """of an agent: the number of the brief that it goes by"""


class Welcome(_Frame, frozen=True, tag="WELCOME"):
    run_id: str
    tick: int
    dt_ns: int
    seed: int


class Refused(_Frame, frozen=True, tag="REFUSED"):
    reason: str


class Step(_Frame, frozen=True, tag="STEP"):
    run_id: str
    first_tick: int
    last_tick: int
    inboxes: Sequence[Sequence[WireEntry]]


class Done(_Frame, frozen=True, tag="DONE"):
    run_id: str
    first_tick: int
    last_tick: int
    incarnation: int
    outboxes: list[list[WireEntry]]


class Fault(_Frame, frozen=True, tag="FAULT"):
    incarnation: int
    text: str


class Stop(_Frame, frozen=True, tag="STOP"):
    pass


class Enlist(_Frame, frozen=True, tag="ENLIST"):
    name: str
    protocol: int


class Brief(_Frame, frozen=True, tag="BRIEF"):
    run_id: str
    scenario: bytes
    files: dict[str, bytes]
    """what of it doesn't ship with flightsw, by file name"""
    number: str
    """a random one, of this bench's run alone: a run's id is the same each time that it is flown"""


ToBus = Hello | Done | Fault
FromBus = Welcome | Refused | Step | Stop
ToBench = Enlist | Hello | Done | Fault
FromBench = Brief | Welcome | Refused | Step | Stop
"""Between the bus and an agent on a board."""


def strange_protocol(protocol: int, host: str) -> str | None:
    """Why somebody who speaks it can't be talked to; None: it is ours. `host`: who says so."""
    return None if protocol == PROTOCOL else f"protocol {protocol}: this {host} speaks {PROTOCOL}"


def misfit(hello: Hello, schema_hash: str, host: str) -> str | None:
    """Why it can't join; None: it can. `schema_hash`: of the host, a "bus" or a "bench"."""
    reason = strange_protocol(hello.protocol, host)
    if reason is None and hello.schema_hash != schema_hash:
        reason = f"its message declarations or process table differ from the {host}'s"
    return reason
