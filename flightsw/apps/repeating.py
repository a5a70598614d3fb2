"""When an actuator command goes out: as soon as it differs from the last one, and again every REPEAT_TICKS.

Hardware holds what it was last told, so that saying it every tick would only fill the bus; saying it now and then heals
a command that was lost. Called by the applications that command hardware.
"""

from __future__ import annotations

from flightsw.messages.base import Message

REPEAT_TICKS = 10


class Repeating:
    """One actuator's commands."""

    def __init__(self) -> None:
        self._last: Message | None = None

    def send(self, command: Message, tick: int, out: list[Message]) -> None:
        """Put the command out where it is due. After a restart the first one always is."""
        if tick % REPEAT_TICKS == 0 or command != self._last:
            self._last = command
            out.append(command)
