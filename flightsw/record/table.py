"""A run's summary as a table of at most 100 columns, for the end of `flightsw run`."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from flightsw.record.summary import Summary

WIDTH_COLUMNS = 100
_UNKNOWN = "-"
_EVIDENCE = {
    "measured": "measured, as the scenario's sources say",
    "press-derived": "PRESS-DERIVED: from reports in the press, not from measurements",
    "estimate": "estimates, each derived in the scenario's comments",
}


def print_summary(summary: Summary, run_dir: str, console: Console) -> None:
    """Print it; no wider than the terminal or 100 columns."""
    console.print(summary_table(summary), width=min(WIDTH_COLUMNS, console.width), highlight=False)
    console.print(f"log hash    {summary.log_hash}", soft_wrap=True, highlight=False, markup=False)
    console.print(f"run folder  {run_dir}", soft_wrap=True, highlight=False, markup=False)


def summary_table(summary: Summary) -> RenderableType:
    """Two columns of figures under a headline."""
    headline = Text(f"{summary.scenario}, seed {summary.seed}: {summary.exit}", style="bold")
    table = Table(box=None, padding=(0, 1), show_header=False, expand=True)
    for _ in range(2):
        table.add_column(style="dim", no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
    left, right = _left(summary), _right(summary)
    for (name, value), (other_name, other_value) in zip(left, right, strict=True):
        table.add_row(name, value, other_name, other_value)
    foot = [] if summary.evidence is None else [("figures", _EVIDENCE.get(summary.evidence, summary.evidence))]
    foot += [
        ("delivered", _delivered(summary)),
        ("refused", ", ".join(f"{count} {reason}" for reason, count in summary.inferences_refused.items()) or "none"),
        ("events", ", ".join(f"{count} {name}" for name, count in summary.events_by_severity.items()) or "none"),
        ("lost processes", ", ".join(summary.lost) or "none"),
    ]
    if summary.cpu_s:
        foot.append(("processor time", ", ".join(f"{name} {cpu_s:.2f} s" for name, cpu_s in summary.cpu_s.items())))
    notes = Table.grid(padding=(0, 1))
    notes.add_column(style="dim", no_wrap=True)
    notes.add_column(ratio=1)
    for name, value in foot:
        notes.add_row(f" {name}", Text(value))
    return Group(headline, table, notes)


def _left(summary: Summary) -> list[tuple[str, str]]:
    """The spacecraft."""
    return [
        ("simulated", _hours(summary.simulated_s)),
        ("ticks", f"{summary.ticks}"),
        ("speed", _number(summary.ticks_per_s, "ticks/s", 0)),
        ("eclipses", f"{summary.eclipses}"),
        ("lowest soc", _number(summary.soc_min, "", 3)),
        ("soc at the end", _number(summary.soc_end, "", 3)),
        ("hottest chip", _number(summary.chip_c_max, "degC", 1)),
        ("payload energy", _number(summary.energy_wh, "Wh", 2)),
        ("electrical residual", _residual(summary.electrical_residual_j)),
        ("thermal residual", _residual(summary.thermal_residual_j)),
        ("mode changes", f"{summary.mode_changes}"),
    ]


def _right(summary: Summary) -> list[tuple[str, str]]:
    """The payload and the ground."""
    return [
        ("inferences", f"{summary.inferences}"),
        ("computed for real", f"{summary.inferences_executed}"),
        ("dropped", f"{summary.inferences_dropped}"),
        ("held back by power", _share(summary.power_capped_fraction)),
        ("held back by heat", _share(summary.thermal_capped_fraction)),
        ("lowest cap in eclipse", _number(summary.cap_min_eclipse_w, "W", 2)),
        ("highest cap in sun", _number(summary.cap_max_sun_w, "W", 2)),
        ("over cap working / idle", _pair(summary.worst_excess_working_w, summary.worst_excess_idle_w, "W", 2)),
        ("ground passes", f"{summary.passes}"),
        ("results / MB down", f"{summary.products} / {summary.downlinked_bytes / 1e6:.1f}"),
        ("commands ok/failed/refused", f"{summary.tc_completed} / {summary.tc_failed} / {summary.tc_rejected}"),
    ]


def _delivered(summary: Summary) -> str:
    """What the payload's work was worth, what it cost, what of it was really computed."""
    variants = ", ".join(f"{scenes} by {name}" for name, scenes in summary.inferences_by_variant.items()) or _UNKNOWN
    return (
        f"value {summary.value:.1f}, {summary.inferences_in_time} in time at {_number(summary.energy_each_j, 'J', 2)} "
        f"each, {variants}, {summary.batches_executed} of {summary.batches} batches computed"
    )


def _number(value: float | None, unit: str, digits: int) -> str:
    return _UNKNOWN if value is None else f"{value:.{digits}f} {unit}".rstrip()


def _pair(first: float | None, second: float | None, unit: str, digits: int) -> str:
    texts = [_UNKNOWN if value is None else f"{value:.{digits}f}" for value in (first, second)]
    return f"{' / '.join(texts)} {unit}"


def _share(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{value:.1%}"


def _residual(value_j: float | None) -> str:
    return _UNKNOWN if value_j is None else f"{value_j:.1e} J"


def _hours(duration_s: float) -> str:
    return f"{duration_s:.0f} s ({duration_s / 3600.0:.2f} h)"
