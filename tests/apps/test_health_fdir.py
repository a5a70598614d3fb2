"""FDIR's messages: what is asked of the bus, power, inference and sequences, what is told, kept and taken up."""

from __future__ import annotations

from typing import TypeVar

import pytest
from msgspec.structs import replace

from flightsw.apps.health import law
from flightsw.apps.health.config import HealthConfig, PayloadRow, WatchpointConfig
from flightsw.apps.health.fdir import Fdir
from flightsw.apps.health.fdirconfig import ActionpointConfig, FdirConfig, LadderConfig
from flightsw.apps.health.heartbeats import familiar
from flightsw.apps.health.plausibilityconfig import PlausibilityConfig
from flightsw.apps.health.state import Inputs
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message
from flightsw.messages.health import (
    BusEvent,
    BusEventKind,
    Event,
    Mode,
    RecoveryAction,
    RecoveryCriticalData,
    RecoveryRequest,
    RestartRequest,
    SensorValidity,
    Severity,
)
from flightsw.messages.inference import Binding, ChipReading, InferenceStatus
from flightsw.messages.plant import LclState, NavSensors, PowerSensors, ThermalSensors

M = TypeVar("M", bound=Message)
APPS = ("comms", "inference")
POWER = PowerSensors(16.0, -0.5, 20.0, 30.0, (12.0, 10.0), (LclState.ON,) * 2, False)
"""30 W of the array, 8 W of them into the battery, 22 W into the loads"""
THERMAL = ThermalSensors(50.0, 30.0, 20.0, 20.0, 10.0, 0.0)
SUNLIT = NavSensors((7000.0, 0.0, 0.0), (0.0, 7.5, 0.0), (1.0, 0.0, 0.0), 0.0, 0.0, True)
WELL = (POWER, THERMAL, SUNLIT)
IDLE = InferenceStatus(True, 1, True, 10.0, 10.0, 9.0, Binding.NONE, 50, *[0] * 9, 0.0, 0.0)
BUSY, OFF = replace(IDLE, busy_fraction=1.0), replace(IDLE, power_on=False)
PAYLOAD = PayloadRow(1, 40.0)
LIMITS = (WatchpointConfig(signal="power.soc", red_low=0.2, persistence=1),)


def ladder(monitor: str, *steps: str, wait_ticks: int = 5) -> FdirConfig:
    return FdirConfig(
        ladders=(LadderConfig(monitor=monitor, steps=steps, wait_ticks=(wait_ticks,) * len(steps)),), hang_ticks=3
    )


class Node:
    """FDIR in its place: between the law's observations, and whoever hears it."""

    def __init__(
        self,
        fdir: FdirConfig = FdirConfig(),  # noqa: B008  # frozen
        payload: PayloadRow = PAYLOAD,
        dt_s: float = 1.0,
        refused: str | None = None,
    ) -> None:
        self.config = HealthConfig(fdir=fdir, watchpoints=LIMITS)
        self.started: list[tuple[str, str]] = []
        self.refused = refused
        self.fdir = Fdir(self.config, APPS, dt_s, payload, self._start)
        self.state = replace(law.initial(self.config, APPS), pulse=familiar(APPS))
        self.dt_s = dt_s
        self.tick = 0
        self.out: list[tuple[int, Message]] = []

    def _start(self, name: str, reason: str) -> str | None:
        self.started.append((name, reason))
        return self.refused

    def hears(
        self,
        *messages: Message,
        ticks: int = 1,
        silent: tuple[str, ...] = (),
        soc: float | None = 0.8,
        eclipse: bool = False,
    ) -> Node:
        for _ in range(ticks):
            heard = tuple([app not in silent for app in APPS])
            inputs = Inputs(self.tick, heard, (soc,), soc, False, eclipse)
            before, self.state = self.state, law.observed(self.state, inputs, APPS, self.config)
            out: list[Message] = []
            now, inbox = Now(self.tick, self.tick * 10**9, self.dt_s), Inbox([("somebody", one) for one in messages])
            self.fdir.step(now, inbox, inputs, before, self.state, out)
            self.out += [(self.tick, message) for message in out]
            self.tick += 1
        return self

    def said(self, kind: type[M]) -> list[M]:
        return [message for _, message in self.out if isinstance(message, kind)]

    def when(self, kind: type[Message]) -> list[int]:
        return [tick for tick, message in self.out if isinstance(message, kind)]

    def events(self, name: str) -> list[Event]:
        return [event for event in self.said(Event) if event.id == name]

    def steps(self) -> list[tuple[int, object]]:
        """When which step was taken."""
        return [
            (tick, message.args["step"])
            for tick, message in self.out
            if isinstance(message, Event) and message.id == "recovery.step"
        ]


