"""`flightsw` on a terminal of its own: reads the screen until it shows something, and presses keys.

The command is the session leader of a pseudo-terminal, so that Ctrl-C reaches it as it would from a keyboard.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

GUARD_S = 60.0
_START = (
    "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from flightsw.cli import main; sys.exit(main())"
)
_FROM_A_SHELL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from flightsw.cli import main;"
    "pid = os.fork(); pid or os._exit(main()); sys.exit(128 + os.WTERMSIG(os.waitpid(pid, 0)[1]))"
)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
HOME, ALT, MAIN, SHOW = "\x1b[H", "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"


def parent_of(pid: int) -> int:
    """A process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _ancestors(pid: int) -> list[int]:
    found = []
    while pid > 1:
        pid = parent_of(pid)
        found.append(pid)
    return found


class Terminal:
    """One command on an 80 x 24 terminal."""

    def __init__(self, *args: str, environment: Mapping[str, str] | None = None, from_a_shell: bool = False) -> None:
        """`from_a_shell`: the session's leader is another process, which outlives the command."""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self._ours)
        env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", _FROM_A_SHELL if from_a_shell else _START, *args],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**env, "TERM": "xterm-256color", **(environment or {})},
        )
        self._keep = theirs  # the terminal's settings live as long as somebody has it open
        self.raw = ""
        """all that was written"""

    @property
    def screen(self) -> str:
        """The last whole frame, without control sequences."""
        frames = self.raw.split(HOME)
        return _CONTROL.sub("", frames[-2] if len(frames) > 2 else "")

    def press(self, keys: str) -> None:
        """As from a keyboard."""
        os.write(self._ours, keys.encode())

    def until(self, shown: str | Callable[[str], Any]) -> str:
        """Read until the last whole frame shows it; that frame."""
        met = (lambda text: shown in text) if isinstance(shown, str) else shown
        while not met(self.screen):
            assert self._read(), f"the command ended before it showed {shown}:\n{self.raw[-3000:]}"
        return self.screen

    def finish(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self.process.wait(GUARD_S)

    def child(self, role: str) -> int:
        """Process id of a child of the command, or of its child, by its title's role: `view`, `bus`."""
        title = f"flightsw:{role} ".encode()
        for found in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if found.read_bytes().startswith(title) and self.process.pid in _ancestors(int(found.parent.name)):
                    return int(found.parent.name)
            except OSError:  # it ended meanwhile
                continue
        raise AssertionError(f"the command has no child called {role}")

    def settle(self) -> None:
        """Read until the terminal's settings are what they were."""
        while self.attributes != self.before or select.select([self._ours], (), (), 0.05)[0]:
            self._read()

    @property
    def attributes(self) -> Any:
        """The terminal's settings now."""
        return termios.tcgetattr(self._ours)

    def _read(self) -> bool:
        """More of what is written; False: the command has ended and all is read."""
        ended = self.process.poll() is not None
        ready, _, _ = select.select([self._ours], (), (), 0.0 if ended else 0.05)
        if ready:
            self.raw += os.read(self._ours, 65536).decode(errors="replace")
        return bool(ready) or not ended

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(GUARD_S)
        os.close(self._ours)
        os.close(self._keep)
