"""Health: from BOOT to PAYLOAD, into SAFE and out again, heartbeats, limits, commands, and what survives a restart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.health import law
from flightsw.apps.health.app import HealthApp
from flightsw.apps.health.config import HealthConfig, WatchpointConfig
from flightsw.apps.health.fdirconfig import FdirConfig
from flightsw.apps.health.limits import Watch, Zone, watch_step
from flightsw.apps.health.modes import RUNNING, TRANSITIONS
from flightsw.apps.health.state import Inputs
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.commands import Command, HealthPing, HealthPoint, HealthPointAt, HealthSetMode
from flightsw.messages.comms import CommsStatus, TcDispatch, TcReport, TcStage
from flightsw.messages.health import (
    Attitude,
    AttitudeCommand,
    BusEvent,
    BusEventKind,
    Event,
    HealthCriticalData,
    Mode,
    ModeStatus,
)
from flightsw.messages.inference import Binding, InferenceStatus
from flightsw.messages.plant import LclState, PowerSensors, ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

APPS = ("power", "thermal", "inference", "comms")
HOUSEKEEPING = {
    "thermal": ThermalStatus(25.0, 50.0, 70.0, 0.0, 25.0, False),
    "inference": InferenceStatus(True, 0, True, *[0.0] * 3, Binding.NONE, *[0] * 10, 0.0, 0.0),
    "comms": CommsStatus(False, None, 0.0, *[0] * 5),
}
CONFIG = HealthConfig(safe_hold_ticks=20, silence_ticks=15, boot_ticks=30, fdir=FdirConfig(settle_ticks=20))


class Ward:
    """Health, and what it is told tick by tick."""

    def __init__(self, config: HealthConfig = CONFIG) -> None:
        self.app = HealthApp(config, APPS, 1.0)
        self.tick = 0
        self.mode = Mode.BOOT
        self.out: list[Message] = []
        self.told: list[tuple[str, dict[str, object]]] = []
        self.pointed: list[AttitudeCommand] = []

    def pass_ticks(
        self,
        ticks: int = 1,
        *,
        soc: float = 0.8,
        chip_c: float = 50.0,
        silent: Iterable[str] = (),
        brownout: bool = False,
        extra: tuple[tuple[str, Message], ...] = (),
    ) -> ModeStatus:
        for _ in range(ticks):
            power = PowerStatus(soc, 0.01, 0.0, 0.0, 0, 10.0, 0.3, False, None, 0.0, None)
            items: list[tuple[str, Message]] = [
                (app, power if app == "power" else HOUSEKEEPING[app]) for app in APPS if app not in silent
            ]
            items.append(("plant", ThermalSensors(chip_c, 30.0, 20.0, 20.0, 10.0, 0.0)))
            items.append(("plant", PowerSensors(15.0, 0.0, 20.0, 0.0, (7.0,), (LclState.ON,), brownout)))
            inbox = Inbox([*items, *extra])
            self.out = list(self.app.step(Now(self.tick, self.tick * 10**9, 1.0), inbox))
            self.pointed += [message for message in self.out if isinstance(message, AttitudeCommand)]
            self.told += [(m.id, dict(m.args)) for m in self.out if isinstance(m, Event)]
            self.tick += 1
        (status,) = [message for message in self.out if isinstance(message, ModeStatus)]
        self.mode = status.mode
        return status

    def command(self, command: Command, **state: float) -> TcReport:
        self.pass_ticks(extra=(("comms", TcDispatch(9, command)),), **state)  # type: ignore[arg-type]
        (report,) = [message for message in self.out if isinstance(message, TcReport)]
        return report

    def ids(self) -> list[str]:
        return [name for name, _ in self.told]


def flying() -> Ward:
    ward = Ward()
    assert ward.pass_ticks(10).mode is Mode.PAYLOAD
    return ward


def test_boots_through_standby_and_nominal_to_the_wanted_mode() -> None:
    ward = Ward()
    modes = [ward.pass_ticks().mode for _ in range(5)]
    assert modes == [Mode.STANDBY, Mode.NOMINAL, Mode.PAYLOAD, Mode.PAYLOAD, Mode.PAYLOAD]
    assert ward.ids() == ["mode.changed"] * 3


def test_boot_waits_for_everybody_and_not_for_ever() -> None:
    ward = Ward()
    assert ward.pass_ticks(20, silent=["comms"]).mode is Mode.BOOT
    assert ward.pass_ticks(15, silent=["comms"]).mode is Mode.SAFE


@pytest.mark.parametrize(
    ("state", "ticks", "word"),
    [
        ({"soc": 0.1}, 1, "state of charge"),
        ({"chip_c": 110.0}, 3, "sensor.chip_c in red"),
        ({"brownout": True}, 1, "brown-out"),
        ({"silent": ["thermal"]}, 16, "thermal silent"),
        ({"silent": ["thermal", "comms"]}, 4, "thermal, comms silent"),
    ],
)
def test_an_alarm_leads_to_safe_and_says_why(state: dict[str, object], ticks: int, word: str) -> None:
    ward = flying()
    ward.told.clear()
    if ticks > 1:
        assert ward.pass_ticks(ticks - 1, **state).mode is Mode.PAYLOAD, "not before its time"  # type: ignore[arg-type]
    status = ward.pass_ticks(**state)  # type: ignore[arg-type]
    assert status.mode is Mode.SAFE
    assert word in status.reason
    changed = [args for name, args in ward.told if name == "mode.changed"]
    assert changed == [{"before": "PAYLOAD", "after": "SAFE", "reason": status.reason}]


def test_safe_is_left_only_after_all_has_been_well_for_the_hold() -> None:
    ward = flying()
    ward.pass_ticks(1, soc=0.1)
    assert ward.pass_ticks(19, soc=0.9).mode is Mode.SAFE
    assert ward.pass_ticks(1, soc=0.3).mode is Mode.SAFE, "below the exit charge: the hold starts anew"
    assert ward.pass_ticks(19, soc=0.9).mode is Mode.SAFE
    assert ward.pass_ticks(3, soc=0.9).mode is Mode.PAYLOAD


def test_without_automatic_exit_safe_stays_until_ground_says_otherwise() -> None:
    ward = Ward(HealthConfig(auto_exit=False, safe_hold_ticks=5))
    ward.pass_ticks(10)
    ward.pass_ticks(1, soc=0.1)
    assert ward.pass_ticks(50).mode is Mode.SAFE
    assert ward.command(HealthSetMode("NOMINAL")).stage is TcStage.COMPLETED
    status = ward.pass_ticks()
    assert status.mode is Mode.NOMINAL, "ground's word stands for the hold and for the automatic exit"


@pytest.mark.parametrize("mode", ["SAFE", "STANDBY", "NOMINAL"])
def test_ground_commands_a_mode(mode: str) -> None:
    ward = flying()
    assert ward.command(HealthSetMode(mode)).stage is TcStage.COMPLETED  # type: ignore[arg-type]
    assert ward.pass_ticks(3).mode is Mode[mode]
    assert ward.command(HealthSetMode("PAYLOAD")).stage is TcStage.COMPLETED
    assert ward.pass_ticks(25).mode is Mode.PAYLOAD


def test_a_mode_that_the_node_can_not_bear_is_refused_with_a_reason() -> None:
    ward = flying()
    ward.pass_ticks(1, soc=0.1)
    report = ward.command(HealthSetMode("PAYLOAD"), soc=0.3)
    assert report.stage is TcStage.FAILED
    assert report.reason is not None
    assert "0.4" in report.reason
    booting = Ward()
    booting.pass_ticks(2, silent=["comms"])
    booting.pass_ticks(silent=["comms"], extra=(("comms", TcDispatch(9, HealthPing())),))
    assert any(isinstance(m, TcReport) and m.stage is TcStage.COMPLETED for m in booting.out)
    report = booting.command(HealthSetMode("PAYLOAD"), silent=["comms"])
    assert (report.stage, report.reason) == (TcStage.FAILED, "still booting")


def test_safe_is_never_refused_not_even_while_booting_or_in_alarm() -> None:
    booting = Ward()
    booting.pass_ticks(2, silent=["comms"])
    assert booting.command(HealthSetMode("SAFE"), silent=["comms"]).stage is TcStage.COMPLETED
    assert booting.pass_ticks(silent=["comms"]).mode is Mode.SAFE
    alarmed = flying()
    assert alarmed.command(HealthSetMode("SAFE"), brownout=True).stage is TcStage.COMPLETED


def test_safe_is_not_left_while_an_application_has_never_been_heard() -> None:
    patient = FdirConfig(hang_ticks=10_000, slow_misses=100_000)
    ward = Ward(HealthConfig(safe_hold_ticks=20, silence_ticks=10_000, boot_ticks=30, fdir=patient))
    assert ward.pass_ticks(35, silent=["comms"]).mode is Mode.SAFE
    assert ward.pass_ticks(200, silent=["comms"]).mode is Mode.SAFE
    report = ward.command(HealthSetMode("PAYLOAD"), silent=["comms"])
    assert (report.stage, report.reason) == (TcStage.FAILED, "never heard: comms")
    assert ward.pass_ticks(25).mode is Mode.PAYLOAD


def test_charge_that_is_not_heard_any_more_keeps_its_last_value() -> None:
    ward = flying()
    assert ward.pass_ticks(1, soc=0.1).mode is Mode.SAFE
    report = ward.command(HealthSetMode("PAYLOAD"), silent=["power"])
    assert (report.stage, report.reason) == (TcStage.FAILED, "alarm: state of charge below 0.15")


CALM = {"soc": 0.8, "chip_c": 50.0, "silent": (), "brownout": False}
weather = st.fixed_dictionaries(
    {
        "soc": st.sampled_from([0.05, 0.3, 0.8]),
        "chip_c": st.sampled_from([50.0, 97.0, 110.0]),
        "silent": st.sampled_from([(), ("comms",), ("power", "thermal")]),
        "brownout": st.booleans(),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(weather, st.integers(1, 12)), max_size=12))
def test_whatever_comes_no_alarm_leaves_the_payload_on_and_calm_brings_it_back(
    spells: list[tuple[dict[str, Any], int]],
) -> None:
    ward = flying()
    steps = 0
    for conditions, ticks in spells:
        for _ in range(ticks):
            before = ward.mode
            status = ward.pass_ticks(**conditions)
            steps += abs(status.mode - before) > 1 and status.mode is not Mode.SAFE
            if conditions["brownout"] or (conditions["soc"] < CONFIG.safe_soc and not conditions["silent"]):
                assert status.mode <= Mode.SAFE
    assert steps == 0, "up and down by single modes, but for the fall into SAFE"
    told = ward.ids().count("mode.changed")
    assert ward.pass_ticks(4 * CONFIG.safe_hold_ticks + 10, **CALM).mode is Mode.PAYLOAD  # type: ignore[arg-type]
    assert ward.ids().count("mode.changed") - told <= 4


def test_a_silent_application_is_overdue_and_back_each_told_once() -> None:
    ward = flying()
    ward.told.clear()
    assert ward.pass_ticks(4, silent=["comms"]).silent == ("comms",)
    assert ward.pass_ticks(5, silent=["comms"]).silent == ("comms",)
    assert ward.pass_ticks(5).silent == ()
    assert ward.told == [("heartbeat.overdue", {"app": "comms"}), ("heartbeat.back", {"app": "comms"})]


def test_a_lost_and_returned_process_is_told() -> None:
    ward = flying()
    ward.told.clear()
    for kind in (BusEventKind.APP_LOST, BusEventKind.REJOIN):
        ward.pass_ticks(extra=(("bus", BusEvent(kind, "thermal", 1)),))
    assert ward.ids() == ["app.lost", "app.rejoined"]


def test_a_limit_is_told_after_its_persistence_and_once() -> None:
    limits = WatchpointConfig(signal="sensor.chip_c", yellow_high=80.0, red_high=100.0, persistence=3)
    watch, zones = Watch(), []
    for value in (90.0, 90.0, 70.0, 90.0, 90.0, 90.0, 90.0, None, 110.0, 110.0, 110.0, 70.0, 70.0, 70.0):
        watch = watch_step(watch, value, limits)
        zones.append(watch.told)
    assert zones == [Zone.GREEN] * 5 + [Zone.YELLOW] * 5 + [Zone.RED] * 3 + [Zone.GREEN]


def test_a_value_must_come_back_inside_by_the_hysteresis() -> None:
    limits = WatchpointConfig(signal="sensor.chip_c", yellow_high=80.0, red_high=100.0, hysteresis=5.0, persistence=2)
    watch, zones = Watch(Zone.RED), []
    for value in (97.0, 97.0, 94.0, 94.0, 77.0, 77.0, 74.0, 74.0, 79.0, 79.0):
        watch = watch_step(watch, value, limits)
        zones.append(watch.told)
    red, yellow, green = [Zone.RED] * 3, [Zone.YELLOW] * 4, [Zone.GREEN] * 3
    assert zones == red + yellow + green


values = st.one_of(st.none(), st.floats(40.0, 120.0))


@given(st.lists(values, max_size=60), st.floats(0.0, 20.0), st.integers(1, 5))
def test_a_zone_is_told_only_after_its_persistence(
    samples: list[float | None], hysteresis: float, persistence: int
) -> None:
    limits = WatchpointConfig(
        signal="sensor.chip_c", yellow_high=80.0, red_high=100.0, hysteresis=hysteresis, persistence=persistence
    )
    watch, since = Watch(), 0
    for value in samples:
        after = watch_step(watch, value, limits)
        since += value is not None
        if after.told is not watch.told:
            assert since >= persistence
            since = 0
        watch = after


def test_every_running_mode_can_reach_safe_and_no_row_leaves_or_enters_off() -> None:
    for mode in RUNNING:
        assert any(row.before is mode and row.after is Mode.SAFE for row in TRANSITIONS)
    assert not any(Mode.OFF in (row.before, row.after) for row in TRANSITIONS)
    assert {row.before for row in TRANSITIONS} == {Mode.BOOT, Mode.SURVIVAL, Mode.SAFE, *RUNNING}


def test_a_restart_keeps_mode_and_wish_and_raises_no_false_alarm() -> None:
    ward = Ward()
    stored = HealthCriticalData(Mode.STANDBY, 40, "wanted", Mode.STANDBY, Attitude.SUN, None, None)
    ward.tick = 500
    status = ward.pass_ticks(extra=(("health", stored),))
    assert (status.mode, status.since_tick) == (Mode.STANDBY, 40)
    assert ward.pass_ticks(10).mode is Mode.STANDBY
    assert ward.told == []


def test_a_restart_in_safe_waits_for_the_whole_hold_time() -> None:
    ward = Ward()
    stored = HealthCriticalData(Mode.SAFE, 40, "brown-out", Mode.PAYLOAD, Attitude.SUN, None, None)
    assert ward.pass_ticks(extra=(("health", stored),)).mode is Mode.SAFE
    assert ward.pass_ticks(CONFIG.safe_hold_ticks - 2).mode is Mode.SAFE
    assert ward.pass_ticks().mode is Mode.STANDBY


@pytest.mark.parametrize(("mode", "unheard"), [(Mode.BOOT, APPS), (Mode.SAFE, ()), (Mode.PAYLOAD, ())])
def test_a_restart_past_booting_takes_everybody_as_heard_before(mode: Mode, unheard: tuple[str, ...]) -> None:
    stored = HealthCriticalData(mode, 40, "wanted", Mode.PAYLOAD, Attitude.SUN, None, None)
    state = law.restored(law.initial(CONFIG, APPS), stored, APPS)
    assert state.mode is mode
    assert state.pulse.unheard == unheard


def test_ground_points_and_safe_points_at_the_sun_until_it_is_left() -> None:
    ward = Ward()
    ward.pass_ticks(60)
    assert ward.mode is Mode.PAYLOAD
    assert ward.pointed[-1] == AttitudeCommand(Attitude.SUN)
    ward.command(HealthPointAt(50.0, 5.1))
    assert ward.pointed[-1] == AttitudeCommand(Attitude.TARGET, 50.0, 5.1)
    ward.pass_ticks(12)
    assert ward.pointed[-1] == AttitudeCommand(Attitude.TARGET, 50.0, 5.1), "repeated"
    ward.pass_ticks(2, soc=0.1)
    assert ward.mode is Mode.SAFE
    assert ward.pointed[-1] == AttitudeCommand(Attitude.SUN)
    ward.command(HealthPoint("nadir"), soc=0.1)
    assert ward.pointed[-1] == AttitudeCommand(Attitude.SUN), "not while SAFE"
    ward.pass_ticks(2 * CONFIG.safe_hold_ticks)
    assert ward.mode > Mode.SAFE
    assert ward.pointed[-1] == AttitudeCommand(Attitude.NADIR)


def test_the_attitude_that_ground_asked_for_survives_a_restart() -> None:
    ward = Ward()
    stored = HealthCriticalData(Mode.NOMINAL, 40, "wanted", Mode.NOMINAL, Attitude.TARGET, 10.0, 20.0)
    ward.tick = 500
    ward.pass_ticks(extra=(("health", stored),))
    assert ward.pointed == [AttitudeCommand(Attitude.TARGET, 10.0, 20.0)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: HealthConfig(safe_soc=0.5, safe_exit_soc=0.4),
        lambda: WatchpointConfig(signal="power.soc", yellow_low=0.1, red_low=0.2),
        lambda: WatchpointConfig(signal="power.soc", yellow_high=0.9, red_high=0.8),
    ],
)
def test_a_configuration_that_contradicts_itself_is_refused(make: object) -> None:
    with pytest.raises(ConfigError, match="must be"):
        make()  # type: ignore[operator]


def test_yellow_samples_do_not_count_towards_red() -> None:
    limits = WatchpointConfig(signal="sensor.chip_c", yellow_high=95.0, red_high=103.0, persistence=3)
    watch = Watch()
    for value in (97.0, 97.0, 103.5):
        watch = watch_step(watch, value, limits)
    assert watch.told is Zone.YELLOW, "three samples outside, but one of them red"
    for value in (103.5, 103.5, 103.5):
        watch = watch_step(watch, value, limits)
    assert watch.told is Zone.RED


@pytest.mark.parametrize("ceiling", [Mode.SURVIVAL, Mode.SAFE, Mode.STANDBY, Mode.NOMINAL])
def test_the_node_goes_as_low_as_recovery_lets_it_and_says_why(ceiling: Mode) -> None:
    state = law.initial(CONFIG, APPS)
    heard = (True,) * len(APPS)
    modes = []
    for tick in range(200):
        held = (ceiling, "heater stuck") if 60 <= tick < 120 else (Mode.PAYLOAD, "")
        values: tuple[float | None, ...] = (None,) * len(CONFIG.watchpoints)
        state = law.observed(state, Inputs(tick, heard, values, 0.9, False, False, *held), APPS, CONFIG)
        state = law.decided(state, tick, APPS, CONFIG)
        modes.append(state.mode)
        if tick == 119:
            assert state.reason == "heater stuck"
    assert (modes[59], min(modes[60:120]), modes[119]) == (Mode.PAYLOAD, ceiling, ceiling)
    assert modes[-1] is Mode.PAYLOAD, "let go, it comes back by itself"
