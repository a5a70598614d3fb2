"""Results are parted and summed by whatever labels and amounts their declaration has, today's and those to come."""

from __future__ import annotations

import msgspec

from flightsw.messages.schema import FieldSchema, TopicSchema, topic_schemas
from flightsw.report.results import RESULT, STATUS, Results
from tests.record import logs

FIELDS = (
    FieldSchema("batch", "int", ""),
    FieldSchema("model", "str", ""),
    FieldSchema("variant", "str | null", ""),
    FieldSchema("urgency", "enum(LOW=0, HIGH=1)", ""),
    FieldSchema("scenes", "int", ""),
    FieldSchema("started_ns", "int", "ns"),
    FieldSchema("finished_ns", "int", "ns"),
    FieldSchema("queued_s", "float", "s"),
    FieldSchema("energy_j", "float", "J"),
    FieldSchema("value", "float | null", ""),
    FieldSchema("output_sha256", "str | null", ""),
)
TOPICS = (
    TopicSchema(RESULT, "inference", "InferenceResult", 8, FIELDS),
    TopicSchema(STATUS, "inference", "InferenceStatus", None, (FieldSchema("dropped_thermal", "int", ""),)),
)


def said(*values: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.msgpack.encode(values))


def test_labels_and_enumerations_make_kinds_and_joules_and_values_are_summed() -> None:
    results = Results(TOPICS)
    for batch, (variant, urgency, energy_j, value) in enumerate(
        [("small", 0, 2.0, 0.5), ("small", 0, 3.0, None), ("large", 1, 9.0, 4.0), (None, 1, 1.0, 1.0)]
    ):
        results.hear(RESULT, 0, said(batch, "m", variant, urgency, 8, 0, 2 * 10**9, 1.5, energy_j, value, f"{batch}"))
    small = results.kinds[("model", "m"), ("variant", "small"), ("urgency", "LOW")]
    assert (small.batches, small.scenes, small.busy_s) == (2, 16, 4.0)
    assert small.amounts == {"energy_j": 5.0, "value": 0.5}
    assert list(small.latency_s) == [3.5, 3.5]
    assert set(results.kinds) - {(("model", "m"), ("variant", "small"), ("urgency", "LOW"))} == {
        (("model", "m"), ("variant", "large"), ("urgency", "HIGH")),
        (("model", "m"), ("urgency", "HIGH")),
    }


def test_the_last_status_is_kept_whole_in_words_and_units() -> None:
    results = Results(TOPICS)
    results.hear(STATUS, 0, said(3))
    results.hear(STATUS, 0, said(7))
    assert results.last(STATUS) == {"dropped_thermal": 7}
    assert results.worded(STATUS) == [("dropped thermal", "7")]
    shipped = Results(topic_schemas(logs.TABLE))
    shipped.hear(STATUS, 0, msgspec.Raw(msgspec.msgpack.encode(logs.infer(demand_w=15.0))))
    assert ("demand", "15 W") in shipped.worded(STATUS)
    assert ("binding", "NONE") in shipped.worded(STATUS)
