"""The inference application as it runs on a real board: the same application, and after each tick the board's word.

The board's reading goes out behind the application's own messages, with events for what in it changed. Built by the
agent with the hands of a real board, and by every replay with those of the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from flightsw.apps.inference.boardevents import board_changes
from flightsw.apps.inference.engine import Engine, Seen
from flightsw.bus.application import Application, Inbox, Now
from flightsw.devices.board_device import BoardDevice, RecalledHands
from flightsw.messages.base import Message
from flightsw.messages.board import BoardReading
from flightsw.messages.inference import InferenceResult


class OnBoard:
    """One application on a board. `device` is the one that it was built with."""

    def __init__(self, application: Application, device: BoardDevice) -> None:
        self._application = application
        self._device = device
        self._before: BoardReading | None = None

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        self._device.begin(now.t_ns)
        out = list(self._application.step(now, inbox))
        reading = self._device.reading()
        out += [*board_changes(self._before, reading), reading]
        self._before = reading
        return out

    def reconfigure(self, config: object) -> None:
        """Between two ticks."""
        self._application.reconfigure(config)  # type: ignore[attr-defined]  # the shipped one can


class Recalled(OnBoard):
    """The same in a replay, where `recall` tells it what the log says."""

    def __init__(
        self, application: Application, device: BoardDevice, hands: RecalledHands, engine: RecalledEngine
    ) -> None:
        super().__init__(application, device)
        self._hands = hands
        self._engine = engine

    def recall(self, said: Sequence[Message]) -> None:
        """What it said in the tick that comes."""
        for message in said:
            if isinstance(message, BoardReading):
                self._hands.recall(message)
        self._engine.recall([message for message in said if isinstance(message, InferenceResult)])

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        self._hands.begin(now.tick)
        return super().step(now, inbox)


class RecalledEngine:
    """An `Engine` that saw what the log says. A batch that the log hasn't is computed anew."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen: deque[tuple[int, int, Seen]] = deque()

    def recall(self, results: Sequence[InferenceResult]) -> None:
        """Results of the tick that comes."""
        for result in results:
            if result.output_sha256 is not None:
                seen = Seen(result.cloud_fraction, result.output_sha256, result.detections)
                self._seen.append((result.first_scene, result.scenes, seen))

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        """What was seen in these scenes."""
        while self._seen:
            first, count, seen = self._seen.popleft()
            if (first, count) == (first_scene, scenes):
                return seen
        return self._engine.look(first_scene, scenes, cos_zenith, latitude_deg, variant)
