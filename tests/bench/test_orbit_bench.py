"""`flightsw bench orbit`: the bound is one, what is flown, how it is measured, compared, tuned and written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise, product
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from flightsw.apps.inference.laws import SHIPPED
from flightsw.bench import orbit, orbitcases, orbittables, orbittuning, tables
from flightsw.bench.bound import Supply, Way, dual, upper_bound
from flightsw.bench.oracle import battery_j, oracle_value
from flightsw.bench.orbit import OrbitResult, compare_orbits
from flightsw.bench.orbitcases import (
    BASELINES,
    OURS,
    OrbitBench,
    OrbitCase,
    OrbitTuned,
    policy_config,
    shipped_orbit_bench,
    shipped_orbit_tuned,
)
from flightsw.bench.orbitflight import (
    OrbitFigures,
    OrbitFlight,
    Surroundings,
    fly_orbit,
    missed_by_reason,
    orbit_flight,
    orbit_scenario,
    percentile,
)
from flightsw.cli import main
from flightsw.devices.models import load_card
from flightsw.devices.profiles import load_profile
from flightsw.errors import RunError
from flightsw.messages.inference import InferenceAccount
from flightsw.plant.battery_config import BatteryConfig, OcvPoint

ROOT = Path(__file__).resolve().parents[2]
BENCH = shipped_orbit_bench()
SHORT = replace(BENCH.cases[0], duration="600s")
WAYS = [Way(0.43, 1.0, 0.1), Way(0.43, 1.6, 0.05), Way(0.84, 5.0, 0.5), Way(0.84, 8.0, 0.25)]


def best_by_trying(demands: Sequence[tuple[int, float]], supply: Supply) -> float:
    """The most value of all ways to serve these few scenes, each whole."""
    choices = [[None, *WAYS]] * sum(scenes for scenes, _ in demands)
    weights = [weight for scenes, weight in demands for _ in range(scenes)]
    best = 0.0
    for chosen in product(*choices):
        served = [(way, weight) for way, weight in zip(chosen, weights, strict=True) if way is not None]
        if (
            sum(way.energy_j for way, _ in served) <= supply.energy_j
            and sum(way.time_s for way, _ in served) <= supply.time_s
        ):
            best = max(best, sum(way.quality * weight for way, weight in served))
    return best


@settings(max_examples=25, deadline=None)
@given(
    few=st.integers(0, 2),
    more=st.integers(1, 3),
    weight=st.sampled_from([1.0, 2.0, 8.0]),
    energy_j=st.floats(0.5, 30.0),
    time_s=st.floats(0.05, 2.0),
)
def test_nothing_that_can_be_done_is_above_the_bound(
    few: int, more: int, weight: float, energy_j: float, time_s: float
) -> None:
    demands, supply = [(few, weight), (more, 1.0)], Supply(energy_j, time_s)
    assert upper_bound(demands, WAYS, supply) >= best_by_trying(demands, supply) - 1e-9


@settings(max_examples=60, deadline=None)
@given(energy_price=st.floats(0.0, 2.0), time_price=st.floats(0.0, 20.0))
def test_the_search_finds_prices_at_least_as_good_as_any_others(energy_price: float, time_price: float) -> None:
    demands, supply = [(40_000, 1.0), (900, 8.0)], Supply(90_000.0, 9000.0)
    found = upper_bound(demands, WAYS, supply)
    assert 0.0 < found <= dual(energy_price, time_price, demands, WAYS, supply) * (1.0 + 1e-6)


def test_where_only_energy_is_short_the_bound_is_the_fractional_knapsack_s() -> None:
    """1000 scenes, 2000 J: all at 0.43 for 1 J, and 250 of them upgraded for 4 J more each."""
    found = upper_bound([(1000, 1.0)], WAYS, Supply(2000.0, 1e9))
    assert found == pytest.approx(1000 * 0.43 + 250 * 0.41, rel=1e-6)


def test_energy_between_two_charges_is_the_integral_of_the_open_circuit_voltage() -> None:
    battery = BatteryConfig(capacity_ah=2.0, ocv=(OcvPoint(0.0, 10.0), OcvPoint(0.5, 12.0), OcvPoint(1.0, 13.0)))
    assert battery_j(battery, 0.25, 0.75) == pytest.approx(7200.0 * (0.25 * 11.5 + 0.25 * 12.25))
    assert battery_j(battery, 0.6, 0.6) == 0.0


def surroundings(seed: int, **other: object) -> Surroundings:
    fields = {
        "array_j": (6_000.0,) * 20,
        "others_j": (400.0,) * 20,
        "arrived": (20_000 + seed, 900, 9000, 1200),
        "soc_start": 0.62,
        "chip_c_min": 10.0,
        "throttled": False,
        "duration_s": 9220.0,
        **other,
    }
    return Surroundings(**fields)  # type: ignore[arg-type]


def figures(policy: str, seed: int, value: float, *, soc_min: float = 0.54, case: str = "orin-nano") -> OrbitFigures:
    return OrbitFigures(
        case=case,
        policy=policy,
        seed=seed,
        value=value,
        useful=round(value),
        energy_j=100_000.0,
        p50_s=10.0,
        p99_s=90.0,
        missed={"full": 0, "late": 7},
        soc_min=soc_min,
        soc_end=0.6,
        chip_c_max=60.0,
        quality=0.7,
        worst_excess_w=0.0,
        variants=(1, 2),
        mode_changes=3,
        surroundings=surroundings(seed),
    )


def small_bench() -> OrbitBench:
    return replace(BENCH, cases=(BENCH.cases[0],), policies=(*BASELINES, OURS))


def test_the_bench_covers_three_devices_two_eclipses_and_every_policy_and_tunes_the_baselines_on_other_seeds() -> None:
    assert len(BENCH.cases) >= 3
    profiles = [orbit_scenario(orbit_flight(BENCH, case, OURS, {}, 1)).plant.profile for case in BENCH.cases]
    assert profiles == [case.name for case in BENCH.cases]
    assert set(BENCH.policies) == {*BASELINES, OURS, "random"} <= set(SHIPPED)
    assert min(BENCH.tuning_seeds) > 1000, "the most that --seeds takes"
    assert [(one.case, one.policy) for one in shipped_orbit_tuned()] == [
        (case.name, policy) for case in BENCH.cases for policy in (*BASELINES, OURS)
    ]
    for one in shipped_orbit_tuned():
        case = next(case for case in BENCH.cases if case.name == one.case)
        assert one.figures in case.points(one.policy), "one of the points that the sweep tries"


@pytest.mark.parametrize("case", BENCH.cases, ids=lambda case: str(case.name))
@pytest.mark.parametrize("policy", BENCH.policies)
def test_every_policy_may_be_flown_in_every_case(case: OrbitCase, policy: str) -> None:
    config = policy_config(case, policy, shipped_orbit_tuned())
    scenario = orbit_scenario(orbit_flight(BENCH, case, policy, config, 3))
    assert (scenario.apps.inference.law, scenario.apps.inference.execute, scenario.seed) == (policy, "none", 3)
    assert scenario.apps.inference.sources == case.sources


def test_a_flight_measures_what_was_delivered_repeats_exactly_and_lies_within_the_bound() -> None:
    flight = orbit_flight(BENCH, SHORT, OURS, {}, 1)
    once, again = fly_orbit(flight), fly_orbit(flight)
    assert once == again
    assert once.useful > 1000
    assert 0.4 < once.quality < 0.86
    assert once.value >= once.useful * once.quality, "no weight is below 1"
    assert once.missed["closed"] > 0, "requests while the node boots"
    assert sum(once.surroundings.arrived) == sum(once.variants) + sum(once.missed.values()) - once.missed["done-late"]
    assert once.worst_excess_w < 0.1
    scenario = orbit_scenario(flight)
    silicon, card = load_profile(scenario.plant.profile).silicon(), load_card(BENCH.model)
    bound = oracle_value(scenario, card, silicon, [once])
    assert once.value <= bound
    heated = replace(once, surroundings=replace(once.surroundings, throttled=True))
    with pytest.raises(RunError, match="throttled"):
        oracle_value(scenario, card, silicon, [heated])


def test_the_bound_takes_of_all_flights_what_is_most_in_their_favour() -> None:
    scenario = orbit_scenario(orbit_flight(BENCH, BENCH.cases[0], OURS, {}, 1))
    silicon, card = load_profile(scenario.plant.profile).silicon(), load_card(BENCH.model)
    base = figures(OURS, 1, 30_000.0)

    def bound(**other: object) -> float:
        return oracle_value(scenario, card, silicon, [base, replace(base, **other)])

    alone = oracle_value(scenario, card, silicon, [base])
    assert bound() == pytest.approx(alone)
    assert bound(soc_min=0.50) > alone
    assert bound(surroundings=surroundings(1, array_j=(7_000.0,) * 20)) > alone
    assert bound(surroundings=surroundings(1, array_j=(5_000.0,) * 20)) == pytest.approx(alone)
    assert bound(surroundings=surroundings(1, arrived=(30_000, 900, 9000, 1200))) > alone
    assert bound(surroundings=surroundings(1, chip_c_min=-20.0)) > alone


def test_percentiles_are_weighted_by_scenes_and_misses_are_told_by_reason() -> None:
    assert percentile([(1.0, 98), (5.0, 1), (9.0, 1)], 0.5) == 1.0
    assert percentile([(1.0, 98), (5.0, 1), (9.0, 1)], 0.99) == 5.0
    assert percentile([], 0.5) == 0.0
    account = InferenceAccount(
        (50, 50),
        (10, 20),
        (9, 18),
        (1, 2),
        (0, 3),
        (4, 0),
        (1, 0),
        (1, 2, 3, 4, 5, 19, 10, 0, 0, 0, 0, 15),
        (1.0, 2.0),
        (30,),
    )
    assert missed_by_reason(account) == {
        "full": 11, "quota": 2, "deadline": 3, "energy": 4, "thermal": 5, "closed": 34,
        "late": 3, "lost": 3, "done-late": 3, "open": 5,
    }  # fmt: skip


def compared(monkeypatch: pytest.MonkeyPatch, value: dict[str, float], soc: dict[str, float]) -> OrbitResult:
    def flown(flights: Sequence[OrbitFlight], _jobs: int) -> list[OrbitFigures]:
        return [
            figures(one.policy, one.seed, value[one.policy] + one.seed, soc_min=soc.get(one.policy, 0.54))
            for one in flights
        ]

    monkeypatch.setattr(orbit, "fly_all_orbits", flown)
    bench = small_bench()
    return compare_orbits(bench, bench.cases, bench.policies, (), 20, 1)


GOOD = {"fixed": 30_000.0, "hysteresis": 31_000.0, OURS: 35_500.0}


def test_the_bench_is_content_only_when_ours_is_ahead_at_an_equal_charge_near_the_oracle_and_below_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = compared(monkeypatch, GOOD, {})
    assert 0.85 < good.rows[-1].of_oracle < 1.0, "the case is not vacuous"
    assert good.complaints == ()
    assert [one.baseline for one in good.ahead] == list(BASELINES)
    (behind,) = compared(monkeypatch, GOOD | {"hysteresis": 36_000.0}, {}).complaints
    assert "not surely ahead of hysteresis" in behind
    (drained,) = compared(monkeypatch, GOOD, {"fixed": 0.56}).complaints
    assert "not surely ahead of fixed at an equal lowest charge" in drained
    far = compared(monkeypatch, {"fixed": 9_000.0, "hysteresis": 9_000.0, OURS: 10_000.0}, {}).complaints
    assert any("of the oracle" in one for one in far)
    above = compared(monkeypatch, GOOD | {"fixed": 90_000.0}, {}).complaints
    assert any("fixed is above the oracle" in one for one in above)


def test_a_policy_that_draws_more_than_it_was_granted_is_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    def flown(flights: Sequence[OrbitFlight], _jobs: int) -> list[OrbitFigures]:
        excess = {"fixed": 0.25}
        return [
            replace(
                figures(one.policy, one.seed, GOOD[one.policy] + one.seed),
                worst_excess_w=excess.get(one.policy, 0.0) if one.seed == 3 else 0.0,
            )
            for one in flights
        ]

    monkeypatch.setattr(orbit, "fly_all_orbits", flown)
    bench = small_bench()
    (told,) = compare_orbits(bench, bench.cases, bench.policies, (), 20, 1).complaints
    assert told == "orin-nano: fixed draws 0.25 W more than it was granted"


def test_the_bench_s_load_is_refused_by_reason_where_the_energy_ahead_is_short() -> None:
    case = next(one for one in BENCH.cases if one.name == "orin-nx")
    flight = orbit_flight(BENCH, replace(case, duration="2000s"), "fixed", {}, 1)
    assert orbit_scenario(flight).apps.inference.admission
    flown = fly_orbit(flight)
    assert flown.missed["energy"] > 100
    assert flown.worst_excess_w == 0.0


def test_the_command_prints_the_table_or_json_and_its_exit_code_is_the_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = compared(monkeypatch, GOOD, {})
    monkeypatch.setattr(orbitcases, "shipped_orbit_bench", small_bench)
    assert main(["bench", "orbit", "--seeds", "20"]) == 0
    text = capsys.readouterr().out
    assert "budget against fixed: value +18.3" in text
    assert "all that the bench is to show is shown" in text
    assert main(["bench", "orbit", "--seeds", "20", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["complaints"] == []
    assert len(told["flights"]) == 60
    assert [row["policy"] for row in told["rows"]] == [row.policy for row in result.rows]
    assert main(["bench", "orbit", "--seeds", "20", "--policy", "fixed", "--policy", "random"]) == 3, "no such figures"
    capsys.readouterr()


def test_the_sweep_takes_the_most_value_and_of_ours_the_most_that_leaves_as_much_charge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = {
        ("fixed", 0): (90.0, 0.6),
        ("fixed", 1): (100.0, 0.53),
        ("fixed", 2): (100.0, 0.55),
        ("hysteresis", 0): (110.0, 0.56),
        ("budget", 1): (150.0, 0.55),
        ("budget", 2): (140.0, 0.57),
        ("budget", 3): (130.0, 0.58),
    }

    def flown(flights: Sequence[OrbitFlight], _jobs: int) -> list[OrbitFigures]:
        rows = [made[one.policy, next(iter(one.policy_config.values()))] for one in flights]
        return [
            figures(one.policy, one.seed, value, soc_min=soc) for one, (value, soc) in zip(flights, rows, strict=True)
        ]

    monkeypatch.setattr(orbittuning, "fly_all_orbits", flown)
    grid = {"fixed": {"mode": (0, 1, 2)}, "hysteresis": {"poor_mode": (0,)}, "budget": {"kept_j": (1, 2, 3)}}
    case = replace(BENCH.cases[0], grid=grid, policy_config={})
    found = orbittuning.tune_orbits(BENCH, (case,), 1)
    assert [(one.policy, one.figures) for one in found] == [
        ("fixed", {"mode": 2}),
        ("hysteresis", {"poor_mode": 0}),
        (OURS, {"kept_j": 2}),
    ]
    assert "best of 3 points; seeds 2001, 2002" in found[0].source
    assert "best of 2 of 3 points that keep the battery as full" in found[2].source
    other = OrbitTuned(case="b", policy="fixed", figures={"mode": 1}, source="before")
    text = orbittuning.orbit_tuned_text((other, replace(found[0], figures={"mode": 0})), found)
    kept = msgspec.toml.decode(text, type=orbitcases.OrbitTunedFile).tuned
    assert kept == (other, *found)
    assert policy_config(case, "fixed", kept) == {"mode": 2}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--profile", "nowhere"], "must be one of orin-nano"),
        (["--policy", "hope"], "or one of budget"),
        (["--seeds", "1"], "greater than or equal to 2"),
        (["--page", "README.md"], "must have one line"),
    ],
)
def test_what_can_not_be_flown_is_refused_before_anything_flies(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["bench", "orbit", *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_the_page_has_a_row_for_every_policy_and_the_oracle_in_every_case() -> None:
    page = (ROOT / "docs/inference.md").read_text()
    assert tables.read_page(ROOT / "docs/inference.md", orbittables.MARKS) == page
    table = page.split(orbittables.MARKS[0])[1].split(orbittables.MARKS[1])[0]
    places = [table.index(f"### {case.name}\n") for case in BENCH.cases] + [len(table)]
    for start, end in pairwise(places):
        for policy in (*BENCH.policies, "oracle"):
            assert f"| {policy} |" in table[start:end]
        assert table[start:end].count("budget against") == len(BASELINES)
