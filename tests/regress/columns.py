"""Hand-made columns: what a baseline reads of a run, with defaults for all that a test doesn't speak of."""

from __future__ import annotations

from typing import Any

import numpy as np

from flightsw.messages.health import Mode
from flightsw.messages.schema import topic_schemas
from flightsw.messages.topics import TopicTable, shipped_topics
from flightsw.record.columns import Columns
from flightsw.regress.baseline import Conditions
from flightsw.regress.metrics import SIGNALS
from flightsw.regress.traces import TRACE_SIGNALS

TOPICS = topic_schemas(TopicTable(shipped_topics()))
DEFAULTS = {"truth.plant.sunlit_fraction": 1.0, "thermal.status.chip_limit_c": 70.0, "hw.device.chip_c": 40.0}


def columns(ticks: int = 400, dt_s: float = 1.0, events: dict[Any, Any] | None = None, **given: Any) -> Columns:
    """Signals by keyword, their dots written as two underscores; a number stands for every tick."""
    named = {name.replace("__", "."): value for name, value in given.items()}
    signals = [*dict.fromkeys([*SIGNALS, *TRACE_SIGNALS, *(name for name in named)])]
    values = {name: np.full(ticks, np.nan) if name.startswith("infer.result") else np.zeros(ticks) for name in signals}
    for name, value in {**DEFAULTS, **named}.items():
        values[name] = np.broadcast_to(np.asarray(value, dtype=np.float64), (ticks,)).copy()
    topics = {name.rpartition(".")[0] for name in signals}
    counts = {topic: np.ones(ticks) for topic in topics}
    counts["infer.result"] = (~np.isnan(values["infer.result.finished_ns"])).astype(np.float64)
    return Columns(
        dt_s=dt_s,
        time_s=np.arange(ticks) * dt_s,
        values=values,
        members={"health.mode.mode": {mode.name: mode.value for mode in Mode}},
        units=dict.fromkeys(signals, ""),
        counts=counts,
        events={key: np.array(at, dtype=np.int64) for key, at in (events or {}).items()},
        topics=TOPICS,
    )


def conditions(ticks: int = 400, **given: Any) -> Conditions:
    return Conditions(**{"scenario": "toy", "seed": 1, "dt_s": 1.0, "ticks": ticks, "execute": "none", **given})
