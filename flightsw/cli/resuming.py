"""`flightsw resume`: go on with a logged run from one of its ticks, or branch off there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flightsw.cli.command import parse_arguments
from flightsw.cli.inspection import AsJson, RunDir
from flightsw.errors import ConfigError

if TYPE_CHECKING:
    from flightsw.node.resume import Resumption
    from flightsw.record.folder import Parent


def resume(
    run_dir: RunDir,
    *,
    at: Annotated[
        str | None, typer.Option(metavar="TICK|TIME", help='Where: 1200, "90min", "3orbits". Default: its end.')
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Branch: an application's configuration from there on."),
    ] = None,
    commands: Annotated[
        list[str] | None,
        typer.Option("--command", metavar='"TICK|TIME NAME [KEY=VALUE]..."', help="Branch: a telecommand; repeatable."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option(help="End of the run, counted from its start. Default: as it was planned.")
    ] = None,
    speed: Annotated[str, typer.Option(help="free, realtime, or simulated seconds a wall second.")] = "free",
    out: Annotated[Path | None, typer.Option(help="Run folder: new or empty.")] = None,
    in_process: Annotated[bool, typer.Option("--in-process", help="One process: the same log.")] = False,
    as_json: AsJson = False,
) -> int:
    """Go on with a run from any logged tick, in a new folder: finish it, or branch off with --set and --command.

    The ticks before are run again first, and must say what the log says. Without changes the run ends with the hash
    that it would have had uninterrupted.
    """
    from flightsw.cli.running import fly, parse_speed, tell_outcome
    from flightsw.node.hostlog import host_log
    from flightsw.node.resume import Wanted, copy_log, prepare
    from flightsw.node.run import RunPlan
    from flightsw.record.folder import create_run_folder, default_run_dir, utc_now

    pace = parse_speed(speed)
    wanted = Wanted(at, duration, tuple(overrides or ()), tuple(_command(text) for text in commands or ()))
    found = prepare(run_dir, wanted)
    started = utc_now()
    scenario = found.scenario
    folder = create_run_folder(out if out is not None else default_run_dir(scenario.name, scenario.seed, started))
    plan = RunPlan(
        scenario=scenario,
        run_dir=folder,
        ticks=found.ticks,
        speed=pace,
        in_process=in_process,
        umbilical=True,
        taken_up=found.taken_up,
    )
    copy_log(found, folder)
    with host_log(folder, "node" if in_process else "launcher"):
        if not as_json:
            _tell(found)
        outcome, summary = fly(plan, started, quiet=as_json, parent=_parent(found))
    return tell_outcome(outcome, summary, as_json=as_json)


def _command(text: str) -> tuple[str, str, dict[str, Any]]:
    when, _, rest = text.strip().partition(" ")
    name, *pairs = rest.split() or [""]
    if not name:
        raise ConfigError(f'command {text!r}: must be like "1200s power.set_reserve soc=0.35"')
    return when, name, parse_arguments(pairs)


def _parent(found: Resumption) -> Parent:
    from flightsw.record.folder import Parent

    return Parent(
        run=str(found.source.resolve()),
        tick=found.taken_up.tick,
        ticks=found.parent_ticks,
        log_hash=found.parent_hash,
        changes=dict(found.taken_up.changes),
        commands=tuple(
            f"{tick} {request.name} {request.args}"
            for tick, requests in sorted(found.taken_up.commands.items())
            for request in requests
        ),
        not_repeated=found.not_repeated,
    )


def _tell(found: Resumption) -> None:
    taken_up = found.taken_up
    verb = "branching off" if found.is_branch else "going on with"
    typer.echo(f"{verb} {found.source} at tick {taken_up.tick} of {found.ticks}, behind a replay of the ticks before")
    if found.not_repeated:
        typer.echo(f"not repeated: {found.not_repeated} outside inputs after that tick that the scenario doesn't plan")
