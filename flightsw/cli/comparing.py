"""`flightsw replay` and `flightsw diff`: what a run says held against its replay, or against another run."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flightsw.cli.exits import FAILED, GOOD
from flightsw.cli.inspection import AsJson, RunDir
from flightsw.errors import ConfigError

if TYPE_CHECKING:
    from flightsw.bus.compare import Difference, TopicTally
    from flightsw.node.appreplay import AppReplay
    from flightsw.node.replay import Replay
    from flightsw.node.rules import RulesOf
    from flightsw.record.diff import RunDiff

Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="TOPIC.FIELD", help="Doesn't count; * for all fields.")
]
Tolerances = Annotated[
    list[str] | None,
    typer.Option("--tolerance", metavar="TOPIC.FIELD=LIMIT", help="0.01 in the field's unit, or 0.1% of the value."),
]
RulesToml = Annotated[Path | None, typer.Option("--rules", metavar="FILE", help="TOML with ignore and [tolerance].")]
MOST_FIELDS = 40
_ROW = "{:<34} {:>9} {:>9} {:>8} {:>6} {:>10}{}"


def replay(
    run_dir: RunDir,
    *,
    app_name: Annotated[str | None, typer.Option("--app", help="This application alone, fed from the log.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="With --app: its configuration, changed.")
    ] = None,
    ignore: Ignore = None,
    tolerance: Tolerances = None,
    rules: RulesToml = None,
    as_json: AsJson = False,
) -> int:
    """Run a logged node again from its outside inputs and compare every message; exit 1 where one differs.

    With --app: feed one application its logged inbox and compare what it says, within declared tolerances.

    A completed run's log that isn't whole, or whose hash isn't the manifest's, is refused (exit 2).
    """
    import structlog

    from flightsw.node.appreplay import replay_application
    from flightsw.node.replay import replay_run
    from flightsw.node.tomlfile import parse_overrides
    from flightsw.record.completion import require_promised_log

    if app_name is None and (overrides or ignore or tolerance or rules):
        raise ConfigError("--set, --ignore, --tolerance and --rules go with --app: a whole node is compared exactly")
    require_promised_log(run_dir)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        if app_name is None:
            return _tell_replay(replay_run(run_dir), as_json=as_json)
        rules_of = _rules_of(app_name, ignore, tolerance, rules)
        changes = dict(parse_overrides(overrides or []))
        return _tell_app(replay_application(run_dir, app_name, rules_of, changes), as_json=as_json)
    finally:
        structlog.reset_defaults()


def diff(
    one: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    other: Annotated[Path, typer.Argument(metavar="RUN", help="Another.")],
    *,
    topics: Annotated[
        list[str] | None, typer.Option("--topic", help="Only this topic or pattern (event.*); repeatable.")
    ] = None,
    ignore: Ignore = None,
    tolerance: Tolerances = None,
    rules: RulesToml = None,
    as_json: AsJson = False,
) -> int:
    """Compare two runs: where they first part, then topic by topic; exit 1 where a message differs.

    Fields of the headers (scenario, versions) that differ are listed; they alone don't make the runs differ.
    """
    from flightsw.record.diff import diff_runs

    found = diff_runs(one, other, topics or [], _rules_of("either run", ignore, tolerance, rules))
    if as_json:
        _print_json(found)
    else:
        _tell_diff(found)
    return GOOD if found.same else FAILED


def _rules_of(whose: str, ignore: list[str] | None, tolerance: list[str] | None, file: Path | None) -> RulesOf:
    from flightsw.node.rules import read_rules

    return partial(read_rules, whose=whose, ignore=ignore or [], tolerance=tolerance or [], file=file)


def _tell_replay(result: Replay, *, as_json: bool) -> int:
    cut = "" if result.complete else " (the log was cut: replayed to its last whole tick)"
    if result.upgraded:
        cut += f" (an older log, upgraded in {', '.join(result.upgraded)}: hashes can't be compared)"
    if as_json:
        _print_json(result, same=result.same)
    elif result.same:
        typer.echo(f"the same: {result.ticks} ticks, {result.messages} messages, log hash {result.log_hash}{cut}")
    elif result.divergence is not None:
        _tell_difference("diverged", result.divergence, "logged", "replayed")
        if cut:
            typer.echo(cut.strip())
    else:
        typer.echo(f"diverged: the log's hash is {result.log_hash}, the replay's is {result.replay_hash}{cut}")
    return GOOD if result.same else FAILED


def _tell_app(result: AppReplay, *, as_json: bool) -> int:
    cut = "" if result.complete else " (the log was cut: replayed to its last whole tick)"
    if as_json:
        _print_json(result, same=result.same)
        return GOOD if result.same else FAILED
    if result.divergence is None:
        typer.echo(f"the same: {result.ticks} ticks, {result.messages} messages of {result.app}{cut}")
    else:
        _tell_difference("diverged", result.divergence, "logged", "replayed")
        typer.echo(f"{result.ticks} ticks, {result.messages} messages of {result.app}{cut}")
    _tell_topics(result.topics)
    return GOOD if result.same else FAILED


def _tell_diff(found: RunDiff) -> None:
    if found.header:
        typer.echo("headers:")
        for field in found.header:
            typer.echo(f"  {field.field}: {_short(field.one)} | {_short(field.other)}")
    if found.inputs is not None:
        _tell_difference("outside inputs parted", found.inputs, "first", "second")
    if found.first is None:
        typer.echo(f"the same: {found.ticks} ticks, {found.messages} messages")
    else:
        _tell_difference("parted", found.first, "first", "second")
    if any(found.more_ticks):
        typer.echo(f"{found.ticks} ticks in both, {found.more_ticks[0]} and {found.more_ticks[1]} more")
    if found.reordered:
        typer.echo(f"{found.reordered} ticks with the same messages in another order")
    _tell_topics(found.topics)


def _tell_difference(verb: str, first: Difference, one: str, other: str) -> None:
    typer.echo(f"{verb} at tick {first.tick}, {first.place}:")
    width = max(len(one), len(other)) + 1
    typer.echo(f"  {one + ':':<{width}} {first.logged}\n  {other + ':':<{width}} {first.replayed}")


def _tell_topics(topics: list[TopicTally]) -> None:
    """Per topic that differs a line, and one per field that was off."""
    off = [topic for topic in topics if not topic.same or any(field.worst_absolute for field in topic.fields)]
    if not off:
        return
    typer.echo(_ROW.format("topic", "compared", "differing", "missing", "extra", "first tick", "  worst"))
    for topic in off:
        first = "-" if topic.first_tick is None else topic.first_tick
        typer.echo(_ROW.format(topic.topic, topic.compared, topic.differing, topic.missing, topic.extra, first, ""))
        fields = [field for field in topic.fields if field.differing or field.worst_absolute]
        for field in fields[:MOST_FIELDS]:
            worst = f"  {_worst(field)}"
            typer.echo(_ROW.format(f"  .{field.field}", topic.compared, field.differing, "", "", "", worst))
    same = len(topics) - len(off)
    if same:
        typer.echo(f"{same} more topics are the same")


def _worst(field: Any) -> str:
    if field.worst_absolute is None:
        return "not a number"
    share = "" if field.worst_relative is None else f" ({field.worst_relative:.2%})"
    return f"{field.worst_absolute:.6g}{share}"


def _short(value: Any) -> str:
    text = "-" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _print_json(result: Any, **more: Any) -> None:
    import msgspec

    typer.echo(json.dumps(msgspec.to_builtins(result) | more))
