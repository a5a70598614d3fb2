"""Baselines: what a scenario's run amounted to when somebody last looked, and what a fresh run differs in. Pure.

A baseline is two texts: the reviewed one (conditions, metrics with tolerances, the history of reasons) and the
reference traces beside it, which tell a failure's reader what moved first. `baselinefile` keeps them. Values are
changed by `flightsw baseline update` alone, which stores the reason; tolerances are edited in the file.

A run holds the baseline's run as its beginning when it is as long or longer: nothing in it knows when it will end. So
a longer one is compared over the baseline's ticks. Which batches are computed for real must be the same: a computed
result is worth another number of bytes to the ground.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.record.columns import Columns
from flightsw.regress.metrics import Metric, measure
from flightsw.regress.traces import Moved, Trace, first_moved, trace_all

Tolerance = Annotated[float, Meta(ge=0.0, le=1e15)]


class Conditions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The run that a baseline holds for."""

    scenario: str
    seed: int
    dt_s: float
    ticks: Annotated[int, Meta(ge=1)]
    execute: str
    """which batches were computed for real"""


class Figure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric as it was accepted. None: there was no such time in the run."""

    value: float | None = None
    unit: str = ""
    abs: Tolerance = 0.0
    rel: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0

    @property
    def tolerance(self) -> float:
        """The larger of both, in the metric's unit."""
        return max(self.abs, self.rel * abs(self.value or 0.0))


class Acceptance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of the history."""

    reason: str
    version: str
    """of flightsw"""
    changed: tuple[str, ...] = ()
    """what it changed, beyond its tolerance"""


class Baseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario's accepted figures."""

    conditions: Conditions
    metrics: dict[str, Figure]
    history: tuple[Acceptance, ...]
    """the oldest first"""
    seal: str
    """over all that an update writes but tolerances: a value edited by hand has no reason"""
    traces: tuple[Trace, ...] = ()


class Deviation(msgspec.Struct, frozen=True):
    """A metric that left its tolerance."""

    metric: str
    unit: str
    was: float | None
    now: float | None
    tolerance: float

    def __str__(self) -> str:
        size = "" if self.was is None or self.now is None else f": {_signed(self.now - self.was)}"
        change = f"{self.metric} {_shown(self.was)} -> {_shown(self.now)} {self.unit}".rstrip()
        return f"{change}{size}, tolerance {self.tolerance:.4g}"


class Comparison(msgspec.Struct, frozen=True):
    """What a comparison found."""

    scenario: str
    compared: int
    """metrics"""
    deviations: tuple[Deviation, ...]
    new: tuple[str, ...]
    """metrics that the baseline doesn't have: not judged"""
    moved: Moved | None
    """with deviations: the signal that left its reference first"""
    accept: str
    """the command that accepts the change"""
    room: float | None
    """the least share of a tolerance that is left; None: no metric has a value and a tolerance"""

    @property
    def same(self) -> bool:
        """Every metric is within its tolerance."""
        return not self.deviations


def taken(
    columns: Columns, conditions: Conditions, reason: str, version: str, before: Baseline | None = None
) -> Baseline:
    """This run's baseline, with tolerances and history of the one before. Raises ConfigError: no reason."""
    if not reason.strip():
        raise ConfigError("reason = '': must say why the change is right")
    span = first_ticks(columns, conditions)
    found = measure(span)
    metrics = {metric.name: _figure(metric, before) for metric in found}
    changed = () if before is None else tuple(map(str, _deviations(before.metrics, found)))
    history = (*(before.history if before else ()), Acceptance(reason=reason.strip(), version=version, changed=changed))
    made = Baseline(conditions=conditions, metrics=metrics, history=history, seal="", traces=trace_all(span))
    return msgspec.structs.replace(made, seal=seal_of(made))


def compare(baseline: Baseline, columns: Columns, accept: str) -> Comparison:
    """Hold a run's figures to the baseline's. Raises ConfigError: the run is shorter than the baseline's."""
    span = first_ticks(columns, baseline.conditions)
    found = measure(span)
    deviations = _deviations(baseline.metrics, found)
    return Comparison(
        scenario=baseline.conditions.scenario,
        compared=sum(metric.name in baseline.metrics for metric in found),
        deviations=deviations,
        new=tuple(metric.name for metric in found if metric.name not in baseline.metrics),
        moved=first_moved(baseline.traces, span) if deviations else None,
        accept=accept,
        room=_room(baseline.metrics, found),
    )


def why_not(baseline: Baseline, conditions: Conditions) -> str | None:
    """Why a run under these conditions can't be held to the baseline; None: it can."""
    mine = baseline.conditions
    for field in ("scenario", "seed", "dt_s", "execute"):
        if getattr(mine, field) != getattr(conditions, field):
            return f"{field} = {getattr(conditions, field)}: the baseline holds for {getattr(mine, field)}"
    if conditions.ticks < mine.ticks:
        return f"{conditions.ticks} ticks: the baseline holds for {mine.ticks}"
    return None


def first_ticks(columns: Columns, conditions: Conditions) -> Columns:
    """The beginning of a run. Raises ConfigError: it is shorter."""
    ticks = conditions.ticks
    if len(columns) < ticks:
        raise ConfigError(f"{conditions.scenario}: {len(columns)} ticks: the baseline holds for {ticks}")
    return replace(
        columns,
        time_s=columns.time_s[:ticks],
        values={name: values[:ticks] for name, values in columns.values.items()},
        counts={name: counts[:ticks] for name, counts in columns.counts.items()},
        events={key: at[at < ticks] for key, at in columns.events.items()},
    )


def seal_of(baseline: Baseline) -> str:
    """Hash of what only an update may change."""
    values = {name: figure.value for name, figure in sorted(baseline.metrics.items())}
    sealed = (baseline.conditions, values, baseline.history, baseline.traces)
    return hashlib.sha256(msgspec.json.encode(sealed)).hexdigest()[:16]


def _figure(metric: Metric, before: Baseline | None) -> Figure:
    old = None if before is None else before.metrics.get(metric.name)
    value = None if metric.value is None else float(f"{metric.value:.6g}")
    if old is not None:
        return msgspec.structs.replace(old, value=value, unit=metric.unit)
    absolute = float(f"{metric.kind.absolute:.3g}")
    return Figure(value=value, unit=metric.unit, abs=absolute, rel=metric.kind.relative)


def _deviations(accepted: dict[str, Figure], found: Sequence[Metric]) -> tuple[Deviation, ...]:
    """Metrics out of tolerance, and those that are gone."""
    now = {metric.name: metric.value for metric in found}
    return tuple(
        Deviation(name, figure.unit, figure.value, now.get(name), figure.tolerance)
        for name, figure in accepted.items()
        if not _within(figure, now.get(name))
    )


def _within(figure: Figure, value: float | None) -> bool:
    if figure.value is None or value is None:
        return figure.value is value
    # accepted values are kept to six digits
    return abs(value - figure.value) <= figure.tolerance + 1e-5 * abs(figure.value)


def _room(accepted: dict[str, Figure], found: Sequence[Metric]) -> float | None:
    now = {metric.name: metric.value for metric in found if metric.value is not None}
    shares = [
        1.0 - abs(now[name] - figure.value) / figure.tolerance
        for name, figure in accepted.items()
        if name in now and figure.value is not None and figure.tolerance > 0.0
    ]
    return min(shares, default=None)


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def _signed(value: float) -> str:
    return f"{value:+.4g}"
