"""The process that draws: takes the terminal, follows the log, reads keys, and gives the terminal back.

It takes no part in the run and yields the processor to it: its priority is lower, and a frame is followed by a
rest of many times what it took. It ends when its lifeline says so or closes, or when it is told to by a signal; what
the terminal was is put back on every way out. Forked by `viewer`.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import tty
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console, RenderableType
from rich.control import Control
from rich.screen import Screen
from rich.text import Text

from flightsw.bus.pacing import monotonic_s
from flightsw.live.follower import Follower
from flightsw.live.remote import Pace
from flightsw.live.terminal.keys import Key, pressed, request_for
from flightsw.live.terminal.panels import frame
from flightsw.live.terminal.picture import Picture

FRAME_S = 0.1
MOST_TICKS = 20_000
"""taken in between two frames, so that a run that is taken up again is shown at once"""
REST, FREE_REST = 10.0, 40.0
"""of what a frame took on the wall, before the next one: the busier the machine, the more is left to the run. The
longer one while it flies as fast as possible: a frame's time is then taken from it, and a few a second do"""
MOST_REST_S = 2.0
"""a picture is never older, whatever a frame took"""
NICE = 10
"""the run comes first; but keys must be heard on a busy machine too"""
ANSWER_S = 0.02
"""until the next look, while a key's answer is awaited"""
PATIENCE_S = 1.0
"""for the answer to one key before the next one is sent"""
Attributes = list[Any]
"""of a terminal, as termios has them"""


class _Ended(Exception):
    """Told to go."""


class View:
    """One live view. `keyboard`: descriptor of the terminal that keys come from; None: there is none."""

    def __init__(self, run_dir: Path, console: Console, lifeline: int, keyboard: int | None) -> None:
        self._follower = Follower(run_dir)
        self._console = console
        self._lifeline = lifeline
        self._keyboard = keyboard
        self._parent = os.getppid()
        self._shows_help = False
        self._note = ""
        self._key_answered = False

    def run(self) -> None:
        """Draw until it is over."""
        while True:
            began_s = monotonic_s()
            behind = self._follower.poll(MOST_TICKS) == MOST_TICKS
            self._draw()
            rest_s = 0.0 if behind else self._rest_s(monotonic_s() - began_s)
            self._attend(monotonic_s() + rest_s)

    def _rest_s(self, took_s: float) -> float:
        pace = self._follower.remote.pace
        rest = REST if pace is not None and (pace.paused or pace.speed is not None) else FREE_REST
        return min(MOST_REST_S, max(FRAME_S, rest * took_s))

    def _attend(self, until_s: float) -> None:
        """Serve keys until the next frame is due, or one was pressed."""
        watched = [self._lifeline] if self._keyboard is None else [self._lifeline, self._keyboard]
        while True:
            left_s = max(0.0, until_s - monotonic_s())
            waiting = self._follower.remote.is_waiting()
            ready, _, _ = select.select(watched, (), (), min(left_s, ANSWER_S) if waiting else left_s)
            if self._lifeline in ready or os.getppid() != self._parent:
                raise _Ended
            if self._keyboard in ready:
                self._press(os.read(self._keyboard, 1024) if self._keyboard is not None else b"")
                return
            if waiting and self._follower.remote.poll():
                self._note = self._follower.remote.error or ""
                if self._key_answered:  # what a key did is shown at once; the pace that is asked for in turn can wait
                    self._key_answered = False
                    return
            if left_s == 0.0:
                return

    def _press(self, data: bytes) -> None:
        if not data:  # the terminal is gone
            self._keyboard = None
        remote = self._follower.remote
        for key in pressed(data):
            if key is Key.HELP:
                self._shows_help = not self._shows_help
                continue
            until_s = monotonic_s() + PATIENCE_S
            while remote.is_waiting() and monotonic_s() < until_s and not self._told():
                select.select((), (), (), ANSWER_S)
                remote.poll()
            request = request_for(key, remote.pace or Pace(), self._follower.factor)
            if request is not None and not remote.ask(request, self._hear):
                self._note = "the run doesn't listen yet"
            elif key is Key.QUIT:
                self._note = "ending the run in order"

    def _hear(self, _answer: dict[str, Any]) -> None:
        self._key_answered = True

    def _told(self) -> bool:
        """Nobody will answer any more."""
        return self._follower.ended or bool(select.select([self._lifeline], (), (), 0.0)[0])

    def _draw(self) -> None:
        follower, console = self._follower, self._console
        columns, rows = console.size
        shown: RenderableType = Text(" starting")
        if follower.state is not None and follower.facts is not None:
            shown = frame(
                Picture(
                    facts=follower.facts,
                    state=follower.state,
                    pace=follower.remote.pace,
                    factor=follower.factor,
                    note=self._note,
                    has_keys=self._keyboard is not None,
                    shows_help=self._shows_help,
                    plain=not console.encoding.startswith("utf"),
                ),
                columns,
                rows,
            )
        with console:  # one write a frame
            console.control(Control.home())
            console.print(Screen(shown), end="", soft_wrap=False)


def take(console: Console, keyboard: int | None) -> None:
    """The terminal is the view's: another screen, no cursor, keys as they are pressed."""
    if keyboard is not None:
        tty.setcbreak(keyboard)
    console.set_alt_screen(enable=True)
    console.show_cursor(show=False)


def give_back(console: Console, keyboard: int | None, before: Attributes | None) -> None:
    """The terminal as it was."""
    console.show_cursor(show=True)
    console.set_alt_screen(enable=False)
    if keyboard is not None and before is not None:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def draw(run_dir: Path, console: Console, lifeline: int, keyboard: int | None, before: Attributes | None) -> None:
    """All of the process's work. `before`: the terminal's attributes, to be put back."""
    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the run's end is then the view's
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)

    def stop(_number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z: the shell gets its terminal while the run is stopped."""
        give_back(console, keyboard, before)
        os.kill(os.getpid(), signal.SIGSTOP)
        take(console, keyboard)

    signal.signal(signal.SIGTSTP, stop)
    try:
        take(console, keyboard)
        View(run_dir, console, lifeline, keyboard).run()
    except _Ended:
        pass
    finally:
        give_back(console, keyboard, before)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise _Ended
