"""The physics alone from Python: series of what happened, orders by a function, one error for what is wrong."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flightsw
from flightsw.cli import main
from flightsw.errors import ConfigError
from flightsw.plant.spacecraft import Orders, Spacecraft
from flightsw.validation import node_cases
from flightsw.validation.runner import shipped_cases

P25 = next(file for file in shipped_cases() if file.id == "P25")


def table(**plant: Any) -> dict[str, Any]:
    return {"dt_s": 1.0, "plant": node_cases.plant_table(P25.inputs) | plant}


def test_a_run_goes_on_where_the_last_one_ended() -> None:
    whole = flightsw.satellite(table()).run(2000.0)
    parts = flightsw.satellite(table())
    first, second = parts.run(700.0), parts.run(1300.0)
    assert (len(first), len(second), len(whole)) == (700, 1300, 2000)
    for name in whole.names:
        assert np.array_equal(np.concatenate((first[name], second[name])), whole[name])
    assert second.time_s[-1] == 2000.0
    assert second.totals == whole.totals


def test_columns_are_the_file_s_own_names() -> None:
    series = flightsw.satellite(table()).run("10min")
    assert {"soc", "node_c.die", "load_w.compute", "array_used_w"} <= set(series.names)
    assert all(series[name].shape == series.time_s.shape for name in series.names)
    with pytest.raises(ConfigError, match=r"node_c.chip.*must be one of"):
        series["node_c.chip"]


def test_the_caller_s_orders_are_obeyed() -> None:
    def off_after_a_minute(time_s: float, craft: Spacecraft) -> Orders:
        assert 0.0 < craft.battery.soc < 1.0
        return Orders(load_on=(True, time_s < 60.0, True))

    series = flightsw.satellite(table()).run(120.0, off_after_a_minute)
    assert (series["load_w.compute"][:60] > 5.0).all()
    assert (series["load_w.compute"][60:] == 0.0).all()


def test_a_string_that_fails_takes_its_share_of_the_power() -> None:
    array = node_cases.plant_table(P25.inputs)["array"] | {"strings": 4}
    failing = table(array=array, failures=[{"at_s": 100.0, "what": "array.string", "count": 1}])
    series = flightsw.satellite(failing).run(200.0)
    assert series["array_available_w"][101] == pytest.approx(0.75 * series["array_available_w"][99], rel=1e-3)


def test_a_pack_that_ages_loses_capacity_and_its_charge_stays_in_proportion() -> None:
    battery = node_cases.plant_table(P25.inputs)["battery"]
    old = flightsw.satellite(table(battery=battery | {"ageing": {"calendar_per_year": 0.1, "start_years": 4.0}}))
    assert old.craft.battery_law.capacity_ah == pytest.approx(0.8 * battery["capacity_ah"])
    assert old.craft.battery_law.resistance_ohm(25.0) == pytest.approx(1.4 * battery["r0_ohm"])
    worn = flightsw.satellite(table(battery=battery | {"ageing": {"cycling_per_1000": 1.0}}))
    worn.run("2orbits")
    assert 0.999 < worn.craft.battery_law.capacity_ah / battery["capacity_ah"] < 1.0 - 1e-5


def test_energy_that_wear_and_failures_take_along_is_told() -> None:
    battery = node_cases.plant_table(P25.inputs)["battery"] | {"strings": 4, "ageing": {"cycling_per_1000": 1.0}}
    failing = table(battery=battery, failures=[{"at_s": 4000.0, "what": "battery.string"}])
    satellite = flightsw.satellite(failing)
    start_j = satellite.craft.battery_law.chemical_j(satellite.craft.battery)
    slope_v, soc = 3.6, 0.85
    assert start_j == pytest.approx(8.15 * 3600 * soc * (12.8 + 0.5 * slope_v * soc))
    totals = satellite.run("2orbits").totals
    lost_j = totals["lost_with_cells_j"]
    assert lost_j > 0.24 * 8.15 * 3600 * 12.8 * soc, "a string of four went, and some wear"
    end_j = satellite.craft.battery_law.chemical_j(satellite.craft.battery)
    assert end_j == pytest.approx(start_j + totals["stored_change_j"] - lost_j, abs=1e-6)


def test_a_half_shaded_array_gives_half_its_power_all_the_time() -> None:
    """The battery is full: what it can't take is curtailed, and it isn't asked while the penumbra lights enough."""
    plant = node_cases.plant_table(P25.inputs)
    plant["prescribed"] |= {"shadow": "cone", "noon_s": -1800.0}
    plant["battery"] |= {"initial_soc": 1.0}
    series = flightsw.satellite({"plant": plant}).run(200.0)
    dim = (series["sunlit"] > 0.0) & (series["sunlit"] < 1.0)
    assert 8 <= np.count_nonzero(dim) <= 12
    needed_w = series["drawn_w"] / P25.inputs["eta_load"] / P25.inputs["mppt"]
    enough = dim & (series["array_available_w"] > needed_w)
    assert np.count_nonzero(enough) >= 5
    assert np.abs(series["battery_w"][enough]).max() < 1e-9


def test_a_boundary_follows_the_temperatures_it_is_given() -> None:
    """A chip of 300 s on a frame whose temperature was measured: it lags a ramp by that, once it has settled."""
    nodes = [{"name": "frame", "held_c": 10.0}, {"name": "chip", "capacity_j_k": 18.0, "initial_c": 10.0}]
    plant = {
        "battery_node": "frame",
        "prescribed": {"period_s": 5640.0},
        "battery": {"capacity_ah": 8.14},
        "distribution": {"node": "frame"},
        "loads": [{"name": "pi", "node": "chip", "power_w": 2.2}],
        "boundaries": [{"node": "frame", "points": [[0.0, 10.0], [1000.0, 10.0], [5000.0, 30.0]], "period_s": 5640.0}],
        "thermal": {"nodes": nodes, "couplings": [{"a": "chip", "b": "frame", "w_k": 0.06}]},
    }
    series = flightsw.satellite({"dt_s": 2.0, "plant": plant}).run("2orbits")
    assert series["node_c.frame"][1499] == pytest.approx(10.0 + 2000.0 / 200.0, abs=0.01)
    assert series["node_c.frame"][2659] == pytest.approx(20.0, abs=0.01), "the last point is joined to the first"
    assert series["node_c.chip"][2499] == pytest.approx(30.0 - 300.0 / 200.0 + 2.2 / 0.06, abs=0.02)
    assert np.array_equal(series["node_c.frame"][:2820], series["node_c.frame"][2820:])
    assert abs(series.totals["thermal_residual_j"]) < 1e-6
    with pytest.raises(ConfigError, match=r"boundaries.0.node = 'chip': must be a node with held_c: frame"):
        flightsw.satellite({"plant": plant | {"boundaries": [{"node": "chip", "points": [[0.0, 1.0]]}]}})
    with pytest.raises(ConfigError, match=r"boundaries.*frame.points: times = .*must ascend from 0.0"):
        flightsw.satellite({"plant": plant | {"boundaries": [{"node": "frame", "points": [[1.0, 1.0]]}]}})


def test_an_attitude_under_prescribed_light_sees_what_the_geometry_says() -> None:
    """Nadir-pointing at beta = 35 deg, over a turn: cells on the zenith face, paint on the ram and side faces. Means in
    closed form: the Sun's zenith angle u is met with cos(beta) cos(u), the ram face with cos(beta) sin(u)."""
    period_s, flux_w_m2, beta, radius = 5800.0, 1000.0, math.radians(35.0), 6378.137 + 600.0
    faces = {"ram": "plus_x", "side": "plus_y", "other_side": "minus_y"}
    painted = {"emissivity": 0.5, "absorptance": 1.0, "area_m2": 0.1}
    plant = {
        "battery_node": "body",
        "prescribed": {"period_s": period_s, "altitude_km": 600.0, "beta_deg": 35.0, "flux_w_m2": flux_w_m2},
        "array": {"node": "body", "area_m2": 0.1, "packing": 1.0, "efficiency": 0.25, "power_per_k": 0.0},
        "battery": {"capacity_ah": 100.0, "charge_limit_a": 100.0},
        "distribution": {"node": "body"},
        "attitude": {"initial": "nadir", "array": {"drive": "fixed", "normal": "-z"}},
        "thermal": {
            "nodes": [{"name": "body", "capacity_j_k": 5000.0}]
            + [{"name": n, "capacity_j_k": 500.0, "surfaces": [painted | {"face": f}]} for n, f in faces.items()],
            "couplings": [{"a": "body", "b": name, "w_k": 1.0} for name in faces],
        },
    }
    satellite = flightsw.satellite({"plant": plant})
    series = satellite.run("1orbits")
    dark = math.acos(math.sqrt(radius**2 - 6378.137**2) / (radius * math.cos(beta))) / math.pi
    assert (1.0 - series["sunlit"]).mean() == pytest.approx(dark, abs=1e-6)
    zenith = math.cos(beta) / math.pi  # the zenith face is turned away before the shadow begins
    assert series["array_available_w"].mean() == pytest.approx(25.0 * zenith, rel=1e-4)
    lit_ram = math.cos(beta) * (1.0 - math.cos(math.pi * (1.0 - dark))) / (2.0 * math.pi)
    lit_side = math.sin(beta) * (1.0 - dark)
    cells_w = 0.1 * flux_w_m2 * 0.9 * zenith
    taken_w = cells_w + 0.1 * flux_w_m2 * (lit_ram + lit_side)
    assert satellite.totals["environment_j"] / period_s == pytest.approx(taken_w, rel=1e-4)


