"""The plant, and a flight law, against references that are not ours, by the very functions that they step."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

import flightsw
from flightsw import validation
from flightsw.apps.thermal import powerallocator
from flightsw.cli import main
from flightsw.errors import ConfigError
from flightsw.node.satellite import Satellite
from flightsw.plant import heating, process, sky, spacecraft, thermal
from flightsw.plant.constants import EARTH_RADIUS_KM
from flightsw.regress.pytest_plugin import Fly
from flightsw.validation import (
    battery_cases,
    device_cases,
    heat_cases,
    law_cases,
    light_cases,
    link_cases,
    networks,
    node_cases,
    orbit_cases,
    runner,
)
from flightsw.validation.case import Case

OTHERS = {file.id: file for file in runner.cases_from(Path(__file__).parent / "others.json")}
"""Cases of the same kinds with other inputs. Their references are closed forms, quadratures and Runge-Kutta or LSODA
solutions at tolerances of 1e-8 and below, made with scipy and without the plant."""
FILES = {file.id: file for file in runner.shipped_cases()}
SLOW = {"P19-c", "P25-b"}
"""Four million steps of a junction whose fastest time constant is a hundredth of a second; a second whole node."""


@pytest.mark.parametrize("case_id", [name for name in FILES if name != "P25"])  # P25: with the halved step, below
def test_every_row_agrees_with_its_reference(case_id: str) -> None:
    rows = runner.run_case(FILES[case_id])
    assert len([row for row in rows if row.why != "not judged"]) > 5
    assert [row for row in rows if not row.passed] == []


@pytest.mark.parametrize(
    "case_id", [pytest.param(name, marks=[pytest.mark.long] if name in SLOW else []) for name in OTHERS]
)
def test_other_inputs_agree_with_their_references_too(case_id: str) -> None:
    rows = runner.run_case(OTHERS[case_id])
    assert len(rows) >= 5
    assert [row for row in rows if not row.passed] == []


def test_all_cases_are_here_and_answered() -> None:
    assert sorted(FILES) == [f"P{number:02}" for number in range(1, 26)]
    assert sorted(runner.CASES) == sorted(FILES)


@pytest.mark.parametrize(
    ("case_module", "plant_module", "names"),
    [
        (orbit_cases.orbit, sky, []),
        (battery_cases, spacecraft, ["Battery", "PowerBus"]),
        (heat_cases, spacecraft, ["ThermalNetwork"]),
        (networks, thermal, ["compile_step"]),
        (light_cases.earth_loads, heating, ["infrared_w_m2", "albedo_w_m2"]),
        (link_cases, sky, []),
        (link_cases.passes, process, ["best_rate_bps", "eirp_dbw"]),
        (orbit_cases.sun, sky, ["SunTable", "beta_deg", "solar_flux_w_m2"]),
        (orbit_cases.shadow, sky, ["exposure", "eclipses"]),
        (orbit_cases, sky, ["parse_epoch"]),
    ],
)
def test_cases_call_the_objects_that_the_plant_steps(
    case_module: ModuleType, plant_module: ModuleType, names: list[str]
) -> None:
    for name in names:
        assert getattr(case_module, name) is getattr(plant_module, name)


def test_the_whole_node_case_steps_the_plant_process_s_own_spacecraft() -> None:
    assert node_cases.open_satellite is flightsw.satellite
    satellite = flightsw.satellite("validation-p25")
    assert type(satellite) is Satellite
    assert type(satellite.craft) is spacecraft.Spacecraft is process.Spacecraft
    assert link_cases.Sky is sky.Sky
    assert device_cases.maximum_power.__module__ == "flightsw.plant.array"


def test_the_whole_node_agrees_and_halving_the_step_moves_it_by_less_than_a_tenth_of_its_tolerances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered: list[Case] = []

    def at_this_step(case: Case) -> None:
        answered.append(case)
        node_cases.p25(case)

    for dt_s in (2.0, 1.0):
        monkeypatch.setattr(node_cases, "DT_S", dt_s)
        assert [row for row in runner.run_case(FILES["P25"], at_this_step) if not row.passed] == []
    twice, whole = (case.values for case in answered)
    moved = {
        name: abs(whole[name][0] - twice[name][0]) / reference.allowed for name, reference in FILES["P25"].refs.items()
    }
    assert len(moved) == 29
    assert max(moved.values()) < 0.1, moved


@pytest.mark.parametrize("orbits", [2, pytest.param(5, marks=pytest.mark.long)])
def test_the_scenario_flown_by_the_whole_emulator_gives_what_the_reference_says(fly: Fly, orbits: int) -> None:
    """The first of its fifteen orbits, through bus, flight software and log."""
    references = FILES["P25"].refs
    _, soc = fly("validation-p25", duration=f"{orbits}orbits").series("truth.plant.soc")
    plain = flightsw.satellite("validation-p25").run(f"{orbits}orbits")
    assert soc.tolist() == plain["soc"].tolist(), "flight software changes nothing that is prescribed"
    judged = {orbit: references[f"soc_end_orbit{orbit}"] for orbit in (1, 5) if orbit <= orbits}
    assert judged
    for orbit, reference in judged.items():
        assert abs(soc[5739 * orbit - 1] - reference.value) <= reference.allowed


def test_the_table_is_printed_and_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate-physics", "P01", "P16"]) == 0
    out = capsys.readouterr().out
    assert "T_nodal_550km_i97.6_s" in out
    assert "reference" in out
    assert "2 cases" in out
    assert "all within tolerance" in out


def changed(tmp_path: Path, **change: float) -> str:
    table = msgspec.to_builtins([FILES["P01"]])
    for name, value in change.items():
        table[0]["refs"][name]["value"] = value
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(table))
    return str(path)


def test_a_reference_that_is_missed_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = changed(tmp_path, T_kepler_550km_s=5739.1)
    assert main(["validate-physics", "--worst", "--file", file]) == 1
    out = capsys.readouterr().out
    assert "FAILED" in out
    assert "1 failed" in out
    assert main(["validate-physics", "--json", "--file", file]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["failed"] == 1
    assert [row["quantity"] for row in found["rows"] if not row["passed"]] == ["T_kepler_550km_s"]


def test_a_quantity_that_is_not_found_fails() -> None:
    file = FILES["P02"]

    def half(case: Case) -> None:
        case.found("i_sso_550km_deg", 97.59295502837809)
        case.found("i_sso_500km_deg", float("nan"))

    rows = {row.quantity: row for row in runner.run_case(file, half)}
    assert rows["i_sso_550km_deg"].passed
    assert not rows["i_sso_500km_deg"].passed
    assert not rows["i_sso_600km_deg"].passed
    assert rows["i_sso_600km_deg"].why == "not found"


def test_a_case_with_other_constants_than_ours_fails_and_says_so() -> None:
    file = msgspec.structs.replace(FILES["P01"], inputs={**FILES["P01"].inputs, "Re": EARTH_RADIUS_KM + 1.0})
    rows = runner.run_case(file)
    assert not any(row.passed for row in rows)
    assert "the case's constants" in rows[0].why


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["P99"], "must be one of P01"),
        (["--file", "nowhere.json"], "can't be read"),
    ],
)
def test_what_is_no_case_is_refused(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate-physics", *arguments]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", '[{"id": "P01"}]', "[]", "\x00"])
def test_a_file_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text(text)
    with pytest.raises(ConfigError):
        runner.chosen(runner.cases_from(path), [])


def with_inputs(case_id: str, **inputs: object) -> dict[str, object]:
    table: dict[str, object] = msgspec.to_builtins(FILES[case_id])
    return table | {"inputs": FILES[case_id].inputs | inputs}


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ([with_inputs("P02"), with_inputs("P02") | {"id": "P99"}], "id = 'P99': must be one of P01, "),
        ([with_inputs("P02"), with_inputs("P02")], "P02: given twice"),
        ([with_inputs("P02") | {"refs": {}}], "P02: refs: has no quantity to judge"),
        ([with_inputs("P02") | {"refs": {"a": {"value": 1, "tol": -1, "unit": "", "tol_kind": "abs"}}}], ">= 0.0"),
        ([with_inputs("P02") | {"refs": {"a": {"value": 1, "tol": 1, "unit": "", "tol_kind": "percent"}}}], "percent"),
        ([with_inputs("P15") | {"inputs": {}}], "P15: inputs: Object missing required field"),
        ([with_inputs("P15", more=1)], "P15: inputs: .*unknown field `more`"),
        ([with_inputs("P15", Q_Ah="8.2")], "P15: inputs: .*Q_Ah"),
        ([with_inputs("P15", Icut=0.0)], "P15: inputs: .*> 0.0.*Icut"),
        ([with_inputs("P15", Icut=2.0)], "Icut = 2.0: must be below Ic = 1.45"),
        ([with_inputs("P15", Q_Ah=1e6)], "Q_Ah = 1000000.0: must be charged"),
        ([with_inputs("P21", C=1e8)], "C = 100000000.0: must follow Tb"),
        ([with_inputs("P15", ocv="10+6 s^2")], "P15: inputs: .*ocv"),
        ([with_inputs("P14", slope=33.0)], "slope = 33.0: must be below 2 V0 = 30.8"),
        ([with_inputs("P14", t_pulse=9000.0)], "I = 5.0: must take at most half of Q_Ah = 8.0"),
        ([with_inputs("P19", R=[0.35])], "P19: inputs: tau: 2 values: must be one for each of R"),
        ([with_inputs("P25", C={"die": 6.0, "bus": 1.0})], "P25: inputs: C: batt, rad, arr missing"),
        ([with_inputs("P25", G={"die_nowhere": 6.0})], "P25: inputs: G: 'die_nowhere': must join two of die, board"),
        (
            [with_inputs("P25", t_off=6000.0)],
            "P25: inputs: t_off = 6000.0: must be other than t_on = 600.0 and at most T",
        ),
        ([with_inputs("P02") | {"kind": "P99"}], "kind = 'P99': must be one of P01, "),
        ([with_inputs("P04", S0=1000.0)], "S0 = 1000.0: must be 1361.0"),
        ([with_inputs("P24", control_mC=70000)], "control_mC = 70000: must be above switch_on_mC = 70000"),
        ([with_inputs("P12", C=[1.0])], "P12: inputs: .*C"),
        ([with_inputs("P21", P=0.5)], "P21: inputs: lo = 273.15, hi = 278.15: must ascend"),
    ],
)
def test_a_case_that_can_not_be_answered_is_refused_before_it_runs(
    table: list[object], complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(table))
    with pytest.raises(ConfigError, match=complaint):
        runner.cases_from(path)


def test_the_flight_law_s_case_calls_the_function_that_the_tcs_manager_calls() -> None:
    assert law_cases.allocated is powerallocator.allocated
    rows = {row.quantity: row for row in runner.run_case(FILES["P24"])}
    steps = [row for name, row in rows.items() if name.startswith("step")]
    assert len(steps) == 14
    assert [row.error for row in steps] == [0.0] * 14, "to the milliwatt"


@pytest.mark.parametrize("chip_j_k", [1.0, 20.0, 200.0])
def test_the_closed_loop_s_end_does_not_hang_on_the_capacity_that_the_case_leaves_open(
    chip_j_k: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(law_cases, "CHIP_J_K", chip_j_k)
    monkeypatch.setattr(law_cases, "SETTLED_STEPS", 120_000)
    assert [row for row in runner.run_case(FILES["P24"]) if not row.passed] == []


@pytest.mark.parametrize(("case_id", "name"), [("P06", "duration_beta0_s"), ("P17", "sunpointing_1m2_beta0_W")])
def test_another_height_changes_light_and_shadow(case_id: str, name: str) -> None:
    there = Case(FILES[case_id])
    there.inputs = there.inputs | {"h_km": 700.0}
    runner.CASES[case_id](there)
    here = FILES[case_id].refs[name]
    assert abs(there.values[name][-1] - here.value) > 10.0 * here.allowed


def test_the_references_travel_in_the_package() -> None:
    assert (Path(validation.__file__).parent / "data" / "reference.json").is_file()
