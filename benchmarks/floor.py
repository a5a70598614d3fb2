"""The node's own work with nothing around it: what no bus, however fast, can take away.

    python -m benchmarks.floor one | one-ordered | processes | processes-ordered TICKS EXECUTE

A short flight is recorded; then every application runs its ticks again on the inboxes that it had. `one`: in a loop,
with each message encoded and checked, and each tick's record encoded, hashed and written, but no Exchange, no
mailboxes, no pace. `processes`: in workers behind a bare barrier whose frames are the flight's own, made ahead; the
far end decodes what comes, encodes, hashes and writes the records, and orders nothing. `-ordered`: the same with an
Exchange, which fills the inboxes or makes the frames. What is left out is all that a host is beside: pace, who may
speak, who is lost, the umbilical. Workers and far end are placed and scheduled as a run's. Prints ticks a second.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import zmq

from benchmarks.barrier import STOP
from flightsw.bus.application import Application, Clock, Inbox
from flightsw.bus.exchange import Exchange, TickRecord
from flightsw.bus.frames import Done, Step, WireEntry
from flightsw.bus.log import LogWriter, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec, Port
from flightsw.bus.processor import take_turns
from flightsw.bus.rebuild import LoggedStep, bus_faults, logged_steps, wire_exchange
from flightsw.messages.topics import BUS, TopicTable
from flightsw.node.build import build_application
from flightsw.node.placement import placement
from flightsw.node.processes import process_table
from flightsw.node.run import RunPlan, dt_ns_of, execute_run, log_header
from flightsw.node.scenario import Scenario, load_scenario

SCENARIO = "cubesat-6u-orin-nano"
FIRST = 1
"""tick that is not timed, as in a run: everything is built in it"""


class Flight:
    """A recorded flight: who ran what."""

    def __init__(self, folder: Path, ticks: int, execute: str) -> None:
        overrides = [f'apps.inference.execute="{execute}"', f'duration="{ticks}s"']
        self.scenario: Scenario = load_scenario(SCENARIO, overrides)
        self.table = process_table(self.scenario)
        outcome = execute_run(RunPlan(self.scenario, folder, ticks, in_process=True))
        assert outcome.exit == "completed", outcome.error
        self.names = [row.name for row in self.table.rows]
        self.steps: dict[str, list[LoggedStep]] = {
            name: list(logged_steps(LogReader(folder), self.table, name)) for name in self.names
        }
        self.records: list[TickRecord] = list(LogReader(folder).ticks())

    @property
    def topics(self) -> TopicTable:
        """Of its node."""
        return self.table.topics


def one(flight: Flight, out: Path) -> float:
    """Ticks a second in a loop."""
    codec, dt_ns = Codec(flight.topics), dt_ns_of(flight.scenario)
    lanes: list[tuple[Application, Port, list[Inbox]]] = []
    for name in flight.names:
        inboxes = [codec.inbox([entry[:2] for entry in step.inbox]) for step in flight.steps[name]]
        lanes.append((build_application(name, flight.scenario), Port(name, codec), inboxes))
    clock = Clock(dt_ns)

    def run_tick(tick: int) -> TickRecord:
        entries = []
        for application, port, inboxes in lanes:
            _, outbox = port.sequence_and_outbox(application.step(clock.at(tick), inboxes[tick]))
            entries += outbox
        return TickRecord(tick, (), entries)

    return _looped(flight, out, run_tick)


def one_ordered(flight: Flight, out: Path) -> float:
    """Ticks a second in a loop with an Exchange in it."""
    codec, clock = Codec(flight.topics), Clock(dt_ns_of(flight.scenario))
    exchange = Exchange(flight.table, Port(BUS, codec).entry, codec.of_entry, bus_faults((), 0, codec))
    lanes = {name: (build_application(name, flight.scenario), Port(name, codec)) for name in flight.names}

    def run_tick(tick: int) -> TickRecord:
        now = clock.at(tick)
        for name, inbox in exchange.begin():
            application, port = lanes[name]
            sequence, outbox = port.sequence_and_outbox(application.step(now, Inbox(inbox)))
            exchange.accept(name, outbox, sequence)
        return exchange.finish()

    return _looped(flight, out, run_tick)


def _looped(flight: Flight, out: Path, run_tick: Callable[[int], TickRecord]) -> float:
    """Ticks a second of all ticks in a row, each record logged."""
    encode = RecordEncoder()
    writer = LogWriter(out, log_header(flight.scenario, flight.table), buffer_bytes=65536)
    ticks, begin_s = len(flight.records), 0.0
    gc.freeze()
    gc.disable()
    for tick in range(ticks):
        if tick == FIRST:
            begin_s = time.perf_counter()
        writer.append(encode(run_tick(tick)))
    took_s = time.perf_counter() - begin_s
    writer.close()
    return (ticks - FIRST) / took_s


def worker(flight: Flight, name: str, endpoint: str) -> None:
    """A process of the node, without a bus that it could join."""
    socket = zmq.Context().socket(zmq.DEALER)
    socket.setsockopt(zmq.IDENTITY, name.encode())
    socket.connect(endpoint)
    codec = Codec(flight.topics)
    port, clock = Port(name, codec), Clock(dt_ns_of(flight.scenario))
    application = build_application(name, flight.scenario)
    decode, encode = msgspec.msgpack.Decoder(Step).decode, msgspec.msgpack.Encoder().encode
    socket.send(b"")
    while (data := socket.recv()) != STOP:
        frame = decode(data)
        sent = port.outbox(application.step(clock.at(frame.first_tick), codec.inbox(frame.inboxes[0])))
        entries: list[WireEntry] = [(entry[0], entry[1]) for entry in sent]
        socket.send(encode(Done(frame.run_id, frame.first_tick, frame.last_tick, 0, [entries])))


def processes(flight: Flight, out: Path, *, ordered: bool) -> float:
    """Ticks a second behind a bare barrier."""
    endpoint = f"ipc://{out}/bus"
    cores = placement(["bus", *flight.names], os.sched_getaffinity(0), os.getpid())
    children = [_forked(lambda name=name: worker(flight, name, endpoint), cores.get(name)) for name in flight.names]  # type: ignore[misc]
    _settle(cores.get("bus"))
    router = zmq.Context().socket(zmq.ROUTER)
    router.bind(endpoint)
    for _ in flight.names:
        router.recv_multipart()
    frame_of = msgspec.msgpack.Encoder().encode
    ticks = len(flight.records)
    header = log_header(flight.scenario, flight.table)
    run_id = header.run_id
    lanes = [(name.encode(), [_frame(frame_of, run_id, step) for step in flight.steps[name]]) for name in flight.names]
    decode, encode = msgspec.msgpack.Decoder(Done).decode, RecordEncoder()
    writer = LogWriter(out, header)
    send, receive, more, begin_s = router.send, router.recv, int(zmq.SNDMORE), 0.0
    exchange = wire_exchange(flight.table)
    for tick, record in enumerate(flight.records):
        if tick == FIRST:
            begin_s = time.perf_counter()
        if ordered:
            for granted, inbox in exchange.begin([item[1] for item in record.inputs]):
                send(granted.encode(), more)
                send(frame_of(Step(run_id, tick, tick, [inbox])))
            for _ in lanes:
                identity = receive()
                exchange.accept(identity.decode(), decode(receive()).outboxes[0])
            writer.append(encode(exchange.finish()))
            continue
        for name, frames in lanes:
            send(name, more)
            send(frames[tick])
        for _ in lanes:
            receive()
            decode(receive())
        writer.append(encode(record))
    took_s = time.perf_counter() - begin_s
    writer.close()
    for name, _ in lanes:
        router.send_multipart((name, STOP))
    for child in children:
        os.waitpid(child, 0)
    return (ticks - FIRST) / took_s


def _frame(encode: Callable[[object], bytes], run_id: str, step: LoggedStep) -> bytes:
    return encode(Step(run_id, step.tick, step.tick, [[(entry[0], entry[1]) for entry in step.inbox]]))


def _forked(main: Callable[[], None], cores: frozenset[int] | None) -> int:
    child = os.fork()
    if child == 0:
        _settle(cores)
        main()
        os._exit(0)
    return child


def _settle(cores: frozenset[int] | None) -> None:
    """As the launcher does."""
    if cores is not None:
        os.sched_setaffinity(0, cores)
        take_turns()


HOSTS: dict[str, Callable[[Flight, Path], float]] = {
    "one": one,
    "one-ordered": one_ordered,
    "processes": lambda flight, out: processes(flight, out, ordered=False),
    "processes-ordered": lambda flight, out: processes(flight, out, ordered=True),
}


def measured(host: str, ticks: int, execute: str) -> float:
    """Ticks a second."""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        flown, again = Path(folder) / "flown", Path(folder) / "again"
        flown.mkdir()
        again.mkdir()
        flight = Flight(flown, ticks, execute)
        return HOSTS[host](flight, again)


if __name__ == "__main__":
    print(measured(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
