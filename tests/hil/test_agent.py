"""The agent against a bench that a test plays: briefed, joined, left alone, sent home; and its board in all that."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
import structlog
import zmq

from flightsw.bus.frames import Brief, Done, Enlist, Fault, Hello, Refused, Step, Stop, ToBench, Welcome
from flightsw.bus.pacing import monotonic_s
from flightsw.errors import ConfigError, JoinRefused
from flightsw.messages.board import BoardReading
from flightsw.messages.schema import PROTOCOL
from flightsw.node.processes import process_table, table_hash
from hil.agent import Agent, stopped_by_signals
from hil.bench import check_endpoint
from hil.benchfile import bench_scenario, load_bench
from hil.line import Handshake, Line
from tests.bus.doors import GUARD_S, House, new_pair
from tests.hil.boards import SetBoard

SCENARIO = bench_scenario(load_bench("linux-host", ["duration=10s", "board.lost_after_s=0.3"]))
TABLE = process_table(SCENARIO)
DT_NS = 100_000_000
PUBLIC, SECRET = zmq.curve_keypair()


def reading_of(done: Done) -> BoardReading:
    """What the board said of itself in that answer."""
    topics = TABLE.topics.topics
    said = {topics[number].name: payload for number, payload in done.outboxes[0]}
    return msgspec.msgpack.decode(said["hw.board"], type=BoardReading)


class Play:
    """An agent in a thread, and the bench's end of its line."""

    def __init__(
        self,
        *,
        once: bool = True,
        enrolled: bool = True,
        bench: bytes | None = None,
        endpoint: str = "tcp://127.0.0.1:*",
    ) -> None:
        """`bench`: the public key that the agent takes for the bench's, if it is another."""
        self.house = House(endpoint)
        del self.house.door.keys.names[self.house.echo.public]  # type: ignore[attr-defined]
        if enrolled:
            self.enroll()
        self.board = SetBoard()
        line = Line(self.house.door.bound, self.house.echo.secret, bench or self.house.bench.public)
        self.agent = Agent(self.board, line, once=once)
        self.error: list[BaseException] = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.identity = b""

    def _run(self) -> None:
        try:
            self.agent.run()
        except JoinRefused as error:
            self.error.append(error)

    def enroll(self) -> None:
        self.house.door.keys.names[self.house.echo.public] = "inference"  # type: ignore[index]

    def hear(self, kind: type) -> object:
        """The agent's next frame of this kind."""
        while True:
            (knock,) = self.house.heard()
            frame = msgspec.msgpack.decode(knock.data, type=ToBench)
            if isinstance(frame, kind):
                self.identity = knock.identity
                return frame

    def say(self, frame: object) -> None:
        assert self.house.door.send(self.identity, msgspec.msgpack.encode(frame))

    def brief(self) -> Hello:
        self.hear(Enlist)
        self.say(Brief("run", msgspec.msgpack.encode(SCENARIO), {}, "7"))
        hello = self.hear(Hello)
        assert isinstance(hello, Hello)
        return hello

    def step(self, tick: int) -> Done:
        self.say(Step("run", tick, tick, [[]]))
        done = self.hear(Done)
        assert isinstance(done, Done)
        return done

    def close(self) -> None:
        self.agent.stop()
        self.thread.join(20.0)
        assert not self.thread.is_alive()
        self.house.close()


@pytest.fixture
def play() -> Iterator[Play]:
    one = Play()
    yield one
    one.close()


def test_it_is_briefed_joins_with_the_tables_it_was_given_and_answers_ticks_with_a_reading(play: Play) -> None:
    hello = play.brief()
    assert hello == Hello("inference", PROTOCOL, table_hash(TABLE), 0, "7")
    play.say(Welcome("run", 0, DT_NS, 1))
    done = play.step(0)
    reading = reading_of(done)
    assert (reading.tick, reading.power_w, reading.ready) == (0, 5.0, True)
    assert TABLE.topics.number["infer.status"] in [number for number, _ in done.outboxes[0]]
    play.say(Stop())
    play.thread.join(20.0)
    assert not play.thread.is_alive()
    assert play.board.asked[-2:] == ["restore", "close"]


def test_a_silent_bench_is_lost_the_board_made_safe_and_the_agent_enlists_anew(play: Play) -> None:
    play.brief()
    play.say(Welcome("run", 0, DT_NS, 1))
    play.step(0)
    first = play.identity
    play.hear(Enlist)
    assert play.identity != first
    assert "safe" in play.board.asked
    play.say(Brief("run", msgspec.msgpack.encode(SCENARIO), {}, "7"))
    play.hear(Hello)
    play.say(Welcome("run", 30, DT_NS, 1))
    assert play.step(30).first_tick == 30
    assert play.board.asked[play.board.asked.index("safe") :].count("restore") == 1
    play.say(Stop())


