"""Cells on the body's faces: means of spinning and tumbling boxes, the Earth's light, the whole node on them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flightsw
from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError
from flightsw.messages.health import Event
from flightsw.plant.array import CellConfig, cell_current_a

FLUX_W_M2, AREA_M2, EFFICIENCY, ALBEDO = 1361.0, 0.03, 0.28, 0.3
FULL_W = FLUX_W_M2 * AREA_M2 * EFFICIENCY
SIDES = ("plus_x", "minus_x", "plus_y", "minus_y")
FACES = (*SIDES, "plus_z", "minus_z")
CELLS = {"area_m2": AREA_M2, "packing": 1.0, "efficiency": EFFICIENCY, "power_per_k": 0.0, "node": "frame"}
PRESCRIBED = {"period_s": 5700.0, "altitude_km": 550.0, "flux_w_m2": FLUX_W_M2, "albedo": ALBEDO}


def panels(faces: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"name": face, "face": face, **CELLS} for face in faces]


def table(**plant: Any) -> dict[str, Any]:
    """A frame under a Sun that never sets, whose array is of no account."""
    surface = {"area_m2": 0.3, "emissivity": 0.8}
    return {
        "dt_s": 5.0,
        "plant": {
            "battery_node": "frame",
            "prescribed": PRESCRIBED | {"beta_deg": 90.0, "albedo": 0.0},
            "array": {"area_m2": 1e-9, "node": "frame"},
            "battery": {"capacity_ah": 5.0, "r0_ohm": 0.1, "charge_limit_a": 5.0, "initial_soc": 0.5},
            "distribution": {"node": "frame"},
            "thermal": {"nodes": [{"name": "frame", "capacity_j_k": 4000.0, "surfaces": [surface]}]},
            "loads": [{"name": "platform", "node": "frame", "power_w": 4.0}],
        }
        | plant,
    }


def attitude(**inertial: Any) -> dict[str, Any]:
    return {"initial": "inertial", "inertial": inertial}


def test_a_box_gives_what_its_lit_faces_see_whichever_way_it_stands() -> None:
    turn = math.radians(25.0)
    quaternion = [math.cos(turn / 2.0), 0.0, 0.0, math.sin(turn / 2.0)]
    standing = table(panels=panels(FACES), attitude=attitude(quaternion=quaternion))
    series = flightsw.satellite(standing).run(50.0)
    # The Sun of a prescribed sky stands along x; the body is turned away from it about z.
    assert series["panel_w.plus_x"] == pytest.approx(FULL_W * math.cos(turn))
    assert series["panel_w.minus_y"] == pytest.approx(FULL_W * math.sin(turn))
    both_w = FULL_W * (math.cos(turn) + math.sin(turn))
    assert series["array_available_w"] == pytest.approx(both_w), "and no other face sees it"


def test_a_spinning_box_gives_four_over_pi_of_one_face_in_the_mean() -> None:
    """Of cos over a half turn, twice: the mean of |cos| + |sin| is 4 / pi."""
    spin = attitude(spin_axis="+z", spin_deg_s=1.0)
    series = flightsw.satellite(table(panels=panels(FACES), attitude=spin)).run(3600.0)
    assert series["array_available_w"].mean() == pytest.approx(FULL_W * 4.0 / math.pi, rel=1e-3)
    by_side = [series[f"panel_w.{side}"] for side in SIDES]
    assert [side.mean() for side in by_side] == pytest.approx([FULL_W / math.pi] * 4, rel=1e-3)
    order = [int(np.argmax(side[:72])) for side in by_side]
    assert sorted(np.diff(sorted(order))) == [18, 18, 18], "a quarter of a turn is 90 s, which is 18 steps"
    backwards = spin["inertial"] | {"spin_deg_s": -1.0}
    reversed_run = flightsw.satellite(table(panels=panels(FACES), attitude=attitude(**backwards))).run(3600.0)
    lead, mirrored = series["panel_w.plus_x"], reversed_run["panel_w.plus_x"]
    assert mirrored[1:72] == pytest.approx(lead[71:0:-1], abs=1e-9)


def test_a_tumbling_box_is_one_of_mean_angles() -> None:
    sets = [{"name": face, "sun_cos": 0.25, **CELLS} for face in FACES]
    series = flightsw.satellite(table(panels=sets)).run(50.0)
    assert series["array_available_w"] == pytest.approx(1.5 * FULL_W)


@pytest.mark.parametrize("by", ["face", "figure", "array"])
def test_cells_that_look_down_take_the_earths_light(by: str) -> None:
    """At noon a nadir plate gets albedo * flux * (Re / r)^2, and no Sun; at midnight neither."""
    nadir = {"initial": "nadir", "nadir": {"axis": "+z"}, "array": {"drive": "fixed", "normal": "+z"}}
    plant: dict[str, Any] = {
        "face": {"panels": panels(("plus_z",)), "attitude": nadir},
        "figure": {"panels": [{"name": "down", "earth_view": 1.0, **CELLS}]},
        "array": {"array": CELLS | {"albedo": True}, "attitude": nadir},
    }[by]
    noon = table(prescribed=PRESCRIBED | {"beta_deg": 0.0}, **plant)
    series = flightsw.satellite(noon).run("1orbits")
    expected_w = ALBEDO * FULL_W * (6378.137 / 6928.137) ** 2
    assert series["array_available_w"][0] == pytest.approx(expected_w, rel=1e-4)
    assert series["array_available_w"][len(series) // 2] == 0.0


def test_heat_goes_where_the_light_comes_in_and_electricity_leaves_from_there() -> None:
    """A panel on a node of its own is warm by what it takes in less what it gives."""
    nodes = [
        {"name": "frame", "capacity_j_k": 4000.0, "surfaces": [{"area_m2": 0.02, "emissivity": 0.8}]},
        {"name": "wall", "capacity_j_k": 20.0, "surfaces": [{"area_m2": AREA_M2, "emissivity": 0.85}]},
    ]
    wall = CELLS | {"name": "wall", "node": "wall", "sun_cos": 1.0, "absorptance": 0.9}
    couplings = [{"a": "frame", "b": "wall", "w_k": 0.0}]
    made = table(panels=[wall], thermal={"nodes": nodes, "couplings": couplings})
    series = flightsw.satellite(made).run("1h")
    sigma = 5.670374419e-8
    assert series["array_used_w"][-1] == pytest.approx(FULL_W), "the pack takes all of it"
    kept_w = 0.9 * FLUX_W_M2 * AREA_M2 - FULL_W
    assert series["node_c.wall"][-1] + 273.15 == pytest.approx((kept_w / (sigma * 0.85 * AREA_M2)) ** 0.25, abs=0.01)
    assert abs(series.totals["thermal_residual_j"]) < 1e-8 * series.totals["heat_in_j"]


def test_what_the_bus_leaves_is_left_by_all_alike() -> None:
    full = {"capacity_ah": 5.0, "r0_ohm": 0.1, "charge_limit_a": 5.0, "initial_soc": 1.0}
    hot = [
        {"name": f"n{place}", "capacity_j_k": 20.0, "surfaces": [{"area_m2": 0.03, "emissivity": 0.85}]}
        for place in (0, 1)
    ]
    sets = [
        CELLS | {"name": node["name"], "node": node["name"], "sun_cos": cos}
        for node, cos in zip(hot, (1.0, 0.5), strict=True)
    ]
    frame = table()["plant"]["thermal"]["nodes"][0]
    made = table(panels=sets, battery=full, thermal={"nodes": [frame, *hot]})
    series = flightsw.satellite(made).run("1h")
    assert 0.0 < series["array_used_w"][-1] < 0.5 * series["array_available_w"][-1]
    share = series["array_used_w"][-1] / series["array_available_w"][-1]
    sigma = 5.670374419e-8
    for node, cos in (("n0", 1.0), ("n1", 0.5)):
        kept_w = FLUX_W_M2 * AREA_M2 * cos * (0.9 - EFFICIENCY * share)
        assert series[f"node_c.{node}"][-1] + 273.15 == pytest.approx((kept_w / (sigma * 0.85 * 0.03)) ** 0.25, abs=0.1)


STRING = {"cells_per_string": 4, "strings": 3, "node": "frame", "degradation": 0.9}


@pytest.mark.parametrize("by", ["array", "panel"])
def test_cells_on_the_batterys_voltage_give_the_current_that_their_curve_has_there(by: str) -> None:
    """At 0.95 of theirs; far below the knee that is the short-circuit current, whatever the voltage."""
    held = {"name": "frame", "held_c": 28.0}
    lump = {"name": "lump", "capacity_j_k": 1000.0}
    thermal = {"nodes": [held, lump], "couplings": [{"a": "frame", "b": "lump", "w_k": 1.0}]}
    no_array = {"cells_per_string": 1, "node": "frame", "pointing_cos": 0.0, "transfer": "direct"}
    plant: dict[str, Any] = {
        "array": {"array": STRING | {"transfer": "direct", "pointing_cos": 0.5}},
        "panel": {"array": no_array, "panels": [STRING | {"name": "p", "sun_cos": 0.5}]},
    }[by]
    ocv = [{"soc": 0.0, "volts": 6.0}, {"soc": 1.0, "volts": 8.4}]
    battery = {"capacity_ah": 5.0, "r0_ohm": 0.05, "charge_limit_a": 5.0, "charge_limit_v": 8.4, "initial_soc": 0.5}
    series = flightsw.satellite(table(thermal=thermal, battery=battery | {"ocv": ocv}, **plant)).run("20min")
    cells_v = series["battery_v"][:-1] / 0.95
    amps = series["array_available_w"][1:] / cells_v
    assert amps == pytest.approx(
        [2.7 * cell_current_a(CellConfig(), 0.5 * FLUX_W_M2, 28.0, volts / 4.0) for volts in cells_v]
    )
    assert amps == pytest.approx(2.7 * 0.5 * 0.5202 * FLUX_W_M2 / 1367.0, rel=0.01)
    tracked = flightsw.satellite(
        table(thermal=thermal, battery=battery | {"ocv": ocv}, array=STRING | {"pointing_cos": 0.5})
    ).run("20min")
    assert (series["array_available_w"] < 0.9 * tracked["array_available_w"]).all()
    assert abs(series.totals["electrical_residual_j"]) < 1e-6


@pytest.mark.parametrize(
    ("plant", "message"),
    [
        (
            {"panels": panels(("plus_x",))},
            r"panels.0.face = 'plus_x': must be one of none is there without an attitude",
        ),
        ({"panels": panels(("left",)), "attitude": {}}, r"panels.0.face = 'left': must be one of plus_x, minus_x"),
        ({"panels": panels(("plus_x", "plus_x")), "attitude": {}}, r"panels.0.name = 'plus_x': is given twice"),
        ({"panels": panels(("plus_x",)), "attitude": {}, "array": None}, r"panels: must have an array beside them"),
        ({"panels": [CELLS | {"name": "a", "node": "nose"}]}, r"panels.0.node = 'nose': must be one of frame"),
        ({"panels": [CELLS | {"name": "a", "face": "plus_x", "sun_cos": 1.0}]}, r"panel 'a': sun_cos = 1.0"),
        ({"panels": [{"name": "a", "node": "frame"}]}, r"panel 'a': neither of cells_per_string and area_m2"),
        ({"array": CELLS | {"transfer": "direct"}}, r'array.transfer = "direct": must have cells_per_string'),
        (
            {"array": STRING | {"transfer": "direct"}, "panels": [CELLS | {"name": "a"}]},
            r"panels.0: must have cells_per_string, as array.transfer is direct",
        ),
        ({"array": CELLS | {"albedo": True}}, r"array.albedo = true: must have an attitude"),
        ({"attitude": attitude(spin_deg_s=10.0)}, r"spin_deg_s = 10.0 at dt_s = 5.0: must turn by at most 45 deg"),
        ({"attitude": attitude(spin_axis="up")}, r"attitude.inertial.spin_axis = 'up': must be one of"),
    ],
)
def test_what_can_t_be_is_refused(plant: dict[str, Any], message: str) -> None:
    made = table(**plant)
    if made["plant"]["array"] is None:
        del made["plant"]["array"]
    with pytest.raises(ConfigError, match=message):
        flightsw.satellite(made)


def test_at_the_end_of_life_panels_give_less_too() -> None:
    made = table(panels=[CELLS | {"name": "a", "sun_cos": 1.0}])
    made["plant"]["prescribed"] = PRESCRIBED | {"beta_deg": 90.0}
    new, old = (flightsw.satellite(made, case=case).run(10.0)["panel_w.a"][0] for case in ("hot-bol", "hot-eol"))
    assert old == pytest.approx(0.87 * new)


@pytest.fixture(scope="module")
def flown() -> Iterator[flightsw.Node]:
    """The default node with half of its array's cells on its body, which turns with the orbit."""
    one = "cells_per_string=7, strings=1, node='array'"
    sets = ", ".join(f"{{name='{face}', face='{face}', {one}}}" for face in ("plus_x", "minus_x", "minus_z"))
    with flightsw.node(
        "cubesat-6u-orin-nano",
        overrides=[
            "apps.inference.execute='none'",
            "apps.health.attitude='nadir'",
            "plant.attitude={initial='nadir', array={drive='one_axis', axis='+y'}}",
            f"plant.panels=[{sets}]",
        ],
    ) as node:
        node.run_for("1orbits")
        yield node


def test_the_whole_node_flies_on_panels_and_both_ledgers_close(flown: flightsw.Node) -> None:
    _, available_w = flown.series("truth.plant.array_available_w")
    _, lit = flown.series("truth.plant.sunlit_fraction")
    assert np.ptp(available_w[lit == 1.0]) > 5.0, "the faces turn with the orbit"
    assert abs(float(str(flown["truth.plant.electrical_residual_j"]))) < 1e-6
    assert abs(float(str(flown["truth.plant.thermal_residual_j"]))) < 1e-6


def test_a_body_that_turns_has_not_lost_strings(flown: flightsw.Node) -> None:
    flown.flush()
    ids = {
        message.id
        for _, _, message in LogReader(flown.run_dir).messages(["event.power", "event.health"])
        if isinstance(message, Event)
    }
    assert "mode.changed" in ids
    assert "array.weak" not in ids
