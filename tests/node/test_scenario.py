"""Scenarios: the shipped ones load, every wrong one gives one message with file, field, given and allowed."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from flightsw.devices.models import load_card
from flightsw.errors import ConfigError
from flightsw.node.figures import derived_figures
from flightsw.node.run import scheduled_commands
from flightsw.node.scenario import Scenario, load_scenario, run_ticks, scenario_to_toml, shipped_scenarios

DEFAULT = "cubesat-6u-orin-nano"


def refusal(*overrides: str, name: str = DEFAULT) -> str:
    with pytest.raises(ConfigError) as caught:
        load_scenario(name, overrides)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_every_shipped_scenario_loads_and_says_what_it_is() -> None:
    names = shipped_scenarios()
    assert DEFAULT in names
    for name in names:
        scenario = load_scenario(name)
        assert scenario.name == name
        assert 10 < len(scenario.description) < 100


@pytest.mark.parametrize("name", shipped_scenarios())
def test_the_resolved_scenario_loads_back_equal(tmp_path: Path, name: str) -> None:
    commands = 'commands=[{at = "1.5min", name = "power.set_load", args = {load = "payload", on = false}}]'
    scenario = load_scenario(name, [commands, "seed=7"])
    file = tmp_path / "again.toml"
    file.write_text(scenario_to_toml(scenario))
    again = load_scenario(str(file))
    again = msgspec.structs.replace(again, code_folders=scenario.code_folders)
    assert again == scenario
    assert msgspec.to_builtins(again) == msgspec.to_builtins(scenario)
    assert scenario_to_toml(again) == file.read_text()


def test_the_log_s_copy_of_a_scenario_is_the_scenario() -> None:
    scenario = load_scenario(DEFAULT)
    packed = msgspec.msgpack.encode(msgspec.to_builtins(scenario))
    assert msgspec.convert(msgspec.msgpack.decode(packed), Scenario) == scenario


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("plant.battery.capacity_ah=-1.0", "plant.battery.capacity_ah = -1.0: must be at least 0.01"),
        ("plant.battery.capacity_ah=nan", "plant.battery.capacity_ah = nan: must be at least 0.01"),
        ('plant.battery.capacity_ah="big"', 'plant.battery.capacity_ah = "big": must be a number'),
        ("apps.power.reserv_soc=0.4", "apps.power.reserv_soc: unknown key; did you mean reserve_soc? must be one of "),
        ("plant.loads.payload.tier=1", "plant.loads[3].tier: unknown key; "),
        ("plant.loads.payload.shed_tier=9", "plant.loads.payload.shed_tier = 9: must be at most 2"),
        ("plant.loads.nobody.shed_tier=1", "plant.loads has no entry 'nobody': must be an index below 4 or one of "),
        ("plant.loads=[]", "plant.loads: 'payload' is missing"),
        ("plant.thermal.couplings.0.a=foo", "plant.thermal.couplings.0: 'foo' is no node: must be one of chip, board"),
        ("plant.sky.epoch=yesterday", "plant.sky.epoch = 'yesterday': must be an ISO 8601 UTC time"),
        ("plant.sky.orbit.raan_deg=10", "plant.sky.orbit.ltan_h and orbit.raan_deg: exactly one"),
        ("plant.sky.orbit.altitude_km=6500", "plant.sky.orbit.altitude_km = 6500.0: a sun-synchronous orbit must be"),
        ("plant.battery.ocv=[{soc=0.0,volts=12.0}]", "plant.battery.ocv: soc = [0.0]: must ascend"),
        ("plant.profile=orin-nanoo", "plant.profile: "),
        ("apps.inference.model=nope", "apps.inference.model: model 'nope': no such model or card; shipped: cloudseg"),
        ("apps.inference.execute=sometimes", 'apps.inference.execute = "sometimes": must be "every"'),
        ("apps.thermal.chip_limit_c=109", "apps.thermal.chip_limit_c = 109.0: must be below the device's own throttle"),
        ("apps.health.wanted=FLY", 'apps.health.wanted = "FLY": must be one of STANDBY, NOMINAL, PAYLOAD'),
        (
            "apps.health.anomaly={spacecraft='mine'}",
            'apps.health.anomaly: spacecraft = "mine": model telemetry-anomaly knows ',
        ),
        ("apps.health.anomaly={spacecraft='x', model='cloudseg'}", "apps.health.anomaly: "),
        ("name='../x'", 'name = "../x": must be text that matches'),
        ("seed=-1", "seed = -1: must be at least 0"),
        ("dt_s=0.3333333333333", "dt_s = 0.3333333333333: must be a whole number of nanoseconds"),
        ("duration=0s", "duration = '0s': 0 ticks: must be from 1"),
        ('commands=[{at="20x",name="health.ping"}]', 'commands[0].at = "20x": must be like'),
        ('commands=[{at="1orbit",name="health.ping"}]', 'commands[0].at = "1orbit": must be in s, min, h or d'),
        (
            'commands=[{at="1s",name="health.ping"},{at="2s",name="power.fly"}]',
            "commands[1]: unknown command 'power.fly': must be one of power.set_reserve",
        ),
        ('commands=[{at="1s",name="power.set_reserve",args={soc=2}}]', "commands[0]: power.set_reserve: soc = 2: "),
        (
            'commands=[{at="1s",name="health.ping"},{at="999999s",name="health.ping"}]',
            'commands[1].at = "999999s": must be before the end of the run, 11493 s',
        ),
    ],
)
def test_a_wrong_field_is_named_with_its_whole_path_what_was_given_and_what_is_allowed(
    override: str, message: str
) -> None:
    assert message in refusal(override)


def test_a_file_s_name_leads_the_message_and_the_shipped_names_help_only_where_there_is_no_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / "my.toml"
    text = scenario_to_toml(load_scenario(DEFAULT))
    file.write_text(text.replace("capacity_j_k = 6.0", "capacity_j_k = -6.0", 1))
    assert file.read_text() != text
    assert refusal(name=str(file)).startswith(f"{file}: plant.thermal.nodes[0].capacity_j_k = -6.0: must be ")
    file.write_bytes(b"\x7fELF\xff")
    assert refusal(name=str(file)) == f"{file}: not UTF-8 text (byte 4): must be a TOML file"
    assert refusal(name="cubesat-6u").endswith(f"(shipped scenarios: {', '.join(shipped_scenarios())})")


def test_a_card_without_its_network_is_refused_only_where_batches_would_be_computed(tmp_path: Path) -> None:
    shutil.copy(Path(load_card("cloudseg").folder) / "card.toml", tmp_path / "card.toml")
    overrides = [f"apps.inference.model={str(tmp_path)!r}", "apps.inference.execute=every"]
    assert "apps.inference.model: " in refusal(*overrides)
    assert "cloudseg-small-int8.onnx: can't be read" in refusal(*overrides)
    without = load_scenario(DEFAULT, [overrides[0], "apps.inference.execute=none"])
    assert without.apps.inference.model == str(tmp_path)


def test_ticks_follow_duration_and_step() -> None:
    assert run_ticks(load_scenario(DEFAULT, ["duration=50s", "dt_s=0.5"])) == 100
    assert run_ticks(load_scenario(DEFAULT), "90s") == 90


def test_commands_fall_on_the_tick_of_their_time_and_are_numbered_in_file_order() -> None:
    commands = 'commands=[{at="1min",name="health.ping"},{at="30s",name="power.clear_shed"}]'
    by_tick = scheduled_commands(load_scenario(DEFAULT, [commands, "dt_s=0.5"]))
    assert {tick: [(one.request, one.name) for one in some] for tick, some in by_tick.items()} == {
        120: [(1, "health.ping")],
        60: [(2, "power.clear_shed")],
    }


def test_the_derived_figures_are_those_of_the_default_orbit_and_pack() -> None:
    figures = derived_figures(load_scenario(DEFAULT))
    assert figures.orbit_s == pytest.approx(5746.0, abs=5.0)  # nodal period at 550 km, sun-synchronous
    # cylinder at beta 20 degrees gives 0.36 of an orbit; the penumbra adds some 20 s
    assert figures.eclipse_s == pytest.approx(0.36 * figures.orbit_s, abs=90.0)
    assert figures.battery_wh == pytest.approx(5.2 * 14.6)
    assert 30.0 < figures.array_w < 50.0
    assert figures.panels_w == {}
    on_its_body = derived_figures(load_scenario("cubesat-3u-pi4"))
    assert on_its_body.panels_w == dict.fromkeys(("behind", "left", "right"), on_its_body.array_w)
    assert 10.0 < figures.payload_w < 30.0
