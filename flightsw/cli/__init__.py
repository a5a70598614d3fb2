"""The command line: `flightsw run`, `list`, `validate`, `log`, `cmd`, `replay`, `version`.

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

from flightsw.cli import command, inspection, running
from flightsw.cli.exits import BAD_INPUT, GOOD, INTERNAL, INTERRUPTED, ReaderGoneError
from flightsw.errors import ConfigError, FlightswError, LogError

# The launcher forks, which is safe only without threads: OpenBLAS starts one per core when numpy is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

app = typer.Typer(
    name="flightsw",
    help="A flight-software emulator for an AI-enabled satellite node.",
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(running.run)
app.command("list")(inspection.list_scenarios)
app.command("validate")(inspection.validate)
app.command("log")(inspection.log)
app.command("cmd")(command.cmd)
app.command("replay")(inspection.replay)
app.command("version")(inspection.version)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Errors go to stderr in one line, and to stdout as JSON under `--json`."""
    args = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in args
    try:
        code = app(args=args or ["--help"], prog_name="flightsw", standalone_mode=False)
        sys.stdout.flush()
        return int(code) if isinstance(code, int) else GOOD
    except (ConfigError, LogError) as error:
        return _failed(_one_line(str(error)), BAD_INPUT, as_json=as_json)
    except typer.TyperException as error:  # wrong usage; not all of these can format themselves
        words = getattr(error, "format_message", error.__str__)()
        return _failed(_one_line(words), BAD_INPUT, as_json=as_json)
    except FlightswError as error:
        return _failed(_one_line(str(error)), INTERNAL, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("interrupted", INTERRUPTED, as_json=as_json)
    except (BrokenPipeError, ReaderGoneError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter's last flush complains
        return GOOD
    except Exception as error:  # noqa: BLE001  # the end of the line: everything unforeseen is an internal error
        traceback.print_exc()
        return _failed(_one_line(f"internal error: {type(error).__name__}: {error}"), INTERNAL, as_json=as_json)


def _failed(message: str, code: int, *, as_json: bool) -> int:
    typer.echo(f"error: {message}", err=True)
    if as_json:
        typer.echo(json.dumps({"error": message, "exit_code": code}))
    return code


def _one_line(text: str) -> str:
    return " ".join(text.split())
