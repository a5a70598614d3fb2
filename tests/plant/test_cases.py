"""Design cases shift environment, ageing and margins together, and the node feels it."""

from __future__ import annotations

import pytest

import flightsw
from flightsw.cli import main
from flightsw.errors import ConfigError
from flightsw.node.scenario import load_scenario
from flightsw.plant import wear
from flightsw.plant.cases import CAPACITY_EOL, CASE_NAMES, RESISTANCE_EOL

DEFAULT = "cubesat-6u-orin-nano"


@pytest.fixture(scope="module")
def extremes() -> dict[str, dict[str, float]]:
    found = {}
    for case in CASE_NAMES:
        satellite = flightsw.satellite(DEFAULT, case=case, overrides=["dt_s=10.0"])
        series = satellite.run("3orbits")
        last = slice(-574, None)
        found[case] = {
            "radiator_c": float(series["node_c.radiator"][last].mean()),
            "available_w": float(series["array_available_w"][last].max()),
            "soc": float(series["soc"][last].min()),
        }
    return found


def test_hot_is_hotter_than_cold_and_old_gives_less_than_new(extremes: dict[str, dict[str, float]]) -> None:
    for life in ("bol", "eol"):
        assert extremes[f"hot-{life}"]["radiator_c"] > extremes[f"cold-{life}"]["radiator_c"] + 3.0
    for season in ("hot", "cold"):
        old, new = extremes[f"{season}-eol"], extremes[f"{season}-bol"]
        assert old["available_w"] == pytest.approx(0.87 * new["available_w"], rel=0.03)
        assert old["soc"] < new["soc"]


def test_finishes_age_and_loads_get_their_margin() -> None:
    painted = "plant.thermal.nodes.radiator.surfaces=[{area_m2=0.045, finish='white-paint'}]"
    hot = load_scenario(DEFAULT, [painted], "hot-eol")
    cold = load_scenario(DEFAULT, [], "cold-bol")
    assert hot.plant.thermal.nodes[4].surfaces[0].age == 1.0
    assert hot.plant.loads[0].power_w == pytest.approx(8.58)
    assert cold.plant.loads[0].power_w == pytest.approx(7.02)
    assert hot.plant.sky is not None
    assert hot.plant.sky.environment.flux_w_m2 == 1407.6
    assert hot.description.endswith("(case hot-eol)")


def test_the_end_of_life_neither_improves_an_array_nor_ages_a_pack_twice() -> None:
    bad = ["plant.array.degradation=0.75", "plant.battery.ageing.calendar_per_year=0.1"]
    new = load_scenario(DEFAULT, bad).plant.battery
    for years, capacity, resistance in ((1.0, CAPACITY_EOL, RESISTANCE_EOL), (9.0, 0.7, 1.6)):
        plant = load_scenario(DEFAULT, [*bad, f"plant.battery.ageing.start_years={years}"], "hot-eol").plant
        assert plant.array is not None
        assert plant.array.degradation == 0.75
        worn = wear.health(plant.battery, wear.initial(plant.battery))
        assert plant.battery.capacity_ah * worn.capacity == pytest.approx(new.capacity_ah * capacity)
        assert plant.battery.r0_ohm * worn.resistance == pytest.approx(new.r0_ohm * resistance)
    built = load_scenario(DEFAULT, [*bad, "plant.battery.ageing.start_years=9"], "hot-bol").plant.battery
    assert built == new


def test_schedules_get_the_margin_and_heaters_on_thermostats_keep_their_power() -> None:
    schedule = "plant.schedules=[{load='avionics', steps=[[0.0, 10.0], [60.0, 20.0]], period_s=120.0}]"
    for case, share in (("hot-bol", 1.1), ("cold-bol", 0.9)):
        (course,) = load_scenario(DEFAULT, [schedule], case).plant.schedules
        assert [watts for _, watts in course.steps] == pytest.approx([10.0 * share, 20.0 * share])
    nominal, cold = load_scenario("validation-p25").plant, load_scenario("validation-p25", [], "cold-eol").plant
    heaters = [thermostat.load for thermostat in nominal.thermal.thermostats]
    assert heaters
    for before, after in zip(nominal.loads, cold.loads, strict=True):
        assert after.power_w == pytest.approx(before.power_w * (1.0 if before.name in heaters else 0.9))


def test_a_prescribed_sky_keeps_what_it_prescribes_of_the_earth() -> None:
    plant = load_scenario("validation-p25", [], "hot-bol").plant
    assert plant.prescribed is not None
    assert (plant.prescribed.flux_w_m2, plant.prescribed.ir_w_m2) == (1407.6, 0.0)


def test_an_unknown_case_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="must be one of hot-eol"):
        load_scenario(DEFAULT, [], "warm")
    assert main(["validate", DEFAULT, "--case", "warm"]) == 2
    assert "hot-eol" in capsys.readouterr().err
    assert main(["validate", DEFAULT, "--case", "cold-eol"]) == 0
