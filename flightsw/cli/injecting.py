"""`flightsw inject`: let a fault begin in a run that is under way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flightsw.cli.command import parse_arguments, time_s
from flightsw.cli.exits import GOOD
from flightsw.errors import RunError

_POLL_S = 0.05


def inject(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run that is under way.")],
    kind: Annotated[str, typer.Argument(help="Kind of fault, like sensor_bias: as in a scenario's [[faults]].")],
    fields: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    *,
    at: Annotated[str | None, typer.Option(help='Simulated time to begin at, like "1200s"; else at once.')] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Inject a fault, and wait until the log has it. The run is perturbed then, and replays exactly."""
    from flightsw.node.control import inject_fault

    args = parse_arguments(fields or [])
    reply = inject_fault(run_dir, kind, args, None if at is None else time_s(at, run_dir))
    tick, number = int(reply["tick"]), int(reply["request"])
    _await_injection(run_dir, number)
    if as_json:
        typer.echo(json.dumps({"fault": number, "kind": kind, "tick": tick}))
    else:
        typer.echo(f"{kind} begins at tick {tick}, as outside input {number}")
    return GOOD


def _await_injection(run_dir: Path, number: int) -> None:
    """Until the log has it. Raises RunError when the run ends before."""
    import msgspec

    from flightsw.bus.pacing import sleep_s
    from flightsw.bus.records import MESSAGE
    from flightsw.messages.faults import INJECTION, FaultInjection
    from flightsw.record.follow import follow

    decode = msgspec.msgpack.Decoder(FaultInjection).decode
    topic: int | None = None
    for header, record in follow(run_dir, lambda: sleep_s(_POLL_S)):
        if topic is None:
            topic = [one.name for one in header.topics].index(INJECTION)
        for item in record.inputs:
            if item[0] == MESSAGE and item[1][0] == topic and decode(item[1][1]).number == number:
                return
    raise RunError(f"{run_dir}: the run ended before fault {number} came in")