def test_while_all_is_well_fdir_says_nothing() -> None:
    assert Node().hears(*WELL, BUSY, ticks=100).out == []


# -- what a step becomes

STEP_ARGS = {"monitor": "comms", "level": 1, "cause": "hung"}


@pytest.mark.parametrize(
    ("step", "asked"),
    [
        ("restart:inference", RestartRequest("inference", "comms: hung", fresh=False)),
        ("reset_device", RecoveryRequest(RecoveryAction.RESET_DEVICE, "", "comms: hung")),
        ("cycle_rail:transmitter", RecoveryRequest(RecoveryAction.CYCLE_RAIL, "transmitter", "comms: hung")),
        ("safe", None),
        ("sequence:dump", None),
    ],
)
def test_a_step_is_told_and_asked_of_whoever_can_do_it(step: str, asked: Message | None) -> None:
    node = Node(ladder("comms", step)).hears(ticks=4, silent=("comms",))
    assert node.said(Event) == [Event(Severity.WARNING_HI, "recovery.step", STEP_ARGS | {"step": step})]
    assert node.said(RestartRequest) + node.said(RecoveryRequest) == ([] if asked is None else [asked])
    assert node.started == ([("dump", "comms: hung")] if step == "sequence:dump" else [])
    assert node.fdir.recovery.ceiling is (Mode.SAFE if step == "safe" else Mode.PAYLOAD)


def test_a_sequence_that_does_not_start_is_told_with_its_reason() -> None:
    node = Node(ladder("comms", "sequence:dump"), refused="is not loaded").hears(ticks=4, silent=("comms",))
    told = {"sequence": "dump", "by": "comms", "reason": "is not loaded"}
    assert node.events("sequence.not_started") == [Event(Severity.WARNING_LO, "sequence.not_started", told)]


def test_the_end_of_a_recovery_is_told() -> None:
    config = replace(ladder("comms", "restart:comms"), settle_ticks=20)
    node = Node(config).hears(ticks=4, silent=("comms",)).hears(ticks=30)
    assert node.events("recovery.over") == [Event(Severity.ACTIVITY_HI, "recovery.over", {"monitor": "comms"})]
    assert node.when(Event) == [3, 23]


# -- what is seen


def test_a_payload_that_stops_is_seen_though_nothing_else_changes() -> None:
    node = Node().hears(BUSY, ticks=3).hears(IDLE, ticks=10)
    assert node.steps() == [(12, "reset_device")]
    assert node.events("recovery.step")[0].args["cause"] == "stopped"


def test_a_payload_whose_steps_do_not_help_is_given_no_more_time_than_theirs() -> None:
    node = Node(ladder("payload", "reset_device", "restart:inference", "standby")).hears(BUSY).hears(IDLE, ticks=30)
    assert node.steps() == [(10, "reset_device"), (15, "restart:inference"), (20, "standby")]


def test_a_word_of_the_bus_is_heard_though_nothing_else_changes() -> None:
    node = Node().hears(
        BusEvent(BusEventKind.LOCKED_OUT, "comms", 6), BusEvent(BusEventKind.LOCKED_OUT, "inference", 6)
    )
    assert node.fdir.recovery.locked == (True, True)
    assert node.fdir.recovery.ceiling is Mode.SAFE


