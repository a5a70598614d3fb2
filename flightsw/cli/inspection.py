"""Commands that look and change nothing: `list`, `validate`, `log`, `ledger`, `version`."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flightsw import __version__
from flightsw.cli.exits import FAILED, GOOD
from flightsw.errors import ConfigError

if TYPE_CHECKING:
    from flightsw.record.logview import Line

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunDir = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
_POLL_S = 0.1


def list_scenarios(*, as_json: AsJson = False) -> int:
    """List the shipped scenarios."""
    from flightsw.node.scenario import load_scenario, shipped_scenarios

    loaded = [load_scenario(name) for name in shipped_scenarios()]
    rows = [{"name": one.name, "evidence": one.evidence, "description": one.description} for one in loaded]
    if as_json:
        typer.echo(json.dumps({"scenarios": rows}))
        return GOOD
    for row in rows:
        typer.echo(f"{row['name']:<24} {row['evidence'] or '-':<14} {row['description']}")
    return GOOD


def validate(
    scenario: Annotated[str, typer.Argument(help="A shipped scenario or a TOML file.")],
    *,
    overrides: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE")] = None,
    case: Annotated[str | None, typer.Option(metavar="hot-eol|hot-bol|cold-bol|cold-eol")] = None,
    as_json: AsJson = False,
) -> int:
    """Check a scenario without running it."""
    import msgspec

    from flightsw.node.figures import derived_figures
    from flightsw.node.scenario import load_scenario
    from flightsw.regress.requirement import resolve

    loaded = load_scenario(scenario, overrides or [], case)
    requirements = resolve(loaded)
    figures = derived_figures(loaded)
    if as_json:
        typer.echo(json.dumps(msgspec.to_builtins(figures) | {"requirements": len(requirements)}))
        return GOOD
    typer.echo(f"{figures.name}: good, {figures.ticks} ticks of {figures.dt_s} s, seed {figures.seed}")
    typer.echo(f"  orbit    {figures.orbit_s / 60.0:.1f} min, of it in eclipse {figures.eclipse_s / 60.0:.1f} min")
    panels = "".join(f", panel {name} {watts:.1f} W" for name, watts in figures.panels_w.items())
    typer.echo(f"  power    array {figures.array_w:.1f} W{panels}, battery {figures.battery_wh:.1f} Wh")
    typer.echo(f"  payload  up to {figures.payload_w:.1f} W and leakage")
    typer.echo(f"  commands {figures.commands}, requirements {len(requirements)}")
    for one in figures.own_code:
        typer.echo(f'  own code {one.field} = "{one.path}", sha256 {one.sha256[:12]}, in {one.folder}')
    return GOOD


def schema(
    *,
    out: Annotated[Path | None, typer.Option(help="File to write it to.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write the reference page of scenario files.")] = None,
) -> int:
    """Print the JSON Schema of scenario files, for editors; or their reference, for people."""
    from flightsw.node.schema import scenario_schema

    if page is not None:
        from flightsw.node.reference import scenario_page

        write_text("page", page, scenario_page())
        return GOOD
    text = json.dumps(scenario_schema(__version__), indent=2) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return GOOD
    write_text("out", out, text)
    return GOOD


def write_text(option: str, path: Path, text: str) -> None:
    """Write a file that was asked for by this option. Raises ConfigError."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{option} = {path}: can't be written: {error.strerror}") from None


def log(
    run_dir: RunDir,
    *,
    topics: Annotated[list[str] | None, typer.Option("--topic", help="Topic or pattern (event.*); repeatable.")] = None,
    tail: Annotated[bool, typer.Option("--tail", help="Go on as the run goes on.")] = False,
    first_tick: Annotated[int, typer.Option("--from", metavar="TICK", min=0)] = 0,
    last_tick: Annotated[int | None, typer.Option("--to", metavar="TICK", min=0)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    only_hash: Annotated[bool, typer.Option("--hash", help="Recompute the log's hash and print it.")] = False,
) -> int:
    """Print a run's messages."""
    from flightsw.record.logview import read_lines

    if only_hash:
        return _hash(run_dir, as_json=as_json)
    if last_tick is not None and last_tick < first_tick:
        raise ConfigError(f"to = {last_tick}: must be at least from = {first_tick}")
    if tail:
        return _tail(run_dir, topics or [], first_tick, last_tick, as_json=as_json)
    for line in read_lines(run_dir, topics or [], first_tick, last_tick):
        _print(line, as_json=as_json)
    return GOOD


def version(*, as_json: AsJson = False) -> int:
    """Print the version."""
    if as_json:
        typer.echo(json.dumps({"flightsw": __version__, "python": platform.python_version()}))
    else:
        typer.echo(f"flightsw {__version__} (Python {platform.python_version()}, {platform.machine()})")
    return GOOD


def ledger(run_dir: RunDir, *, as_json: AsJson = False) -> int:
    """Draw a run's energy ledgers up again from its logged states; exit 1 where a joule has no owner."""
    from flightsw.record.ledger import ALLOWED_SHARE, residuals_of

    found = residuals_of(run_dir)
    if as_json:
        import msgspec

        shares = {"electrical_share": found.electrical_share, "heat_share": found.heat_share, "closed": found.closed}
        typer.echo(json.dumps(msgspec.to_builtins(found) | shares))
        return GOOD if found.closed else FAILED
    for name, residual_j, through_j, share in (
        ("electrical", found.bus_j + found.battery_j, found.electrical_throughput_j, found.electrical_share),
        ("thermal", found.heat_j, found.heat_throughput_j, found.heat_share),
        ("radiated", found.out_j, found.heat_throughput_j, found.out_share),
    ):
        allowed = found.allowed_out_share if name == "radiated" else ALLOWED_SHARE
        verdict = "closed" if share < allowed else f"LEAKS: must be below {allowed:.0e}"
        typer.echo(f"{name:<11} residual {residual_j:>12.6g} J of {through_j:>12.6g} J: {share:.2e}  {verdict}")
    return GOOD if found.closed else FAILED


def _hash(run_dir: Path, *, as_json: bool) -> int:
    from flightsw.bus.logreader import LogReader

    reader = LogReader(run_dir)
    for _ in reader.raw_ticks():
        pass
    if as_json:
        typer.echo(json.dumps({"log_hash": reader.log_hash, "ticks": reader.tick_count, "complete": reader.complete}))
    else:
        typer.echo(f"{reader.log_hash}  {reader.tick_count} ticks, {'complete' if reader.complete else 'cut'}")
    return GOOD


def _tail(run_dir: Path, topics: list[str], first_tick: int, last_tick: int | None, *, as_json: bool) -> int:
    from flightsw.bus.pacing import sleep_s
    from flightsw.record.follow import follow
    from flightsw.record.logview import LogView

    view: LogView | None = None
    for header, record in follow(run_dir, lambda: sleep_s(_POLL_S)):
        view = view or LogView(header, topics)
        if last_tick is not None and record.tick > last_tick:
            return GOOD
        if record.tick >= first_tick:
            for line in view.lines(record):
                _print(line, as_json=as_json)
            sys.stdout.flush()
    return GOOD


def _print(line: Line, *, as_json: bool) -> None:
    from flightsw.record.logview import as_json as json_text
    from flightsw.record.logview import as_text

    sys.stdout.write((json_text(line) if as_json else as_text(line)) + "\n")
