"""`flightsw signals`, and the reference page that it writes."""

from __future__ import annotations

from pathlib import Path

from flightsw.cli import main
from tests.console import Cli
from tests.record.logs import record, truth, write_log

PAGE = Path(__file__).resolve().parent.parent / "docs" / "signals.md"


def test_the_reference_page_is_as_the_declarations_say(tmp_path: Path) -> None:
    assert main(["signals", "--page", str(tmp_path / "signals.md")]) == 0
    assert (tmp_path / "signals.md").read_text() == PAGE.read_text(), "stale: flightsw signals --page docs/signals.md"


def test_signals_of_a_scenario_name_the_elements_of_their_lists(cli: Cli) -> None:
    found = cli("signals", "cubesat-6u-orin-nano", "--grep", "truth.plant.(node_c|load_power_w)", "--json").json[
        "signals"
    ]
    elements = {one["name"]: one["elements"] for one in found}
    assert elements["truth.plant.load_power_w"] == ["avionics", "battery_heater", "transmitter", "payload"]
    assert elements["truth.plant.node_c"] == ["chip", "board", "bus", "battery", "radiator", "array"]


def test_signals_of_a_run_are_those_of_its_log(cli: Cli, tmp_path: Path) -> None:
    write_log(tmp_path / "run", [record(0, [("truth.plant", truth())])])
    result = cli("signals", "run", "--grep", "state of charge")
    assert result.code == 0
    assert "truth.plant.soc" in result.out
    assert "power.status.reserve_soc" in result.out
    assert "state of charge that no eclipse may end below" in result.out


def test_what_is_neither_run_nor_scenario_and_a_bad_pattern_are_refused(cli: Cli) -> None:
    assert cli("signals", "nowhere").code == 2
    assert "not a pattern" in cli("signals", "--grep", "(").err
