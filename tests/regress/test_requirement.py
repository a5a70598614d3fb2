"""Requirements of a scenario: names found before anything runs, and what is refused, by the requirement's id."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import msgspec
import pytest

import flightsw
from flightsw.errors import ConfigError
from flightsw.messages.events import EVENT_IDS
from flightsw.messages.schema import FieldSchema, TopicSchema
from flightsw.node.processes import process_table
from flightsw.node.requirementconfig import RequirementConfig
from flightsw.node.run import log_header
from flightsw.node.scenario import load_scenario, scenario_to_toml
from flightsw.regress.binding import Vocabulary
from flightsw.regress.nodes import Always, Changed, Compare, Count, Event, Eventually, Logged, Messages, Number
from flightsw.regress.parser import parse_formula
from flightsw.regress.requirement import bind, resolve, vocabulary_of

SCENARIO = load_scenario("cubesat-6u-orin-nano")
WORDS = vocabulary_of(SCENARIO)


def bound(text: str):
    return WORDS.bound(parse_formula(text))


def refusal(text: str, margin: float = 0.0) -> str:
    with pytest.raises(ConfigError) as refused:
        bind(RequirementConfig(id="PWR-1", text="x", formula=text, margin=margin), WORDS)
    assert str(refused.value).startswith("requirement PWR-1: ")
    return str(refused.value).removeprefix("requirement PWR-1: ")


def test_names_become_signals_with_their_units() -> None:
    formula = bound("always(power.soc >= 0.3 and hw.chip_c <= 95)")
    assert [(one.name, one.unit) for one in formula.walk() if isinstance(one, Logged)] == [
        ("power.status.soc", "1"),
        ("hw.device.chip_c", "degC"),
    ]


def test_a_members_name_becomes_its_number_and_the_comparison_crisp() -> None:
    formula = bound("always(health.mode == PAYLOAD)")
    assert isinstance(formula, Always)
    assert formula.of == Compare("==", Logged("health.mode.mode", "", "enum"), Number(6.0), crisp=True)


def test_spans_become_ticks() -> None:
    formula = bound("always[10s, 1orbits](power.soc >= 0.3)")
    assert isinstance(formula, Always)
    assert formula.window is not None
    assert (formula.window.first.ticks, formula.window.last.ticks) == (10, math.floor(SCENARIO.plant.orbit_period_s))
    halves = Vocabulary(WORDS.topics, 0.5, 6000.0).bound(parse_formula("eventually[0s,3s](power.soc > 0)"))
    assert halves.window.last.ticks == 6


@pytest.mark.parametrize(
    ("dt_s", "window", "ticks"),
    [
        (1.0, "[0s, 1.6s]", (0, 1)),
        (1.0, "[0.2s, 3s]", (1, 3)),
        (60.0, "[0s, 90s]", (0, 1)),
        (0.1, "[0.3s, 0.7s]", (3, 7)),  # 2.9999999999999996 and 6.999999999999999 ticks
        (1.0, "[0s, 0.5orbits]", (0, 3000)),
    ],
)
def test_a_window_takes_the_ticks_that_lie_in_it_and_no_later_one(
    dt_s: float, window: str, ticks: tuple[int, int]
) -> None:
    formula = Vocabulary(WORDS.topics, dt_s, 6001.0).bound(parse_formula(f"eventually{window}(power.soc > 0)"))
    assert isinstance(formula, Eventually)
    assert formula.window is not None
    assert (formula.window.first.ticks, formula.window.last.ticks) == ticks


@pytest.mark.parametrize(
    ("text", "dt_s", "value"),
    [
        ("eventually(infer.result.finished_ns >= 1h)", 1.0, 3.6e12),
        ("never(30min < infer.result.finished_ns)", 1.0, 1.8e12),
        ("always(abs(time.gnss_error_ns) <= 2 * 0.5s)", 1.0, 5e8),
        ("always(power.eclipse_in_s <= 1min)", 1.0, 60.0),
        ("always(cds.health.recovery.since_ticks[0] * 0.5 <= 1min)", 0.1, 600.0),
        ("always(1min <= 1h)", 1.0, 60.0),
    ],
)
def test_a_number_that_is_a_time_takes_the_unit_of_what_it_is_compared_with(
    text: str, dt_s: float, value: float
) -> None:
    formula = Vocabulary(WORDS.topics, dt_s, 6000.0).bound(parse_formula(text))
    assert value in [one.value for one in formula.walk() if isinstance(one, Number)]
    assert not any(one.unit for one in formula.walk() if isinstance(one, Number))


def test_a_count_is_of_a_signals_changes_or_else_of_a_topics_messages() -> None:
    counted = [
        one.what
        for text in ("health.mode", "infer.result")
        for one in bound(f"count({text}) <= 9").walk()
        if isinstance(one, Count)
    ]
    assert counted == [Changed(Logged("health.mode.mode", "", "enum")), Messages("infer.result")]


def test_an_event_is_found_by_its_id_or_by_its_source_and_id() -> None:
    assert bound("never(event(load.shed))") == bound("never(event(power.load.shed))")
    assert Event("load.shed", "power") in bound("never(event(load.shed))").walk()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("always(power.sok >= 0.3)", "signal 'power.sok': unknown; did you mean"),
        ("always(soc >= 0.3)", "soc: no signal: a signal is like power.soc"),
        ("always(health.mode == PAYLAOD)", "PAYLAOD: not of health.mode.mode: must be one of OFF, BOOT"),
        ("always(power.soc == PAYLOAD)", "PAYLOAD: power.status.soc is no enumeration"),
        ("always(truth.node_c > 3)", "must pick an element, truth.plant.node_c[0]"),
        ("always(health.mode.reason == 3)", "must be a number, a flag or an enumeration"),
        ("always(power.soc)", "power.status.soc: is no flag: must be compared"),
        ("always(power.soc + 1)", "a number: is no flag: must be compared"),
        ("never(event(laod.shed))", "event laod.shed: unknown: did you mean load.shed"),
        ("never(event(lcl.tripped))", "event lcl.tripped: ambiguous: plant.lcl.tripped, power.lcl.tripped"),
        ("never(event(nothing))", "event nothing: unknown: its source must be one of bus, plant"),
        ("count(infer.resul) > 3", "(or a topic: infer.result"),
        ("power.soc >= 0.3", "says nothing of when"),
        ("not power.in_eclipse", "says nothing of when"),
        ("always(power.soc > 0) and power.soc > 0", "says nothing of when"),
        ("once(power.soc > 0.3)", "says nothing of when"),
        ("always[0s,0.2s](power.soc > 0.3)", "0.2s: is shorter than a tick, 1 s"),
        ("always(rate(power.soc, 0s) > 0.3)", "0s: must be at least one tick"),
        ("always[0ticks,1.5ticks](power.soc > 0.3)", "1.5ticks: must be a whole number of ticks"),
        ("always[1.2s,1.8s](power.soc > 0.3)", "window 1.2s to 1.8s: no tick lies in it, each is 1 s"),
        ("always[10min,100s](power.soc > 0.3)", "must not be above the last"),
        ("always(hw.chip_c <= 30min)", "hw.device.chip_c is in degC: a number in s, min, h or d goes with times alone"),
        ("always(power.soc <= 1h)", "power.status.soc is no time: a number in s"),
        ("always(rate(infer.result.finished_ns) <= 1s)", "the rate of infer.result.finished_ns is in ns/s: a number"),
        ("count(infer.result) >= 1h", "a count is no time"),
        ("always(1s)", "a number: is no flag"),
        ("always(power.soc >", "column 19: the end: must be a signal"),
    ],
)
def test_what_is_wrong_is_refused_by_the_requirements_id(text: str, said: str) -> None:
    assert said in refusal(text)


def test_a_margin_is_refused_where_there_is_none_to_keep() -> None:
    assert "margin = 2: it compares no numbers" in refusal("always(health.mode == PAYLOAD)", margin=2.0)


def test_an_event_of_a_users_own_application_is_taken_as_it_is() -> None:
    fields = (
        FieldSchema("severity", "enum(LOW=0)", ""),
        FieldSchema("id", "str", ""),
        FieldSchema("args", "map[int]", ""),
    )
    own = TopicSchema("event.propulsion", "propulsion", "Event", 64, fields)
    words = Vocabulary((*WORDS.topics, own), 1.0, 6000.0)
    assert Event("tank.low", "propulsion") in words.bound(parse_formula("never(event(propulsion.tank.low))")).walk()


def test_ids_are_a_requirements_own() -> None:
    config = RequirementConfig(id="A", text="x", formula="true")
    with pytest.raises(ConfigError, match=r"requirements\[\d+\].id = 'A': given twice"):
        load_scenario(
            "cubesat-6u-orin-nano", ['requirements=[{id="A",text="x",formula="true"},{id="A",text="y",formula="true"}]']
        )
    assert resolve(msgspec.structs.replace(SCENARIO, requirements=(config,)))[0].id == "A"


def test_one_requirement_of_a_scenario_is_overridden_by_its_id() -> None:
    loaded = load_scenario("cubesat-6u-orin-nano", ["requirements.PWR-1.margin=0.02"])
    assert {one.id: one.margin for one in loaded.requirements}["PWR-1"] == 0.02


def test_requirements_are_kept_in_the_resolved_scenario_and_are_no_part_of_the_log() -> None:
    config = RequirementConfig(id="A", text="x", formula="true", margin=0.0)
    judged = msgspec.structs.replace(SCENARIO, requirements=(config,))
    assert '[[requirements]]\nid = "A"' in scenario_to_toml(judged)
    table = process_table()
    assert log_header(judged, table).encode() == log_header(SCENARIO, table).encode()


def test_every_event_of_the_code_is_declared_and_every_declared_one_is_of_the_code() -> None:
    root = Path(flightsw.__file__).parent
    told = {
        source: root / ("plant/process.py" if source == "plant" else f"apps/{source}")
        for source in EVENT_IDS
        if source != "bus"
    }
    assert len(told) == 6
    for source, place in told.items():
        files = [place] if place.is_file() else [*sorted(place.glob("*.py")), root / "apps/tables.py"]
        trees = [ast.parse(file.read_text()) for file in files]
        literals = {
            node.value
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        made = {f"{word}{end}" for word in literals for end in (".lost", ".back")}  # f"{name}.lost"
        assert set(EVENT_IDS[source]) <= literals | made
        said = {
            name
            for tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Event"
            for name in _constants(node.args[1])
        }
        assert said <= set(EVENT_IDS[source]), source


def _constants(node: ast.expr) -> set[str]:
    words = {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return {word for word in words if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", word)}


def test_a_requirement_is_judged_in_the_cases_it_is_meant_for_and_has_other_figures_in_others() -> None:
    told = ", ".join(
        f"{{id='PAY-5', text='{text}', formula='always(infer.items_dropped <= {most})', cases={cases}}}"
        for text, most, cases in (("as built", 0, ["nominal", "hot-bol"]), ("aged", 9, ["hot-eol"]))
    )
    given = [f"requirements=[{told}, {{id='ALL', text='x', formula='true'}}]"]
    for case, texts in ((None, ["as built", "x"]), ("hot-bol", ["as built", "x"]), ("hot-eol", ["aged", "x"])):
        scenario = load_scenario("cubesat-6u-orin-nano", given, case)
        assert [one.text for one in scenario.requirements] == texts
        assert scenario_to_toml(scenario).count("cold-eol") == len(texts), "flown again from its folder they all stay"
    assert [one.id for one in load_scenario("cubesat-6u-orin-nano", given, "cold-bol").requirements] == ["ALL"]
    with pytest.raises(ConfigError, match="given twice"):
        load_scenario("cubesat-6u-orin-nano", [given[0].replace("hot-eol", "hot-bol")], "hot-bol")
    with pytest.raises(ConfigError, match="cases"):
        load_scenario("cubesat-6u-orin-nano", [given[0].replace("hot-eol", "hot-eel")])
