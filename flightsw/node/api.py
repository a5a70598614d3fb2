"""The Python API: fly a node in process, from notebooks and tests.

    with flightsw.node("cubesat-6u-orin-nano") as n:
        n.run_until("1orbits")
        n.command("power.set_reserve", soc=0.35)
        n.run_for("600s")
        print(n["power.soc"], n["sensor.chip_c"])
        time_s, soc = n.series("power.soc")

Every tick is logged, as in any run; without `out` the run folder is a temporary one, gone at the end.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError, RunError
from flightsw.messages.base import Scalar
from flightsw.messages.comms import TcRequest
from flightsw.messages.signals import find_signal
from flightsw.node.durations import parse_duration_s
from flightsw.node.injection import injection_of
from flightsw.node.inprocess import BUFFER_BYTES, InProcessNode, Recorder
from flightsw.node.scenario import Scenario, load_scenario, orbit_period_s


class Node:
    """A node in this process. Times are simulated; a duration is "600s", "1.5h", "2orbits" or seconds as a number."""

    def __init__(
        self, scenario: Scenario, run_dir: Path, scratch: tempfile.TemporaryDirectory[str] | None = None
    ) -> None:
        self.scenario = scenario
        self.run_dir = run_dir
        self._node = InProcessNode(scenario)
        self._recorder: Recorder | None = Recorder(self._node, run_dir, buffer_bytes=BUFFER_BYTES)
        self._scratch = scratch

    @property
    def tick(self) -> int:
        """The next tick to run."""
        return self._node.tick

    @property
    def time_s(self) -> float:
        """Simulated time since the start."""
        return self._node.tick * self.scenario.dt_s

    @property
    def log_hash(self) -> str:
        """Hash of the log so far."""
        return self._open().log_hash

    def run_until(self, when: str | float) -> None:
        """Run to this time after the start. Raises ConfigError when it is past."""
        end_s = parse_duration_s(when, orbit_period_s(self.scenario))
        if end_s < self.time_s:
            raise ConfigError(f"run_until {when}: that is past: the node is at {self.time_s} s")
        recorder = self._open()
        end_tick = round(end_s / self.scenario.dt_s)
        while self._node.tick < end_tick:
            recorder.run_tick()

    def run_for(self, duration: str | float) -> None:
        """Run on for so long."""
        self.run_until(self.time_s + parse_duration_s(duration, orbit_period_s(self.scenario)))

    def command(self, name: str, **args: Scalar) -> int:
        """Send a telecommand; it enters at the next tick. Its request number, to find `tc.verification` by.

        Not checked here: comms accepts or refuses it, as it would on board.
        """
        self._open()
        request = self._node.next_request()
        self._node.enter(TcRequest(request, name, args), self._node.tick)
        return request

    def inject(self, kind: str, **fields: Scalar) -> None:
        """Let a fault begin at the next tick: a kind of `[[faults]]`, with its fields and, if it ends, `lasts`.

        Raises ConfigError for what can't happen in this node.
        """
        self._open()
        number = self._node.next_request()
        self._node.enter(injection_of(self.scenario, self._node.table, number, kind, fields), self._node.tick)

    def __getitem__(self, signal: str) -> object:
        """The newest value of a signal (`power.soc`, `truth.plant.node_c[2]`). None before its first message."""
        found = find_signal(signal, self._node.table.topics)
        message = self._node.latest.get(found.topic)
        return None if message is None else found.of(message)

    def series(self, signal: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(time_s, value) of a numeric signal over the run so far; None becomes NaN.

        Raises RunError: the node is closed, and its temporary run folder gone.
        """
        if self._recorder is None and not self.run_dir.exists():
            self._open()
        found = find_signal(signal, self._node.table.topics)
        self.flush()
        times: list[float] = []
        values: list[float] = []
        for tick, _, message in LogReader(self.run_dir).messages([found.topic]):
            value = found.of(message)
            if value is not None and not isinstance(value, int | float):
                raise ConfigError(f"signal {found.name}: {value!r} is not a number")
            times.append(tick * self.scenario.dt_s)
            values.append(float("nan") if value is None else float(value))
        return np.array(times), np.array(values)

    def flush(self) -> None:
        """Let readers of the run folder see the log up to this tick."""
        if self._recorder is not None:
            self._recorder.flush()

    def close(self) -> None:
        """End the log in order, and remove a temporary run folder."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
        if self._scratch is not None:
            self._scratch.cleanup()
            self._scratch = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> Recorder:
        if self._recorder is None:
            raise RunError("the node is closed")
        return self._recorder


def open_node(
    scenario: str | Path,
    *,
    seed: int | None = None,
    overrides: Sequence[str] = (),
    case: str | None = None,
    out: Path | None = None,
) -> Node:
    """A node of a shipped scenario or a file, in a design case (`hot-eol` ...) if one is given. Raises ConfigError for
    anything wrong with what is given."""
    wanted = [*overrides, *([] if seed is None else [f"seed={seed}"])]
    loaded = load_scenario(str(scenario), wanted, case)
    if out is None:
        scratch = tempfile.TemporaryDirectory(prefix="flightsw-node-")
        return Node(loaded, Path(scratch.name), scratch)
    if out.exists() and any(out.iterdir()):
        raise ConfigError(f"out = {out}: is not empty")
    out.mkdir(parents=True, exist_ok=True)
    return Node(loaded, out)
