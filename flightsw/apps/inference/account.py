"""The account of the work: what became of every scene, by source and by variant. Counters, and nothing else.

Kept by the queue (arrivals, refusals, lateness) and the application (what is done); told in `infer.account` and kept
through a restart in `cds.inference`. For every source: arrived = done + refused + late + lost + waiting + in flight.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.messages.inference import InferenceAccount, InferenceCriticalData, Refusal

REASONS = len(Refusal)


class Account:
    """Totals since the start of the run; lists by source, `refused` by source and reason."""

    def __init__(self, sources: int, variants: int) -> None:
        self.arrived = [0] * sources
        self.done = [0] * sources
        self.in_time = [0] * sources
        self.late = [0] * sources
        self.lost = [0] * sources
        self.refused = [0] * (sources * REASONS)
        self.value = [0.0] * sources
        self.variant_items = [0] * variants
        self.total_value = 0.0
        """of all sources"""
        self.full = 0
        """of all that was refused: for want of room"""

    def refuse(self, source: int, reason: Refusal, scenes: int) -> None:
        """Turned away at arrival."""
        self.refused[source * REASONS + reason] += scenes
        if reason is Refusal.FULL:
            self.full += scenes

    def finish(self, source: int, variant: int, scenes: int, value: float, *, in_time: bool) -> None:
        """Done; what it was worth."""
        self.done[source] += scenes
        self.variant_items[variant] += scenes
        if in_time:
            self.in_time[source] += scenes
            self.value[source] += value
            self.total_value += value

    def refused_of(self, source: int) -> int:
        """Of one source, whatever the reason."""
        return sum(self.refused[source * REASONS : (source + 1) * REASONS])

    def told(self, waiting: Sequence[int], in_flight: Sequence[int]) -> InferenceAccount:
        """As it goes out."""
        return InferenceAccount(
            tuple(self.arrived),
            tuple(self.done),
            tuple(self.in_time),
            tuple(self.late),
            tuple(self.lost),
            tuple(waiting),
            tuple(in_flight),
            tuple(self.refused),
            tuple(self.value),
            tuple(self.variant_items),
        )

    def stored(self, enabled: bool, batches_done: int, batches_executed: int, models: str) -> InferenceCriticalData:
        """As it is kept, beside what the application keeps besides."""
        return InferenceCriticalData(
            enabled,
            tuple(self.arrived),
            tuple(self.done),
            tuple(self.in_time),
            tuple(self.late),
            tuple(self.refused),
            tuple(self.value),
            tuple(self.variant_items),
            batches_done,
            batches_executed,
            models,
        )

    def restore(self, kept: InferenceCriticalData) -> None:
        """After a restart: what was queued or under way is lost. Counts of fewer sources than there are now fit in."""
        for mine, theirs in (
            (self.arrived, kept.arrived),
            (self.done, kept.done),
            (self.in_time, kept.in_time),
            (self.late, kept.late),
            (self.refused, kept.refused),
            (self.variant_items, kept.variant_items),
        ):
            mine[: len(theirs)] = theirs
        self.value[: len(kept.value)] = kept.value
        self.total_value = sum(self.value)
        for source, arrived in enumerate(self.arrived):
            gone = self.done[source] + self.refused_of(source) + self.late[source]
            self.lost[source] = arrived - gone
