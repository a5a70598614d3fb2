"""The page on faults: it has every kind, and each example does something."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flightsw.node.faults import KINDS, fault_of
from flightsw.node.inprocess import InProcessNode
from flightsw.node.scenario import Scenario, check_scripted, load_scenario
from flightsw.regress.faultmatrix import quiet
from flightsw.regress.pytest_plugin import Faults

PAGE = (Path(__file__).resolve().parent.parent / "docs/faults.md").read_text()
EXAMPLES = [tomllib.loads(block)["faults"][0] for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]
TICKS = 900
SCENARIOS = {"pump_stop": "datacentre-class"}
MORE = {"clock_jump": ["plant.clock={}"]}


Said = tuple[tuple[Any, ...], list[tuple[int, bytes]]]


def said(scenario: Scenario) -> Iterator[Said]:
    node = InProcessNode(scenario)
    for _ in range(TICKS):
        record = node.run_tick()
        yield record.inputs, [(entry[0], bytes(entry[1])) for entry in record.entries]


@cache
def flown_well(name: str, *more: str) -> tuple[Scenario, list[Said]]:
    scenario = quiet(load_scenario(name, [f'duration="{2 * TICKS}s"', *more]))
    return scenario, list(said(scenario))


def test_the_page_has_an_example_of_every_kind() -> None:
    assert {example["kind"] for example in EXAMPLES} == set(KINDS)
    assert all(f"## {head}" in PAGE for head in ("Sensors", "Messages", "Processes"))


@pytest.mark.parametrize("example", EXAMPLES, ids=[f"{n}-{example['kind']}" for n, example in enumerate(EXAMPLES)])
def test_an_example_of_the_page_changes_the_flight_from_its_time_on(example: dict[str, Any]) -> None:
    kind = example["kind"]
    without, well = flown_well(SCENARIOS.get(kind, "cubesat-6u-orin-nano"), *MORE.get(kind, []))
    scenario = msgspec.structs.replace(without, faults=(fault_of(**example),))
    check_scripted(scenario)
    ill = said(scenario)  # flown no further than it has to be
    first = next((tick for tick, (one, other) in enumerate(zip(well, ill, strict=True)) if one != other), None)
    assert first is not None
    assert first >= float(example.get("at", "0s").removesuffix("s")) / scenario.dt_s


def test_the_plugin_makes_every_kind() -> None:
    faults = Faults()
    for example in EXAMPLES:
        made = getattr(faults, example["kind"])(**{key: value for key, value in example.items() if key != "kind"})
        assert made == fault_of(**example)
    with pytest.raises(AttributeError, match="must be one of crash, hang"):
        faults.gremlins(at="60s")
