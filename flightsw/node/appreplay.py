"""Replay of one application: fed its logged inbox, tick by tick, and what it says compared with what it said.

The loop is open: whatever the application says differently, it is given what the log says it was given. So a changed
law or gain shows what it does to this application's outputs, message by message, to the end of the log. Declared
ignores and tolerances are those of openpilot's process replay. Called by `flightsw replay --app` and by tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flightsw.bus.compare import EXACT, Comparison, Difference, Rules, TopicTally
from flightsw.bus.logreader import LogReader
from flightsw.bus.rebuild import logged_steps
from flightsw.errors import ConfigError, LogError
from flightsw.messages.schema import topic_schemas
from flightsw.node.again import Build, exchange_of, overlooked, scenario_of, table_of
from flightsw.node.build import build_application
from flightsw.node.rebuilding import FedApplication
from flightsw.node.reconfigure import with_changes
from flightsw.node.rules import RulesOf

RAISED = "raised"


@dataclass(frozen=True)
class AppReplay:
    """What a replay of one application showed."""

    app: str
    ticks: int
    messages: int
    """compared, and those that one side has alone"""
    complete: bool
    """the log was ended in order; otherwise it was cut, and was replayed to its last whole tick"""
    log_hash: str
    divergence: Difference | None
    """the first"""
    topics: list[TopicTally]

    @property
    def same(self) -> bool:
        """No difference but those that the rules overlook."""
        return self.divergence is None


def replay_application(
    run_dir: Path,
    name: str,
    rules: RulesOf = lambda _: EXACT,
    changes: Mapping[str, Any] | None = None,
    build: Build = build_application,
) -> AppReplay:
    """Feed one application what the log says it was given, `changes` of its configuration applied from the start.

    Raises ConfigError for an unknown name or rule, LogError when there is nothing to compare.
    """
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    table = table_of(scenario)
    if name not in table.by_name:
        raise ConfigError(f"app = {name!r}: must be one of {', '.join(table.by_name)}")
    reader.read_as(table.topics)
    if changes:
        _check_own(name, changes)
        scenario = with_changes(scenario, changes)
    schemas = topic_schemas(table.topics)
    declared = rules([topic for topic in schemas if topic.producer == name])
    never_said, has_topic = overlooked(reader)
    declared = Rules(declared.ignored | never_said.ignored, declared.tolerances)
    own = {topic.name for topic in schemas if topic.producer == name and has_topic(topic.name)}
    comparison = Comparison(schemas, schemas, declared, own.__contains__)
    fed = FedApplication(name, scenario, table, reader.header.dt_ns, build)
    ticks, failure = 0, None
    steps = logged_steps(reader, table, name, exchange=exchange_of(scenario, table))
    for step in steps:
        ticks += 1
        try:
            said = fed.step(step)
        except Exception as error:
            failure = Difference(step.tick, name, RAISED, "nothing", f"{type(error).__name__}: {error}")
            break
        comparison.add(step.tick, step.said, said)
    for _ in steps:  # behind a failure: to the end of this very pass, as a run under way has grown since
        pass
    if comparison.compared == 0 and failure is None:
        why = "every field of it is ignored" if any(t.compared for t in comparison.topics) else "it says nothing"
        raise LogError(f"{run_dir}: {name}: {why}: there is nothing to compare")
    return AppReplay(
        name,
        ticks,
        comparison.compared,
        reader.complete,
        reader.log_hash,
        comparison.first or failure,
        [tally for tally in comparison.topics if tally.compared or not tally.same],
    )


def _check_own(name: str, changes: Mapping[str, Any]) -> None:
    """A change of somebody else's configuration would change nothing here, and look like a good result."""
    own = "plant." if name == "plant" else f"apps.{name}."
    for path in changes:
        if not path.startswith(own):
            raise ConfigError(f"--set {path}: not {name}'s: must be {own}*")
