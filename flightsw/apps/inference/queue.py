"""The bounded queue of scenes: what waits by source, what is served next, what is turned away or too old.

Frames of a tick are announced at its start (`expect`) and come in at their own instants, as the device asks for work
or at the tick's end (`settle`): what is refused and what is too old don't depend on the length of a tick. Every source
is a class of its own: first in, first out, which is earliest deadline first since its deadline is one. Among classes
the one of the highest priority is served first, a scene rising by one for every `ageing_s` that it has waited; of equal
priority, the one whose deadline is the earliest. Backpressure is refusal at arrival, counted by reason; nothing that
was accepted is ever pushed out.

Invariant by source, whenever nothing is expected any more: arrived = taken - put back + refused + late + lost +
waiting. Memory is bounded by the limit: a frame is a count, and one without scenes is not kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import msgspec

from flightsw.apps.inference.account import Account
from flightsw.apps.inference.admission import Outlook, room_for
from flightsw.apps.inference.source import Frame
from flightsw.devices.accelerator import Batch
from flightsw.messages.inference import Refusal

END_NS = 1 << 62


class WorkClass(msgspec.Struct, frozen=True, gc=False):
    """What holds for all scenes of a source."""

    deadline_ns: int
    priority: int = 4
    """1 is served first"""
    quota_scenes: int = END_NS
    joins: bool = False
    """scenes of several frames run together: requests do, images don't, each being in a light of its own"""


class Serving(msgspec.Struct, frozen=True, gc=False):
    """How a source's scenes are served at present."""

    variant: int = 0
    work_gop: float = 1.0
    """a scene"""
    least_ns: int = 0
    """a scene that has less than this left until its deadline is too late to begin"""


