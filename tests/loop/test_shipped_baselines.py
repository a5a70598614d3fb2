"""Every shipped scenario's run is as its baseline has it."""

from __future__ import annotations

import pytest

from flightsw.node.scenario import shipped_scenarios
from flightsw.regress.pytest_plugin import Fly, HoldToBaseline


@pytest.mark.parametrize("scenario", shipped_scenarios())
def test_figures_are_as_accepted(fly: Fly, baseline: HoldToBaseline, scenario: str) -> None:
    run = fly(scenario, duration="2orbits")
    comparison = baseline(run)
    assert comparison.compared >= 25
    assert comparison.new == ()
