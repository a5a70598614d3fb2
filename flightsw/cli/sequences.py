"""`flightsw sequence`: check files of command sequences on the ground, and send one up to a run that is under way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from flightsw.cli.exits import FAILED, GOOD
from flightsw.cli.inspection import AsJson
from flightsw.errors import ConfigError

app = typer.Typer(help="Stored command sequences: check files, send them up.")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files like imaging.seq.toml.")],
    *,
    as_json: AsJson = False,
) -> int:
    """Check sequence files as they will be checked on board; exit 2 names file, step and field."""
    import msgspec

    from flightsw.node.sequencefiles import read_sequence

    found = [(path, read_sequence(path)) for path in files]
    if as_json:
        typer.echo(json.dumps([{"file": str(path)} | msgspec.to_builtins(sequence) for path, sequence in found]))
        return GOOD
    for path, sequence in found:
        steps = sequence.steps
        typer.echo(f"{path}: {sequence.name}, {sequence.kind}, {len(steps)} steps, {steps[0].at} to {steps[-1].at}")
    return GOOD


@app.command()
def upload(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run that is under way.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The sequence.")],
    *,
    as_json: AsJson = False,
) -> int:
    """Check a sequence file, send it up in parts, and wait for the node's word on each."""
    from flightsw.cli.command import await_verdict
    from flightsw.messages.base import Scalar
    from flightsw.node.control import send_command
    from flightsw.node.sequencefiles import parts_of, read_sequence

    sequence = read_sequence(file)
    try:
        parts = parts_of(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from None
    done, reason, tick = True, None, 0
    for number, text in enumerate(parts, 1):
        args: dict[str, Scalar] = {"name": sequence.name, "part": number, "parts": len(parts), "text": text}
        reply = send_command(run_dir, "sequence.load", args)
        tick, verdict = await_verdict(run_dir, reply["request"])
        done, reason = verdict.stage.name == "COMPLETED", verdict.reason
        if not done:
            break
    if as_json:
        typer.echo(json.dumps({"sequence": sequence.name, "loaded": done, "tick": tick, "reason": reason}))
    else:
        word = "loaded" if done else f"refused: {reason}"
        typer.echo(f"{sequence.name} {word}, {len(parts)} parts, at tick {tick}")
    return GOOD if done else FAILED
