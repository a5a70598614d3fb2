"""The ledgers drawn up again from the log: closed on every shipped scenario, and a leak of one per cent is caught.

The other presets' are closed in `tests/loop/test_presets.py`, which flies them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from flightsw.cli import main
from flightsw.messages.faults import FaultInjection
from flightsw.messages.plant import Truth
from flightsw.node.api import open_node
from flightsw.plant import spacecraft
from flightsw.plant.damage import WHOLE, Damage
from flightsw.record import ledger
from flightsw.record.ledger import Residuals, residuals_of
from flightsw.regress.pytest_plugin import Fly

DEFAULT = "cubesat-6u-orin-nano"


def flown(run_dir: Path, name: str = DEFAULT, duration: str = "1orbits", *overrides: str) -> Residuals:
    with open_node(name, overrides=["apps.inference.execute=none", *overrides], out=run_dir) as node:
        node.run_until(duration)
    return residuals_of(run_dir)


@pytest.mark.parametrize("name", [DEFAULT, "validation-p25"])
def test_both_ledgers_close_on_shipped_scenarios(fly: Fly, name: str) -> None:
    found = residuals_of(fly(name, duration="2orbits").run_dir)
    assert found.electrical_throughput_j > 1e4
    assert found.heat_throughput_j > 1e4
    assert found.electrical_share < 1e-6
    assert found.heat_share < 1e-6
    assert found.out_share < 1e-5
    assert found.closed


@pytest.mark.parametrize(
    "overrides",
    [
        ("plant.battery.r1_ohm=0.1", "plant.battery.strings=4", 'plant.failures=[{at_s=300.0, what="battery.string"}]'),
        ("plant.battery.ageing={calendar_per_year=0.05, start_years=3.0}", "plant.array.strings=5"),
        ("plant.attitude={initial='nadir', array={drive='one_axis'}}", "apps.health.attitude='sun'"),
        ("plant.battery.initial_soc=0.05", "plant.distribution.undervoltage_v=12.9"),
    ],
)
def test_ledgers_stay_closed_through_failures_wear_slews_and_under_voltage(
    overrides: tuple[str, ...], tmp_path: Path
) -> None:
    assert flown(tmp_path, DEFAULT, "2500s", *overrides).closed


@pytest.mark.parametrize("dt_s", ["5.0", "20.0"])
def test_long_steps_close_as_well(dt_s: str, tmp_path: Path) -> None:
    found = flown(tmp_path, DEFAULT, "1orbits", f"dt_s={dt_s}", "apps.health.anomaly.enabled=false")
    assert found.closed
    assert found.heat_share < 1e-9


def radiated_more(self: Any, temperatures_k: Any, heat_w: list[float], openings: Any = None) -> Any:
    """One per cent of what goes out is told twice, and the node is as much colder for it: the heat's ledger closes."""
    after_k, out_j = STEP(self, temperatures_k, heat_w, openings)
    place = self.index["array"]
    stolen_k = 0.01 * out_j / self.capacities_j_k[place]
    return (*after_k[:place], after_k[place] - stolen_k, *after_k[place + 1 :]), 1.01 * out_j


def test_radiation_that_the_temperatures_do_not_bear_out_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spacecraft.ThermalNetwork, "step", radiated_more)
    found = flown(tmp_path, DEFAULT, "1000s")
    assert found.heat_share < 1e-6
    assert found.out_share > 5e-3
    assert not found.closed


def heat_lost(self: Any, temperatures_k: Any, heat_w: list[float], openings: Any = None) -> Any:
    return STEP(self, temperatures_k, [0.99 * watts for watts in heat_w], openings)


def charge_lost(self: Any, state: Any, battery_c: float, wanted_w: float) -> Any:
    given = EXCHANGE(self, state, battery_c, wanted_w)
    if given is None:
        return None
    after, done = given
    return replace(after, soc=state.soc + 0.99 * (after.soc - state.soc)), done


def power_lost(self: Any, *args: Any) -> Any:
    state, flows = BALANCE(self, *args)
    return state, replace(flows, load_w=tuple(0.99 * power_w for power_w in flows.load_w))


