"""Where baselines lie, and how they are written: TOML to be reviewed, and the traces beside it.

A shipped scenario's are package data (`scenarios/baselines/NAME.toml`), a user's lie beside the scenario's file
(`NAME.baseline.toml`). The traces, one line a signal, are in `....traces.json`.
"""

from __future__ import annotations

import shlex
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError
from flightsw.messages.schema import is_event_topic
from flightsw.node.scenario import shipped_scenarios
from flightsw.node.tomlfile import convert, load_toml, to_toml
from flightsw.record.columns import Columns, read_columns
from flightsw.record.folder import replaced
from flightsw.regress.baseline import Baseline, Comparison, Conditions, compare, seal_of, why_not
from flightsw.regress.metrics import SIGNALS, switch_signals
from flightsw.regress.traces import TRACE_SIGNALS, Moved, Trace

HEADING = """\
# What a run of this scenario amounts to. Tolerances may be edited here; values are changed by
#   flightsw baseline update {scenario} --reason "..."
# alone, which flies the scenario and keeps the reason.
"""


def baseline_path(scenario: str) -> Path:
    """Where the baseline of a shipped scenario, or of a scenario's file, lies."""
    if scenario in shipped_scenarios():
        return Path(str(resources.files("flightsw.scenarios") / "baselines" / f"{scenario}.toml"))
    return Path(scenario).with_suffix(".baseline.toml")


def accept_command(scenario: str, path: Path) -> str:
    """The command that accepts a change."""
    kept = "" if path == baseline_path(scenario) else f" --file {shlex.quote(str(path))}"
    return f'flightsw baseline update {shlex.quote(scenario)}{kept} --reason "..."'


def load_baseline(path: Path) -> Baseline:
    """Read a baseline and its traces. Raises ConfigError: missing, wrong, or edited by hand."""
    baseline = convert(load_toml(path), Baseline, str(path))
    baseline = msgspec.structs.replace(baseline, traces=_load_traces(_traces_path(path)))
    if baseline.seal != seal_of(baseline):
        raise ConfigError(
            f"{path}: seal = {baseline.seal!r}: values, conditions, history and traces must be as an update left them "
            "(tolerances may be edited)"
        )
    return baseline


def save_baseline(path: Path, scenario: str, baseline: Baseline) -> None:
    """Write a baseline and its traces; neither takes its place before both are written whole. Raises ConfigError."""
    table: dict[str, Any] = msgspec.to_builtins(baseline)
    del table["traces"]
    metrics = table.pop("metrics")
    history = table.pop("history")
    width = max(map(len, metrics))
    lines = [f"{name:<{width}} = {_inline(figure)}" for name, figure in metrics.items()]
    text = "\n".join(
        [HEADING.format(scenario=scenario), to_toml(table), "[metrics]", *lines, "", to_toml({"history": history})]
    )
    traces = [msgspec.json.encode(trace).decode() for trace in baseline.traces]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced(_traces_path(path), "--file") as new_traces, replaced(path, "--file") as new:
            new_traces.write_text("[\n" + ",\n".join(traces) + "\n]\n", encoding="utf-8")
            new.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--file = {path}: can't be written: {error.strerror}") from None


def read_for_baseline(run_dir: Path, most_ticks: int | None = None) -> tuple[Columns, Conditions]:
    """What metrics and traces need of a run's first ticks, and what the run was. Raises LogError, ConfigError."""
    header = LogReader(run_dir).header
    events = [f"{topic.name}.severity" for topic in header.topics if is_event_topic(topic)]
    loads = len(header.scenario["plant"]["loads"])
    signals = [*SIGNALS, *TRACE_SIGNALS, *switch_signals(loads), *events]
    columns = read_columns(run_dir, signals, most_ticks=most_ticks)
    return columns, Conditions(
        scenario=str(header.scenario["name"]),
        seed=header.seed,
        dt_s=header.dt_ns / 1e9,
        ticks=len(columns),
        execute=str(header.scenario["apps"]["inference"]["execute"]),
    )


def compare_run(run_dir: Path, scenario: str, path: Path) -> Comparison:
    """Hold a run to the baseline in this file. Raises ConfigError: no such file, or it holds for another run."""
    baseline = load_baseline(path)
    columns, conditions = read_for_baseline(run_dir, baseline.conditions.ticks)
    reason = why_not(baseline, conditions)
    if reason is not None:
        raise ConfigError(f"{path}: {reason}")
    return compare(baseline, columns, accept_command(scenario, path))


def told(comparison: Comparison) -> list[str]:
    """A comparison in lines for people."""
    if comparison.same:
        return [f"{comparison.scenario}: {comparison.compared} figures as in the baseline"]
    headline = f"{comparison.scenario}: {len(comparison.deviations)} of {comparison.compared} figures left the baseline"
    changes = [f"  {deviation}" for deviation in comparison.deviations]
    return [headline, f"  {_moved(comparison.moved)}", *changes, f"  accept with: {comparison.accept}"]


def _moved(moved: Moved | None) -> str:
    if moved is None:
        return "moved first: no key signal left its reference for long"
    value, reference = ("none" if one is None else f"{one:.6g}" for one in (moved.value, moved.reference))
    unit = f" {moved.unit}" if moved.unit not in ("", "1") else ""
    at = f"moved first: {moved.signal} at tick {moved.tick}"
    return f"{at}: {value} where the reference has {reference}{unit}, tolerance {moved.tolerance:.3g}"


def _inline(figure: dict[str, Any]) -> str:
    kept = {key: value for key, value in figure.items() if value not in (None, "") and (key == "value" or value)}
    return "{ " + ", ".join(to_toml({key: value}).strip() for key, value in kept.items()) + " }"


def _traces_path(path: Path) -> Path:
    return path.with_suffix(".traces.json")


def _load_traces(path: Path) -> tuple[Trace, ...]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Trace, ...])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {error}") from None