def test_an_actionpoint_is_seen_though_nothing_but_its_watchpoint_changes() -> None:
    point = ActionpointConfig(name="low", watchpoints=("power.soc",), zone="RED", step="standby")
    node = Node(FdirConfig(actionpoints=(point,))).hears(soc=0.1)
    assert node.steps() == [(0, "standby")]
    assert node.hears(ticks=2).fdir.recovery.ceiling is Mode.PAYLOAD


def rail(rail_w: float) -> PowerSensors:
    return replace(POWER, load_power_w=(99.0, rail_w))


def latched(node: Node, rail_w: float) -> Node:
    """A payload that was off, has worked and is off again, at what its rail draws now."""
    return node.hears(OFF, rail(0.5), ticks=3).hears(BUSY, rail(10.0), ticks=3).hears(OFF, rail(rail_w), ticks=4)


@pytest.mark.parametrize(("rail_w", "steps"), [(3.5, []), (3.6, [(9, "cycle_rail:payload")])])
def test_more_than_three_watts_over_an_idle_rail_with_the_device_off_is_a_latch_up(
    rail_w: float, steps: list[tuple[int, str]]
) -> None:
    assert latched(Node(), rail_w).steps() == steps


def test_the_margin_of_a_latch_up_is_the_configurations_also_after_it_has_changed() -> None:
    node = Node(FdirConfig(latch_margin_w=8.0))
    assert latched(node, 8.0).steps() == []
    node = Node()
    node.fdir.reconfigure(replace(node.config, fdir=FdirConfig(latch_margin_w=8.0)))
    assert latched(node, 8.0).steps() == []
    assert latched(Node(FdirConfig(latch_margin_w=1.0)), 2.0).steps() == [(9, "cycle_rail:payload")]


@pytest.mark.parametrize("place", [None, 2, 7])
def test_a_payload_without_a_load_of_its_own_has_no_rail_to_judge(place: int | None) -> None:
    assert latched(Node(payload=PayloadRow(place, 40.0)), 90.0).steps() == []


def test_a_tick_without_the_rails_telemetry_tells_nothing_of_it() -> None:
    node = Node().hears(OFF, rail(0.5)).hears(BUSY).hears(OFF, ticks=20)
    assert node.steps() == []
    assert node.hears(OFF, rail(5.0)).steps() == [(22, "cycle_rail:payload")]


def test_a_rail_that_has_been_cycled_is_judged_anew() -> None:
    cleared = latched(Node(), 5.0).hears(OFF, rail(0.5), ticks=400)
    assert cleared.steps() == [(9, "cycle_rail:payload")], "what it drew before counts no more"
    stays = latched(Node(), 5.0).hears(OFF, rail(5.0), ticks=100)
    assert stays.steps() == [(9, "cycle_rail:payload"), (89, "cycle_rail:payload")], "nor is 5 W an idle rail's now"


# -- ground


def test_ground_arms_a_payload_that_is_then_given_its_boot_again() -> None:
    node = Node(ladder("payload", "standby")).hears(BUSY).hears(IDLE, ticks=20)
    assert node.steps() == [(10, "standby")]
    assert node.fdir.arm("payload") is None
    assert node.fdir.recovery.ceiling is Mode.PAYLOAD
    assert node.hears(IDLE, ticks=59).steps() == [(10, "standby")]
    assert node.hears(IDLE).steps() == [(10, "standby"), (80, "standby")]


def test_what_an_idle_rail_draws_is_known_beyond_arming() -> None:
    node = latched(Node(), 0.5)
    node.fdir.arm("payload")
    assert node.hears(OFF, rail(5.0), ticks=4).steps() == [(13, "cycle_rail:payload")]


