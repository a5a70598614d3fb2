"""The bench report as text for people, and both forms of it beside the log. Called by `flightsw hil bench`."""

from __future__ import annotations

import json
from pathlib import Path

from hil.report import BenchReport, Spread

REPORT_JSON, REPORT_TEXT = "bench.json", "bench.txt"
MOST_GAPS = 10
"""that the text names, the longest first; the JSON has all"""


def report_lines(report: BenchReport) -> list[str]:
    """For people."""
    r = report
    lost = f"lost {r.lost}, back {r.rejoined}"
    lines = [
        f"bench run of {r.ticks} ticks of {r.dt_s * 1e3:g} ms",
        f"in time {r.answered}, late {r.late}, overdue {r.overdue}, skipped {r.skipped}; {lost}",
        f"late answers   {_counts(r.late_by)}",
        _row("tick jitter", r.jitter_ms, "ms", f"{r.overruns} overruns (over 1 ms): {_counts(r.overruns_by)}"),
        _row("queued", r.queued_ms, "ms", f"a tick, the bus, no processor being free; its priority: {r.priority}"),
        _row("board queued", r.board_queued_ms, "ms", "a tick, its answering thread"),
        _row("round trip", r.round_trip_ms, "ms", "grant to answer, the board's work included"),
        _row("clock offset", r.clock_offset_ms, "ms", "about its median"),
        _row("power", r.power_w, "W", ", ".join(f"{name} {ticks}" for name, ticks in r.power_quality.items())),
        _row("age at reading", r.power_age_ms, "ms", ""),
        _row("age at use", r.power_age_ticks, "ticks", ""),
        _row("meter - sensor", r.meter_less_sensor_w, "W", ""),
        _row("chip", r.chip_c, "degC", "of the real silicon"),
        _row("clock", r.clock_mhz, "MHz", ""),
        _row("latency", r.latency_ms, "ms", f"{r.latency_quality}, of {r.batches} batches"),
        f"interlocked    {r.limited_ticks} ticks; complaints: {_counts(r.flags)}",
    ]
    lines.append(f"at the door    refused: {_counts(r.refused)}")
    longest = sorted(r.gaps, key=lambda gap: -gap.ticks)[:MOST_GAPS]
    lines += [f"gap            {g.ticks} ticks from tick {g.first_tick}, ended by {g.ended_by}" for g in longest]
    if len(r.gaps) > MOST_GAPS:
        lines.append(f"               and {len(r.gaps) - MOST_GAPS} more, none longer")
    if r.caps:
        lines.append("cap asked  by clock  duty   power W  chip degC  batches/s  latency ms  ticks")
    lines += [
        f"{c.asked:9.2f}  {c.applied:8.2f}  {c.duty:4.2f}  {_shown(c.power_w):>8}  {_shown(c.chip_c):>9}  "
        f"{c.batches_per_s:9.1f}  {_shown(c.latency_ms):>10}  {c.ticks:5d}"
        for c in r.caps
    ]
    return lines


def write_report(report: BenchReport, run_dir: Path) -> None:
    """Both forms, beside the log."""
    (run_dir / REPORT_JSON).write_text(json.dumps(report.as_json(), indent=1) + "\n")
    (run_dir / REPORT_TEXT).write_text("\n".join(report_lines(report)) + "\n")


def print_report(report: BenchReport) -> None:
    """The text."""
    import typer

    for line in report_lines(report):
        typer.echo(line)


def _row(name: str, values: Spread, unit: str, remark: str) -> str:
    if not values.count:
        return f"{name:<14} none" + (f"; {remark}" if remark else "")
    figures = "  ".join(
        f"{label} {_shown(value)}"
        for label, value in (
            ("mean", values.mean),
            ("p50", values.p50),
            ("p95", values.p95),
            ("p99", values.p99),
            ("worst", values.worst),
        )
    )
    return f"{name:<14} {figures} {unit}" + (f"; {remark}" if remark else "")


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}" if abs(value) < 100.0 else f"{value:.0f}"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {ticks}" for name, ticks in counts.items()) or "none"
