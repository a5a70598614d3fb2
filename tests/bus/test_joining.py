"""Waiting for a successor: whoever wants to stop is heeded, though it never comes."""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec
import pytest
import zmq

from flightsw.bus.brokerplan import BrokerPlan
from flightsw.bus.joining import Joining, StopRequested, planned_exchange
from flightsw.bus.peers import Peers
from flightsw.bus.umbilical import LauncherLink
from tests.bus.test_log import header
from tests.bus.toys import toy_table


def test_a_stop_is_heeded_while_a_successor_is_waited_for(tmp_path: Path) -> None:
    plan = BrokerPlan(tmp_path, f"ipc://{tmp_path}/bus", header(), "toy", 10, {})
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    table = toy_table()
    peers = Peers(plan.header, {}, lambda _: None)
    joining = Joining(
        plan, table, planned_exchange(plan, table), peers, LauncherLink(theirs), lambda *_: None, lambda _: None
    )
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.setsockopt(zmq.RCVTIMEO, 1)
        router.bind(plan.endpoint)
        peers.open(router)
        joining.open(router)
        ours.send(msgspec.msgpack.encode(("stop", "")))
        with pytest.raises(StopRequested):
            joining.await_successor("counter")
    ours.close()
    theirs.close()