def test_a_bench_that_flies_another_run_by_the_time_of_the_hello_is_enlisted_with_anew(play: Play) -> None:
    play.brief()
    first = play.identity
    play.say(Brief("run", msgspec.msgpack.encode(SCENARIO), {}, "8"))
    play.hear(Enlist)
    assert play.identity != first
    play.say(Brief("run", msgspec.msgpack.encode(SCENARIO), {}, "8"))
    hello = play.hear(Hello)
    assert isinstance(hello, Hello)
    assert hello.brief == "8"
    play.say(Welcome("run", 0, DT_NS, 1))
    assert play.step(0).first_tick == 0
    play.say(Stop())


def test_a_hello_that_nobody_welcomes_is_said_again(play: Play) -> None:
    assert play.brief() == play.hear(Hello)
    play.say(Welcome("run", 0, DT_NS, 1))
    assert play.step(0).first_tick == 0
    play.say(Stop())


def test_a_thermometer_that_is_lost_holds_the_board_after_the_application_was_built_anew(play: Play) -> None:
    play.brief()
    play.say(Welcome("run", 0, DT_NS, 1))
    assert reading_of(play.step(0)).ready
    play.board.show(chip=None)
    assert not reading_of(play.step(1)).ready
    play.say(Welcome("run", 9, DT_NS, 1))
    assert not reading_of(play.step(9)).ready
    play.board.show(chip=40.0)
    assert reading_of(play.step(10)).ready
    play.say(Stop())


def test_a_second_welcome_starts_the_application_anew(play: Play) -> None:
    play.brief()
    play.say(Welcome("run", 0, DT_NS, 1))
    play.step(0)
    play.say(Welcome("run", 9, DT_NS, 1))
    assert play.step(9).first_tick == 9
    play.say(Stop())


def test_a_refusal_ends_the_agent_with_the_bench_s_reason(play: Play) -> None:
    play.hear(Enlist)
    play.say(Refused("protocol 1: this bench speaks 2"))
    play.thread.join(20.0)
    assert [str(error) for error in play.error] == ["inference: protocol 1: this bench speaks 2"]
    assert play.board.asked[-2:] == ["restore", "close"]


def test_an_application_that_raises_is_told_to_the_bench_and_built_anew(play: Play) -> None:
    def broken() -> None:
        raise OSError("the board is on fire")

    play.brief()
    play.say(Welcome("run", 0, DT_NS, 1))
    play.step(0)
    play.board.sample = broken  # type: ignore[assignment, method-assign]
    play.say(Step("run", 1, 1, [[]]))
    fault = play.hear(Fault)
    assert isinstance(fault, Fault)
    assert fault.text == "OSError: the board is on fire"
    play.hear(Enlist)
    assert "safe" in play.board.asked


def test_told_to_stop_it_restores_the_board_at_once(tmp_path: Path) -> None:
    play = Play(once=False)
    play.brief()
    play.close()
    assert play.board.asked[-2:] == ["restore", "close"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_agent_in_order(number: signal.Signals) -> None:
    board = SetBoard()
    agent = Agent(board, Line("tcp://127.0.0.1:9", SECRET, PUBLIC))
    with stopped_by_signals(agent):
        os.kill(os.getpid(), number)
        agent.run()
    assert board.asked == ["restore", "close"]


def handshakes(told: Sequence[Mapping[str, object]]) -> list[object]:
    """How they failed, as told."""
    return [line["failed"] for line in told if line["event"] == "bench.handshake"]


def test_a_key_that_is_not_enrolled_is_told_once_and_lets_the_agent_in_when_it_is() -> None:
    with structlog.testing.capture_logs() as told:
        play = Play(once=False, enrolled=False)
        play.house.until_refused("key: not on the list")
        play.house.door.refused.clear()
        play.house.until_refused("key: not on the list")
        play.enroll()
        play.brief()
        play.close()
    assert handshakes(told) == [Handshake.REFUSED.value]


def test_a_bench_of_another_key_is_told_once() -> None:
    with structlog.testing.capture_logs() as told:
        play = Play(bench=new_pair().public)
        deadline_s = monotonic_s() + GUARD_S
        while not handshakes(told) and monotonic_s() < deadline_s:
            assert play.house.door.receive(monotonic_s() + 0.05) is None
        play.close()
    assert handshakes(told) == [Handshake.BROKEN_OFF.value]


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
def test_a_bench_is_found_by_an_address_of_ipv6() -> None:
    check_endpoint("tcp://[::1]:0")
    play = Play(endpoint="tcp://[::1]:*")
    assert play.house.door.bound.startswith("tcp://[::1]:")
    play.brief()
    play.close()
    with pytest.raises(ConfigError, match=r"endpoint = 'tcp://\[2001:db8::1\]:5760': can't be bound"):
        check_endpoint("tcp://[2001:db8::1]:5760")