def test_arming_somebody_unknown_is_refused_and_changes_nothing() -> None:
    node = Node(ladder("payload", "standby")).hears(BUSY).hears(IDLE, ticks=20)
    before = node.fdir.recovery
    refused = node.fdir.arm("camera")
    assert refused is not None
    assert refused.startswith("unknown monitor 'camera'")
    assert node.fdir.recovery is before


# -- what is kept


def test_what_must_be_remembered_is_sent_on_change_alone() -> None:
    node = Node(ladder("comms", "restart:comms", "safe", wait_ticks=40)).hears(ticks=50, silent=("comms",))
    assert node.when(RecoveryCriticalData) == [3, 43]
    assert [kept.rungs for kept in node.said(RecoveryCriticalData)] == [(0, 1, 0), (0, 2, 0)]
    assert node.said(RecoveryCriticalData)[1].since_ticks == (0, 43, 0)


def test_a_restarted_health_goes_on_and_has_nothing_to_send_that_is_already_kept() -> None:
    kept = RecoveryCriticalData((0, 1, 0), (0, 0, 0), (), (False, False))
    node = Node(ladder("comms", "restart:comms", "safe", wait_ticks=40))
    node.fdir.restore(Inbox([("bus", kept)]))
    assert node.hears(ticks=30, silent=("comms",)).said(RecoveryCriticalData) == []
    assert node.hears(ticks=20, silent=("comms",)).steps() == [(40, "safe")]


def test_memory_of_another_configuration_is_replaced_at_once() -> None:
    node = Node()
    node.fdir.restore(Inbox([("bus", RecoveryCriticalData((2,), (7,), (), ()))]))
    assert node.hears().said(RecoveryCriticalData) == [RecoveryCriticalData((0, 0, 0), (0, 0, 0), (), (False, False))]


# -- another configuration

RAISED = ladder("comms", "safe", wait_ticks=40)


def raised() -> Node:
    node = Node(RAISED).hears(ticks=4, silent=("comms",))
    assert node.fdir.recovery.ceiling is Mode.SAFE
    return node


def test_a_configuration_of_other_things_leaves_recoveries_where_they_stand() -> None:
    node = raised()
    before = node.fdir.recovery
    node.fdir.reconfigure(replace(node.config, safe_soc=0.2, plausibility=PlausibilityConfig(persistence=2)))
    assert node.fdir.recovery is before


@pytest.mark.parametrize(
    "change",
    [
        {"fdir": replace(RAISED, settle_ticks=77)},
        {"watchpoints": (*LIMITS, WatchpointConfig(signal="sensor.chip_c"))},
    ],
)
def test_with_other_ladders_or_watchpoints_recoveries_begin_anew_and_their_memory_with_them(
    change: dict[str, object],
) -> None:
    node = raised()
    after = replace(node.config, **change)
    node.fdir.reconfigure(after)
    assert node.fdir.recovery.ceiling is Mode.PAYLOAD
    assert node.fdir.plan.config is after.fdir
    assert node.hears().said(RecoveryCriticalData)[-1].rungs == (0, 0, 0)


def test_an_actionpoint_that_comes_with_another_configuration_sees_what_has_been_so_all_along() -> None:
    point = ActionpointConfig(name="low", watchpoints=("power.soc",), zone="RED", step="standby")
    node = Node().hears(soc=0.1, ticks=5)
    assert node.steps() == []
    node.fdir.reconfigure(replace(node.config, fdir=FdirConfig(actionpoints=(point,))))
    assert node.hears(soc=0.1).steps() == [(5, "standby")]


# -- readings

BLIND = replace(THERMAL, battery_c=None)
NAME = "sensor.thermal.battery_c"


def test_readings_are_judged_in_every_tenth_tick_and_told_again_while_one_is_out() -> None:
    node = Node().hears(POWER, BLIND, ticks=70)
    assert node.when(SensorValidity) == [45, 55, 65], "five samples, from tick 5 on"
    assert set(node.said(SensorValidity)) == {SensorValidity((NAME,), 20.0)}
    assert node.out[1] == (45, Event(Severity.WARNING_HI, "sensor.invalid", {"signal": NAME}))
    assert len(node.said(Event)) == 1, "told once"
    assert node.fdir.validity.invalid == (NAME,)


