"""A bench and its agent as their users start them: two processes with keys of their own, over TCP loopback."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flightsw.bus.pacing import monotonic_s, sleep_s
from flightsw.record.tail import LogTail
from hil.keys import enroll, make_key
from tests.loop.runs import COMMAND

GUARD_S = 90.0
LOOK_S = 0.02


class Site:
    """A folder with keys, and what is started in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = folder / "keys"
        make_key(self.keys, "bench")
        enroll(self.keys, "inference", make_key(self.keys, "inference"))
        self.run_dir = folder / "run"
        self._started: list[subprocess.Popen[bytes]] = []

    def bench(self, name: str, *settings: str) -> subprocess.Popen[bytes]:
        """Start a bench at an endpoint of the system's choosing."""
        sets = [word for text in ("endpoint=tcp://127.0.0.1:*", *settings) for word in ("--set", text)]
        return self.start("hil", "bench", name, "--keys", str(self.keys), "--out", str(self.run_dir), "--json", *sets)

    def agent(self, *more: str) -> subprocess.Popen[bytes]:
        """Start an agent where the bench listens."""
        endpoint = self.run_dir / "endpoint"
        self.wait(lambda: endpoint.is_file() and endpoint.read_text() != "")
        return self.start("hil", "agent", endpoint.read_text(), "--keys", str(self.keys), *more)

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"out{len(self._started)}").open("wb") as out:
            process = subprocess.Popen([*COMMAND, *args], stdout=out, stderr=subprocess.STDOUT, cwd=self.folder)
        self._started.append(process)
        return process

    def said(self, process: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"out{self._started.index(process)}").read_text()

    def until_tick(self, tick: int) -> None:
        """Wait until the run is so far."""
        tail = LogTail(self.run_dir)
        seen = -1

        def there() -> bool:
            nonlocal seen
            for record in tail.poll():
                seen = record.tick
            return seen >= tick

        try:
            self.wait(there)
        finally:
            tail.close()

    def wait(self, there: object) -> None:
        deadline_s = monotonic_s() + GUARD_S
        while not there():  # type: ignore[operator]
            assert monotonic_s() < deadline_s, [self.said(process) for process in self._started]
            sleep_s(LOOK_S)

    def finished(self, process: subprocess.Popen[bytes]) -> int:
        return process.wait(GUARD_S)

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    one = Site(folder)
    try:
        yield one
    finally:
        one.close()
