"""The hands of a real board: work batches on it for their real time, hold it to the emulated clock, watch its sensors.

A tick's work ends at a share of the tick, so that the answer is in time; a batch that takes longer goes on into the
next one. The emulated clock is taken up by the board's own clock as far as that goes, and by pauses between batches for
the rest. Where the silicon is a stand-in's (`stretched`), a batch takes as much longer as its clock is below nominal.

Instants are wall-clock time since the grant, put on the tick's simulated time. Called by `BoardDevice`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flightsw.bus.pacing import monotonic_s, sleep_s
from flightsw.bus.processor import grown, queued_s
from flightsw.devices.accelerator import Batch
from flightsw.devices.board import NO_CLOCK, Board, BoardConfig, Limit, Reading, Sample
from flightsw.devices.board_device import Order
from flightsw.messages.board import BoardReading, Quality
from hil.drivers.window import Clock
from hil.interlock import Watch
from hil.worker import Job, WorkedEngine, Worker

MODE_NOT_TAKEN, CLOCK_NOT_TAKEN = "mode-not-taken", "clock-not-taken"
LEAST_DUTY = 0.01
LEAST_PAUSE_S = 1e-3
"""between two samples while a batch is computed: whoever asks without a pause keeps the worker from its work"""


class BoardHands:
    """One board. `modes`: the board's own name of each power mode of the profile, where it has one. `watch`: what is
    known of the board from before."""

    def __init__(
        self,
        board: Board,
        worker: Worker,
        engine: WorkedEngine,
        config: BoardConfig,
        modes: Mapping[int, str],
        dt_ns: int,
        *,
        stretched: bool = False,
        watch: Watch | None = None,
        now_s: Clock = monotonic_s,
    ) -> None:
        self._board = board
        self._worker = worker
        self._engine = engine
        self._config = config
        self._modes = modes
        self._dt_ns = dt_ns
        self._stretched = stretched
        self._now_s = now_s
        self._sampled_s = -1e9
        self._pause_s = max(LEAST_PAUSE_S, board.sample_s)
        self._watch = watch or Watch()
        self._sample: Sample | None = None
        self._mode: int | None = None
        self._mode_taken = True
        self._share: float | None = None
        self._limit = Limit(1.0, 1.0, NO_CLOCK)
        self._duty = 1.0
        self._job: Job | None = None
        self._job_started_ns = 0
        self._counted_s = 0.0
        self._free_s = 0.0
        self._queued_s = queued_s()
        self._begin_tick(0)

    def ready(self, tick_ns: int) -> bool:
        """The grant has come: look at the board once."""
        self._begin_tick(tick_ns)
        self._look()
        return not self._watch.holds

    def _begin_tick(self, tick_ns: int) -> None:
        self._tick_ns = tick_ns
        self._began_s = self._now_s()
        self._ends_s = self._began_s + self._config.work_share * self._dt_ns * 1e-9
        self._reading: BoardReading | None = None
        self._asked: list[int] = []
        self._spans: list[tuple[int, int]] = []
        self._latencies: list[float] = []
        self._busy_s = 0.0
        self._powers: list[Sample] = []
        """all samples of the tick that have a power"""
        self._middles_s: list[float] = []
        """of what each of them was averaged over"""
        self._flags: dict[str, None] = {}
        """complaints of all the tick's samples: some are told once only"""

    def open(self, order: Order) -> None:
        """Hold the board to what the emulated computer is."""
        cap = order.cap if order.working and not self._watch.holds else 0.0
        if order.working and order.mode != self._mode:
            self._mode = order.mode
            name = self._modes.get(order.mode)
            self._mode_taken = name is None or self._board.set_mode(name).taken
            self._share = None
        if cap != self._share:
            self._share = cap
            self._limit = self._board.limit(cap)
            self._duty = min(1.0, max(LEAST_DUTY, cap / self._limit.applied)) if self._limit.applied > 0.0 else 1.0

    def free_ns(self) -> int | None:
        """Now, or when the pause behind the last batch is over; never once an interlock holds."""
        self._look()  # batches shorter than a pause would leave a busy tick without a sample
        free_s = max(self._now_s(), self._free_s)
        if free_s >= self._ends_s or self._watch.holds:
            return None
        self._asked.append(self._on_tick(free_s))
        return self._asked[-1]

    def start(self, batch: Batch) -> None:
        """Hand it to the worker, to be begun when it has arrived and the board is free."""
        start_s = max(self._free_s, self._began_s + (batch.arrived_ns - self._tick_ns) * 1e-9)
        self._job = self._worker.submit(batch, start_s)
        self._job_started_ns = self._on_tick(max(start_s, self._now_s()))

    def finished(self) -> tuple[int, int] | None:
        """Wait for the batch under way, no longer than this tick's work lasts. Raises what its computing raised."""
        job = self._job
        assert job is not None
        while not job.done.wait(max(0.0, min(self._pause_s, self._ends_s - self._now_s()))):
            self._look()
            if self._now_s() >= self._ends_s:
                self._count(job, self._now_s())
                return None
        if job.error is not None:
            raise job.error
        end_s = job.began_s + job.took_s * self._stretch()
        while (now_s := self._now_s()) < end_s:
            if now_s >= self._ends_s:
                self._count(job, now_s)
                return None
            sleep_s(max(0.0, min(self._pause_s, end_s - now_s, self._ends_s - now_s)))
            self._look()
        return self._finish(job, end_s)

    def _finish(self, job: Job, end_s: float) -> tuple[int, int]:
        assert job.seen is not None
        self._engine.keep(job.batch, job.seen)
        self._count(job, end_s)
        took_s = end_s - job.began_s
        self._free_s = end_s + took_s * (1.0 / self._duty - 1.0)
        self._job = None
        span = self._job_started_ns, max(self._job_started_ns + 1, self._on_tick(end_s))
        self._spans.append(span)
        self._latencies.append(took_s)
        return span

    def drop(self) -> None:
        """Nobody wants its result."""
        self._job = None

    def reading(self) -> BoardReading:
        """Of the whole tick; made once, when the work is over."""
        if self._reading is None:
            if self._sample is None:
                self._look()
            self._reading = self._read()
        return self._reading

    def _read(self) -> BoardReading:
        assert self._sample is not None
        sample = self._sample
        now_s = self._now_s()
        sensors = [one.sensor.value for one in self._powers if one.meter and one.sensor]
        flags = [*self._flags, *(() if self._mode_taken else (MODE_NOT_TAKEN,))]
        if self._limit.reason and self._limit.how != NO_CLOCK:
            flags.append(CLOCK_NOT_TAKEN)
        queued_before_s, self._queued_s = self._queued_s, queued_s()
        return BoardReading(
            tick=self._tick_ns // self._dt_ns,
            ready=not self._watch.holds,
            power_w=mean_of([one.power.value for one in self._powers]),
            power_quality=sample.power.quality,
            power_age_s=max(0.0, now_s - (mean_of(self._middles_s) or self._sampled_s)),
            sensor_w=mean_of(sensors),
            chip_c=sample.chip.value,
            chip_quality=sample.chip.quality,
            clock_mhz=sample.clock.value,
            clock_quality=sample.clock.quality,
            cap_asked=self._share or 0.0,
            cap_applied=min(1.0, self._limit.applied),
            duty=self._duty,
            limited=self._watch.holds,
            flags=tuple(flags),
            latency_quality=Quality.MODELLED if self._stretched else Quality.MEASURED,
            latencies_s=tuple(self._latencies),
            asked_ns=tuple(self._asked),
            spans_ns=tuple(self._spans),
            busy_s=self._busy_s,
            received_s=self._began_s,
            answered_s=now_s,
            queued_s=grown(queued_before_s, self._queued_s),
        )

    def _look(self) -> None:
        """Sample the board, unless it was a moment ago."""
        now_s = self._now_s()
        if now_s - self._sampled_s < self._board.sample_s:
            return
        self._sampled_s = now_s
        self._sample = self._board.sample()
        self._watch.look(self._sample, self._config)
        self._flags.update(dict.fromkeys(self._sample.flags))
        if self._sample.power.value is not None:
            self._powers.append(self._sample)
            self._middles_s.append(now_s - max(0.0, self._sample.power.age_s))

    def _stretch(self) -> float:
        """By how much a stand-in's clock lengthens what this machine's took."""
        clock: Reading | None = None if self._sample is None else self._sample.clock
        if not self._stretched or clock is None or not clock.value or self._board.top_mhz is None:
            return 1.0
        return max(1.0, self._board.top_mhz / clock.value)

    def _count(self, job: Job, until_s: float) -> None:
        """Book what this tick has of the job's time."""
        if job.began_s > 0.0:
            self._busy_s += max(0.0, until_s - max(job.began_s, self._counted_s))
            self._counted_s = max(self._counted_s, until_s)

    def _on_tick(self, instant_s: float) -> int:
        return max(0, self._tick_ns + round((instant_s - self._began_s) * 1e9))


def mean_of(values: Sequence[float | None]) -> float | None:
    """Of those that are known; None: none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
