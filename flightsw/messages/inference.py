"""Messages of the payload manager.

Producer: inference, every tick (results: one a batch; accounts: every tenth tick). Readers: `infer.status` by comms,
health and power (demand); `infer.account` by the log alone; `infer.result` by comms, which stores and forwards it;
`hw.activity` by the plant, which alone turns busy seconds into joules and heat; `cds.inference` by inference itself
when it restarts. What is counted by source stands in the order of the scenario's `[[apps.inference.sources]]`.
"""

from __future__ import annotations

import enum
from typing import Annotated

from msgspec import Meta

from flightsw.messages.base import (
    AnyNumber,
    Celsius,
    Count,
    Degrees,
    Fraction,
    Label,
    Message,
    Nanoseconds,
    Seconds,
    UnitComponent,
    Watts,
)


class Binding(enum.IntEnum):
    """What held the payload below what its queue asked for in this tick."""

    NONE = 0
    """nothing: the mode in force serves the demand"""
    POWER = 1
    """the power budget is the lower cap"""
    THERMAL = 2
    """the thermal cap is the lower cap"""
    COMMANDED = 3
    """the node's mode, or ground, keeps the payload off"""
    DEVICE = 4
    """the device is off, booting or not answering"""
    PLAN = 5
    """the law lets the work wait: the energy it plans with is spent"""


class Refusal(enum.IntEnum):
    """Why work was turned away at its arrival."""

    FULL = 0
    """the queue had no room"""
    QUOTA = 1
    """its source had its share of the queue"""
    DEADLINE = 2
    """the device can't serve it in time, whatever the caps"""
    ENERGY = 3
    """the energy ahead doesn't serve it in time"""
    THERMAL = 4
    """the thermal cap doesn't let it be served in time"""
    CLOSED = 5
    """the node's mode, or ground, keeps the payload off"""


class InferenceStatus(Message, frozen=True):
    """The payload manager's housekeeping. Counters run from the start of the run and survive a restart."""

    enabled: bool
    mode: Count
    """index of the commanded power mode, in the profile's order"""
    power_on: bool
    demand_w: Watts
    """what the device would draw if nothing bound it; 0 with an empty queue"""
    granted_w: Watts
    """the lower of both caps as last received; 0 when one of them has grown stale"""
    predicted_w: Watts
    """what the silicon law gives for the commanded mode at full load"""
    binding: Binding
    queue_items: Count
    items_in_flight: Count
    """in the batch under way: arrived = done + dropped + queued + in flight"""
    items_arrived: Count
    items_done: Count
    items_dropped: Count
    """refused at arrival, too late for their deadline, or lost with the application"""
    dropped_refused: Count
    """turned away at arrival, for whatever reason: see `infer.account`"""
    dropped_late: Count
    dropped_lost: Count
    batches_done: Count
    batches_executed: Count
    """batches whose tensors were really computed"""
    busy_fraction: Fraction
    """share of this tick that the device worked"""
    value: AnyNumber
    """delivered so far: quality x priority weight of every scene done before its deadline"""


class InferenceAccount(Message, frozen=True):
    """What became of the work, by source and by variant. Totals since the start of the run; they survive a restart."""

    arrived: tuple[Count, ...]
    """by source, as all up to `value`: arrived = done + refused + late + lost + waiting + in flight"""
    done: tuple[Count, ...]
    in_time: tuple[Count, ...]
    """of those done: before their deadline"""
    late: tuple[Count, ...]
    """dropped: could not be done before their deadline any more"""
    lost: tuple[Count, ...]
    waiting: tuple[Count, ...]
    in_flight: tuple[Count, ...]
    refused: tuple[Count, ...]
    """all reasons of the first source in the order of `Refusal`, then those of the next"""
    value: tuple[AnyNumber, ...]
    variant_items: tuple[Count, ...]
    """scenes done by variant, in the order of the model's card"""


class InferenceResult(Message, frozen=True):
    """One finished batch: which scenes, when, at what price, and what the network saw."""

    batch: Count
    """results of a run are numbered without a gap"""
    model: Label
    first_scene: Count
    """scenes of a batch are consecutive"""
    scenes: Count
    cos_zenith: UnitComponent
    """cosine of the solar zenith angle at the first scene, rounded: an input of the virtual camera"""
    latitude_deg: Degrees
    """of the first scene, rounded: an input of the virtual camera"""
    mode: Count
    started_ns: Nanoseconds
    finished_ns: Nanoseconds
    queued_s: Seconds
    """how long the oldest scene waited for the start"""
    cloud_fraction: tuple[Fraction, ...] | None
    """share of cloudy cells a scene, rounded to 0.001; None: not executed, or the model tells detections"""
    output_sha256: Label | None
    """first 16 hex digits of the hash over the raw output tensor; None: not executed"""
    source: Count
    """index in the scenario's sources"""
    variant: Count
    """index in the model's card"""
    value: AnyNumber
    """quality x priority weight, over its scenes; 0 past the deadline"""
    detections: tuple[Count, ...] | None = None
    """what was found in each scene, by count; None: not executed, or the model tells a fraction"""


class ChipReading(Message, frozen=True):
    """The device's own diode, sent every tenth tick while it and the thermistor that thermal reads are far apart."""

    chip_c: Celsius


class DeviceActivity(Message, frozen=True):
    """What the device was asked to be and how long it worked in this tick."""

    power_on: bool
    mode: Count
    busy_s: Seconds


class InferenceCriticalData(Message, frozen=True):
    """What inference must not forget through a restart. What was queued or under way is then counted as lost."""

    enabled: bool
    arrived: tuple[Count, ...]
    """by source, as those that follow"""
    done: tuple[Count, ...]
    in_time: tuple[Count, ...]
    late: tuple[Count, ...]
    refused: tuple[Count, ...]
    """as in `InferenceAccount`"""
    value: tuple[AnyNumber, ...]
    variant_items: tuple[Count, ...]
    batches_done: Count
    batches_executed: Count
    models: Annotated[str, Meta(max_length=1024)]
    """slots of the model operations, as they write them; empty: nothing was ever loaded"""
