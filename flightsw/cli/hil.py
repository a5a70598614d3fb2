"""`flightsw hil`: the test bench with a real board in the loop. How it is set up: docs/hil.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flightsw.cli.exits import GOOD
from flightsw.cli.inspection import AsJson
from flightsw.cli.running import fly, tell_outcome

if TYPE_CHECKING:
    from hil.drivers.power import LinePower

app = typer.Typer(
    help="A real board in the loop: probe, keygen, enroll, agent, bench, report, calibrate, stand-in.",
    no_args_is_help=True,
)

_LOOK_S = 0.02
KEYS = Path("hil-keys")
Keys = Annotated[Path, typer.Option("--keys", metavar="DIR", help="Folder of the keys.")]
BoardKind = Annotated[str, typer.Option("--board", metavar="auto|linux|jetson|raspberrypi", help="Which driver.")]
Root = Annotated[Path, typer.Option("--root", metavar="DIR", help="Read a board's tree from here: a stand-in's.")]
LineText = Annotated[
    str | None,
    typer.Option(
        "--line", metavar="IDLE,FULL", help="W of this machine idle and at full load, where nothing measures."
    ),
]
Priority = Annotated[
    bool, typer.Option("--priority/--no-priority", help="Ask the system to run it before others (root: in real time).")
]
SafeMode = Annotated[str | None, typer.Option(help="Power mode for when the bench is lost, by its name.")]


@app.command()
def probe(*, board: BoardKind = "auto", root: Root = Path("/"), line: LineText = None, as_json: AsJson = False) -> int:
    """What this board offers: power, temperature, clock, modes, complaints, and by what."""
    from hil.detect import open_board
    from hil.probe import print_probe, probe_board

    found = probe_board(open_board(board, root, parse_line(line)))
    if as_json:
        import msgspec

        typer.echo(json.dumps(msgspec.to_builtins(found)))
    else:
        print_probe(found)
    return GOOD


@app.command()
def keygen(
    name: Annotated[str, typer.Argument(help="bench, or the process that an agent is to be.")], *, keys: Keys = KEYS
) -> int:
    """Make a key pair, bound to a name; the secret half never leaves its machine."""
    from hil.keys import make_key

    public = make_key(keys, name)
    typer.echo(f"{public.with_suffix('.secret')}  stays here\n{public}  goes to the other side")
    return GOOD


@app.command()
def enroll(
    name: Annotated[str, typer.Argument(help="The process that the key's holder may be.")],
    public: Annotated[Path, typer.Argument(metavar="FILE", help="The agent's public key.")],
    *,
    keys: Keys = KEYS,
) -> int:
    """On the bench: let the holder of a key join as that process. Takes effect at the next run."""
    from hil.keys import ENROLLED
    from hil.keys import enroll as enroll_key

    enroll_key(keys, name, public)
    typer.echo(f"{name} is enrolled in {keys / ENROLLED}")
    return GOOD


@app.command()
def agent(
    endpoint: Annotated[str, typer.Argument(help="The bench, like tcp://192.168.1.10:5760.")],
    *,
    keys: Keys = KEYS,
    board: BoardKind = "auto",
    root: Root = Path("/"),
    line: LineText = None,
    safe_mode: SafeMode = None,
    once: Annotated[bool, typer.Option("--once", help="Leave after one run.")] = False,
    provider: Annotated[str, typer.Option(help="What computes the networks: cpu, cuda or tensorrt.")] = "cpu",
    priority: Priority = True,
) -> int:
    """On the board: host the inference application and join the bench; goes on to the next run until stopped."""
    import structlog

    from flightsw.bus.processor import go_first
    from flightsw.devices.onnxsessions import check_provider
    from flightsw.node.scenario import ON_BOARD
    from hil.agent import Agent, stopped_by_signals
    from hil.detect import open_board
    from hil.keys import BENCH, read_key, read_secret
    from hil.line import Line

    check_provider(provider)
    secret, bench_key = read_secret(keys / f"{ON_BOARD}.secret"), read_key(keys / f"{BENCH}.public")
    found = open_board(board, root, parse_line(line), safe_mode)
    structlog.get_logger().info("board.found", kind=found.kind, model=found.model)
    if priority:
        structlog.get_logger().info("priority", given=go_first())
    one = Agent(found, Line(endpoint, secret, bench_key), stretched=root != Path("/"), once=once, provider=provider)
    with stopped_by_signals(one):
        one.run()
    return GOOD


@app.command()
def bench(
    bench_file: Annotated[str, typer.Argument(metavar="BENCH", help="A shipped bench or a TOML file.")],
    *,
    keys: Keys = KEYS,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Override a field of the bench file or its scenario."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Run folder: new or empty.")] = None,
    priority: Priority = True,
    as_json: AsJson = False,
) -> int:
    """Fly a scenario in real time with a board in the loop, and report what came of it and when."""
    from flightsw.node.hostlog import host_log
    from flightsw.record.folder import create_run_folder, default_run_dir, utc_now
    from hil.bench import bench_plan
    from hil.benchfile import bench_scenario, load_bench
    from hil.report import report_run
    from hil.reporttext import print_report, write_report

    described = load_bench(bench_file, overrides or [])
    scenario = bench_scenario(described)
    started = utc_now()
    run_dir = out if out is not None else default_run_dir(f"hil-{scenario.name}", scenario.seed, started)
    plan = bench_plan(described, scenario, run_dir, keys, first=priority)
    create_run_folder(run_dir)
    with host_log(run_dir, "launcher"):
        outcome, summary = fly(plan, started, quiet=as_json)
    code = tell_outcome(outcome, summary, as_json=False)
    if outcome.ticks:
        found = report_run(run_dir)
        write_report(found, run_dir)
        if as_json:
            tail = {} if outcome.error is None else {"error": outcome.error}
            typer.echo(json.dumps(found.as_json() | tail))
        else:
            print_report(found)
    elif as_json:
        error = outcome.error or "no tick was flown"
        typer.echo(json.dumps({"error": " ".join(error.split()), "exit_code": code}))
    return code


@app.command()
def report(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a bench run.")],
    *,
    as_json: AsJson = False,
) -> int:
    """The report of a bench run, drawn up again from its log and its times."""
    from hil.report import report_run
    from hil.reporttext import print_report

    found = report_run(run_dir)
    if as_json:
        typer.echo(json.dumps(found.as_json()))
    else:
        print_report(found)
    return GOOD


@app.command()
def calibrate(
    profile: Annotated[Path, typer.Argument(metavar="PROFILE.toml", help="Where the profile is written: a new file.")],
    *,
    board: BoardKind = "auto",
    root: Root = Path("/"),
    line: LineText = None,
    like: Annotated[str, typer.Option(help="Profile that what isn't measured is taken over from.")] = "linux-host",
    model: Annotated[str, typer.Option(help="Network to work at: shipped name or path.")] = "cloudseg",
    step_s: Annotated[
        float, typer.Option("--step", min=1.0, max=3600.0, help="s of each load; heat wants minutes.")
    ] = 60.0,
) -> int:
    """Load the board in steps; fit its power, heat and latency; write a device profile and a report beside it."""
    from flightsw.devices.models import load_card
    from flightsw.devices.profiles import load_profile
    from flightsw.errors import ConfigError
    from hil.calibrating import calibrate_board
    from hil.detect import open_board
    from hil.profile import profile_table, report_lines, report_page, write_profile

    if profile.exists():
        raise ConfigError(f"{profile}: there is one: must be a new file")
    like_profile, card = load_profile(like), load_card(model)
    found, how = calibrate_board(open_board(board, root, parse_line(line)), card, step_s, typer.echo)
    for text in report_lines(found, how):
        typer.echo(text)
    write_profile(profile_table(found, card, like_profile, profile.stem, how), profile)
    profile.with_suffix(".html").write_text(report_page(found, how))
    typer.echo(f"profile {profile}, report {profile.with_suffix('.html')}")
    return GOOD


@app.command("stand-in")
def stand_in(
    board: Annotated[str, typer.Argument(help="orin-nano, agx-orin, xavier-iio, pi4 or pi5.")],
    root: Annotated[Path, typer.Argument(metavar="DIR", help="Where its tree is made: a new folder.")],
    *,
    run_dir: Annotated[
        Path | None, typer.Option("--follow", metavar="RUN", help="Live through this bench run, as its plant says.")
    ] = None,
) -> int:
    """Make a stand-in board: a generated tree of files and commands that `agent --root DIR` takes for a real one."""
    from flightsw.bus.pacing import sleep_s
    from hil.fakes.live import follow_run, make_fake

    fake = make_fake(board, root)
    typer.echo(f"{board} made in {root}")
    if run_dir is not None:
        shown = follow_run(fake, run_dir, lambda: sleep_s(_LOOK_S))
        typer.echo(f"lived through {shown} ticks of {run_dir}")
    return GOOD


def parse_line(text: str | None) -> LinePower | None:
    """Two powers in W, parted by a comma. Raises ConfigError."""
    from flightsw.errors import ConfigError
    from hil.drivers.power import LinePower

    if text is None:
        return None
    try:
        idle_w, full_w = (float(part) for part in text.split(","))
    except ValueError:
        idle_w = full_w = -1.0
    if not 0.0 <= idle_w <= full_w < 1e5:
        raise ConfigError(f"line = {text!r}: must be like 4.5,17: W idle and W at full load")
    return LinePower(idle_w, full_w, "given by --line")
