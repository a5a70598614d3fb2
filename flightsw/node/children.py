"""What a forked child of the launcher does: take its name, watch its lifeline, serve, exit.

Here stands the project's one broad `except` around a process: log, exit non-zero; the launcher decides what follows.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NoReturn

import setproctitle
import structlog
import zmq

from flightsw.bus.broker import Broker
from flightsw.bus.brokerplan import BrokerPlan
from flightsw.bus.door import Door
from flightsw.bus.pacing import Pacer
from flightsw.bus.processor import go_first
from flightsw.bus.remote import RemoteEnd, RemotePlan
from flightsw.bus.table import ProcessTable
from flightsw.bus.umbilical import LauncherLink, Umbilical
from flightsw.bus.worker import Worker, WorkerSeat
from flightsw.errors import FlightswError
from flightsw.messages.topics import BUS
from flightsw.node.faults import bus_faults_of
from flightsw.node.hostlog import host_log
from flightsw.node.injection import injection_of
from flightsw.node.processes import process_table, table_hash
from flightsw.node.rebuilding import UnlikeItsLog, joining_application
from flightsw.node.run import RunPlan, log_header, scheduled_commands
from flightsw.node.rundir import UMBILICAL_SOCKET

BUS_SOCKET = "bus"
ENDPOINT = "endpoint"
"""file in the run folder: where agents connect to, once that is open"""
UNLIKE_ITS_LOG = 5
"""exit code of a process that its log can't be gone on with: starting it again would help nothing"""


def become(main: Callable[[], None], name: str, run_dir: Path, lifeline: int) -> NoReturn:
    """Run `main` as process `name`, then exit. Never returns into the launcher's code."""
    code = 3
    try:
        setproctitle.setproctitle(f"flightsw:{name} {run_dir.name}")
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the launcher alone decides
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        threading.Thread(target=_end_with_launcher, args=(lifeline,), daemon=True).start()
        with host_log(run_dir, name):
            try:
                gc.freeze()
                gc.disable()  # a tick makes no reference cycles
                main()
                code = 0
            except Exception as error:
                structlog.get_logger().exception("process.failed")
                code = UNLIKE_ITS_LOG if isinstance(error, UnlikeItsLog) else code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_launcher(lifeline: int) -> None:
    """The pipe's other end is the launcher's alone: end of file means that it is gone."""
    os.read(lifeline, 1)
    os._exit(4)


def worker_main(plan: RunPlan, sockets: Path, name: str, incarnation: int) -> None:
    """Serve one application."""
    if plan.first:
        go_first()
    table = process_table(plan.scenario)
    cycle_ticks = table.by_name[name].cycle_ticks
    seat = WorkerSeat(f"ipc://{sockets / BUS_SOCKET}", name, incarnation, table_hash(table), cycle_ticks)
    Worker(seat, table.topics, lambda welcome: joining_application(plan, name, welcome.tick)).run()


def _remote_end(
    plan: RunPlan,
    remote: RemotePlan,
    broker_plan: BrokerPlan,
    table: ProcessTable,
    context: zmq.Context[zmq.Socket[bytes]],
    priority: str,
) -> RemoteEnd:
    """The bus's door, open. Raises ConfigError."""
    told = plan.run_dir / ENDPOINT  # a bus that was lost comes back where its agents look for it
    door = Door(told.read_text() if broker_plan.resume and told.is_file() else remote.endpoint, remote.keys)
    door.open(context)
    told.write_text(door.bound)
    return RemoteEnd(remote, broker_plan.header, broker_plan.schema_hash, table, door, plan.run_dir, priority)


def _broker_plan(
    plan: RunPlan,
    table: ProcessTable,
    sockets: Path,
    *,
    resume: bool,
    peers: Mapping[str, bytes],
    cores: Mapping[str, frozenset[int]],
) -> BrokerPlan:
    """What this run asks of the bus."""
    commands = scheduled_commands(plan.scenario)
    taken_up = plan.taken_up
    if taken_up is not None:
        commands |= {tick: (*commands.get(tick, ()), *requests) for tick, requests in taken_up.commands.items()}
    return BrokerPlan(
        run_dir=plan.run_dir,
        endpoint=f"ipc://{sockets / BUS_SOCKET}",
        header=log_header(plan.scenario, table),
        schema_hash=table_hash(table),
        ticks=plan.ticks,
        commands=commands,
        faults=bus_faults_of(plan.scenario, table),
        resume=resume or taken_up is not None,
        taken_up_tick=None if taken_up is None else taken_up.tick,
        changes={} if taken_up is None else taken_up.changes,
        peers=peers,
        spare_cores=frozenset[int]().union(*cores.values()) - cores.get(BUS, frozenset()),
        on_other_cores=frozenset(name for name, kept in cores.items() if kept != cores[BUS]),
    )


def bus_main(
    plan: RunPlan,
    sockets: Path,
    link: socket.socket,
    *,
    resume: bool,
    peers: Mapping[str, bytes],
    cores: Mapping[str, frozenset[int]],
) -> None:
    """Be the bus, and tell the launcher what came of it. `cores`: where each process is kept."""
    priority = go_first() if plan.first else "as others"  # before the first socket: its threads are to have it too
    table = process_table(plan.scenario)
    broker_plan = _broker_plan(plan, table, sockets, resume=resume, peers=peers, cores=cores)
    context = zmq.Context()
    context.setsockopt(zmq.LINGER, 500)
    router, console = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
    console.bind(f"ipc://{sockets / UMBILICAL_SOCKET}")
    launcher = LauncherLink(link)
    taken_up = plan.taken_up
    scripted = sum(map(len, broker_plan.commands.values()))
    next_request = max(1 + scripted, 1 if taken_up is None else taken_up.next_request)
    injector = partial(injection_of, plan.scenario, table)
    umbilical = Umbilical(console, plan.scenario.dt_s, plan.ticks, next_request, injector)
    pacer = Pacer(plan.scenario.dt_s, plan.speed, plan.slip_policy)
    broker: Broker | None = None
    try:
        remote = None if plan.remote is None else _remote_end(plan, plan.remote, broker_plan, table, context, priority)
        broker = Broker(broker_plan, table, pacer, launcher, umbilical, remote)
        verdict: dict[str, object] = {"exit": broker.run(router)}
    except FlightswError as error:
        structlog.get_logger().exception("run.failed")
        verdict = {"exit": "failed", "error": str(error)}
    router.close()
    console.close()
    context.term()
    launcher.tell_end(
        verdict
        | {
            "ticks": broker.ticks if broker else 0,
            "log_hash": broker.log_hash if broker else "",
            "perturbed": umbilical.inputs_taken > 0,
            "slips": pacer.slips,
            "first_tick_s": broker.first_tick_s if broker else None,
            "last_tick_s": broker.last_tick_s if broker else None,
        }
    )