def test_a_prescribed_shadow_falls_when_it_is_said_to() -> None:
    prescribed = {"period_s": 1000.0, "shadow_s": [[100.5, 300.0], [900.0, 1050.0]], "noon_s": 0.0}
    series = flightsw.satellite(table(prescribed=prescribed, schedules=[], loads=loads())).run(2000.0)
    lit = series["sunlit"]
    dark_s = [second for second in range(1000, 2000) if lit[second] == 0.0]
    assert dark_s == [*range(1000, 1050), *range(1101, 1300), *range(1900, 2000)]
    assert lit[1100] == pytest.approx(0.5)
    assert lit[[0, 49, 50, 99]].tolist() == [0.0, 0.0, 1.0, 1.0], "every period is like every other, the first too"


def loads() -> list[dict[str, Any]]:
    return node_cases.plant_table(P25.inputs)["loads"]


def coupled(**thermal: Any) -> dict[str, Any]:
    return {"thermal": node_cases.plant_table(P25.inputs)["thermal"] | thermal}


@pytest.mark.parametrize(
    ("plant", "complaint"),
    [
        (coupled(couplings=[]), "not connected"),
        ({"battery": {"capacity_ah": -1.0}}, "battery.capacity_ah = -1.0"),
        ({"battery": {"capacity_ah": 1.0, "charge_limit_v": 12.0}}, "charge_limit_v = 12.0: must be above the empty"),
        ({"battery": {"capacity_ah": 1.0, "cutoff_v": 16.4}}, "cutoff_v = 16.4: must be below the full pack's 16.4 V"),
        ({"distribution": {"undervoltage_v": 17.0}}, "undervoltage_v = 17.0: must be below the full pack's 16.4 V"),
        ({"array": {"node": "arr", "area_m2": 1.0, "efficiency": 0.9}}, "array.efficiency = 0.9"),
        ({"battery_node": "nowhere"}, "battery_node = 'nowhere': must be one of"),
        ({"schedules": [{"load": "nobody", "steps": [[0.0, 1.0]]}]}, "is no load"),
        ({"schedules": [{"load": "heater", "steps": [[0.0, 1.0]]}]}, "driven already"),
        ({"schedules": [{"load": "compute", "steps": [[5.0, 1.0]]}]}, "must ascend from 0.0"),
        ({"prescribed": None}, "neither of sky and prescribed"),
        ({"prescribed": {"period_s": 100.0, "shadow_s": [[50.0, 40.0]]}}, "must ascend"),
        ({"attitude": {"initial": "target"}}, "must have attitude.target.latitude_deg"),
        ({"profile": "abacus"}, "no such profile"),
    ],
)
def test_what_is_wrong_is_named(plant: dict[str, Any], complaint: str) -> None:
    given = table(**plant)
    if given["plant"].get("prescribed") is None:
        del given["plant"]["prescribed"]
    with pytest.raises(ConfigError, match=complaint):
        flightsw.satellite(given)


