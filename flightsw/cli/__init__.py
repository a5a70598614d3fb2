"""The command line: `flightsw run`, `cmd`, `log` and all the others.

This module starts fast and has no heavy imports; each command imports what it needs. Exit codes: 0 good, 1 a
requirement failed or a replay diverged, 2 bad input, 3 internal error or failed run, 130 ended by Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence

import typer

from flightsw.cli import (
    baseline,
    benching,
    checking,
    command,
    comparing,
    faults,
    inspection,
    models,
    resuming,
    running,
    sequences,
    upsets,
    validation,
)
from flightsw.cli.exits import BAD_INPUT, GOOD, INTERNAL, INTERRUPTED
from flightsw.errors import ConfigError, FlightswError, LogError

# The launcher forks, which is safe only without threads: OpenBLAS starts one per core when numpy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

DEBUG = "--debug"

app = typer.Typer(
    name="flightsw",
    help="A flight-software emulator for an AI-enabled satellite node. With --debug, errors show where they come from.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(running.run)
app.command("list")(inspection.list_scenarios)
app.command("validate")(inspection.validate)
app.command("schema")(inspection.schema)
app.command("validate-physics")(validation.validate_physics)
app.command("log")(inspection.log)
app.command("ledger")(inspection.ledger)
app.command("check")(checking.check)
app.command("faults")(faults.faults)
app.command("cmd")(command.cmd)
app.command("replay")(comparing.replay)
app.command("diff")(comparing.diff)
app.command("resume")(resuming.resume)
app.add_typer(baseline.baseline, name="baseline")
app.add_typer(sequences.app, name="sequence")
benching.app.command("upsets")(upsets.bench_upsets)
app.add_typer(benching.app, name="bench")
models.app.command("audit")(upsets.audit)
app.add_typer(models.app, name="models")
app.command("version")(inspection.version)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Errors go to stderr in one line, and to stdout as JSON under `--json`."""
    args = list(sys.argv[1:] if argv is None else argv)
    as_json, debug = "--json" in args, DEBUG in args
    try:
        code = _dispatch([arg for arg in args if arg != DEBUG] or ["--help"])
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read the output has had enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter's last flush complains
        return GOOD
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the end of the line
        if debug:
            traceback.print_exc()
        message, code = _verdict(error, debug=debug)
        return _failed(message, code, as_json=as_json)


def _dispatch(args: list[str]) -> int:
    """One command's exit code. Not by typer's own main, which ends Ctrl-C and a closed pipe without a word."""
    program = typer.main.get_command(app)
    try:
        with program.make_context("flightsw", args) as context:
            code = program.invoke(context)
    except typer.Exit as leave:
        return leave.exit_code
    return code if isinstance(code, int) else GOOD


def _verdict(error: BaseException, *, debug: bool) -> tuple[str, int]:
    """What to say of an error, and the exit code."""
    # Python wraps what comes up while a class is made, so Ctrl-C during an import can arrive as a cause.
    if isinstance(error, KeyboardInterrupt | typer.Abort) or isinstance(error.__cause__, KeyboardInterrupt):
        return "interrupted", INTERRUPTED
    if isinstance(error, ConfigError | LogError):
        return str(error), BAD_INPUT
    if isinstance(error, typer.TyperException):  # wrong usage; not all of these can format themselves
        return getattr(error, "format_message", error.__str__)(), BAD_INPUT
    hint = "" if debug else f" ({DEBUG} shows where)"
    if isinstance(error, FlightswError):
        return f"{error}{hint}", INTERNAL
    return f"internal error: {type(error).__name__}: {error}{hint}", INTERNAL


def _failed(message: str, code: int, *, as_json: bool) -> int:
    message = " ".join(message.split())
    typer.echo(f"error: {message}", err=True)
    if as_json:
        typer.echo(json.dumps({"error": message, "exit_code": code}))
    return code
