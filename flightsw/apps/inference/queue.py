"""The bounded queue of scenes: what waits, in arrival order; what is refused or too old is counted, never forgotten.

Invariant, at every moment: arrived = taken + dropped + waiting.
"""

from __future__ import annotations

from collections import deque

from flightsw.apps.inference.source import Frame
from flightsw.devices.accelerator import Batch


class SceneQueue:
    """Scenes by frame; a batch never spans two frames, so that its scenes share one light."""

    def __init__(self, limit_scenes: int, deadline_s: float) -> None:
        self._limit_scenes = limit_scenes
        self._deadline_ns = round(deadline_s * 1e9)
        self._frames: deque[Frame] = deque()
        self.waiting = 0
        self.dropped = 0

    def put(self, frame: Frame) -> int:
        """Take as much of a frame as there is room for; how many scenes were refused."""
        room = min(frame.scenes, self._limit_scenes - self.waiting)
        if room > 0:
            self._frames.append(frame._replace(scenes=room))
            self.waiting += room
        refused = frame.scenes - room
        self.dropped += refused
        return refused

    def expire(self, now_ns: int) -> int:
        """Drop what has waited past its deadline; how many scenes."""
        expired = 0
        while self._frames and now_ns - self._frames[0].arrived_ns > self._deadline_ns:
            expired += self._frames.popleft().scenes
        self.waiting -= expired
        self.dropped += expired
        return expired

    def take(self, number: int, limit_scenes: int) -> Batch | None:
        """The next batch, of at most so many scenes."""
        if not self._frames:
            return None
        frame = self._frames[0]
        scenes = min(limit_scenes, frame.scenes)
        if scenes == frame.scenes:
            self._frames.popleft()
        else:
            rest = frame.scenes - scenes
            self._frames[0] = frame._replace(first_scene=frame.first_scene + scenes, scenes=rest)
        self.waiting -= scenes
        return Batch(
            number, frame.first_scene, scenes, frame.arrived_ns, frame.arrived_ns, frame.cos_zenith, frame.latitude_deg
        )