def test_a_step_too_long_for_the_network_is_refused() -> None:
    names = ("die", "bus", "batt", "rad", "arr")
    thermal = {
        "nodes": [{"name": name, "capacity_j_k": 1.0} for name in names],
        "couplings": [{"a": "die", "b": name, "w_k": 5.0} for name in names[1:]],
    }
    with pytest.raises(ConfigError, match=r"dt_s = 1.0: must be above 0 and at most"):
        flightsw.satellite(table(thermal=thermal))


BAD_TLE = (
    '["1 43892U 18111S   19193.68092670  .00002615  00000-0  10917-3 0  9995", '
    '"2 43892  97.2888  98.1666 0022265 273.4726  86.3966 15.24309684 30096"]'
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("plant.thermal.couplings=[]", ("thermal.couplings", "not connected")),
        ("plant.thermal.nodes.chip.capacity_j_k=-4.0", ("capacity_j_k = -4.0",)),
        (f"plant.sky.orbit={{tle={BAD_TLE}}}", ("orbit.tle line 1", "checksum is 5: must be 4")),
    ],
)
def test_the_command_line_refuses_it_with_2(
    change: str, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["run", "cubesat-6u-orin-nano", "--set", change, "--duration", "600s", "--out", str(tmp_path / "run")])
    said = capsys.readouterr().err
    assert code == 2
    assert all(word in said for word in words), said
    assert not (tmp_path / "run").exists()


def test_a_profile_without_a_source_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from importlib import resources

    text = (resources.files("flightsw.scenarios") / "profiles" / "orin-nano.toml").read_text()
    start = text.index("[boot_s]")
    path = tmp_path / "board.toml"
    path.write_text(text[:start] + text[start:].replace('source = "', 'origin = "', 1))
    assert main(["validate", "cubesat-6u-orin-nano", "--set", f"plant.profile={path}"]) == 2
    assert "boot_s" in capsys.readouterr().err
