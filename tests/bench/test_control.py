"""`flightsw bench control`: what is flown, how it is measured, compared, tuned and written down."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from flightsw.apps.thermal.laws import SHIPPED
from flightsw.bench import cases, control, tables, tuning
from flightsw.bench.cases import BASELINE, Bench, BenchCase, Tuned, law_config, shipped_bench, shipped_tuned
from flightsw.bench.flight import Figures, flight_of, fly, scenario_of, settling_ticks
from flightsw.bench.paired import compared
from flightsw.cli import main
from flightsw.devices.models import load_card

ROOT = Path(__file__).resolve().parents[2]
BENCH = shipped_bench()
SHORT = replace(
    BENCH.cases[1], duration="900s", overrides=(*BENCH.cases[1].overrides, "apps.thermal.chip_limit_c=45.0")
)


def figures(law: str, seed: int, gop: float, over_k: float = -0.2, case: str = "a") -> Figures:
    return Figures(
        law=law,
        case=case,
        seed=seed,
        overshoot_k=over_k,
        settling_s=0.0,
        at_limit_s=10.0,
        over_s=0.0,
        switches=4,
        inferences=round(gop / 48.0),
        gop=gop,
        soc_end=0.7,
    )


def small_bench(**changes: object) -> Bench:
    case = BenchCase(name="a", why="a test", scenario="cubesat-6u-orin-nano", grid={"low_w": (8.0, 15.5)})
    bench = replace(BENCH, cases=(case,), laws=(BASELINE, "predictive"))
    return replace(bench, **changes)


def test_every_shipped_law_flies_in_the_default_scenario_and_others_and_the_baseline_is_tuned_in_all() -> None:
    assert sorted(BENCH.laws) == sorted(SHIPPED)
    assert BENCH.cases[0].scenario == "cubesat-6u-orin-nano"
    assert BENCH.cases[0].overrides == ("apps.inference.law=drain",), "a payload that asks for all it is let"
    assert len(BENCH.cases) >= 2
    assert [(one.case, one.law) for one in shipped_tuned()] == [(one.name, BASELINE) for one in BENCH.cases]
    for one in shipped_tuned():
        case = next(case for case in BENCH.cases if case.name == one.case)
        assert one.figures in case.points, "one of the points that the sweep tries"


@pytest.mark.parametrize("case", BENCH.cases, ids=lambda case: str(case.name))
@pytest.mark.parametrize("law", BENCH.laws)
def test_every_law_may_be_flown_in_every_case(case: BenchCase, law: str) -> None:
    scenario = scenario_of(flight_of(BENCH, case, law, law_config(case, law, shipped_tuned()), 3))
    assert scenario.apps.thermal.law == law
    assert scenario.seed == 3
    assert scenario.apps.inference.execute == "none"


def test_tuning_seeds_are_none_of_those_that_laws_are_compared_by() -> None:
    assert BENCH.sweep.seeds
    assert min(BENCH.sweep.seeds) > 1000, "the most that --seeds takes"


def test_a_flight_measures_the_truth_and_repeats_exactly() -> None:
    flight = flight_of(BENCH, SHORT, "pi", {}, 1)
    once, again = fly(flight), fly(flight)
    assert once == again
    assert once.inferences > 100
    assert once.gop == once.inferences * load_card("cloudseg").work_gop
    assert once.at_limit_s > 0.0, "the limit was met"
    assert once.overshoot_k > 0.5, "and exceeded"
    assert once.over_s > 0.0
    predictive = fly(flight_of(BENCH, SHORT, "predictive", {}, 1))
    assert predictive.overshoot_k < BENCH.allowed_over_k
    assert predictive.over_s == 0.0
    assert predictive.settling_s == 0.0


@pytest.mark.parametrize(
    ("near", "over", "ticks"),
    [
        ([False, True, True], [False, False, False], 0),
        ([False, True, True, True, False], [False, False, True, False, False], 2),
        ([True, True, False, True], [True, False, False, True], 4),
    ],
)
def test_settling_is_from_the_first_time_near_to_the_last_time_over(
    near: list[bool], over: list[bool], ticks: int
) -> None:
    assert settling_ticks(near, over) == ticks


def test_a_difference_in_every_pair_is_sure_and_one_that_changes_sign_is_not() -> None:
    theirs = [100.0 + seed % 7 for seed in range(20)]
    sure = compared([value + 1.0 for value in theirs], theirs, "sure")
    unsure = compared([value + (1.0 if seed % 2 else -1.0) for seed, value in enumerate(theirs)], theirs, "unsure")
    assert sure.low <= sure.mean <= sure.high
    assert sure.ahead
    assert sure.mean == pytest.approx(0.0097, abs=2e-4)
    assert not unsure.ahead
    assert unsure.low < 0.0 < unsure.high
    assert compared([1.0, 2.0], [1.0, 2.0], "same") == compared([1.0, 2.0], [1.0, 2.0], "same")


def test_the_interval_is_that_of_its_students_t_within_a_tenth_for_twenty_even_pairs() -> None:
    theirs = [100.0] * 20
    ours = [101.0 + 0.1 * (seed - 9.5) for seed in range(20)]
    found = compared(ours, theirs, "t")
    half = 2.093 * 0.005916 / 20**0.5
    assert found.high - found.low == pytest.approx(2.0 * half, rel=0.1)


def test_a_law_that_is_not_surely_ahead_or_does_not_hold_the_limit_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gains = {"predictive": 100.0}

    def flown(flights: list[object], _jobs: int) -> list[Figures]:
        return [
            figures(one.law, one.seed, 10_000.0 + one.seed + gains.get(one.law, 0.0), over_k=over_k)  # type: ignore[attr-defined]
            for one in flights
        ]

    monkeypatch.setattr(cases, "shipped_bench", small_bench)
    monkeypatch.setattr(control, "fly_all", flown)
    over_k = -0.2
    assert main(["bench", "control", "--seeds", "20", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["ahead"]
    assert [row["law"] for row in result["rows"]] == [BASELINE, "predictive"]
    assert len(result["flights"]) == 40
    over_k = 0.6
    assert main(["bench", "control", "--seeds", "20"]) == 1
    assert "exceeded" in capsys.readouterr().out
    over_k, gains["predictive"] = -0.2, -100.0
    assert main(["bench", "control", "--seeds", "20"]) == 1
    assert "not surely ahead of tuned hysteresis in a" in capsys.readouterr().out


def test_the_sweep_takes_the_most_compute_that_holds_the_limit_and_says_where_it_comes_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def flown(flights: list[object], _jobs: int) -> list[Figures]:
        made = {8.0: (100.0, 0.1), 12.0: (120.0, 0.4), 15.5: (150.0, 0.9)}
        return [
            figures(one.law, one.seed, *made[one.law_config["low_w"]])  # type: ignore[attr-defined]
            for one in flights
        ]

    monkeypatch.setattr(tuning, "fly_all", flown)
    bench = small_bench()
    case = replace(bench.cases[0], grid={"low_w": (8.0, 12.0, 15.5)})
    (found,) = tuning.tune(bench, (case,), 1)
    assert found.figures == {"low_w": 12.0}
    assert "best of 3 points, 2 of which hold the limit" in found.source
    other = Tuned(case="b", law=BASELINE, figures={"low_w": 9.0}, source="before")
    text = tuning.tuned_text((replace(found, figures={"low_w": 1.0}), other), (found,))
    kept = msgspec.toml.decode(text, type=cases.TunedFile).tuned
    assert kept == (found, other)
    assert law_config(case, BASELINE, kept) == {"low_w": 12.0}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--case", "nowhere"], "must be one of default"),
        (["--seeds", "1"], "greater than or equal to 2"),
        (["--page", "nowhere.md"], "can't be read"),
        (["--page", "README.md"], "must have one line"),
    ],
)
def test_what_can_not_be_flown_is_refused_before_anything_flies(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["bench", "control", *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_the_page_has_a_row_for_every_law_in_every_case_and_is_renewed_in_place() -> None:
    page = (ROOT / "docs/control.md").read_text()
    text = tables.read_page(ROOT / "docs/control.md")
    assert text == page
    table = page.split(tables.BEGIN)[1].split(tables.END)[0]
    heads = [f"### {case.name}\n" for case in BENCH.cases]
    places = [table.index(head) for head in heads] + [len(table)]
    for start, end in pairwise(places):
        assert [law for law in BENCH.laws if f"| {law} |" in table[start:end]] == list(BENCH.laws)
    again = tables.renewed(page, "new\n")
    assert again.split(tables.BEGIN)[0] == page.split(tables.BEGIN)[0]
    assert again.split(tables.END)[1] == page.split(tables.END)[1]
