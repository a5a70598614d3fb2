"""Flight software in slower cycles: what it is told, what the plant tells it, and what can't be."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from flightsw.bus.application import Inbox, Now
from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError
from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import DeviceReadings, PowerSensors, Truth
from flightsw.node.cycles import in_cycles
from flightsw.node.processes import process_table
from flightsw.node.run import log_header
from flightsw.node.scenario import Scenario, load_scenario
from flightsw.plant.process import PlantProcess
from tests.conftest import Cli

NAME = "cubesat-6u-orin-nano"


def scenario(*overrides: str) -> Scenario:
    return load_scenario(NAME, ['apps.inference.execute="none"', *overrides])


def test_what_flight_software_counts_in_ticks_is_told_it_in_cycles() -> None:
    given = scenario("cycle_ticks=10", "dt_s=0.5", "apps.health.anomaly.enabled=false")
    apps, told = given.apps, in_cycles(given)
    assert told.dt_s == 5.0
    pairs = {
        (before, after): (getattr(getattr(apps, app), before), getattr(getattr(told.apps, app), before))
        for app, before, after in (
            ("health", "safe_hold_ticks", "300 ticks are 30 cycles"),
            ("power", "shed_persistence_ticks", "5 ticks are a part of one: news is a cycle old"),
            ("comms", "report_ticks", "30 ticks are 3"),
        )
    }
    assert list(pairs.values()) == [(300, 30), (5, 2), (30, 3)]
    assert told.apps.power.reserve_soc == apps.power.reserve_soc
    assert told.plant == given.plant
    assert in_cycles(scenario()) == scenario()


def test_the_table_lets_flight_software_run_in_its_cycles_and_the_plant_in_every_tick() -> None:
    rows = process_table(scenario("cycle_ticks=20", "apps.health.anomaly.enabled=false")).by_name
    assert (rows["plant"].period_ticks, rows["plant"].cycle_ticks) == (1, 1)
    assert {(row.period_ticks, row.cycle_ticks) for name, row in rows.items() if name != "plant"} == {(20, 20)}
    assert rows["health"].watchdog_ticks == 60, "three cycles"


def test_a_log_of_one_tick_a_cycle_says_nothing_of_cycles() -> None:
    plain, slow = (log_header(one, process_table(one)) for one in (scenario(), scenario("cycle_ticks=10")))
    assert b"cycle_ticks" not in plain.encode()
    assert slow.scenario["cycle_ticks"] == 10
    assert (plain.cycle_ticks, slow.cycle_ticks) == (1, 10)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["cycle_ticks=0"], "cycle_ticks = 0: must be at least 1"),
        (["cycle_ticks=61"], "cycle_ticks = 61: must be at most 60"),
        (["cycle_ticks=10", "dt_s=10.0"], "cycle_ticks = 10: a cycle of 100 s: must be at most 60 s"),
        (["cycle_ticks=3"], r"anomaly: a cycle of 3.0 s \(dt_s times cycle_ticks\): must divide the 10.0 s"),
        (
            ["cycle_ticks=10", "apps.inference.memory={footprint_bytes=100000000}"],
            "cycle_ticks = 10: must be 1 beside apps.inference.memory",
        ),
    ],
)
def test_a_cycle_that_can_not_be_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        scenario(*overrides)


def test_a_bad_cycle_on_the_command_line_is_one_line_and_exit_code_2(cli: Cli) -> None:
    done = cli("validate", NAME, "--set", "cycle_ticks=10", "--set", "dt_s=10.0")
    assert done.code == 2
    assert "cycle_ticks = 10: a cycle of 100 s: must be at most 60 s" in done.err


class Bench:
    """The plant alone, told what the payload computer did."""

    def __init__(self, cycle_ticks: int) -> None:
        config = scenario().plant
        self.plant = PlantProcess(config, 1, 1.0, cycle_ticks=cycle_ticks)
        self.tick = 0

    def run(self, ticks: int, *told: DeviceActivity) -> list[tuple[DeviceReadings | None, Truth]]:
        found = []
        for _ in range(ticks):
            inbox = Inbox([("inference", one) for one in told])
            said = self.plant.step(Now(self.tick, self.tick * 10**9, 1.0), inbox)
            told = ()
            device = [one for one in said if isinstance(one, DeviceReadings)]
            assert len(device) == len([one for one in said if isinstance(one, PowerSensors)])
            found.append((device[0] if device else None, next(one for one in said if isinstance(one, Truth))))
            self.tick += 1
        return found


def test_readings_come_at_the_end_of_a_cycle_and_tell_of_all_of_it() -> None:
    bench = Bench(5)
    on = DeviceActivity(power_on=True, mode=0, busy_s=0.0)
    bench.run(100, on)
    found = bench.run(10, msgspec.structs.replace(on, busy_s=2.0))
    assert [place for place, (device, _) in enumerate(found) if device is not None] == [4, 9]
    drawn_w = [truth.chip_power_w for _, truth in found]
    first, second = found[4][0], found[9][0]
    assert first is not None
    assert second is not None
    assert first.energy_j == pytest.approx(sum(drawn_w[:5]))
    assert first.power_w == pytest.approx(sum(drawn_w[:5]) / 5.0)
    assert second.energy_j == pytest.approx(sum(drawn_w[5:]))


def test_a_cycles_work_is_spread_over_the_cycle_after_it_and_idles_then() -> None:
    bench, every = Bench(5), Bench(1)
    on = DeviceActivity(power_on=True, mode=0, busy_s=0.0)
    for one in (bench, every):
        one.run(100, on)
    spread = [truth.chip_power_w for _, truth in bench.run(10, msgspec.structs.replace(on, busy_s=2.0))]
    part = [truth.chip_power_w for _, truth in every.run(1, msgspec.structs.replace(on, busy_s=0.4))]
    idle_w = every.run(3)[-1][1].chip_power_w
    assert spread[:5] == pytest.approx([part[0]] * 5, rel=0.01)
    assert spread[5:] == pytest.approx([idle_w] * 5, rel=0.01)
    assert part[0] > 1.1 * idle_w


def test_what_was_logged_in_cycles_is_read_as_it_was_flown(tmp_path: Path, cli: Cli) -> None:
    out = tmp_path / "run"
    done = cli(
        "run",
        NAME,
        "--in-process",
        "--duration",
        "205s",
        "--execute",
        "none",
        "--set",
        "cycle_ticks=10",
        "--out",
        str(out),
    )
    assert done.code == 0, done.err
    reader = LogReader(out)
    mine = {number: topic.producer for number, topic in enumerate(reader.header.topics)}
    spoke: dict[str, set[int]] = {}
    for record in reader.ticks():
        for number, _ in record.entries:
            spoke.setdefault(mine[number], set()).add(record.tick)
    assert spoke["plant"] == set(range(205))
    for app in ("power", "thermal", "inference", "comms", "health"):
        assert spoke[app] == set(range(0, 205, 10)), app
    again = cli("replay", str(out))
    assert again.code == 0, again.out + again.err
    for app in ("plant", "power", "health", "inference"):
        alone = cli("replay", str(out), "--app", app)
        assert alone.code == 0, alone.out + alone.err
    judged = cli("report", str(out))
    assert judged.code == 0, judged.err