def test_a_reading_that_is_back_is_told_once() -> None:
    node = Node().hears(POWER, BLIND, ticks=60).hears(*WELL, ticks=40)
    assert node.when(SensorValidity) == [45, 55, 65]
    assert node.said(SensorValidity)[-1] == SensorValidity((), None)
    assert node.events("sensor.valid") == [Event(Severity.ACTIVITY_HI, "sensor.valid", {"signal": NAME})]
    assert len(node.said(Event)) == 2


def test_only_what_has_changed_is_an_event() -> None:
    blinder = replace(BLIND, chip_c=None)
    node = Node().hears(POWER, BLIND, ticks=50).hears(POWER, blinder, ticks=50)
    node.hears(POWER, replace(THERMAL, chip_c=None), ticks=10)
    assert [(event.id, event.args["signal"]) for event in node.said(Event)] == [
        ("sensor.invalid", NAME),
        ("sensor.invalid", "sensor.thermal.chip_c"),
        ("sensor.valid", NAME),
    ]


@pytest.mark.parametrize("messages", [(POWER,), (BLIND,), ()])
def test_a_tick_in_which_one_of_the_messages_is_missing_is_no_sample(messages: tuple[Message, ...]) -> None:
    node = Node().hears(POWER, BLIND, ticks=40).hears(*messages, ticks=50)
    assert node.out == []
    assert node.hears(POWER, BLIND, ticks=10).when(SensorValidity) == [95]


def test_a_restarted_health_tells_what_it_believes_as_soon_as_it_hears_anything() -> None:
    node = Node()
    node.fdir.restore(Inbox())
    node.hears(ticks=2)
    assert node.out == []
    assert node.hears(*WELL, ticks=30).out == [(2, SensorValidity((), None))], "and once"


def test_the_devices_own_diode_is_compared_with_the_chips() -> None:
    node = Node().hears(*WELL, ChipReading(85.0), ticks=50)
    assert [event.args["signal"] for event in node.events("sensor.invalid")] == ["sensor.thermal.chip_c"]


def test_the_diode_is_judged_by_the_power_of_the_payloads_own_load() -> None:
    node = Node().hears(replace(POWER, load_power_w=(12.0, 10.0)), THERMAL, ticks=400)
    assert node.out == []
    node.hears(replace(POWER, load_power_w=(22.0, 0.0)), THERMAL, ticks=200)
    assert [event.args["signal"] for event in node.events("sensor.invalid")] == ["sensor.thermal.chip_c"]


def test_all_loads_count_in_the_balance() -> None:
    node = Node().hears(replace(POWER, load_power_w=(12.0, 16.0)), THERMAL, ticks=50)
    assert node.out == []
    node.hears(replace(POWER, load_power_w=(20.0, 16.0)), THERMAL, ticks=50)
    assert [event.args["signal"] for event in node.events("sensor.invalid")] == ["sensor.power.array_power_w"]


SHADED = replace(SUNLIT, sun_visible=False)
LIT = replace(POWER, array_power_w=2.0, battery_current_a=1.25)


@pytest.mark.parametrize(
    ("eclipse", "nav", "out"),
    [
        (True, (SHADED,), ["sensor.power.array_power_w"]),
        (True, (SUNLIT,), []),
        (False, (SHADED,), []),
        (True, (), []),
    ],
)
def test_a_shadow_is_one_that_forecast_and_sun_sensor_agree_on(
    eclipse: bool, nav: tuple[Message, ...], out: list[str]
) -> None:
    node = Node(dt_s=10.0).hears(LIT, THERMAL, *nav, ticks=50, eclipse=eclipse)
    assert [event.args["signal"] for event in node.events("sensor.invalid")] == out
