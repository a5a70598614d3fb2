"""The bench: a scenario in real time, its payload computer a real board behind an agent.

The node is the one that `flightsw run` flies, in processes and paced to the wall clock; what differs is that the
inference process is not started here and comes in through the bus's door. Called by `flightsw hil bench`.
"""

from __future__ import annotations

import socket
from pathlib import Path

import msgspec

from flightsw.bus.door import speaks_ipv6
from flightsw.bus.pacing import SlipPolicy
from flightsw.bus.remote import RemotePlan
from flightsw.devices.board import BoardConfig
from flightsw.errors import ConfigError
from flightsw.node.run import RunPlan
from flightsw.node.scenario import Scenario, on_a_board, run_ticks
from hil.benchfile import BenchFile
from hil.keys import bench_keys
from hil.parcel import packed


def bench_plan(bench: BenchFile, scenario: Scenario, run_dir: Path, keys: Path, *, first: bool = False) -> RunPlan:
    """What the launcher is to run. Raises ConfigError: no keys, nobody enrolled, or the endpoint is taken."""
    assert isinstance(scenario.board, BoardConfig)
    check_endpoint(bench.endpoint)
    return RunPlan(
        scenario=scenario,
        run_dir=run_dir,
        ticks=run_ticks(scenario),
        speed=1.0,
        slip_policy=SlipPolicy.SKIP,
        pin=False,
        first=first,
        remote=RemotePlan(
            endpoint=bench.endpoint,
            keys=bench_keys(keys),
            names=frozenset(on_a_board(scenario)),
            answer_share=scenario.board.answer_share,
            scenario=msgspec.msgpack.encode(scenario),
            files=packed(scenario),
            join_s=bench.join_s,
        ),
    )


def check_endpoint(endpoint: str) -> None:
    """Raise ConfigError where nothing can be bound: better before anything is started."""
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    if port == "*":
        return
    try:
        family = socket.AF_INET6 if speaks_ipv6(endpoint) else socket.AF_INET
        with socket.create_server(("" if host == "*" else host.strip("[]"), int(port)), family=family):
            pass
    except (OSError, OverflowError) as error:
        raise ConfigError(f"endpoint = {endpoint!r}: can't be bound: {getattr(error, 'strerror', error)}") from None
