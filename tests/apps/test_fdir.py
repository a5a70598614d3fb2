"""FDIR's laws one by one: ladder, progress, hang and slow, actionpoints, votes, gauges, heat, balance, duties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flightsw.apps.comms import law as comms_law
from flightsw.apps.duties import DUTIES, Payload, Transmitter
from flightsw.apps.health import memory, recovery
from flightsw.apps.health.actionpoints import READY, holds, is_true, point_step
from flightsw.apps.health.balance import Balance, Flows, balance_step
from flightsw.apps.health.config import HealthConfig, PayloadRow, WatchpointConfig
from flightsw.apps.health.fdir import Fdir
from flightsw.apps.health.fdirconfig import ActionpointConfig, FdirConfig, LadderConfig
from flightsw.apps.health.gauges import Gauge, gauge_step, is_bad
from flightsw.apps.health.hangs import MISS, misses_step, trouble
from flightsw.apps.health.heartbeats import Pulse
from flightsw.apps.health.heat import ChipHeat, heat_step
from flightsw.apps.health.ladder import AT_FOOT, climb_step
from flightsw.apps.health.ladders import ladders_of
from flightsw.apps.health.limits import Watch, Zone, watch_step
from flightsw.apps.health.modes import TRANSITIONS
from flightsw.apps.health.plan import plan_of
from flightsw.apps.health.plausibility import Readings, Sensors, sensors_step, validity
from flightsw.apps.health.plausibilityconfig import PlausibilityConfig
from flightsw.apps.health.progress import SETTLED_TICKS, Progress, is_stopped, progress_step
from flightsw.apps.health.signals import watched
from flightsw.apps.health.steps import StepKind, parse_step
from flightsw.apps.health.voting import Vote, vote_step
from flightsw.apps.power.config import LoadRow
from flightsw.apps.power.law import switched
from flightsw.apps.power.rails import OPEN_TICKS, after_tick, begun, masked
from flightsw.apps.power.shedding import ShedState, load_table
from flightsw.apps.validity import believed_power, believed_thermal
from flightsw.bus.application import Inbox
from flightsw.errors import ConfigError
from flightsw.messages.health import BusEvent, BusEventKind, Mode, RecoveryCriticalData, SensorValidity
from flightsw.messages.inference import Binding, InferenceStatus
from flightsw.messages.plant import LclState, PowerSensors, ThermalSensors

WAITS = (5, 10, 20)
PLAUSIBLE = PlausibilityConfig()


def climbed(failing: list[bool | None], *, latches: bool = False, settle: int = 8) -> list[int]:
    climb, rungs = AT_FOOT, []
    for tick, now in enumerate(failing):
        climb = climb_step(climb, tick, WAITS, settle, failing=now, latches=latches)
        rungs.append(climb.rung)
    return rungs


def test_each_step_of_a_ladder_gets_its_time_and_the_last_one_is_held() -> None:
    rungs = climbed([True] * 60)
    assert [rungs.index(level) for level in (1, 2, 3)] == [0, 5, 15]
    assert rungs[-1] == 3


def test_a_relapse_goes_on_where_the_ladder_stood_and_after_peace_at_its_foot() -> None:
    relapse = climbed([True] * 2 + [False] * 6 + [True])
    assert relapse[-1] == 2
    calm = climbed([True] * 2 + [False] * 8 + [True])
    assert calm[-2:] == [0, 1]


def test_a_ladder_that_latches_holds_its_last_step() -> None:
    assert climbed([True] * 20 + [False] * 100, latches=True)[-1] == 3
    assert climbed([True] * 20 + [False] * 100)[-1] == 0


@given(st.lists(st.sampled_from([True, False, None]), max_size=120), st.booleans())
def test_a_ladder_never_skips_a_step_nor_takes_two_in_one_tick(failing: list[bool | None], latches: bool) -> None:
    rungs = [0, *climbed(failing, latches=latches)]
    for before, after, now in zip(rungs, rungs[1:], failing, strict=False):
        assert after - before in (0, 1) or after == 0
        assert not (now is None and after != before), "what can't be told changes nothing"
        assert not (after > before and now is not True)


def test_a_step_that_is_known_to_be_needed_leaves_out_those_below() -> None:
    climb = climb_step(AT_FOOT, 0, WAITS, 8, failing=True, latches=False)
    assert climb_step(climb, 1, WAITS, 8, failing=True, latches=False, skip_to=3).rung == 3


IDLE = InferenceStatus(True, 1, True, 10.0, 10.0, 9.0, Binding.NONE, 50, *[0] * 9, 0.0, 0.0)
BUSY = replace(IDLE, busy_fraction=1.0)
OFF = replace(IDLE, power_on=False)


def progressed(*statuses: tuple[InferenceStatus | None, int], rail_w: float | None = None) -> Progress:
    progress = Progress()
    for status, ticks in statuses:
        for _ in range(ticks):
            progress = progress_step(progress, status, rail_w, 3.0)
    return progress


def test_a_payload_that_has_worked_and_stands_still_is_stopped_soon_and_a_booting_one_is_given_its_time() -> None:
    assert is_stopped(progressed((BUSY, 3), (IDLE, 10)), 10, 50)
    assert not is_stopped(progressed((BUSY, 3), (IDLE, 9)), 10, 50)
    assert not is_stopped(progressed((BUSY, 3), (IDLE, 1), (BUSY, 1), (IDLE, 9)), 10, 50), (
        "what came before counts no more"
    )
    assert not is_stopped(progressed((IDLE, 49)), 10, 50)
    assert is_stopped(progressed((IDLE, 50)), 10, 50)


@pytest.mark.parametrize(
    "reason",
    [
        {"queue_items": 0},
        {"binding": Binding.COMMANDED},
        {"binding": Binding.PLAN},
        {"granted_w": 8.0},
        {"mode": 0, "granted_w": 9.5},
        {"power_on": False},
    ],
)
def test_a_payload_without_work_power_or_leave_is_not_stopped(reason: dict[str, object]) -> None:
    rests = replace(IDLE, **reason)
    assert not is_stopped(progressed((BUSY, 3), (rests, 100)), 10, 50)


def test_a_rail_that_draws_with_its_device_off_is_a_latch_up() -> None:
    learned = progressed((OFF, 3), rail_w=0.3)
    assert learned.off_w == 0.3
    up = progress_step(learned, BUSY, None, 3.0)
    for rail_w, latched in ((0.3, False), (3.0, False), (3.5, True)):
        progress = up
        for tick in range(SETTLED_TICKS):
            assert not progress.latched, f"not before the command shows, tick {tick}"
            progress = progress_step(progress, OFF, rail_w, 3.0)
        assert progress.latched is latched


def test_a_hung_application_is_told_from_a_slow_one() -> None:
    hung = Pulse((13, 0), (), ("a",))
    assert trouble(0, hung, (0, 0), hang_ticks=12, slow_misses=40) == "hung"
    assert trouble(1, hung, (0, 0), hang_ticks=12, slow_misses=40) is None
    misses = (0, 0)
    for tick in range(120):
        misses = misses_step(misses, (tick % 3 == 0, True), (False, False), 40)
    assert trouble(0, Pulse((0, 0), ()), misses, hang_ticks=12, slow_misses=40) == "slow"
    assert misses[1] == 0


@given(st.lists(st.booleans(), max_size=300))
def test_one_that_is_away_is_not_slow_and_misses_stay_within_their_bounds(heard: list[bool]) -> None:
    misses, away = (0,), (0,)
    for now in heard:
        misses = misses_step(misses, (now,), (False,), 40)
        away = misses_step(away, (now,), (True,), 40)
        assert 0 <= misses[0] <= 40 * MISS
        assert away == (0,)


RED, GREEN, STALE = Watch(Zone.RED), Watch(), Watch(Zone.STALE)


def test_an_actionpoint_fires_after_its_fails_and_once_until_it_is_armed() -> None:
    config = ActionpointConfig(name="hot", watchpoints=("chip",), zone="RED", fails=3, step="safe")
    point, fired = READY, []
    for true in (True, True, False, True, True, True, True, True, False, True, True, True):
        after = point_step(point, config, true=true)
        fired.append(after.passive and not point.passive)
        point = after
    assert [place for place, one in enumerate(fired) if one] == [5, 11], "a recovery in between arms it"
    manual = replace(config, rearm="command")
    point = READY
    for true in (True, True, True, False, True, True, True):
        point = point_step(point, manual, true=true)
    assert point.passive
    assert holds(point, manual)
    assert not holds(point_step(point, manual, true=False), manual), "a ceiling ends with its condition"


def test_conditions_take_one_or_all_of_their_watchpoints_and_red_is_beyond_yellow() -> None:
    one = ActionpointConfig(name="a", watchpoints=("x", "y"), zone="YELLOW", step="safe")
    assert is_true(one, (RED, GREEN), (0, 1))
    assert not is_true(replace(one, every=True), (RED, GREEN), (0, 1))
    assert not is_true(one, (STALE, GREEN), (0, 1)), "stale is a state of its own"
    assert is_true(replace(one, zone="STALE"), (STALE, GREEN), (0, 1))


def test_a_red_sensor_that_dies_is_stale_and_no_longer_red() -> None:
    limits = WatchpointConfig(signal="sensor.chip_c", red_high=100.0, persistence=2, stale_ticks=5)
    watch, zones = Watch(), []
    for value in (120.0, 120.0, None, None, None, None, None, None, 120.0, 120.0, 120.0):
        watch = watch_step(watch, value, limits)
        zones.append(watch.told.name)
    assert zones == ["GREEN", *["RED"] * 5, "STALE", "STALE", "GREEN", "RED", "RED"]


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("power.soc", "power.status"),
        ("sensor.battery_c", "sensor.thermal"),
        ("sensor.power.battery_c", "sensor.power"),
        ("thermal.chip_c", "thermal.status"),
        ("sensor.load_power_w[1]", "sensor.power"),
        ("sensor.rate_bps", "sensor.link"),
    ],
)
def test_a_watchpoint_reaches_any_number_on_board(name: str, topic: str) -> None:
    assert watched(name).topic == topic


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("truth.plant.soc", "unknown"),
        ("cds.power.soc", "unknown"),
        ("hw.device.sel", "unknown"),
        ("power.socc", "did you mean power.status.soc"),
        ("sensor.load_power_w", "must name an element"),
        ("power.soc[0]", "is no tuple"),
        ("infer.nothing", "unknown"),
    ],
)
def test_a_watchpoint_never_reaches_truth_and_says_what_is_wrong(name: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word.replace("[", r"\[")):
        watched(name)


def test_an_element_that_is_not_there_is_no_reading() -> None:
    power = PowerSensors(15.0, 1.0, 20.0, 0.0, (7.0,), (LclState.ON,), False)
    assert watched("sensor.load_power_w[0]").value_of(power) == 7.0
    assert watched("sensor.load_power_w[9]").value_of(power) is None


@pytest.mark.parametrize("drift", [lambda n: 20.0 + n, lambda n: 60.0, lambda n: -40.0])
@pytest.mark.parametrize("broken", [0, 1])
def test_of_two_thermometers_the_one_that_moved_is_voted_out_and_let_in_again(drift: object, broken: int) -> None:
    vote = Vote()
    for sample in range(60):
        bad_c = 20.0 if sample < 10 else drift(sample - 10)  # type: ignore[operator]
        pair = (bad_c, 20.1) if broken == 0 else (20.1, bad_c)
        vote = vote_step(vote, pair, 3.0, 5)
        assert vote.out in (None, broken)
    assert vote.out == broken
    for _ in range(5):
        assert vote.out == broken
        vote = vote_step(vote, (20.0, 20.0), 3.0, 5)
    assert vote.out is None


@given(st.lists(st.floats(-1.0, 1.0), max_size=200), st.floats(-1.4, 1.4))
def test_noise_and_an_offset_within_tolerance_vote_nobody_out(noise: list[float], offset: float) -> None:
    vote = Vote()
    for sample in noise:
        vote = vote_step(vote, (20.0 + 0.5 * sample, 20.0 + offset - 0.5 * sample), 3.0, 5)
        assert vote.out is None


def test_a_noisy_sensor_that_stands_still_is_stuck_and_a_coarse_one_is_not_judged() -> None:
    noisy = coarse = Gauge()
    for sample in range(60):
        noisy = gauge_step(noisy, 20.0 + (-1) ** sample * 0.1, -50.0, 100.0)
        coarse = gauge_step(coarse, 20.0 + sample // 40, -50.0, 100.0)
    for _ in range(40):
        assert not is_bad(noisy, 5, 60)
        noisy = gauge_step(noisy, 20.1, -50.0, 100.0)
        coarse = gauge_step(coarse, 21.0, -50.0, 100.0)
    assert is_bad(noisy, 5, 30)
    assert not is_bad(coarse, 5, 30)
    assert not is_bad(gauge_step(noisy, 20.0, -50.0, 100.0), 5, 30), "it lives again"


@pytest.mark.parametrize("value", [None, 1000.0, -300.0])
def test_a_missing_or_impossible_reading_is_bad_after_its_persistence(value: float | None) -> None:
    gauge = gauge_step(Gauge(), 20.0, -50.0, 100.0)
    for _ in range(4):
        gauge = gauge_step(gauge, value, -50.0, 100.0)
    assert not is_bad(gauge, 5, 30)
    assert is_bad(gauge_step(gauge, value, -50.0, 100.0), 5, 30)


def test_a_diode_that_stands_still_while_its_power_swings_is_stuck() -> None:
    steady = swung = ChipHeat()
    for sample in range(120):
        steady = heat_step(steady, 50.0, 10.0, 30)
        swung = heat_step(swung, 50.0, 10.0 if sample < 60 else 1.0, 30)
    assert not steady.stuck
    assert swung.stuck
    back = swung
    for _ in range(60):
        back = heat_step(back, 50.0, 10.0, 30)
    assert back.stuck, "as long as it doesn't move"
    assert not heat_step(back, 50.5, 10.0, 30).stuck


def test_ladders_actionpoints_and_lock_outs_survive_a_restart_of_health() -> None:
    point = ActionpointConfig(name="hot", watchpoints=("power.soc",), zone="RED", step="safe", rearm="command")
    config = HealthConfig(fdir=FdirConfig(actionpoints=(point,)))
    plan = plan_of(config, ("comms", "inference"), 35.0, 1.0)
    pulse, red = Pulse((100, 0), (), ("comms",)), (Watch(Zone.RED), Watch(), Watch())
    state = recovery.initial(plan)
    for tick in range(200):
        bus = (BusEvent(BusEventKind.LOCKED_OUT, "inference", 6),) if tick == 5 else ()
        seen = recovery.Seen(tick, (False, True), pulse, red, Progress(), bus)
        state, _, _ = recovery.recovery_step(state, seen, plan)
    assert (state.ceiling, state.locked) == (Mode.SAFE, (False, True))
    again = memory.restored(memory.kept(state), plan)
    assert again.ceiling is Mode.SAFE
    assert [climb.rung for climb in again.climbs] == [climb.rung for climb in state.climbs] == [0, 3, 0]
    assert (again.locked, again.points[0].passive) == (state.locked, True)
    other = plan_of(config, ("comms",), 35.0, 1.0)
    assert memory.restored(memory.kept(state), other) == recovery.initial(other), "another configuration's"


READINGS = Readings(20.0, 20.0, 15.0, 1.0, 50.0, 30.0, 40.0, 10.0, None, dark=False)


def test_a_diode_that_differs_from_the_devices_own_is_out_until_they_agree() -> None:
    sensors, out = Sensors(), []
    for own_c in (None, 85.0, 85.0, 85.0, 85.0, 85.0, None, None, 51.0):
        now = READINGS._replace(device_chip_c=own_c)
        sensors = sensors_step(sensors, now, PLAUSIBLE, 1.0)
        out.append("sensor.thermal.chip_c" in validity(sensors, now, PLAUSIBLE).invalid)
    assert out == [*[False] * 5, True, True, True, False], "a device that is off says nothing new"


def balanced(flows: Flows, samples: int, before: Balance = Balance()) -> Balance:  # noqa: B008  # frozen
    for _ in range(samples):
        before = balance_step(before, flows, PLAUSIBLE, 10.0)
    return before


SUN = Flows(30.0, -10.0, 19.0, dark=False, current_still=False)
DARK = Flows(0.0, 20.0, 19.0, dark=True, current_still=False)


def test_a_balance_that_closes_blames_nobody_in_sun_or_shadow() -> None:
    end = balanced(DARK, 60, balanced(SUN, 60))
    assert not end.current_bad
    assert not end.array_bad


def test_in_shadow_a_residual_is_the_currents_and_power_is_the_arrays() -> None:
    lit = balanced(SUN, 10)
    assert balanced(replace(DARK, battery_w=8.0), 20, lit).current_bad
    shining = balanced(replace(DARK, array_w=5.0), 20, lit)
    assert shining.array_bad
    assert not shining.current_bad


def test_in_the_sun_a_residual_is_a_still_currents_or_else_the_arrays_until_shadow_tells() -> None:
    lit = balanced(SUN, 10)
    assert balanced(replace(SUN, battery_w=0.0, current_still=True), 10, lit).current_bad
    doubted = balanced(replace(SUN, battery_w=0.0), 10, lit)
    assert doubted.array_bad
    cleared = balanced(replace(DARK, battery_w=30.0), 20, doubted)
    assert cleared.current_bad
    assert not cleared.array_bad


def test_what_is_voted_out_is_taken_away_and_its_twin_stands_in() -> None:
    power = PowerSensors(15.0, 1.0, 20.0, 0.0, (7.0,), (LclState.ON,), False)
    thermal = ThermalSensors(50.0, 30.0, 20.0, 66.0, 10.0, 0.0)
    told = SensorValidity(("sensor.thermal.battery_c", "sensor.power.battery_current_a"), 19.5)
    assert believed_power(power, told) == replace(power, battery_current_a=None)
    assert believed_thermal(thermal, told) == replace(thermal, battery_c=19.5)


def test_the_laws_of_the_applications_follow_the_duties_of_every_mode() -> None:
    rows = (LoadRow("avionics", None, True), LoadRow("battery_heater", 2, True), LoadRow("payload", 1, True))
    table = load_table(rows)
    for mode, duty in DUTIES.items():
        on = switched((True,) * 3, ShedState(), (), mode, table)
        assert on == (True, True, duty.payload_rail and not duty.essential_only)
        inputs = comms_law.Inputs(0, 1e6, mode, True, 100, 100)
        _, said = comms_law.step(comms_law.State(), inputs, 1.0)
        sends = Transmitter.OFF if not said.transmit else Transmitter.ALL if said.products else Transmitter.HOUSEKEEPING
        assert sends is duty.transmitter, mode
        assert duty.payload is (
            Payload.WORKING if mode is Mode.PAYLOAD else Payload.IDLE if mode is Mode.NOMINAL else Payload.OFF
        )
    assert {mode for mode, duty in DUTIES.items() if duty.sun_pointing} == {Mode.SURVIVAL, Mode.SAFE}


def test_survival_keeps_the_heater_and_drops_what_can_be_shed() -> None:
    rows = (LoadRow("avionics", None, True), LoadRow("transmitter", 2, True), LoadRow("battery_heater", 2, True))
    assert switched((True,) * 3, ShedState(), (), Mode.SURVIVAL, load_table(rows)) == (True, False, True)


def test_survival_lies_below_safe_and_is_entered_and_left_through_it_alone() -> None:
    assert [mode.name for mode in sorted(Mode)] == ["OFF", "BOOT", "SURVIVAL", "SAFE", "STANDBY", "NOMINAL", "PAYLOAD"]
    assert {row.before for row in TRANSITIONS if row.after is Mode.SURVIVAL} == {Mode.SAFE}
    assert {row.after for row in TRANSITIONS if row.before is Mode.SURVIVAL} == {Mode.SAFE}


def test_a_rail_cycle_opens_one_load_for_its_time() -> None:
    names = ("avionics", "payload")
    cycles = begun((), "payload", names)
    assert begun(cycles, "payload", names) == cycles
    assert begun((), "nothing", names) == ()
    opened = []
    while cycles:
        opened.append(masked((True, True), cycles))
        cycles = after_tick(cycles)
    assert opened == [(True, False)] * OPEN_TICKS


def test_standard_ladders_are_as_documented_and_a_scenarios_own_replace_them() -> None:
    apps = ("power", "thermal", "inference", "comms")
    names = {one.monitor: [step.name for step in one.steps] for one in ladders_of(apps, FdirConfig(), 50)}
    assert names == {
        "payload": ["reset_device", "restart:inference", "cycle_rail:payload", "cycle_rail:payload", "standby"],
        "power": ["restart:power", "restart:power", "safe", "survival"],
        "thermal": ["restart:thermal", "restart:thermal", "safe"],
        "inference": ["restart:inference", "restart:inference", "standby"],
        "comms": ["restart:comms", "restart:comms", "safe"],
    }
    own = LadderConfig(monitor="comms", steps=("safe",), wait_ticks=(5,))
    config = FdirConfig(ladders=(own,), criticality={"thermal": "NONE"})
    changed = {one.monitor: [step.name for step in one.steps] for one in ladders_of(apps, config, 50)}
    assert changed["comms"] == ["safe"]
    assert changed["thermal"] == ["restart:thermal", "restart:thermal"]


def test_steps_are_named_as_a_scenario_says_them() -> None:
    assert parse_step("restart:comms", "x").kind is StepKind.RESTART
    for name in ("restart", "safe:comms", "reset_device:", "fly", "sequence:"):
        with pytest.raises(ConfigError, match="must be one of"):
            parse_step(name, "x")


@pytest.mark.parametrize(
    "make",
    [
        lambda: HealthConfig(survival_soc=0.2, survival_exit_soc=0.1),
        lambda: HealthConfig(survival_exit_soc=0.5),
        lambda: LadderConfig(monitor="comms", steps=("safe", "survival"), wait_ticks=(5,)),
        lambda: LadderConfig(monitor="comms", steps=("pray",), wait_ticks=(5,)),
        lambda: FdirConfig(ladders=(LadderConfig(monitor="a", steps=("safe",), wait_ticks=(5,)),) * 2),
        lambda: HealthConfig(watchpoints=(WatchpointConfig(signal="power.soc"),) * 2),
        lambda: HealthConfig(
            fdir=FdirConfig(
                actionpoints=(ActionpointConfig(name="a", watchpoints=("nothing",), zone="RED", step="safe"),)
            )
        ),
    ],
)
def test_a_contradiction_in_fdirs_configuration_is_refused(make: object) -> None:
    with pytest.raises(ConfigError, match=r"must be|stands there twice"):
        make()  # type: ignore[operator]


def test_a_heater_shed_by_its_tier_stays_off_but_in_survival_where_it_is_what_is_left() -> None:
    rows = (LoadRow("avionics", None, True), LoadRow("battery_heater", 2, True), LoadRow("payload", 1, True))
    shed = ShedState(level=2)
    assert switched((True,) * 3, shed, (), Mode.NOMINAL, load_table(rows)) == (True, False, False)
    assert switched((True,) * 3, shed, (), Mode.SURVIVAL, load_table(rows)) == (True, True, False)
    assert switched((True,) * 2, shed, (), Mode.SURVIVAL, load_table((rows[0], rows[2]))) == (True, False)


def restarted(*kept: RecoveryCriticalData) -> Fdir:
    """The monitors of a health that has just been restarted with this memory."""
    fdir = Fdir(HealthConfig(), ("comms", "inference"), 1.0, PayloadRow(3, 20.0), lambda _name, _by: None)
    fdir.restore(Inbox([("bus", one) for one in kept]))
    return fdir


def test_a_restarted_health_goes_on_where_its_ladders_stood_and_begins_at_their_foot_without_a_memory() -> None:
    kept = RecoveryCriticalData((0, 2, 0), (0, 77, 0), (), (False, True))
    again = restarted(kept)
    assert [climb.rung for climb in again.recovery.climbs] == [0, 2, 0]
    assert again.recovery.climbs[1].since_tick == 77
    assert again.recovery.locked == (False, True)
    assert restarted().recovery == recovery.initial(again.plan)
