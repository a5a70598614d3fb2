"""How a driver touches a board: files under a root, and commands. Everything else about a board is built on these two.

The root is "/" on a board and a folder where a stand-in's tree lies; commands are then looked for in that tree alone.
What can't be read or run raises Unavailable, with the path or command and the reason; drivers turn it into readings.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from flightsw.bus.pacing import monotonic_s
from flightsw.errors import FlightswError

COMMAND_TIMEOUT_S = 2.0
_NUMBERS = re.compile(r"(\d+)")
BIN_FOLDERS = ("usr/bin", "usr/sbin", "bin", "sbin", "usr/local/bin")


class Unavailable(FlightswError):
    """A file or command of a board's isn't there, or doesn't do what it is asked."""


class Tree:
    """Files under a root, by the absolute path that they have on the board."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    @property
    def is_host(self) -> bool:
        """It is this machine's own."""
        return self.root == Path("/")

    def text(self, path: str) -> str:
        """What the file says, without white space around it. Raises Unavailable."""
        try:
            return self._read(path).decode("ascii", "replace").strip().strip("\0")
        except OSError as error:
            raise Unavailable(f"{path}: {error.strerror or error}") from None

    def number(self, path: str) -> int:
        """The integer that the file says. Raises Unavailable."""
        text = self.text(path)
        try:
            return int(text)
        except ValueError:
            raise Unavailable(f"{path}: {text[:40]!r}: not a number") from None

    def write(self, path: str, text: str) -> None:
        """Write the file, which must be there. Raises Unavailable."""
        try:
            self._write(path, text)
        except OSError as error:
            raise Unavailable(f"{path}: can't be written: {error.strerror or error}") from None

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return self._at(path).exists()

    def glob(self, pattern: str) -> list[str]:
        """Absolute paths on the board that fit, in order of their numbers."""
        found = self.root.glob(pattern.lstrip("/"))
        return sorted((f"/{path.relative_to(self.root)}" for path in found), key=_by_number)

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _read(self, path: str) -> bytes:
        return self._at(path).read_bytes()

    def _write(self, path: str, text: str) -> None:
        descriptor = os.open(self._at(path), os.O_WRONLY | os.O_TRUNC)  # as `echo > file`: one write is one value
        try:
            os.write(descriptor, f"{text}\n".encode())
        finally:
            os.close(descriptor)


def _by_number(path: str) -> list[str | int]:
    """hwmon10 comes after hwmon9."""
    return [int(part) if part.isdigit() else part for part in _NUMBERS.split(path)]


class Stream:
    """A command that goes on talking, such as tegrastats; `latest` is its last whole line, and never waits."""

    heard_s: float | None = None
    """on the monotonic clock: when it was last found to have said a line"""

    def __init__(self, program: Path, arguments: Sequence[str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603  the drivers' own commands
            [str(program), *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout
        os.set_blocking(self._out.fileno(), False)
        self._rest = b""
        self._line: str | None = None

    def latest(self) -> str | None:
        """The last whole line so far; None: it has said none."""
        while block := self._read():
            *lines, self._rest = (self._rest + block).split(b"\n")
            if lines:
                self._line = lines[-1].decode("ascii", "replace")
                self.heard_s = monotonic_s()
        return self._line

    @property
    def ended(self) -> bool:
        """It talks no more."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._out.close()

    def _read(self) -> bytes:
        try:
            return os.read(self._out.fileno(), 65536)
        except BlockingIOError:
            return b""


class Runner(Protocol):
    """Runs a command of the board's."""

    def __call__(self, *argv: str) -> str:
        """Its standard output. Raises Unavailable: not there, failed, or took too long."""
        ...

    def stream(self, *argv: str) -> Stream:
        """Start one that goes on talking. Raises Unavailable."""
        ...


class Commands:
    """Commands found in folders, run as processes. On a board the folders are PATH's."""

    def __init__(self, folders: Sequence[Path], env: Mapping[str, str] | None = None) -> None:
        self._folders = tuple(folders)
        self._env = env

    def __call__(self, *argv: str) -> str:
        name, *rest = argv
        program = self._find(name)
        try:
            done = subprocess.run(  # noqa: S603  the drivers' own commands
                [str(program), *rest],
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=COMMAND_TIMEOUT_S,
                check=False,
                env=self._env,
            )
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{name}: no answer in {COMMAND_TIMEOUT_S:.0f} s") from None
        except OSError as error:
            raise Unavailable(f"{name}: {error.strerror}") from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise Unavailable(f"{' '.join(argv)}: exit {done.returncode}{': ' + said[-1] if said else ''}")
        return done.stdout

    def stream(self, *argv: str) -> Stream:
        name, *rest = argv
        try:
            return Stream(self._find(name), rest)
        except OSError as error:
            raise Unavailable(f"{name}: {error.strerror}") from None

    def _find(self, name: str) -> Path:
        for folder in self._folders:
            if os.access(folder / name, os.X_OK):
                return folder / name
        raise Unavailable(f"{name}: no such command")


def commands_of(tree: Tree) -> Commands:
    """The commands that belong to a tree: the machine's own by PATH, a stand-in's from its tree alone."""
    if tree.is_host:
        return Commands([Path(folder) for folder in os.environ.get("PATH", "").split(":") if folder])
    return Commands([tree.root / folder for folder in BIN_FOLDERS])
