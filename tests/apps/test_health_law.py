"""Health's decisions one by one: alarms, what is graver than SAFE, heartbeats, and each row of the mode machine."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from flightsw.apps.health import law
from flightsw.apps.health.alarms import alarm_of, grave_of, is_relieved, is_uneasy
from flightsw.apps.health.config import HealthConfig, WatchpointConfig
from flightsw.apps.health.heartbeats import Pulse, familiar, listening, pulse_step
from flightsw.apps.health.limits import QUIET, Watch, Zone
from flightsw.apps.health.modes import Condition, next_mode, refusal
from flightsw.apps.health.state import State
from flightsw.messages.health import Mode

APPS = ("comms", "inference", "power", "thermal")
CONFIG = HealthConfig(safe_hold_ticks=20, silence_ticks=15, boot_ticks=30, heartbeat_ticks=3)


def state(mode: Mode = Mode.SAFE, **known: Any) -> State:
    """All is well since tick 100."""
    calm = replace(law.initial(CONFIG, APPS), mode=mode, since_tick=100, pulse=familiar(APPS), soc=0.8)
    return replace(calm, **known)


OVERDUE = Pulse((9, 9, 0, 0), (), ("comms", "inference"))


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({}, None),
        ({"soc": None}, None),
        ({"soc": 0.15}, None),
        ({"soc": 0.1499}, "state of charge below 0.15"),
        ({"soc": 0.1, "brownout": True, "red": "sensor.chip_c"}, "brown-out"),
        ({"soc": 0.1, "red": "sensor.chip_c"}, "state of charge below 0.15"),
        ({"red": "sensor.chip_c", "ceiling": Mode.SAFE}, "sensor.chip_c in red"),
        ({"ceiling": Mode.SAFE, "ceiling_reason": "leak", "pulse": OVERDUE}, "leak"),
        ({"ceiling": Mode.SURVIVAL, "ceiling_reason": "leak"}, "leak"),
        ({"ceiling": Mode.STANDBY, "ceiling_reason": "leak"}, None),
        ({"pulse": OVERDUE}, "comms, inference silent"),
        ({"pulse": OVERDUE, "mode": Mode.BOOT}, None),
        ({"pulse": Pulse((9, 0, 0, 0), (), ("comms",))}, None),
        ({"pulse": Pulse((0, 0, 15, 0), (), ("power",))}, None),
        ({"pulse": Pulse((0, 0, 16, 0), (), ("power",))}, "power silent"),
    ],
)
def test_the_gravest_reason_for_safe_is_told(known: dict[str, Any], reason: str | None):
    assert alarm_of(state(**known), APPS, CONFIG) == reason


@pytest.mark.parametrize(
    ("known", "tick", "reason"),
    [
        ({}, 500, None),
        ({"soc": None}, 500, None),
        ({"soc": 0.06}, 500, None),
        ({"soc": 0.0599}, 500, "state of charge below 0.06"),
        ({"ceiling": Mode.SURVIVAL, "ceiling_reason": "leak"}, 500, "leak"),
        ({"ceiling": Mode.SAFE, "ceiling_reason": "leak"}, 500, None),
        ({"brownout": True}, 110, None),
        ({"brownout": True}, 111, "brown-out in spite of SAFE"),
        ({"brownout": True, "mode": Mode.SURVIVAL}, 101, "brown-out in spite of SAFE"),
        ({"mode": Mode.SURVIVAL}, 500, None),
    ],
)
def test_what_safe_is_not_enough_for(known: dict[str, Any], tick: int, reason: str | None):
    assert grave_of(state(**known), tick, CONFIG) == reason


@pytest.mark.parametrize(
    ("known", "grave", "relieved"),
    [
        ({"soc": 0.12}, None, True),
        ({"soc": 0.1199}, None, False),
        ({"soc": None}, None, False),
        ({"eclipse": True}, None, False),
        ({}, "leak", False),
    ],
)
def test_survival_may_be_left_with_charge_and_in_sunlight(known: dict[str, Any], grave: str | None, relieved: bool):
    assert is_relieved(state(Mode.SURVIVAL, **known), grave, CONFIG) is relieved


@pytest.mark.parametrize(
    ("known", "uneasy"),
    [
        ({}, False),
        ({"soc": None}, False),
        ({"soc": 0.15}, False),
        ({"soc": 0.1499}, True),
        ({"brownout": True}, True),
        ({"red": "sensor.chip_c"}, True),
        ({"pulse": OVERDUE}, True),
    ],
)
def test_whatever_may_be_an_alarm_is_looked_at(known: dict[str, Any], uneasy: bool):
    assert is_uneasy(state(**known), CONFIG) is uneasy


def test_a_cold_start_is_in_boot_since_the_first_tick_and_has_heard_nobody():
    begun = law.initial(CONFIG, APPS)
    assert (begun.mode, begun.since_tick, begun.wanted) == (Mode.BOOT, 0, Mode.PAYLOAD)
    assert begun.pulse == Pulse((0, 0, 0, 0), APPS, ()) == listening(APPS)
    assert begun.watches == (QUIET,) * len(CONFIG.watchpoints)


def test_a_heartbeat_ends_a_silence_and_one_that_is_missed_prolongs_it():
    begun = listening(APPS)
    nobody = pulse_step(begun, (False,) * 4, APPS, 3)
    assert nobody == Pulse((1, 1, 1, 1), APPS, ())
    some = pulse_step(Pulse((3, 2, 0, 7), ("comms", "inference"), ()), (False, True, True, False), APPS, 3)
    assert some == Pulse((4, 0, 0, 8), ("comms",), ("comms", "thermal"))
    assert pulse_step(some, (True,) * 4, APPS, 3) == familiar(APPS)


def test_while_all_are_heard_nothing_is_made_anew():
    well = familiar(APPS)
    assert pulse_step(well, (True,) * 4, APPS, 3) is well
    assert pulse_step(Pulse((0,) * 4, ("comms",)), (True,) * 4, APPS, 3) == well
    assert pulse_step(Pulse((0, 1, 0, 0), ()), (True,) * 4, APPS, 3) == well


def test_another_mission_plan_is_asked_for_and_ground_s_wish_outlives_one_that_is_the_same():
    before = state(wanted=Mode.STANDBY, red="sensor.chip_c", watches=(Watch(Zone.RED),) * len(CONFIG.watchpoints))
    assert law.reconfigured(before, CONFIG, CONFIG) == before
    nominal = HealthConfig(wanted="NOMINAL", watchpoints=CONFIG.watchpoints)
    assert law.reconfigured(before, CONFIG, nominal) == replace(before, wanted=Mode.NOMINAL)
    one = HealthConfig(watchpoints=(WatchpointConfig(signal="power.soc"),))
    assert law.reconfigured(before, CONFIG, one) == replace(before, watches=(QUIET,), red=None)


@pytest.mark.parametrize(
    ("known", "well"),
    [
        ({}, True),
        ({"soc": 0.40}, True),
        ({"soc": 0.3999}, False),
        ({"soc": None}, False),
        ({"brownout": True}, False),
        ({"pulse": Pulse((0,) * 4, ("comms",))}, False),
    ],
)
def test_all_is_well_without_alarm_with_everybody_heard_and_charge_to_leave_safe(known: dict[str, Any], well: bool):
    assert law.condition_of(state(**known), 130, APPS, CONFIG).well is well


@pytest.mark.parametrize(
    ("known", "well_ticks"),
    [
        ({}, 8),
        ({"well_ticks": 19}, 20),
        ({"well_ticks": 20}, 20),
        ({"soc": 0.3}, 0),
        ({"mode": Mode.SURVIVAL, "soc": 0.3}, 8),
        ({"mode": Mode.SURVIVAL, "eclipse": True}, 0),
        ({"mode": Mode.STANDBY}, 0),
    ],
)
def test_what_has_been_well_for_how_long_counts_in_safe_and_relief_in_survival(known: dict[str, Any], well_ticks: int):
    before = {"well_ticks": 7, **known}
    assert law.condition_of(state(**before), 130, APPS, CONFIG).well_ticks == well_ticks


def test_what_is_grave_is_asked_in_safe_and_below_alone():
    low = law.condition_of(state(soc=0.05), 130, APPS, CONFIG)
    assert (low.grave, low.relieved, low.ticks_in_mode) == ("state of charge below 0.06", False, 30)
    running = law.condition_of(state(Mode.PAYLOAD, soc=0.05), 130, APPS, CONFIG)
    assert (running.grave, running.relieved) == (None, False)
    assert law.condition_of(state(), 130, APPS, CONFIG).relieved
    assert not law.condition_of(state(Mode.PAYLOAD), 130, APPS, CONFIG).relieved


def test_in_safe_the_time_that_all_is_well_is_counted_also_while_safe_is_wanted():
    waiting = state(wanted=Mode.SAFE)
    for tick in range(130, 133):
        waiting = law.decided(waiting, tick, APPS, CONFIG)
    assert waiting == state(wanted=Mode.SAFE, well_ticks=3)
    held = state(wanted=Mode.SAFE, well_ticks=20)
    assert law.decided(held, 130, APPS, CONFIG) is held, "nothing has changed"


def test_a_mode_that_was_entered_begins_to_count_anew():
    after = law.decided(state(well_ticks=19, exit_asked=True), 130, APPS, CONFIG)
    assert (after.mode, after.since_tick, after.well_ticks, after.exit_asked) == (Mode.STANDBY, 130, 0, False)


@pytest.mark.parametrize(
    ("mode", "asked", "exit_asked"),
    [
        (Mode.SAFE, Mode.STANDBY, True),
        (Mode.SAFE, Mode.SAFE, False),
        (Mode.SAFE, Mode.SURVIVAL, False),
        (Mode.SURVIVAL, Mode.SAFE, True),
        (Mode.SURVIVAL, Mode.SURVIVAL, False),
        (Mode.NOMINAL, Mode.PAYLOAD, False),
        (Mode.PAYLOAD, Mode.NOMINAL, False),
        (Mode.PAYLOAD, Mode.SAFE, False),
    ],
)
def test_ground_asks_to_leave_safe_or_survival_by_asking_for_more(mode: Mode, asked: Mode, exit_asked: bool):
    after = law.commanded(state(mode), asked, 130, APPS, CONFIG)
    assert isinstance(after, State)
    assert (after.wanted, after.exit_asked) == (asked, exit_asked)


def condition(**known: Any) -> Condition:
    """All is well, PAYLOAD is wanted, and the mode has just been entered."""
    fields = {
        "ticks_in_mode": 1,
        "unheard": (),
        "soc": 0.8,
        "alarm": None,
        "well": True,
        "well_ticks": 1,
        "wanted": Mode.PAYLOAD,
        "exit_asked": False,
        **known,
    }
    return Condition(**fields)


@pytest.mark.parametrize(
    ("mode", "known", "follows"),
    [
        (Mode.BOOT, {}, (Mode.STANDBY, "all applications heard")),
        (Mode.BOOT, {"unheard": ("comms",), "ticks_in_mode": 30}, None),
        (Mode.BOOT, {"unheard": ("comms",), "ticks_in_mode": 31}, (Mode.SAFE, "boot took too long")),
        (Mode.BOOT, {"wanted": Mode.SAFE}, (Mode.SAFE, "commanded")),
        (Mode.BOOT, {"alarm": "leak"}, (Mode.SAFE, "leak")),
        (Mode.PAYLOAD, {"wanted": Mode.SURVIVAL}, (Mode.SAFE, "commanded")),
        (Mode.SAFE, {"well_ticks": 19}, None),
        (Mode.SAFE, {"well_ticks": 20}, (Mode.STANDBY, "recovered")),
        (Mode.SAFE, {"well_ticks": 20, "wanted": Mode.SAFE}, None),
        (Mode.SAFE, {"exit_asked": True}, (Mode.STANDBY, "commanded")),
        (Mode.SAFE, {"exit_asked": True, "well": False}, None),
        (Mode.SAFE, {"grave": "leak", "exit_asked": True}, (Mode.SURVIVAL, "leak")),
        (Mode.SAFE, {"wanted": Mode.SURVIVAL}, (Mode.SURVIVAL, "commanded")),
        (Mode.SURVIVAL, {"exit_asked": True}, (Mode.SAFE, "commanded")),
        (Mode.SURVIVAL, {"exit_asked": True, "grave": "leak"}, None),
        (Mode.SURVIVAL, {"grave": "leak"}, None),
        (Mode.SURVIVAL, {}, None),
        (Mode.SURVIVAL, {"relieved": True, "well_ticks": 20}, (Mode.SAFE, "relieved")),
        (Mode.SURVIVAL, {"relieved": True, "well_ticks": 19}, None),
        (Mode.SURVIVAL, {"relieved": False, "well_ticks": 20}, None),
        (Mode.SURVIVAL, {"relieved": True, "well_ticks": 20, "wanted": Mode.SURVIVAL}, None),
        (Mode.SURVIVAL, {"relieved": True, "well_ticks": 20, "wanted": Mode.SAFE}, (Mode.SAFE, "relieved")),
        (Mode.STANDBY, {}, (Mode.NOMINAL, "wanted")),
        (Mode.STANDBY, {"wanted": Mode.STANDBY}, None),
        (Mode.STANDBY, {"ceiling": Mode.STANDBY}, None),
        (Mode.NOMINAL, {"wanted": Mode.NOMINAL}, None),
        (Mode.NOMINAL, {"wanted": Mode.STANDBY}, (Mode.STANDBY, "wanted")),
        (Mode.NOMINAL, {"ceiling": Mode.STANDBY, "ceiling_reason": "leak"}, (Mode.STANDBY, "leak")),
        (Mode.PAYLOAD, {"ceiling": Mode.NOMINAL, "ceiling_reason": "leak"}, (Mode.NOMINAL, "leak")),
        (Mode.PAYLOAD, {}, None),
    ],
)
def test_each_mode_is_left_for_its_reasons_alone(mode: Mode, known: dict[str, Any], follows: tuple[Mode, str] | None):
    assert next_mode(mode, condition(**known), CONFIG) == follows


def test_without_automatic_exit_safe_is_not_left_however_long_all_is_well():
    held = HealthConfig(auto_exit=False, safe_hold_ticks=20)
    assert next_mode(Mode.SAFE, condition(well_ticks=20), held) is None


@pytest.mark.parametrize(
    ("mode", "asked", "known", "reason"),
    [
        (Mode.SAFE, Mode.SAFE, {"alarm": "leak", "ceiling": Mode.SURVIVAL}, None),
        (Mode.SAFE, Mode.PAYLOAD, {"ceiling": Mode.STANDBY, "ceiling_reason": "leak", "alarm": "hot"}, "leak"),
        (Mode.NOMINAL, Mode.PAYLOAD, {"ceiling": Mode.NOMINAL, "ceiling_reason": "leak"}, "leak"),
        (Mode.STANDBY, Mode.NOMINAL, {"ceiling": Mode.NOMINAL, "ceiling_reason": "leak"}, None),
        (Mode.BOOT, Mode.PAYLOAD, {"alarm": "hot"}, "still booting"),
        (Mode.NOMINAL, Mode.PAYLOAD, {"alarm": "hot"}, "alarm: hot"),
        (Mode.NOMINAL, Mode.PAYLOAD, {"well": False}, None),
        (Mode.SAFE, Mode.PAYLOAD, {}, None),
        (Mode.SAFE, Mode.PAYLOAD, {"well": False, "unheard": ("comms", "power")}, "never heard: comms, power"),
        (
            Mode.SAFE,
            Mode.PAYLOAD,
            {"well": False, "soc": 0.3},
            "state of charge 0.300: must be at least 0.4 to leave SAFE",
        ),
        (
            Mode.SAFE,
            Mode.PAYLOAD,
            {"well": False, "soc": None},
            "state of charge unknown: must be at least 0.4 to leave SAFE",
        ),
    ],
)
def test_a_wish_is_refused_with_the_first_reason_against_it(
    mode: Mode, asked: Mode, known: dict[str, Any], reason: str | None
):
    assert refusal(mode, asked, condition(**known), CONFIG) == reason
