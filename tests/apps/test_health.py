"""Health: from BOOT to PAYLOAD, into SAFE and out again, heartbeats, limits, commands, and what survives a restart."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from flightsw.apps.health.app import HealthApp
from flightsw.apps.health.config import HealthConfig, WatchpointConfig
from flightsw.apps.health.limits import Watch, Zone, watch_step
from flightsw.apps.health.modes import RUNNING, TRANSITIONS
from flightsw.bus.application import Inbox, Now
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.commands import Command, HealthPing, HealthSetMode
from flightsw.messages.comms import TcDispatch, TcReport, TcStage
from flightsw.messages.health import BusEvent, BusEventKind, Event, HealthCriticalData, Mode, ModeStatus
from flightsw.messages.plant import LclState, PowerSensors, ThermalSensors
from flightsw.messages.power import PowerStatus

APPS = ("power", "thermal", "inference", "comms")
CONFIG = HealthConfig(safe_hold_ticks=20, silence_ticks=15, boot_ticks=30)


class Ward:
    """Health, and what it is told tick by tick."""

    def __init__(self, config: HealthConfig = CONFIG) -> None:
        self.app = HealthApp(config, APPS, 1.0)
        self.tick = 0
        self.out: list[Message] = []
        self.told: list[tuple[str, dict[str, object]]] = []

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
            heartbeat = PowerStatus(soc, 0.01, 0.0, 0.0, 0, 10.0, 0.3, False, None, 0.0)
            items: list[tuple[str, Message]] = [
                (app, heartbeat if app == "power" else Event(0, "hk", {}))  # type: ignore[arg-type]
                for app in APPS
                if app not in silent
            ]
            items.append(("plant", ThermalSensors(chip_c, 30.0, 20.0, 20.0, 10.0, 0.0)))
            items.append(("plant", PowerSensors(15.0, 0.0, 20.0, 0.0, (7.0,), (LclState.ON,), brownout)))
            inbox = Inbox([*items, *extra])
            self.out = list(self.app.step(Now(self.tick, self.tick * 10**9, 1.0), inbox))
            self.told += [(m.id, dict(m.args)) for m in self.out if isinstance(m, Event)]
            self.tick += 1
        (status,) = [message for message in self.out if isinstance(message, ModeStatus)]
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
    ],
)
def test_an_alarm_leads_to_safe_and_says_why(state: dict[str, object], ticks: int, word: str) -> None:
    ward = flying()
    assert ward.pass_ticks(ticks - 1).mode is Mode.PAYLOAD
    status = ward.pass_ticks(ticks, **state)  # type: ignore[arg-type]
    assert status.mode is Mode.SAFE
    assert word in status.reason
    assert ward.told[-1][0] in ("mode.changed", "limit.crossed") or "mode.changed" in ward.ids()[3:]


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


def test_every_running_mode_can_reach_safe_and_no_row_leaves_or_enters_off() -> None:
    for mode in RUNNING:
        assert any(row.before is mode and row.after is Mode.SAFE for row in TRANSITIONS)
    assert not any(Mode.OFF in (row.before, row.after) for row in TRANSITIONS)
    assert {row.before for row in TRANSITIONS} == {Mode.BOOT, Mode.SAFE, *RUNNING}


def test_a_restart_keeps_mode_and_wish_and_raises_no_false_alarm() -> None:
    ward = Ward()
    stored = HealthCriticalData(Mode.STANDBY, 40, "wanted", Mode.STANDBY)
    ward.tick = 500
    status = ward.pass_ticks(extra=(("health", stored),))
    assert (status.mode, status.since_tick) == (Mode.STANDBY, 40)
    assert ward.pass_ticks(10).mode is Mode.STANDBY
    assert ward.told == []


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
