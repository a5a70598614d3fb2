"""The node's own work with nothing around it: what no bus, however fast, can take away.

    python -m benchmarks.floor one | one-ordered | processes | processes-ordered TICKS EXECUTE CYCLE_TICKS

A short flight is recorded; then every application runs its ticks again on the inboxes that it had. `one`: in a loop,
with each message encoded and checked, and each tick's record encoded, hashed and written, but no Exchange, no
mailboxes, no pace. `processes`: in workers behind a bare barrier whose frames are the flight's own, made ahead; the
far end decodes what comes, encodes, hashes and writes the records, and orders nothing. `-ordered`: the same with an
Exchange, which fills the inboxes or makes the frames, those of ticks that one process runs alone among them. What is
left out is all that a host is beside: pace, who may speak, who is lost, the umbilical. Workers and far end are placed
and scheduled as a run's. Prints ticks a second.
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
from flightsw.bus.ahead import part_ticks
from flightsw.bus.application import Application, Clock, Inbox
from flightsw.bus.exchange import Exchange
from flightsw.bus.frames import Done, Step, WireEntry
from flightsw.bus.log import LogWriter, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.bus.port import Codec, Port
from flightsw.bus.processor import take_turns
from flightsw.bus.rebuild import LoggedStep, bus_faults, logged_steps, wire_exchange
from flightsw.bus.records import TickRecord
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

    def __init__(self, folder: Path, ticks: int, execute: str, cycle_ticks: int) -> None:
        overrides = [f'apps.inference.execute="{execute}"', f'duration="{ticks}s"', f"cycle_ticks={cycle_ticks}"]
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
    port = Port(name, codec)
    clock = Clock(dt_ns_of(flight.scenario), flight.table.by_name[name].cycle_ticks)
    application = build_application(name, flight.scenario)
    decode, encode = msgspec.msgpack.Decoder(Step).decode, msgspec.msgpack.Encoder().encode
    socket.send(b"")
    while (data := socket.recv()) != STOP:
        frame = decode(data)
        outboxes: list[list[WireEntry]] = []
        for tick, entries in enumerate(frame.inboxes, frame.first_tick):
            sent = port.outbox(application.step(clock.at(tick), codec.inbox(entries)))
            outboxes.append([(entry[0], entry[1]) for entry in sent])
        socket.send(encode(Done(frame.run_id, frame.first_tick, frame.last_tick, 0, outboxes)))


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
    writer = LogWriter(out, log_header(flight.scenario, flight.table))
    took_s = (_ordered_s if ordered else _recorded_s)(flight, router, writer)
    writer.close()
    for name in flight.names:
        router.send_multipart((name.encode(), STOP))
    for child in children:
        os.waitpid(child, 0)
    return (len(flight.records) - FIRST) / took_s


def _recorded_s(flight: Flight, router: zmq.Socket[bytes], writer: LogWriter) -> float:
    """Seconds of all ticks behind the first, each process's frames made ahead."""
    encode = msgspec.msgpack.Encoder().encode
    lanes = [(name.encode(), [_frame(encode, step) for step in flight.steps[name]]) for name in flight.names]
    decode, record_bytes = msgspec.msgpack.Decoder(Done).decode, RecordEncoder()
    send, receive, more, begin_s = router.send, router.recv, int(zmq.SNDMORE), 0.0
    for tick, record in enumerate(flight.records):
        if tick == FIRST:
            begin_s = time.perf_counter()
        for name, frames in lanes:
            send(name, more)
            send(frames[tick])
        for _ in lanes:
            receive()
            decode(receive())
        writer.append(record_bytes(record))
    return time.perf_counter() - begin_s


def _frame(encode: Callable[[object], bytes], step: LoggedStep) -> bytes:
    return encode(Step("", step.tick, step.tick, [[(entry[0], entry[1]) for entry in step.inbox]]))


def _ordered_s(flight: Flight, router: zmq.Socket[bytes], writer: LogWriter) -> float:
    """The same, frames and records by an Exchange, which is told what it was told in the flight."""
    exchange, ticks = wire_exchange(flight.table), len(flight.records)
    encode, record_bytes = msgspec.msgpack.Encoder().encode, RecordEncoder()
    decode, begin_s = msgspec.msgpack.Decoder(Done).decode, 0.0
    send, receive, more = router.send, router.recv, int(zmq.SNDMORE)
    told = {record.tick: [item[1] for item in record.inputs] for record in flight.records if record.inputs}
    while (tick := exchange.tick) < ticks:
        if tick >= FIRST and not begin_s:
            begin_s = time.perf_counter()
        if exchange.looks_ahead and (alone := exchange.alone(min([ticks, *(one for one in told if one >= tick)]))):
            name, parts, inbox = alone.name.encode(), 0, alone.inbox
            while tick < alone.end_tick:
                last = tick + part_ticks(alone.end_tick - tick) - 1
                send(name, more)
                send(encode(Step("", tick, last, [inbox, *[()] * (last - tick)])))
                tick, parts, inbox = last + 1, parts + 1, ()
            for _ in range(parts):
                receive()
                for outbox in decode(receive()).outboxes:
                    exchange.begin()
                    exchange.accept(alone.name, outbox)
                    writer.append(record_bytes(exchange.finish()))
            continue
        grants = exchange.begin(told.get(tick, ()))
        for granted, inbox in grants:
            send(granted.encode(), more)
            send(encode(Step("", tick, tick, [inbox])))
        for _ in grants:
            identity = receive()
            exchange.accept(identity.decode(), decode(receive()).outboxes[0])
        writer.append(record_bytes(exchange.finish()))
    return time.perf_counter() - begin_s


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


def measured(host: str, ticks: int, execute: str, cycle_ticks: int) -> float:
    """Ticks a second."""
    with tempfile.TemporaryDirectory(prefix="flightsw-bench-") as folder:
        flown, again = Path(folder) / "flown", Path(folder) / "again"
        flown.mkdir()
        again.mkdir()
        flight = Flight(flown, ticks, execute, cycle_ticks)
        gc.freeze()
        gc.disable()  # as a node's processes do; these hold a whole flight besides
        return HOSTS[host](flight, again)


if __name__ == "__main__":
    print(measured(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
