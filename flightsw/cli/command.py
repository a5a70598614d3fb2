"""`flightsw cmd`: send a telecommand to a run that is under way, and wait for the node's word on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flightsw.cli.exits import FAILED, GOOD
from flightsw.errors import ConfigError, RunError

if TYPE_CHECKING:
    from flightsw.messages.comms import TcVerification

_POLL_S = 0.05


def cmd(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run that is under way.")],
    name: Annotated[str, typer.Argument(help="Telecommand, like power.set_reserve.")],
    arguments: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    *,
    at: Annotated[str | None, typer.Option(help='Simulated time to enter at, like "1200s"; else at once.')] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Send a telecommand and wait until it is done or refused."""
    from flightsw.messages.commands import parse_command
    from flightsw.node.control import send_command

    args = parse_arguments(arguments or [])
    try:
        parse_command(name, args)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    at_s = None if at is None else time_s(at, run_dir)
    reply = send_command(run_dir, name, args, at_s)
    if not as_json:
        typer.echo(f"sent as request {reply['request']}, enters at tick {reply['tick']}")
    tick, verdict = await_verdict(run_dir, reply["request"])
    done = verdict.stage.name == "COMPLETED"
    if as_json:
        figures = {"request": verdict.request, "tick": tick, "name": name, "stage": verdict.stage.name}
        typer.echo(json.dumps(figures | {"reason": verdict.reason}))
    else:
        why = "" if verdict.reason is None else f": {verdict.reason}"
        typer.echo(f"{name} {verdict.stage.name.lower()} at tick {tick}{why}")
    return GOOD if done else FAILED


def parse_arguments(texts: list[str]) -> dict[str, Any]:
    """`key=value` pairs; a value is TOML, or text where it isn't. Raises ConfigError."""
    from flightsw.node.tomlfile import parse_value

    args: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"argument {text!r}: must be like key=value")
        if key in args:
            raise ConfigError(f"argument {key!r}: given twice")
        args[key] = parse_value(value)
    return args


def time_s(at: str, run_dir: Path) -> float:
    """A simulated time as it is given on the command line. Raises ConfigError."""
    from flightsw.bus.logreader import LogReader
    from flightsw.node.durations import parse_duration_s
    from flightsw.node.replay import scenario_of
    from flightsw.node.scenario import orbit_period_s

    orbit_s = orbit_period_s(scenario_of(LogReader(run_dir))) if "orbit" in at else 1.0
    try:
        return parse_duration_s(at, orbit_s)
    except ConfigError as error:
        raise ConfigError(f"at: {error}") from None


def await_verdict(run_dir: Path, request: int) -> tuple[int, TcVerification]:
    """The tick and the last word on a request. Raises RunError when the run ends before it."""
    import msgspec

    from flightsw.bus.pacing import sleep_s
    from flightsw.messages.comms import TcStage, TcVerification
    from flightsw.record.follow import follow

    decode = msgspec.msgpack.Decoder(TcVerification).decode
    number: int | None = None
    for header, record in follow(run_dir, lambda: sleep_s(_POLL_S)):
        if number is None:
            number = [topic.name for topic in header.topics].index("tc.verification")
        for topic, payload in record.entries:
            if topic == number:
                verdict = decode(payload)
                if verdict.request == request and verdict.stage is not TcStage.ACCEPTED:
                    return record.tick, verdict
    raise RunError(f"{run_dir}: the run ended before request {request} was answered")
