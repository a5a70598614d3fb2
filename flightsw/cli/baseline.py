"""`flightsw baseline update` and `show`: the accepted figures of a scenario."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flightsw.cli.exits import GOOD
from flightsw.errors import ConfigError, RunError

if TYPE_CHECKING:
    from flightsw.regress.baseline import Baseline

baseline = typer.Typer(help="The accepted figures of a scenario: what a change is held to.", no_args_is_help=True)

SCENARIO = Annotated[str, typer.Argument(help="A shipped scenario or a TOML file.")]
FILE = Annotated[Path | None, typer.Option(help="The baseline, where it isn't kept in its usual place.")]


@baseline.command()
def update(
    scenario: SCENARIO,
    *,
    reason: Annotated[str, typer.Option(help="Why the change is right; kept in the file.")] = "",
    duration: Annotated[
        str | None, typer.Option(help="Of the run; else the baseline's own, or the scenario's.")
    ] = None,
    seed: Annotated[str | None, typer.Option(help="Of the run; else the baseline's own, or the scenario's.")] = None,
    execute: Annotated[
        str | None, typer.Option(help="Of the run; else the baseline's own, or 1 in 20 at most.")
    ] = None,
    file: FILE = None,
) -> int:
    """Fly the scenario and accept what comes of it. The only way to change a baseline."""
    from flightsw import __version__
    from flightsw.cli.running import scenario_overrides
    from flightsw.node.run import RunPlan
    from flightsw.node.scenario import load_scenario, run_ticks
    from flightsw.record.folder import utc_now
    from flightsw.record.recording import recorded_run
    from flightsw.regress.baseline import taken
    from flightsw.regress.baselinefile import baseline_path, load_baseline, read_for_baseline, save_baseline
    from flightsw.regress.check import sampled

    if not reason.strip():
        raise ConfigError('reason = "": must say why the change is right (--reason "...")')
    path = file or baseline_path(scenario)
    before = load_baseline(path) if path.exists() else None
    if before is not None:
        mine = before.conditions
        duration = duration or f"{mine.ticks * mine.dt_s:g}s"
        seed, execute = seed or str(mine.seed), execute or mine.execute
    loaded = load_scenario(scenario, scenario_overrides([], duration, seed, execute))
    loaded = loaded if execute is not None else sampled(loaded)
    with tempfile.TemporaryDirectory(prefix="flightsw-baseline-") as scratch:
        plan = RunPlan(scenario=loaded, run_dir=Path(scratch), ticks=run_ticks(loaded), in_process=True)
        outcome = recorded_run(plan, utc_now())
        if outcome.exit != "completed":
            raise RunError(f"{scenario}: the run was {outcome.exit}: {outcome.error or 'nothing was accepted'}")
        columns, conditions = read_for_baseline(plan.run_dir)
    accepted = taken(columns, conditions, reason, __version__, before)
    save_baseline(path, scenario, accepted)
    typer.echo(f"{path}: {len(accepted.metrics)} figures of {conditions.ticks} ticks")
    for change in accepted.history[-1].changed:
        typer.echo(f"  {change}")
    return GOOD


@baseline.command()
def show(
    scenario: SCENARIO,
    *,
    file: FILE = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Print a scenario's accepted figures, their tolerances, and why they are what they are."""
    import msgspec

    from flightsw.regress.baselinefile import baseline_path, load_baseline

    path = file or baseline_path(scenario)
    accepted = load_baseline(path)
    if as_json:
        figures = msgspec.to_builtins(msgspec.structs.replace(accepted, traces=()))
        typer.echo(json.dumps({**figures, "file": str(path), "traces": [trace.signal for trace in accepted.traces]}))
    else:
        _print(path, accepted)
    return GOOD


def _print(path: Path, accepted: Baseline) -> None:
    held = accepted.conditions
    typer.echo(f"{path}\n{held.scenario}: seed {held.seed}, {held.ticks} ticks of {held.dt_s:g} s")
    width = max(map(len, accepted.metrics))
    for name, figure in accepted.metrics.items():
        value = "none" if figure.value is None else f"{figure.value:.6g}"
        typer.echo(f"  {name:<{width}}  {value:>12} {figure.unit:<5} +- {figure.tolerance:.4g}")
    for entry in accepted.history:
        typer.echo(f"{entry.version}: {entry.reason}" + "".join(f"\n  {change}" for change in entry.changed))