STEP = spacecraft.ThermalNetwork.step
EXCHANGE = spacecraft.Battery.exchange
BALANCE = spacecraft.PowerBus.balance


@pytest.mark.parametrize(
    ("part", "method", "leaky"),
    [
        (spacecraft.ThermalNetwork, "step", heat_lost),
        (spacecraft.Battery, "exchange", charge_lost),
        (spacecraft.PowerBus, "balance", power_lost),
    ],
)
def test_a_leak_of_one_per_cent_is_caught(
    part: type, method: str, leaky: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, method, leaky)
    found = flown(tmp_path, DEFAULT, "1000s")
    assert not found.closed
    assert max(found.electrical_share, found.heat_share) > 1e-3
    assert main(["ledger", str(tmp_path)]) == 1


def test_the_command_tells_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flown(tmp_path, DEFAULT, "600s")
    assert main(["ledger", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.count("closed") == 3
    assert main(["ledger", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["closed"] is True


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    assert main(["ledger", str(tmp_path)]) == 2


def test_ledgers_stay_closed_through_scripted_faults(tmp_path: Path) -> None:
    kinds = (
        '{kind="heater_stuck", state="on", at="200s"}',
        '{kind="array_string_loss", count=2, at="300s", lasts="500s"}',
        '{kind="converter_loss", of="payload", at="600s", lasts="300s"}',
        '{kind="converter_loss", of="array", share=0.3, at="900s"}',
        '{kind="device_sel", at="1200s"}',
        '{kind="sensor_bias", field="sensor.power.battery_current_a", offset=1.0, at="100s"}',
    )
    found = flown(tmp_path, DEFAULT, "1500s", f"faults=[{', '.join(kinds)}]")
    assert found.electrical_throughput_j > 1e4
    assert found.closed


@pytest.mark.parametrize(
    "fault",
    [
        "kind='battery_cell_short', at='900s'",
        "kind='battery_cell_short', at='700s', lasts='200s'",
        "kind='radiator_degradation', node='radiator', emissivity_share=0.6, when='node_c.chip > 30'",
        "kind='radiator_degradation', node='radiator', emissivity_share=0.5, per_day=2000.0, lasts='60s'",
    ],
)
def test_ledgers_account_for_faults_that_change_the_spacecraft(fault: str, tmp_path: Path) -> None:
    found = flown(tmp_path, DEFAULT, "1500s", f"faults=[{{{fault}}}]")
    assert found.closed
    ignorant = reread_without_faults(tmp_path)
    assert not ignorant.closed, "and would not close, were the fault left out"


def test_ledgers_close_over_a_pack_that_is_cut_off_for_its_shorted_cells(tmp_path: Path) -> None:
    short = "kind='battery_cell_short', count=2, at='700s', lasts='200s'"
    assert flown(tmp_path, DEFAULT, "1000s", f"faults=[{{{short}}}]").closed


def test_ledgers_account_for_faults_that_are_injected_while_the_run_goes_on(tmp_path: Path) -> None:
    with open_node(DEFAULT, overrides=["apps.inference.execute=none"], out=tmp_path) as node:
        node.run_until("300s")
        node.inject("radiator_degradation", node="radiator", emissivity_share=0.6)
        node.run_until("700s")
        node.inject("battery_cell_short", lasts="200s")
        node.inject("sensor_bias", field="sensor.thermal.battery_c", offset=1.0)
        node.inject("message_drop", topic="sensor.nav", lasts="10s")
        node.run_until("1200s")
    assert residuals_of(tmp_path).closed
    ignorant = reread_without_faults(tmp_path)
    assert not ignorant.closed, "and would not close, were the faults left out"


def reread_without_faults(run_dir: Path) -> Residuals:
    """The ledgers as drawn up by somebody who doesn't know of any fault."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ledger, "DamageByTick", lambda _scenario: NoDamage())
        return residuals_of(run_dir)


class NoDamage:
    def inject(self, _tick: int, _injection: FaultInjection) -> None:
        pass

    def at(self, _tick: int, _truth: Truth) -> Damage:
        return WHOLE
