"""Ladders: how one is climbed, what its steps are given, what its configuration may say, what a watchpoint reaches."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.health.fdirconfig import ActionpointConfig, FdirConfig, LadderConfig
from flightsw.apps.health.ladder import AT_FOOT, Climb, climb_step
from flightsw.apps.health.ladders import boot_ticks, ladders_of, rail_step
from flightsw.apps.health.signals import watched
from flightsw.errors import ConfigError
from flightsw.messages.plant import LclState, PowerSensors
from flightsw.messages.topics import shipped_topics

WAITS, SETTLE = (5, 10, 20), 8
APPS = ("power", "thermal", "inference", "comms", "beacon")


def climbed(*runs: tuple[bool | None, int], latches: bool = False, climb: Climb = AT_FOOT) -> list[int]:
    """Where the monitor stands after each tick of (failing, how long)."""
    rungs: list[int] = []
    for failing, ticks in runs:
        for _ in range(ticks):
            climb = climb_step(climb, len(rungs), WAITS, SETTLE, failing=failing, latches=latches)
            rungs.append(climb.rung)
    return rungs


def test_a_step_is_given_its_own_time_to_the_tick_and_the_last_one_is_held() -> None:
    assert climbed((True, 60)) == [1] * 5 + [2] * 10 + [3] * 45


@pytest.mark.parametrize(("up", "rung", "relapsed"), [(1, 1, 2), (6, 2, 2), (16, 3, 3)])
def test_peace_must_last_in_one_piece_for_a_ladder_to_begin_at_its_foot(up: int, rung: int, relapsed: int) -> None:
    assert climbed((True, up), (False, SETTLE))[-2:] == [rung, 0]
    broken = climbed((True, up), (False, SETTLE - 1), (True, 1), (False, SETTLE))
    assert broken[-2:] == [relapsed, 0], "a relapse begins the peace anew"


def test_a_step_whose_time_is_over_during_a_short_peace_is_followed_at_the_relapse() -> None:
    assert climbed((True, 1), (False, 7), (True, 1)) == [1] * 8 + [2]
    assert climbed((True, 6), (False, 7), (True, 1)) == [1] * 5 + [2] * 9, "ten ticks aren't over"


def test_a_relapse_at_the_top_is_no_step_and_no_peace() -> None:
    assert climbed((True, 20), *[(False, SETTLE - 1), (True, 1)] * 5)[-1] == 3
    assert climbed((True, 20), (False, SETTLE - 1), (True, 1), (False, SETTLE))[-2:] == [3, 0]


def test_a_ladder_that_latches_holds_its_last_step_alone() -> None:
    assert climbed((True, 16), (False, 100), latches=True)[-1] == 3
    assert climbed((True, 15), (False, 100), latches=True)[-1] == 0


def test_what_cannot_be_told_neither_settles_nor_fails() -> None:
    assert climbed((True, 1), (None, 100)) == [1] * 101
    assert climbed((True, 1), (False, SETTLE - 1), (None, 50), (False, 1))[-2:] == [1, 0]


@pytest.mark.parametrize(("rung", "after"), [(0, 2), (1, 2), (2, 2), (3, 3)])
def test_a_step_that_is_known_to_be_needed_is_taken_at_once_and_given_its_time(rung: int, after: int) -> None:
    climb = climb_step(Climb(rung, 100), 101, WAITS, SETTLE, failing=True, latches=False, skip_to=2)
    assert climb == Climb(after, 100 if rung == after else 101)


@given(st.lists(st.sampled_from([True, False, None]), max_size=120), st.booleans())
def test_a_monitor_moves_up_by_one_step_or_to_its_foot_and_never_without_a_reason(
    failing: list[bool | None], latches: bool
) -> None:
    rungs = [0, *climbed(*[(one, 1) for one in failing], latches=latches)]
    for tick, (before, after) in enumerate(pairwise(rungs)):
        known = [one for one in failing[: tick + 1] if one is not None]
        if after > before:
            assert (failing[tick], after) == (True, before + 1)
        elif after < before:
            assert (failing[tick], after) == (False, 0)
            assert known[-SETTLE:] == [False] * SETTLE
            assert not (latches and before == len(WAITS))


# -- what the ladders are


def test_the_steps_of_the_standard_ladders_are_given_the_times_of_the_configuration() -> None:
    config = FdirConfig(restart_wait_ticks=40, settle_ticks=600, payload_lost_ticks=10, payload_settle_ticks=60)
    ladders = {one.monitor: one for one in ladders_of(APPS, config, 50)}
    assert ladders["payload"].wait_ticks == (70, 40, 70, 70, 70), "to boot, and twice the time to be found lost"
    assert ladders["comms"].wait_ticks == (40, 80, 600)
    assert ladders["power"].wait_ticks == (40, 80, 600, 600)
    assert {one.monitor: one.settle_ticks for one in ladders.values()} == {"payload": 60} | dict.fromkeys(APPS, 600)
    assert all(len(one.steps) == len(one.wait_ticks) for one in ladders.values())


def test_the_payloads_last_step_alone_waits_for_ground() -> None:
    assert [one.monitor for one in ladders_of(APPS, FdirConfig(), 50) if one.latches] == ["payload"]


@pytest.mark.parametrize(
    ("criticality", "steps", "waits"),
    [
        ("SAFE", ["restart:power", "restart:power", "safe", "survival"], (40, 80, 600, 600)),
        ("STANDBY", ["restart:power", "restart:power", "standby"], (40, 80, 600)),
        ("NONE", ["restart:power", "restart:power"], (40, 80)),
    ],
)
def test_an_applications_ladder_ends_where_its_criticality_says(
    criticality: str, steps: list[str], waits: tuple[int, ...]
) -> None:
    config = msgspec.convert({"criticality": {"power": criticality}}, FdirConfig)
    (_, power) = ladders_of(("power",), config, 50)
    assert ([step.name for step in power.steps], power.wait_ticks) == (steps, waits)


def test_criticality_is_safe_where_nothing_is_said_but_the_payloads_application() -> None:
    assert {app: FdirConfig().criticality_of(app) for app in APPS} == dict.fromkeys(APPS, "SAFE") | {
        "inference": "STANDBY"
    }


def test_a_scenarios_own_ladder_takes_the_place_of_its_monitors_with_its_own_times() -> None:
    own = LadderConfig(monitor="comms", steps=("restart:comms", "safe"), wait_ticks=(7, 9), latches=True)
    ladders = ladders_of(APPS, FdirConfig(ladders=(own,)), 50)
    assert [one.monitor for one in ladders] == ["payload", *APPS], "in its place"
    comms = ladders[1 + APPS.index("comms")]
    assert ([step.name for step in comms.steps], comms.wait_ticks) == (["restart:comms", "safe"], (7, 9))
    assert (comms.latches, comms.settle_ticks) == (True, 600)
    short = LadderConfig(monitor="payload", steps=("reset_device",), wait_ticks=(7,))
    payload = ladders_of(APPS, FdirConfig(ladders=(short,)), 50)[0]
    assert (payload.latches, payload.settle_ticks) == (False, 60), "it latches where it says so"


def test_a_ladder_of_nobodys_is_refused_with_those_that_there_are() -> None:
    lost = LadderConfig(monitor="camera", steps=("safe",), wait_ticks=(7,))
    with pytest.raises(ConfigError, match="monitor 'camera': must be one of payload, power, comms"):
        ladders_of(("power", "comms"), FdirConfig(ladders=(lost,)), 50)


@pytest.mark.parametrize(
    ("told_s", "profile_s", "dt_s", "ticks"),
    [
        (None, 40.0, 1.0, 60),  # a quarter more, and 10 s
        (None, 40.0, 0.5, 120),
        (None, 0.0, 1.0, 10),
        (25.0, 40.0, 1.0, 25),
        (25.0, 40.0, 2.0, 13),  # no less than was told
    ],
)
def test_the_payload_is_given_its_boot_in_whole_ticks(
    told_s: float | None, profile_s: float, dt_s: float, ticks: int
) -> None:
    assert boot_ticks(FdirConfig(payload_boot_s=told_s), profile_s, dt_s) == ticks


@pytest.mark.parametrize(
    ("steps", "number"),
    [
        (("reset_device", "restart:inference", "cycle_rail:payload", "cycle_rail:payload"), 3),
        (("cycle_rail:payload", "standby"), 1),
        (("reset_device", "standby"), 0),
    ],
)
def test_the_first_step_that_opens_a_rail_is_found_by_its_number(steps: tuple[str, ...], number: int) -> None:
    own = LadderConfig(monitor="payload", steps=steps, wait_ticks=(5,) * len(steps))
    assert rail_step(ladders_of((), FdirConfig(ladders=(own,)), 50)[0]) == number


# -- what their configuration may say

OWN = {"monitor": "comms", "steps": ["safe"], "wait_ticks": [5]}
POINT = {"name": "hot", "watchpoints": ["power.soc"], "zone": "RED", "step": "safe"}


@pytest.mark.parametrize("ticks", [1, 10_000_000])
def test_times_may_be_anything_from_one_tick_to_the_length_of_a_mission(ticks: int) -> None:
    assert msgspec.convert({"hang_ticks": ticks}, FdirConfig).hang_ticks == ticks
    assert msgspec.convert(OWN | {"wait_ticks": [ticks]}, LadderConfig).wait_ticks == (ticks,)


@pytest.mark.parametrize("ticks", [0, -1, 10_000_001])
def test_other_times_are_refused(ticks: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"hang_ticks": ticks}, FdirConfig)


@pytest.mark.parametrize(
    ("own", "word"),
    [
        ({"steps": ["safe", "survival"]}, r"comms: wait_ticks: 1 values: must be 2"),
        ({"steps": ["pray"]}, r'comms: step = "pray": must be one of'),
        ({"steps": ["x"]}, r'comms: step = "x": must be one of'),
    ],
)
def test_a_ladder_that_cannot_be_climbed_is_refused_with_its_monitor(own: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        msgspec.convert(OWN | own, LadderConfig)


def test_an_actionpoint_whose_step_is_unknown_is_refused_with_its_name() -> None:
    with pytest.raises(ConfigError, match=r'hot: step = "pray": must be one of'):
        msgspec.convert(POINT | {"step": "pray"}, ActionpointConfig)


@pytest.mark.parametrize(("length", "fits"), [(96, True), (97, False)])
def test_a_steps_name_has_room_for_what_it_is_done_to(length: int, fits: bool) -> None:
    step = "sequence:".ljust(length, "s")
    if fits:
        assert msgspec.convert(POINT | {"step": step}, ActionpointConfig).step == step
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(POINT | {"step": step}, ActionpointConfig)


@pytest.mark.parametrize(
    ("what", "config"),
    [
        ("ladders: comms", {"ladders": [OWN, OWN | {"steps": ["standby"]}]}),
        ("actionpoints: hot", {"actionpoints": [POINT, POINT | {"name": "cold"}, POINT | {"step": "standby"}]}),
    ],
)
def test_two_of_one_name_are_refused(what: str, config: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=f"{what}: stands there twice"):
        msgspec.convert(config, FdirConfig)


# -- what a watchpoint reaches


def unseen() -> Iterable[str]:
    for topic in shipped_topics():
        if topic.name.startswith(("truth.", "cds.", "hw.device", "health.")) or topic.depth is not None:
            yield from [f"{topic.name}.{field}" for field in topic.kind.__struct_fields__]


def test_no_field_of_truth_of_others_memory_of_the_device_or_of_a_queue_can_be_watched() -> None:
    names = list(unseen())
    assert {"truth.plant.latitude_deg", "cds.power.soc", "hw.device.chip_c", "bus.event.incarnation"} <= set(names)
    for name in names:
        with pytest.raises(ConfigError, match="unknown"):
            watched(name)


@pytest.mark.parametrize("name", ["sequence.status.running[0]", "sequence.sequences[0]"])
def test_a_text_is_no_number_to_watch(name: str) -> None:
    with pytest.raises(ConfigError, match="must be a number"):
        watched(name)


@pytest.mark.parametrize(
    ("name", "value"), [("sensor.battery_voltage_v", 15.0), ("sensor.power.brownout", True), ("sensor.lcl_state[0]", 1)]
)
def test_numbers_flags_and_states_can_be_watched_whether_they_may_be_missing_or_not(name: str, value: float) -> None:
    power = PowerSensors(15.0, 1.0, None, 0.0, (7.0, 8.0), (LclState(1),), True)
    assert watched(name).value_of(power) == value


def test_a_reading_or_an_element_that_is_not_there_is_none() -> None:
    power = PowerSensors(None, 1.0, None, 0.0, (7.0, 8.0), (LclState.ON,), False)
    assert watched("sensor.battery_voltage_v").value_of(power) is None
    assert [watched(f"sensor.load_power_w[{place}]").value_of(power) for place in range(4)] == [7.0, 8.0, None, None]
