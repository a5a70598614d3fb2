"""The JSON Schema of scenarios says what the loader says: shipped files fit it, wrong ones don't."""

from __future__ import annotations

import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flightsw import __version__
from flightsw.cli import main
from flightsw.node.scenario import shipped_scenarios
from flightsw.node.schema import scenario_schema

SCHEMA: dict[str, Any] = json.loads(json.dumps(scenario_schema(__version__)))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("flightsw.scenarios") / f"{name}.toml").read_text())


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_shipped_scenarios_fit(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(table(name))] == []


def test_a_scenario_with_users_code_fits_and_its_fields_are_described() -> None:
    example = Path(__file__).resolve().parents[2] / "docs/examples/my_controller/my-node.toml"
    scenario = tomllib.loads(example.read_text())
    assert scenario["apps"]["thermal"]["law"]
    assert scenario["processes"]
    assert [error.message for error in VALIDATOR.iter_errors(scenario)] == []
    for section in ("PowerConfig", "ThermalConfig", "InferenceConfig", "CommsConfig", "HealthConfig"):
        assert "package.module:Class" in SCHEMA["$defs"][section]["properties"]["law"]["description"]
    assert SCHEMA["$defs"]["ProcessConfig"]["properties"]["heartbeat"]["description"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["plnt"], {}),
        (["dt_s"], "fast"),
        (["dt_s"], -1.0),
        (["plant", "battery", "capacity_ah"], -5.0),
        (["plant", "thermal", "nodes"], "chip"),
        (["plant", "attitude"], {"initial": "upside-down"}),
        (["apps", "thermal", "law"], 3),
        (["processes"], [{"name": "tracker"}]),
        (["processes"], [{"name": "Tracker", "app": "mine:Tracker"}]),
    ],
)
def test_what_the_loader_refuses_does_not_fit(path: list[str], value: object) -> None:
    wrong = table("cubesat-6u-orin-nano")
    inner = wrong
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert list(VALIDATOR.iter_errors(wrong))


def test_fields_are_described_in_their_own_words() -> None:
    battery = SCHEMA["$defs"]["BatteryConfig"]["properties"]
    assert battery["cutoff_v"]["description"] == "the protection circuit opens below it"
    assert "orin-nano" in SCHEMA["$defs"]["PlantConfig"]["properties"]["profile"]["examples"]
    assert "from" in SCHEMA["$defs"]["ChainConfig"]["properties"]


def test_the_command_prints_and_writes_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    said = json.loads(capsys.readouterr().out)
    for name, one in said["$defs"].items():
        assert one == SCHEMA["$defs"][name], name
    assert said == SCHEMA
    assert main(["schema", "--out", str(tmp_path / "scenario.schema.json")]) == 0
    assert json.loads((tmp_path / "scenario.schema.json").read_text()) == SCHEMA
    assert main(["schema", "--out", str(tmp_path / "no" / "where.json")]) == 2
