"""Requirements: formulas that a run of a scenario must keep, read and understood before anything runs.

Called by `flightsw validate`, `run` and `check`, and by tests; `verdict` says what a finished run makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flightsw.bus.log import LogHeader
from flightsw.errors import ConfigError
from flightsw.messages.schema import topic_schemas
from flightsw.node.processes import process_table
from flightsw.node.requirementconfig import RequirementConfig
from flightsw.node.satellite import SatelliteConfig
from flightsw.node.scenario import Scenario, orbit_period_s
from flightsw.regress.binding import Vocabulary
from flightsw.regress.nodes import Compare, Formula, Logged, Messages
from flightsw.regress.parser import parse_formula


@dataclass(frozen=True)
class Requirement:
    """What a run must keep. `formula` is bound: `resolve` makes these."""

    id: str
    text: str
    formula: Formula
    margin: float = 0.0
    """to be kept at least, in the unit of what is compared"""
    source: str = ""
    """the formula as it was written"""


def vocabulary_of(scenario: Scenario) -> Vocabulary:
    """What a requirement of this scenario may name."""
    topics = topic_schemas(process_table(scenario).topics)
    return Vocabulary(topics, scenario.dt_s, orbit_period_s(scenario), scenario.cycle_ticks)


def vocabulary_of_log(header: LogHeader, satellite: SatelliteConfig) -> Vocabulary:
    """What a formula that a log is held to may name; `satellite`: the one of its scenario."""
    return Vocabulary(header.topics, header.dt_ns / 1e9, satellite.plant.orbit_period_s, header.cycle_ticks)


def resolve(scenario: Scenario, more: Sequence[RequirementConfig] = ()) -> tuple[Requirement, ...]:
    """The scenario's requirements, and `more`, ready to judge. Raises ConfigError that names the requirement."""
    vocabulary = vocabulary_of(scenario)
    return tuple(bind(config, vocabulary) for config in (*scenario.requirements, *more))


def bind(config: RequirementConfig, vocabulary: Vocabulary) -> Requirement:
    """One requirement, ready to judge. Raises ConfigError that names it, what is wrong and what is allowed."""
    try:
        formula = vocabulary.bound(parse_formula(config.formula))
        _check_margin(config, formula)
    except ConfigError as error:
        raise ConfigError(f"requirement {config.id}: {error}") from None
    return Requirement(config.id, config.text, formula, config.margin, " ".join(config.formula.split()))


def _check_margin(config: RequirementConfig, formula: Formula) -> None:
    if config.margin > 0.0 and not any(isinstance(one, Compare) and not one.crisp for one in formula.walk()):
        raise ConfigError(f"margin = {config.margin:g}: it compares no numbers and has no margin")


def signals_of(formulas: Sequence[Formula]) -> list[str]:
    """Full names of the signals in bound formulas, each once."""
    return list(dict.fromkeys(node.name for one in formulas for node in one.walk() if isinstance(node, Logged)))


def topics_of(formulas: Sequence[Formula]) -> list[str]:
    """Topics whose messages bound formulas count."""
    return list(dict.fromkeys(node.topic for one in formulas for node in one.walk() if isinstance(node, Messages)))