class SceneQueue:
    """Scenes by frame; a batch is scenes of consecutive numbers in one light."""

    def __init__(
        self,
        classes: Sequence[WorkClass],
        limit_scenes: int,
        account: Account,
        *,
        ageing_ns: int = END_NS,
        batching_ns: int = 0,
    ) -> None:
        self._frames: tuple[deque[Frame], ...] = tuple(deque() for _ in classes)
        self._expected: deque[Frame] = deque()
        self._account = account
        self.limit(classes, limit_scenes, ageing_ns=ageing_ns, batching_ns=batching_ns)
        self.waiting = 0
        """of all sources"""
        self.waiting_by = [0] * len(classes)
        self.reserved = 0
        """scenes of the batch under way: their room is kept, in case that the device loses them"""
        self.serving: Sequence[Serving] = (Serving(),) * len(classes)
        """by source"""
        self.outlook: Outlook | None = None
        """what can be served; None: everybody is let in"""
        self.closed = False
        """nothing is let in"""

    def limit(
        self, classes: Sequence[WorkClass], limit_scenes: int, *, ageing_ns: int = END_NS, batching_ns: int = 0
    ) -> None:
        """Other bounds from now on, for as many sources; what waits stays, as long as its deadline allows."""
        self._classes = tuple(classes)
        self._limit_scenes = limit_scenes
        self._ageing_ns = ageing_ns
        self._batching_ns = batching_ns

    def expect(self, frames: Iterable[Frame]) -> None:
        """Announce frames, in the order of their arrival."""
        self._expected.extend(frames)

    def settle(self, end_ns: int) -> None:
        """Let in what arrived before the end of the tick, and drop what is too old by then."""
        while self._expected and self._expected[0].arrived_ns < end_ns:
            self._admit(self._expected.popleft())
        self._expire(end_ns)

    def oldest_ns(self, source: int) -> int | None:
        """When the first of those that wait arrived."""
        frames = self._frames[source]
        return frames[0].arrived_ns if frames else None

    def release(self, free_ns: int) -> None:
        """The device is free: what arrived before found its batch's room still taken."""
        while self._expected and self._expected[0].arrived_ns < free_ns:
            self._admit(self._expected.popleft())
        self.reserved = 0

    def take(self, number: int, limit_scenes: int, free_ns: int, end_ns: int = END_NS) -> Batch | None:
        """The next batch, of at most so many scenes: what may start at `free_ns`, or else first before `end_ns`."""
        self.release(free_ns)
        expected, now_ns = self._expected, free_ns
        while True:
            while expected and expected[0].arrived_ns <= now_ns:
                self._admit(expected.popleft())
            self._expire(now_ns)
            source = self._next_source(now_ns, limit_scenes)
            if source is not None:
                return self._cut(source, number, limit_scenes, now_ns if now_ns > free_ns else 0)
            now_ns = self._next_moment(now_ns)
            if now_ns >= end_ns:
                return None

    def put_back(self, batch: Batch) -> None:
        """A batch that was lost on the device waits again, in front."""
        source = batch.source
        frame = Frame(
            batch.queued_since_ns, batch.first_scene, batch.scenes, batch.cos_zenith, batch.latitude_deg, source
        )
        self._frames[source].appendleft(frame)
        self._wait(source, frame.scenes)
        self.reserved = 0

    def _wait(self, source: int, scenes: int) -> None:
        self.waiting += scenes
        self.waiting_by[source] += scenes

    def _next_source(self, now_ns: int, limit_scenes: int) -> int | None:
        """Whose scenes are served next; None: nobody's, or a batch is still to be filled."""
        best, best_key = None, (0, 0)
        for source, frames in enumerate(self._frames):
            if not frames:
                continue
            arrived_ns, kind = frames[0].arrived_ns, self._classes[source]
            waited_ns = now_ns - arrived_ns
            if waited_ns < self._batching_ns and self.waiting_by[source] < limit_scenes:
                continue
            key = (max(1, kind.priority - waited_ns // self._ageing_ns), arrived_ns + kind.deadline_ns)
            if best is None or key < best_key:
                best, best_key = source, key
        return best

    def _next_moment(self, now_ns: int) -> int:
        """When something changes by itself: a frame arrives, or a batch has been waited for long enough."""
        ripe_ns = [frames[0].arrived_ns + self._batching_ns for frames in self._frames if frames]
        if self._expected:
            ripe_ns.append(self._expected[0].arrived_ns)
        return max(now_ns, min(ripe_ns)) if ripe_ns else END_NS

    def _cut(self, source: int, number: int, limit_scenes: int, not_before_ns: int) -> Batch:
        """Scenes from the front, of one frame or of several whose numbers go on."""
        frames = self._frames[source]
        first, joins = frames[0], self._classes[source].joins
        scenes, last_ns = 0, first.arrived_ns
        while frames and scenes < limit_scenes:
            frame = frames[0]
            if scenes and (not joins or frame.first_scene != first.first_scene + scenes):
                break
            part, last_ns = min(limit_scenes - scenes, frame.scenes), frame.arrived_ns
            scenes += part
            if part < frame.scenes:
                frames[0] = frame._replace(first_scene=frame.first_scene + part, scenes=frame.scenes - part)
            else:
                frames.popleft()
        self._wait(source, -scenes)
        self.reserved = scenes
        serving = self.serving[source]
        return Batch(
            number,
            first.first_scene,
            scenes,
            max(last_ns, not_before_ns),
            first.arrived_ns,
            first.cos_zenith,
            first.latitude_deg,
            source,
            serving.variant,
            serving.work_gop,
        )

    def _admit(self, frame: Frame) -> None:
        """Take as much of a frame as may come in at its arrival."""
        self._expire(frame.arrived_ns)
        source, scenes = frame.source, frame.scenes
        self._account.arrived[source] += scenes
        room, reason = self._limit_scenes - self.waiting - self.reserved, Refusal.FULL
        if self.closed:
            room, reason = 0, Refusal.CLOSED
        else:
            kind = self._classes[source]
            left = kind.quota_scenes - self.waiting_by[source]
            if left < room:
                room, reason = left, Refusal.QUOTA
            if self.outlook is not None and room > 0:
                room, reason = room_for(self.outlook, kind.deadline_ns, self._ahead_of(source), room, reason)
        room = max(0, room)
        if room < scenes:
            self._account.refuse(source, reason, scenes - room)
            if room == 0:
                return
            frame = frame._replace(scenes=room)
        self._frames[source].append(frame)
        self._wait(source, frame.scenes)

    def _ahead_of(self, source: int) -> int:
        """Scenes that would be served before another one of this source."""
        priority = self._classes[source].priority
        return sum(
            waiting for kind, waiting in zip(self._classes, self.waiting_by, strict=True) if kind.priority <= priority
        )

    def _expire(self, now_ns: int) -> None:
        """Drop what can't be done before its deadline any more."""
        for source, frames in enumerate(self._frames):
            if not frames:
                continue
            oldest_ns = now_ns + self.serving[source].least_ns - self._classes[source].deadline_ns
            while frames and frames[0].arrived_ns < oldest_ns:
                scenes = frames.popleft().scenes
                self._wait(source, -scenes)
                self._account.late[source] += scenes
