"""The reference page of scenario files: what declarations say, all of it, once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from flightsw.cli import main
from flightsw.node.laws import BY_NAME
from flightsw.node.reference import scenario_page
from flightsw.node.scenario import load_scenario, shipped_scenarios
from tests.console import Cli

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scenario.md"
TEXT = scenario_page()


def rows(heading: str) -> dict[str, list[str]]:
    """Cells by key of the table under a heading."""
    section = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_the_page_is_as_the_declarations_say(tmp_path: Path) -> None:
    assert main(["schema", "--page", str(tmp_path / "scenario.md")]) == 0
    assert (tmp_path / "scenario.md").read_text() == PAGE.read_text(), "stale: flightsw schema --page docs/scenario.md"


def test_a_row_says_type_unit_default_and_what_is_allowed() -> None:
    assert rows("Top level")["dt_s"] == ["float", "s", "`1.0`", ">= 0.001, <= 60", ""]
    assert rows("`[plant.battery]`")["capacity_ah"][:4] == ["float", "Ah", "", ">= 0.01, <= 1e+06"]
    assert rows("`[plant.battery]`")["ocv"][:3] == [
        "list of tables",
        "",
        '`[{"soc":0.0,"volts":12.8},{"soc":1.0,"volts":16.4}]`',
    ]
    assert rows("`[apps.health]`")["wanted"][:4] == ["word", "", '`"PAYLOAD"`', "`NOMINAL`, `PAYLOAD`, `STANDBY`"]
    assert rows("`[apps.inference]`")["memory"][:3] == ["table or none", "", "none"]
    assert rows("`[apps.power]`")["law"][:3] == ["str", "", "left out"]


def test_no_table_stands_there_twice_and_each_kind_of_fault_once() -> None:
    headings = re.findall(r"^## (.*)$", TEXT, re.MULTILINE)
    assert len(headings) == len(set(headings))
    assert sum(heading.startswith("`[[faults]] kind = ") for heading in headings) >= 25


def keys(table: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Paths of all keys in a file, places of lists left out."""
    for key, value in table.items():
        yield (key,)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict) and not key.endswith("_config") and key != "args":
                yield from ((key, *rest) for rest in keys(one))


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_key_that_a_shipped_scenario_uses_is_on_the_page(name: str) -> None:
    text = (resources.files("flightsw.scenarios") / f"{name}.toml").read_text()
    for path in keys(tomllib.loads(text)):
        assert f"| `{path[-1]}` |" in TEXT, ".".join(path)


@pytest.mark.parametrize(("app", "law"), [(app, law) for app, laws in BY_NAME.items() for law in laws])
def test_what_a_law_is_told_by_default_is_what_it_takes(app: str, law: str) -> None:
    heading = f'`[apps.{app}.law_config]` of `law = "{law}"`'
    if getattr(BY_NAME[app][law], "Config", None) is None:
        assert f"## {heading}" not in TEXT
        return
    flat = [
        f"{key}={cells[2].strip('`')}" for key, cells in rows(heading).items() if cells[0] in ("int", "float", "bool")
    ]
    assert flat
    overrides = [f'apps.{app}.law="{law}"', *(f"apps.{app}.law_config.{one}" for one in flat)]
    load_scenario("cubesat-6u-orin-nano", overrides)


def test_a_page_that_can_t_be_written_is_refused(cli: Cli) -> None:
    result = cli("schema", "--page", "nowhere/scenario.md")
    assert result.code == 2
    assert "page = nowhere/scenario.md: can't be written" in result.err
