"""Verdicts on hand-made runs: margins and when they were tightest, what fails where, what is vacuous, never green."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from flightsw.messages.base import Message
from flightsw.messages.health import Event, Mode, Severity
from flightsw.node.requirementconfig import RequirementConfig
from flightsw.node.scenario import load_scenario
from flightsw.regress.requirement import bind, vocabulary_of
from flightsw.regress.verdict import Outcome, Verdict, judge_run
from tests.record import logs

WORDS = vocabulary_of(load_scenario("cubesat-6u-orin-nano"))
SOCS = (None, 0.6, 0.5, 0.4, 0.35, 0.45, 0.55, 0.6, 0.6, 0.6)
CHIPS = (40.0, 50.0, 60.0, 70.0, 80.0, 75.0, 70.0, 65.0, 60.0, 60.0)
ECLIPSE = Event(Severity.ACTIVITY_LO, "eclipse.entry", {})


def a_run(tmp_path: Path, socs: Sequence[float | None] = SOCS, eclipse_at: int | None = 2) -> Path:
    """SoC as given, a chip that warms and cools, boot until tick 3, an eclipse, two results in ticks 5 and 7."""
    records = []
    for tick, soc in enumerate(socs):
        said: list[tuple[str, Message]] = [("hw.device", logs.device(chip_c=CHIPS[tick]))]
        if tick == eclipse_at:
            said.append(("event.plant", ECLIPSE))
        said += [
            ("power.status", logs.power(soc=soc)),
            ("health.mode", logs.mode(Mode.BOOT if tick < 3 else Mode.PAYLOAD)),
        ]
        said += [("infer.result", logs.result(batch=tick))] * (2 if tick in (5, 7) else 0)
        records.append(logs.record(tick, said))
    logs.write_log(tmp_path / "run", records)
    return tmp_path / "run"


def verdict_of(run_dir: Path, formula: str, margin: float = 0.0) -> Verdict:
    requirement = bind(RequirementConfig(id="R", text="as it says", formula=formula, margin=margin), WORDS)
    return judge_run(run_dir, [requirement])[0]


@pytest.mark.parametrize(
    ("formula", "margin", "unit", "tick"),
    [
        ("always(power.soc >= 0.3)", 0.05, "1", 4),
        ("always(hw.chip_c <= 95)", 15.0, "degC", 4),
        ("always(hw.chip_c - 2 * hw.chip_c / 4 <= 41)", 1.0, "degC", 4),
        ("eventually[0s,3s](hw.chip_c > 65)", 5.0, "degC", 3),
        ("always(abs(rate(hw.chip_c)) <= 12)", 2.0, "degC/s", 1),
        ("always(rate(hw.chip_c, 2s) <= 12)", 2.0, "degC/s", 2),
        ("always(hw.chip_c <= delay(hw.chip_c, 1s) + 11)", 1.0, "degC", 1),
        ("settles(hw.chip_c, 60, 6, 8s)", 6.0, "degC", 8),
        ("settles(hw.chip_c, 75, 6, 5s, 2s)", 1.0, "degC", 3),
        ("count(infer.result) >= 3", 1.0, "", 7),
        ("always(count(infer.result, 2s) <= 2)", 2.0 - 2.0, "", 5),
        ("count(health.mode) <= 1", 0.0, "", 3),
        ("count(hw.chip_c >= 75) <= 2", 1.0, "", 4),
        ("(hw.chip_c < 75) until[0s,6s] (power.soc < 0.45)", 0.1, "1", 4),
        ("after(eclipse_entry, eventually[0s,6s](power.soc > 0.5))", 0.1, "1", 7),
        ("after(eclipse_entry, 0s..3s, hw.chip_c <= 85)", 5.0, "degC", 4),
        ("always(power.soc >= 0.3 and hw.chip_c <= 95)", 0.05, "1", 4),
        ("after(hw.chip_c > 65, 1s..2s, hw.chip_c > 70)", 5.0, "degC", 5),
        ("always(health.mode == PAYLOAD implies hw.chip_c >= 55)", 5.0, "degC", 8),
        ("always(holds(hw.chip_c > 60) implies power.soc > 0.3)", 0.05, "1", 4),
        ("always(once[0s,2s](hw.chip_c >= 45) or hw.chip_c < 45)", 5.0, "degC", 0),
        ("eventually(abs(rate(hw.chip_c)) < 1 or always[0s,4s](hw.chip_c > 75))", 1.0, "degC/s", 9),
    ],
)
def test_a_requirement_that_is_kept_has_a_margin_and_a_tick_at_which_it_was_tightest(
    tmp_path: Path, formula: str, margin: float, unit: str, tick: int
) -> None:
    verdict = verdict_of(a_run(tmp_path), formula)
    assert verdict.outcome is Outcome.PASSED, verdict.reason
    assert verdict.margin == pytest.approx(margin, abs=1e-9)
    assert (verdict.unit, verdict.tick, verdict.time_s) == (unit, tick, float(tick))


@pytest.mark.parametrize(
    "formula",
    [
        "never(event(load.shed))",
        "eventually[0s,3s](health.mode == PAYLOAD)",
        "always(health.mode != SAFE)",
        "after(changed(health.mode), 0s..2s, health.mode == PAYLOAD)",
        "not always(power.in_eclipse)",
        "always(known(hw.chip_c))",
        "always(health.mode == PAYLOAD implies not hw.sel) or always(health.mode == BOOT implies hw.sel)",
        "eventually[0s,3s](health.mode == PAYLOAD implies not power.in_eclipse)",
    ],
)
def test_a_requirement_on_names_is_kept_without_a_margin(tmp_path: Path, formula: str) -> None:
    verdict = verdict_of(a_run(tmp_path), formula)
    assert (verdict.outcome, verdict.margin, verdict.tick) == (Outcome.PASSED, None, None)


@pytest.mark.parametrize(
    ("formula", "margin", "tick", "first"),
    [
        ("always(power.soc >= 0.45)", -0.1, 4, 3),
        ("always(hw.chip_c < 70)", -10.0, 4, 3),
        ("eventually[0s,2s](hw.chip_c > 65)", -5.0, 2, 2),
        ("count(infer.result) >= 5", -1.0, 7, 7),
        ("after(eclipse_entry, 0s..3s, hw.chip_c <= 65)", -15.0, 4, 3),
        ("after(eclipse_entry, eventually[0s,2s](power.soc > 0.55))", -0.05, 2, 2),
        ("always(health.mode == PAYLOAD)", None, 0, 0),
        ("never(event(eclipse.entry))", None, 2, 2),
        ("always(health.mode == PAYLOAD implies hw.chip_c <= 75)", -5.0, 4, 4),
        ("(hw.chip_c < 55) until[1s,6s] (power.soc < 0.45)", -0.05, 2, 2),
        ("always(abs(rate(hw.chip_c)) > 1 and eventually[0s,4s](hw.chip_c > 50))", -1.0, 9, 9),
        ("after(power.soc > 0.5, abs(rate(hw.chip_c)) > 6 and eventually[0s,4s](hw.chip_c > 50))", -1.0, 6, 6),
    ],
)
def test_one_that_is_broken_tells_the_worst_tick_and_the_first(
    tmp_path: Path, formula: str, margin: float | None, tick: int, first: int
) -> None:
    verdict = verdict_of(a_run(tmp_path), formula)
    assert verdict.outcome is Outcome.FAILED
    assert verdict.margin == (None if margin is None else pytest.approx(margin))
    assert (verdict.tick, verdict.first_tick) == (tick, first)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("always[0s,20s](power.soc > 0.3)", "a window reaches over 20 s: the run has 10 s for it"),
        ("eventually[0s,20s](power.soc > 0.3)", "a window reaches over 20 s"),
        ("always[0s,6s](eventually[0s,6s](power.soc > 0.3))", "a window reaches over 6 s: the run has 4 s for it"),
        ("always(once[0s,20s](power.soc > 0.3) or power.soc > 0)", "a window reaches over 20 s"),
        ("always(count(infer.result, 20s) < 9)", "counts over 20 s: the run has 10 s"),
        ("always(rate(hw.chip_c, 20s) < 9)", "not known at tick 0"),
        ("after(eclipse_exit, 0s..2s, power.soc > 0.3)", "the anchor never occurs"),
        ("after(hw.chip_c > 95, 0s..2s, power.soc > 0.3)", "the anchor never occurs"),
        ("after(hw.chip_c > 65, 0s..8s, power.soc > 0.3)", "the anchor occurs too late for what follows it"),
        ("always(health.mode == SAFE implies hw.power_w < 1)", "what stands before `implies` never holds"),
        ("always[0s,2s](health.mode == PAYLOAD implies hw.chip_c < 0)", "never holds where it is judged"),
        ("eventually(always(health.mode == BOOT implies hw.chip_c < 0))", "never holds where it is judged"),
        ("after(hw.chip_c > 65, 0s..1s, health.mode == BOOT implies hw.chip_c < 0)", "never holds where it is judged"),
        ("always(hw.chip_c > 65 implies (hw.chip_c < 45 implies power.soc > 9))", "never holds where it is judged"),
        ("not eventually[0s,2s](not (hw.chip_c > 65 implies power.soc > 9))", "never holds where it is judged"),
        ("always[5s,6s](after(eclipse_entry, hw.chip_c < 0))", "the anchor never occurs where it is judged"),
        ("always(thermal.chip_c < 90)", "thermal.status.chip_c never has a value"),
        ("always(thermal.chip_c < 90) or always(power.soc > 0.3)", "thermal.status.chip_c never has a value"),
        ("never(thermal.status.battery_heater_on)", "thermal.status.battery_heater_on never has a value"),
        ("eventually[0s,0s](power.soc > 0.3)", "power.status.soc not known at tick 0"),
        ("always(hw.chip_c / 0 > 0.3)", "what is compared not known at tick 0"),
    ],
)
def test_where_nothing_is_judged_a_requirement_is_vacuous_and_never_green(
    tmp_path: Path, formula: str, said: str
) -> None:
    verdict = verdict_of(a_run(tmp_path), formula)
    assert verdict.outcome is Outcome.VACUOUS
    assert not verdict.passed
    assert said in verdict.reason
    assert verdict.margin is None


def test_an_empty_run_is_vacuous(tmp_path: Path) -> None:
    verdict = verdict_of(a_run(tmp_path, ()), "always(power.soc > 0.3)")
    assert (verdict.outcome, verdict.reason) == (Outcome.VACUOUS, "the run has no tick")


def test_a_value_that_is_lost_on_the_way_leaves_open_what_was_kept_and_saves_nothing_that_was_broken(
    tmp_path: Path,
) -> None:
    lost = (0.6, 0.5, None, 0.4, 0.5)
    run_dir = a_run(tmp_path, lost)
    kept = verdict_of(run_dir, "always(power.soc >= 0.3)")
    assert (kept.outcome, kept.reason) == (Outcome.VACUOUS, "power.status.soc not known at tick 2")
    broken = verdict_of(run_dir, "always(power.soc >= 0.45)")
    assert (broken.outcome, broken.first_tick) == (Outcome.FAILED, 3)
    assert verdict_of(run_dir, "always(known(power.soc) implies power.soc >= 0.3)").passed


GAPS = (0.6, None, 0.4, 0.6, None, None, 0.6, 0.4, 0.4, 0.6)


@pytest.mark.parametrize(
    ("formula", "outcome", "said"),
    [
        ("count(power.soc < 0.5) <= 0", Outcome.FAILED, ""),
        ("2 <= count(power.soc < 0.5)", Outcome.PASSED, ""),
        ("count(power.soc < 0.5) <= 2", Outcome.VACUOUS, "power.status.soc not known at tick 4"),
        ("count(power.soc < 0.5) >= 3", Outcome.VACUOUS, "power.status.soc not known at tick 4"),
        ("always[7s,9s](count(power.soc < 0.5, 2s) <= 1)", Outcome.PASSED, ""),
        ("after(power.soc < 0.5, hw.chip_c > 60)", Outcome.VACUOUS, "power.status.soc not known at tick 1"),
        ("after(power.soc < 0.5, hw.chip_c > 45)", Outcome.PASSED, ""),
        ("after(power.soc < 0.5, hw.chip_c > 66)", Outcome.FAILED, ""),
        ("after(power.soc > 0.61, hw.chip_c > 45)", Outcome.VACUOUS, "the anchor isn't known to occur"),
        ("count(power.soc) <= 3", Outcome.FAILED, ""),
    ],
)
def test_what_came_about_while_a_value_was_lost_is_not_taken_as_nothing(
    tmp_path: Path, formula: str, outcome: Outcome, said: str
) -> None:
    verdict = verdict_of(a_run(tmp_path, GAPS), formula)
    assert (verdict.outcome, verdict.reason) == (outcome, said)


def test_a_value_that_comes_in_the_second_half_of_a_run_says_nothing_of_the_run(tmp_path: Path) -> None:
    late = (None,) * 6 + (0.6,) * 4
    verdict = verdict_of(a_run(tmp_path, late), "always(power.soc >= 0.3)")
    assert (verdict.outcome, verdict.reason) == (Outcome.VACUOUS, "power.status.soc not known at tick 0")


def test_a_window_from_the_start_is_counted_from_the_start_and_not_from_the_first_value(tmp_path: Path) -> None:
    late = (None, None, None, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6)
    run_dir = a_run(tmp_path, late)
    assert verdict_of(run_dir, "eventually[0s,2s](power.soc > 0.3)").outcome is Outcome.VACUOUS
    assert verdict_of(run_dir, "eventually[0s,3s](power.soc > 0.3)").passed


def test_a_margin_that_must_be_kept_and_is_not_is_a_failure_though_the_formula_holds(tmp_path: Path) -> None:
    run_dir = a_run(tmp_path)
    assert verdict_of(run_dir, "always(power.soc >= 0.3)", margin=0.04).passed
    short = verdict_of(run_dir, "always(power.soc >= 0.3)", margin=0.06)
    assert (short.outcome, short.margin) == (Outcome.FAILED, pytest.approx(0.05))
    assert short.reason == "holds, but by less than the 0.06 that must be kept"


def test_equality_to_the_bound_keeps_it_and_breaks_the_strict_one(tmp_path: Path) -> None:
    run_dir = a_run(tmp_path)
    at_bound = verdict_of(run_dir, "always(hw.chip_c <= 80)")
    assert (at_bound.outcome, at_bound.margin, at_bound.tick) == (Outcome.PASSED, 0.0, 4)
    assert verdict_of(run_dir, "always(hw.chip_c < 80)").outcome is Outcome.FAILED
    assert verdict_of(run_dir, "not eventually(hw.chip_c >= 80)").outcome is Outcome.FAILED
