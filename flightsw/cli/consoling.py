"""`flightsw console`: a page in the browser about a run that is under way, is started for it, or is over."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from flightsw.cli.exits import GOOD
from flightsw.errors import ConfigError

_RUN = "import sys; from flightsw.cli import main; sys.exit(main())"
_END_GUARD_S = 30.0


def console(
    run_dir: Annotated[Path | None, typer.Argument(metavar="[RUN]", help="A run folder: live, or over.")] = None,
    *,
    scenario: Annotated[
        str | None, typer.Option("--run", metavar="SCENARIO", help="Start this one, and end it with the console.")
    ] = None,
    port: Annotated[int, typer.Option(help="0: any that is free.", min=0, max=65535)] = 8765,
    host: Annotated[str, typer.Option(help="Off loopback a token is asked for.")] = "127.0.0.1",
    speed: Annotated[str, typer.Option(help="With --run: free, realtime, or simulated seconds a wall second.")] = "60",
    duration: Annotated[str | None, typer.Option(help='With --run: simulated time, like "2orbits".')] = None,
    seed: Annotated[str | None, typer.Option(help="With --run: seed of everything random.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="With --run: a field of the scenario.")
    ] = None,
    execute: Annotated[
        str | None, typer.Option(metavar="every|sample:N|none", help="With --run: which batches are computed.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="With --run: run folder, new or empty.")] = None,
) -> int:
    """Show a run in the browser, live: pictures, figures, events; command it, let faults happen, pause and step it."""
    from flightsw.bus.segments import TAIL_NAME
    from flightsw.cli.running import parse_speed
    from flightsw.live.browser.serve import serve
    from flightsw.node.imports import MANIFEST_FILE

    if (run_dir is None) == (scenario is None):
        raise ConfigError("console: must be given a run folder, or --run SCENARIO")

    def tell(address: str) -> None:
        typer.echo(f"console at {address}")

    if run_dir is not None:
        if not (run_dir / MANIFEST_FILE).is_file() and not (run_dir / TAIL_NAME).is_file():
            raise ConfigError(f"{run_dir}: not a run folder: neither a manifest nor a log in it")
        serve(run_dir, host, port, tell)
        return GOOD
    assert scenario is not None
    options = {"--duration": duration, "--seed": seed, "--execute": execute}
    given = [text for option, value in options.items() if value is not None for text in (option, value)]
    given += [text for one in overrides or [] for text in ("--set", one)]
    parse_speed(speed)
    folder = _folder(scenario, given, out)
    typer.echo(f"run folder  {folder}")
    arguments = ["run", scenario, "--speed", speed, "--json", "--out", str(folder), *given]
    serve(folder, host, port, tell, beside=_flown(arguments))
    return GOOD


def _folder(scenario: str, given: list[str], out: Path | None) -> Path:
    """Where the run will lie, its scenario checked first. Raises ConfigError."""
    from flightsw.cli.running import scenario_overrides
    from flightsw.node.scenario import load_scenario
    from flightsw.record.folder import create_run_folder, default_run_dir, utc_now

    options = dict(zip(given[::2], given[1::2], strict=True))
    sets = [value for option, value in zip(given[::2], given[1::2], strict=True) if option == "--set"]
    overrides = scenario_overrides(sets, options.get("--duration"), options.get("--seed"), options.get("--execute"))
    loaded = load_scenario(scenario, overrides)
    return create_run_folder(out if out is not None else default_run_dir(loaded.name, loaded.seed, utc_now()))


@contextmanager
def _flown(arguments: list[str]) -> Iterator[None]:
    """A run of this very program, ended in order at the end of the block if it still flies."""
    command = [sys.executable, "-c", _RUN, *arguments]
    flown = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        yield
    finally:
        if flown.poll() is None:
            flown.send_signal(signal.SIGINT)
        try:
            flown.wait(_END_GUARD_S)
        except subprocess.TimeoutExpired:
            flown.kill()
            flown.wait()
