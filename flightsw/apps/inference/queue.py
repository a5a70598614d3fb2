"""The bounded queue of scenes: what waits, in arrival order; what is refused or too old is counted, never forgotten.

Images of a tick are announced at its start (`expect`) and come in at their own instants, as the device asks for work
or at the tick's end (`settle`): what is refused and what is too old don't depend on the length of a tick.

Invariant, whenever nothing is expected any more: arrived = taken - put back + refused + late + lost + waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from flightsw.apps.inference.source import Frame
from flightsw.devices.accelerator import Batch


class SceneQueue:
    """Scenes by frame; a batch never spans two frames, so that its scenes share one light."""

    def __init__(self, limit_scenes: int, deadline_s: float) -> None:
        self._limit_scenes = limit_scenes
        self._deadline_ns = round(deadline_s * 1e9)
        self._frames: deque[Frame] = deque()
        self._expected: deque[Frame] = deque()
        self.waiting = 0
        self.arrived = 0
        self.refused = 0
        """found the queue full"""
        self.late = 0
        """waited past their deadline"""
        self.lost = 0
        """were queued or under way when the application was lost"""

    def limit(self, limit_scenes: int, deadline_s: float) -> None:
        """Another size and deadline from now on; what waits stays, as long as its deadline allows."""
        self._limit_scenes = limit_scenes
        self._deadline_ns = round(deadline_s * 1e9)

    @property
    def dropped(self) -> int:
        """All that will never be worked on, whatever the reason."""
        return self.refused + self.late + self.lost

    def set_deadline(self, deadline_s: float) -> None:
        """For all that waits, and all that comes."""
        self._deadline_ns = round(deadline_s * 1e9)

    def expect(self, frames: Iterable[Frame]) -> None:
        """Announce images, in the order of their arrival."""
        self._expected.extend(frames)

    def settle(self, end_ns: int) -> None:
        """Let in what arrived before the end of the tick, and drop what is too old by then."""
        while self._expected and self._expected[0].arrived_ns < end_ns:
            self._admit(self._expected.popleft())
        self._expire(end_ns)

    def take(self, number: int, limit_scenes: int, free_ns: int) -> Batch | None:
        """The next batch, of at most so many scenes: from what is here at `free_ns`, or else from what comes next."""
        expected = self._expected
        while expected and expected[0].arrived_ns <= free_ns:
            self._admit(expected.popleft())
        self._expire(free_ns)
        while not self._frames and expected:
            self._admit(expected.popleft())
        if not self._frames:
            return None
        frame = self._frames[0]
        scenes = min(limit_scenes, frame.scenes)
        if scenes == frame.scenes:
            self._frames.popleft()
        else:
            self._frames[0] = frame._replace(first_scene=frame.first_scene + scenes, scenes=frame.scenes - scenes)
        self.waiting -= scenes
        return Batch(
            number, frame.first_scene, scenes, frame.arrived_ns, frame.arrived_ns, frame.cos_zenith, frame.latitude_deg
        )

    def put_back(self, batch: Batch) -> None:
        """A batch that was lost on the device waits again, in front; the room it left may have been filled since."""
        frame = Frame(batch.arrived_ns, batch.first_scene, batch.scenes, batch.cos_zenith, batch.latitude_deg)
        room = min(frame.scenes, self._limit_scenes - self.waiting)
        self.refused += frame.scenes - room
        if room > 0:
            self._frames.appendleft(frame._replace(scenes=room))
            self.waiting += room

    def _admit(self, frame: Frame) -> None:
        """Take as much of a frame as there is room for at its arrival."""
        self._expire(frame.arrived_ns)
        self.arrived += frame.scenes
        room = self._limit_scenes - self.waiting
        if room < frame.scenes:
            self.refused += frame.scenes - room
            frame = frame._replace(scenes=room)
        if room > 0:
            self._frames.append(frame)
            self.waiting += frame.scenes

    def _expire(self, now_ns: int) -> None:
        """Drop what has waited past its deadline."""
        frames, oldest_ns = self._frames, now_ns - self._deadline_ns
        while frames and frames[0].arrived_ns < oldest_ns:
            scenes = frames.popleft().scenes
            self.waiting -= scenes
            self.late += scenes
