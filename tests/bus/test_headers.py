"""Headers differ where a field says something else, and nowhere else."""

from __future__ import annotations

import msgspec
import pytest

from flightsw.bus.headers import header_differences
from flightsw.bus.log import LogHeader
from flightsw.node.processes import process_table
from flightsw.node.run import log_header
from flightsw.node.scenario import load_scenario, shipped_scenarios


@pytest.mark.parametrize("name", shipped_scenarios())
def test_a_header_is_what_it_was_when_it_is_read_back(name: str) -> None:
    made = log_header(load_scenario(name), process_table())
    read = msgspec.msgpack.decode(made.encode(), type=LogHeader)
    assert read.encode() == made.encode()
    assert header_differences(read, made) == []


def test_what_differs_is_named_by_its_path_and_entries_by_their_name() -> None:
    table = process_table()
    one = log_header(load_scenario("cubesat-6u-orin-nano"), table)
    overrides = ["seed=7", "apps.thermal.gain_w_k=0.5", "plant.loads.payload.shed_tier=2"]
    other = log_header(load_scenario("cubesat-6u-orin-nano", overrides), table)
    found = {one.field: (one.one, one.other) for one in header_differences(one, other)}
    assert found.pop("scenario.plant.loads.payload.shed_tier")[1] == 2
    assert found == {"scenario.seed": (1, 7), "seed": (1, 7), "scenario.apps.thermal.gain_w_k": (0.35, 0.5)}
