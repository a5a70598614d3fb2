"""Hand-made logs with the shipped node's messages: what a test says of each tick, and defaults for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from flightsw.bus.log import LogHeader, LogWriter, RecordEncoder
from flightsw.bus.records import TickRecord
from flightsw.messages.base import Message
from flightsw.messages.comms import CommsStatus
from flightsw.messages.health import Mode, ModeStatus
from flightsw.messages.inference import Binding, InferenceAccount, InferenceResult, InferenceStatus
from flightsw.messages.plant import DeviceReadings, Truth
from flightsw.messages.power import PowerStatus
from flightsw.messages.schema import PROTOCOL, topic_schemas
from flightsw.messages.topics import TopicTable, shipped_topics

TABLE = TopicTable(shipped_topics())


def header(seed: int = 1) -> LogHeader:
    return LogHeader(PROTOCOL, {"name": "toy"}, seed, 10**9, topic_schemas(TABLE), ())


def entry(topic: str, message: Message) -> tuple[int, msgspec.Raw]:
    assert type(message) is TABLE[topic].kind
    data = msgspec.msgpack.encode(message)
    msgspec.msgpack.decode(data, type=type(message))
    return TABLE.number[topic], msgspec.Raw(data)


def record(tick: int, messages: Sequence[tuple[str, Message]], inputs: Sequence[tuple[Any, ...]] = ()) -> TickRecord:
    return TickRecord(tick, tuple(inputs), [entry(*message) for message in messages])


def write_log(run_dir: Path, records: Sequence[TickRecord], *, end: bool = True, segment_bytes: int = 1 << 20) -> str:
    run_dir.mkdir(parents=True, exist_ok=True)
    writer = LogWriter(run_dir, header(), segment_bytes=segment_bytes)
    encode = RecordEncoder()
    for item in records:
        writer.append(encode(item))
    if end:
        return writer.close()
    writer.abandon()
    return writer.log_hash


def _made(kind: Any, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    counters = {
        field.encode_name: 0
        for field in msgspec.structs.fields(kind)
        if field.required
        and isinstance(described := msgspec.inspect.type_info(field.type), msgspec.inspect.IntType)
        and described.ge == 0
    }
    return kind(**{**counters, **defaults, **given})


def truth(**given: Any) -> Truth:
    names = [field.name for field in msgspec.structs.fields(Truth)]
    defaults: dict[str, Any] = dict.fromkeys(names, 0.0) | {"load_power_w": (1.0, 2.0), "node_c": (20.0,) * 6}
    return _made(Truth, defaults | {"sunlit_fraction": 1.0, "soc": 0.5}, given)


def device(**given: Any) -> DeviceReadings:
    defaults = {"powered": True, "ready": True, "mode": 1, "clock_mhz": 600.0, "chip_c": 50.0, "throttled": False}
    return _made(
        DeviceReadings, defaults | {"power_w": 7.0, "energy_j": 7.0, "sel": False, "sefi": False, "upsets": ()}, given
    )


def infer(**given: Any) -> InferenceStatus:
    defaults = {"enabled": True, "mode": 1, "power_on": True, "demand_w": 15.0, "granted_w": 10.0, "predicted_w": 9.0}
    counters = {"queue_items": 3, "items_done": 0, "items_dropped": 0, "batches_done": 0, "batches_executed": 0}
    return _made(
        InferenceStatus, defaults | counters | {"binding": Binding.NONE, "busy_fraction": 1.0, "value": 0.0}, given
    )


def result(**given: Any) -> InferenceResult:
    defaults = {"batch": 0, "model": "clouds", "first_scene": 0, "scenes": 4, "cos_zenith": 0.5, "latitude_deg": 10.0}
    times = {
        "mode": 1,
        "started_ns": 0,
        "finished_ns": 1,
        "queued_s": 0.0,
        "cloud_fraction": None,
        "output_sha256": None,
        "source": 0,
        "variant": 0,
        "value": 0.0,
    }
    return _made(InferenceResult, defaults | times, given)


def account(**given: Any) -> InferenceAccount:
    two = ("arrived", "done", "in_time", "late", "lost", "waiting", "in_flight", "value", "variant_items")
    return _made(InferenceAccount, dict.fromkeys(two, (0, 0)), given)


def power(**given: Any) -> PowerStatus:
    defaults = {"soc": 0.5, "soc_sigma": 0.01, "battery_power_w": 3.0, "array_power_w": 20.0, "load_shed_level": 0}
    eclipse = {"reserve_soc": 0.3, "in_eclipse": False, "eclipse_in_s": 100.0, "eclipse_left_s": 2000.0}
    return _made(PowerStatus, defaults | eclipse | {"compute_cap_w": 12.0, "compute_energy_j": None}, given)


def mode(which: Mode, tick: int = 0) -> ModeStatus:
    return ModeStatus(which, tick, "test", eclipse=False, ground_pass=False, silent=())


def comms(**given: Any) -> CommsStatus:
    defaults = {"in_pass": False, "station": None, "rate_bps": 0.0, "queue_bytes": 0, "sent_bytes": 0}
    return _made(CommsStatus, defaults | {"dropped_products": 0, "tc_accepted": 0, "tc_rejected": 0}, given)
