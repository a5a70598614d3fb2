"""Recovery, composed: who fails and why, which steps follow, how high the node may go, what ground arms."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flightsw.apps.health import memory, recovery
from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.fdirconfig import ActionpointConfig, FdirConfig, LadderConfig
from flightsw.apps.health.heartbeats import familiar, pulse_step
from flightsw.apps.health.limits import Watch, Zone
from flightsw.apps.health.plan import plan_of
from flightsw.apps.health.progress import Progress
from flightsw.messages.health import BusEvent, BusEventKind, Mode

APPS = ("power", "comms", "inference")
UP = Progress(up=True, met=True)
STOPPED = Progress(up=True, met=True, idle_ticks=FdirConfig().payload_lost_ticks)
BOOTING = Progress(met=True, idle_ticks=1)
LATCHED = Progress(met=True, latched=True, off_ticks=4)
WATCHPOINTS = 4
"""of the shipped configuration: charge, chip, battery, latitude"""


class Node:
    """What recovery is shown tick by tick, and what it has done."""

    def __init__(self, fdir: FdirConfig = FdirConfig()) -> None:  # noqa: B008  # frozen
        self.plan = plan_of(HealthConfig(fdir=fdir), APPS, 40.0, 1.0)
        self.state = recovery.initial(self.plan)
        self.pulse = familiar(APPS)
        self.tick = 0
        self.steps: list[tuple[int, str, str]] = []
        """(tick, monitor, step)"""
        self.taken: list[recovery.Taken] = []
        self.over: list[tuple[int, str]] = []

    def sees(
        self,
        ticks: int = 1,
        *bus: tuple[BusEventKind, str],
        silent: tuple[str, ...] = (),
        progress: Progress = UP,
        zones: dict[int, Zone] | None = None,
    ) -> Node:
        """The bus's events come with the first of these ticks."""
        watches = tuple([Watch((zones or {}).get(place, Zone.GREEN)) for place in range(WATCHPOINTS)])
        for tick in range(ticks):
            heard = tuple([app not in silent for app in APPS])
            self.pulse = pulse_step(self.pulse, heard, APPS, 3)
            events = tuple([BusEvent(kind, process, 1) for kind, process in bus]) if tick == 0 else ()
            seen = recovery.Seen(self.tick, heard, self.pulse, watches, progress, events)
            self.state, taken, over = recovery.recovery_step(self.state, seen, self.plan)
            self.taken += taken
            self.steps += [(self.tick, one.monitor, one.step.name) for one in taken]
            self.over += [(self.tick, monitor) for monitor in over]
            self.tick += 1
        return self

    @property
    def ceiling(self) -> tuple[Mode, str]:
        return self.state.ceiling, self.state.cause

    def arm(self, name: str) -> None:
        after = recovery.armed(self.state, name, self.plan)
        assert isinstance(after, recovery.Recovery), after
        self.state = after


LOST, REJOIN, LOCKED_OUT = BusEventKind.APP_LOST, BusEventKind.REJOIN, BusEventKind.LOCKED_OUT


def test_while_all_is_well_nothing_is_done_and_nobody_is_looked_after() -> None:
    node = Node()
    assert not node.state.busy
    assert node.sees(100).steps == []
    assert (node.ceiling, node.state.busy, node.over) == ((Mode.PAYLOAD, ""), False, [])


def test_a_hung_application_is_restarted_twice_and_then_the_node_goes_safe_until_it_is_well() -> None:
    node = Node().sees(200, silent=("comms",))
    assert node.steps == [
        (12, "comms", "restart:comms"),
        (52, "comms", "restart:comms"),
        (132, "comms", "safe"),
    ], "found after thirteen ticks, given 40 and 80"
    assert [(one.level, one.cause) for one in node.taken] == [(1, "hung"), (2, "hung"), (3, "hung")]
    assert node.ceiling == (Mode.SAFE, "comms: recovery at level 3")
    node.sees(599)
    assert (node.over, node.ceiling[0]) == ([], Mode.SAFE)
    node.sees(1)
    assert node.over == [(799, "comms")]
    assert node.ceiling == (Mode.PAYLOAD, "")
    assert not node.sees(400).state.busy


def test_a_restart_alone_lowers_no_ceiling() -> None:
    node = Node().sees(60, silent=("comms",))
    assert len(node.steps) == 2
    assert node.ceiling == (Mode.PAYLOAD, "")


def test_an_application_that_misses_heartbeats_again_and_again_is_slow() -> None:
    node = Node()
    while not node.steps:
        node.sees(1, silent=("inference",)).sees(2)
    assert node.taken == [recovery.Taken("inference", node.plan.ladders[3].steps[0], 1, "slow")]
    assert node.steps[0][0] == 147, "forty, less a tenth of those that came: 10 + 49 times 8"


def test_two_missed_and_one_heard_in_between_are_less_than_two_missed() -> None:
    node = Node(FdirConfig(slow_misses=2)).sees(1, silent=("power",)).sees(1).sees(1, silent=("power",))
    assert node.steps == []
    assert node.sees(1, silent=("power",)).steps == [(3, "power", "restart:power")]


def test_the_payload_that_stops_climbs_its_own_ladder_and_comes_back_by_working() -> None:
    node = Node().sees(1, progress=STOPPED)
    assert node.steps == [(0, "payload", "reset_device")]
    assert node.taken[0].cause == "stopped"
    node.sees(200, progress=BOOTING)
    assert node.over == [], "one that boots is neither well nor failing"
    node.sees(59)
    assert node.over == []
    assert node.sees(1).over == [(260, "payload")]


@pytest.mark.parametrize(
    ("idle_ticks", "up", "stops"), [(9, True, False), (10, True, True), (59, False, False), (60, False, True)]
)
def test_a_payload_is_stopped_after_ten_idle_ticks_or_when_its_boot_is_over(
    idle_ticks: int, up: bool, stops: bool
) -> None:
    node = Node().sees(1, progress=Progress(up=up, met=True, idle_ticks=idle_ticks))
    assert bool(node.steps) is stops


def test_a_latched_up_payload_goes_straight_to_its_rail() -> None:
    node = Node().sees(1, progress=LATCHED)
    assert node.steps == [(0, "payload", "cycle_rail:payload")]
    assert (node.taken[0].level, node.taken[0].cause) == (3, "latched up")


def test_a_latch_up_found_after_the_reset_waits_for_no_other_step() -> None:
    node = Node().sees(1, progress=STOPPED).sees(5, progress=BOOTING).sees(2, progress=LATCHED)
    assert [(tick, step) for tick, _, step in node.steps] == [(0, "reset_device"), (6, "cycle_rail:payload")]


def test_a_latch_up_is_no_reason_to_leave_out_an_applications_steps() -> None:
    own = LadderConfig(monitor="comms", steps=("restart:comms", "cycle_rail:transmitter"), wait_ticks=(40, 40))
    node = Node(FdirConfig(ladders=(own,))).sees(13, silent=("comms",), progress=LATCHED)
    assert [step for _, monitor, step in node.steps if monitor == "comms"] == ["restart:comms"]


def test_an_interrupt_of_a_payload_without_latch_up_starts_at_the_first_step() -> None:
    own = LadderConfig(monitor="payload", steps=("reset_device", "cycle_rail:payload"), wait_ticks=(40, 40))
    assert Node(FdirConfig(ladders=(own,))).sees(1, progress=STOPPED).steps == [(0, "payload", "reset_device")]


def test_the_payload_stays_in_standby_until_ground_arms_it() -> None:
    node = Node().sees(400, progress=STOPPED)
    assert [step for _, _, step in node.steps][-1] == "standby"
    assert node.sees(1000).ceiling == (Mode.STANDBY, "payload: recovery at level 5")
    node.arm("payload")
    assert node.ceiling == (Mode.PAYLOAD, "")
    assert node.sees(1, progress=STOPPED).steps[-1][2] == "reset_device", "from its foot"


# -- what the bus says


def test_an_application_that_is_away_is_the_buss_and_not_hung() -> None:
    node = Node().sees(100, (LOST, "comms"), silent=("comms",))
    assert node.steps == []
    assert node.state.away == (False, True, False)
    node.sees(1, (REJOIN, "comms"))
    assert node.state.away == (False, False, False)
    assert node.sees(13, silent=("comms",)).steps == [(113, "comms", "restart:comms")]


@pytest.mark.parametrize("app", APPS)
def test_an_application_that_is_away_neither_climbs_nor_settles(app: str) -> None:
    node = Node().sees(13, silent=(app,))
    assert [monitor for _, monitor, _ in node.steps] == [app]
    node.sees(1000, (LOST, app), silent=(app,))
    assert (len(node.steps), node.over) == (1, [])
    node.sees(599, (REJOIN, app))
    assert node.over == []
    assert node.sees(1).over == [(1612, app)]


def test_an_application_that_is_away_keeps_no_other_from_settling() -> None:
    node = (
        Node()
        .sees(13, silent=("comms",))
        .sees(600, (LOST, "power"), (LOST, "inference"), silent=("power", "inference"))
    )
    assert node.over == [(612, "comms")]


@pytest.mark.parametrize(("app", "ceiling"), [("inference", Mode.STANDBY), ("comms", Mode.SAFE), ("power", Mode.SAFE)])
def test_one_that_is_locked_out_holds_the_node_down_until_it_is_back(app: str, ceiling: Mode) -> None:
    node = Node().sees(1, (LOST, app), silent=(app,))
    assert node.ceiling == (Mode.PAYLOAD, "")
    node.sees(50, (LOCKED_OUT, app), silent=(app,))
    assert node.ceiling == (ceiling, f"{app} is locked out")
    assert node.sees(1, (REJOIN, app)).ceiling == (Mode.PAYLOAD, "")


def test_one_whose_criticality_is_none_holds_nothing_down() -> None:
    node = Node(FdirConfig(criticality={"comms": "NONE"})).sees(50, (LOCKED_OUT, "comms"), silent=("comms",))
    assert node.ceiling == (Mode.PAYLOAD, "")


def test_the_last_word_of_the_bus_in_a_tick_counts_and_words_on_others_do_not() -> None:
    node = Node().sees(1, (LOST, "comms"), (REJOIN, "comms"), (LOST, "plant"), (LOST, "inference"))
    assert node.state.away == (False, False, True)


# -- actionpoints

HOT = ActionpointConfig(name="hot", watchpoints=("sensor.chip_c", "sensor.battery_c"), zone="RED", step="standby")
BLIND = ActionpointConfig(name="blind", watchpoints=("power.soc",), zone="STALE", step="restart:power", fails=3)
LATE = ActionpointConfig(name="late", watchpoints=("power.soc",), zone="YELLOW", step="safe", rearm="command")
POINTED = FdirConfig(actionpoints=(HOT, BLIND, LATE))
SOC, CHIP, BATTERY = 0, 1, 2


@pytest.mark.parametrize("place", [CHIP, BATTERY])
def test_an_actionpoint_takes_its_step_once_and_says_what_it_saw(place: int) -> None:
    node = Node(POINTED).sees(5, zones={place: Zone.RED})
    (taken,) = node.taken
    assert (taken.monitor, taken.step.name, taken.level) == ("hot", "standby", 0)
    assert taken.cause == "sensor.chip_c, sensor.battery_c RED"
    assert node.steps == [(0, "hot", "standby")], (
        "one watchpoint of them for one tick is enough, if nothing else is said"
    )
    assert node.ceiling == (Mode.STANDBY, "actionpoint hot")
    assert node.sees(1).ceiling == (Mode.PAYLOAD, ""), "a ceiling holds as long as its condition"
    assert node.sees(1, zones={place: Zone.RED}).steps[-1] == (6, "hot", "standby")


def test_an_actionpoint_waits_for_its_fails_in_a_row_and_lowers_no_ceiling_by_a_restart() -> None:
    node = Node(POINTED).sees(2, zones={SOC: Zone.STALE}).sees(1).sees(10, zones={SOC: Zone.STALE})
    assert node.steps == [(5, "blind", "restart:power")]
    assert node.ceiling == (Mode.PAYLOAD, "")


def test_an_actionpoint_that_has_fired_waits_for_ground_if_it_is_told_so() -> None:
    node = Node(POINTED).sees(1, zones={SOC: Zone.YELLOW}).sees(5).sees(5, zones={SOC: Zone.YELLOW})
    assert node.steps == [(0, "late", "safe")]
    node.arm("late")
    assert node.ceiling == (Mode.PAYLOAD, "")
    assert node.sees(1, zones={SOC: Zone.YELLOW}).steps[1:] == [(11, "late", "safe")]


def test_the_lowest_ceiling_counts_whoever_asks_for_it() -> None:
    both = {CHIP: Zone.RED, SOC: Zone.YELLOW}
    assert Node(POINTED).sees(1, zones=both).ceiling == (Mode.SAFE, "actionpoint late")
    locked = Node(POINTED).sees(1, (LOCKED_OUT, "inference"), zones=both, silent=("inference",))
    assert locked.ceiling == (Mode.SAFE, "actionpoint late")
    hung = Node(POINTED).sees(734, silent=("power",), zones=both)
    assert hung.ceiling == (Mode.SURVIVAL, "power: recovery at level 4")


# -- busy: whether the next tick must be looked at


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(lambda: Node().sees(1, progress=STOPPED), id="a ladder"),
        pytest.param(lambda: Node().sees(1, silent=("comms",)), id="a missed heartbeat"),
        pytest.param(lambda: Node().sees(1, (LOST, "comms")), id="one away"),
        pytest.param(lambda: Node(POINTED).sees(1, zones={CHIP: Zone.RED}), id="an actionpoint that has fired"),
        pytest.param(lambda: Node(POINTED).sees(1, zones={SOC: Zone.STALE}), id="an actionpoint that counts"),
        pytest.param(lambda: Node(POINTED).sees(1, zones={SOC: Zone.YELLOW}).sees(1), id="one that waits for ground"),
    ],
)
def test_recovery_is_busy_while_anything_is_not_as_it_was_at_the_start(
    seen: Callable[[], Node],
) -> None:
    assert seen().state.busy


def test_recovery_rests_again_when_all_is_over() -> None:
    node = Node(POINTED).sees(1, (LOST, "comms"), silent=("comms",), progress=STOPPED, zones={CHIP: Zone.RED})
    assert node.state.busy
    node.sees(100, (REJOIN, "comms"))
    assert (node.state.busy, node.over) == (False, [(60, "payload")])


# -- ground


def test_arming_one_leaves_the_others_where_they_stand() -> None:
    node = Node(POINTED).sees(
        13, silent=("comms", "inference"), progress=STOPPED, zones={CHIP: Zone.RED, SOC: Zone.YELLOW}
    )
    node.sees(1, (LOCKED_OUT, "power"), zones={CHIP: Zone.RED})
    before = node.state
    node.arm("comms")
    assert [climb.rung for climb in node.state.climbs] == [1, 0, 0, 1]
    assert (node.state.points, node.state.away, node.state.locked) == (before.points, before.away, before.locked)
    assert (node.state.misses, node.state.busy) == (before.misses, True)
    node.arm("late")
    assert [point.passive for point in node.state.points] == [True, False, False]
    assert [climb.rung for climb in node.state.climbs] == [1, 0, 0, 1]
    assert node.ceiling == (Mode.SAFE, "power is locked out")


def test_arming_somebody_unknown_is_refused_with_those_that_there_are() -> None:
    node = Node(POINTED)
    refused = recovery.armed(node.state, "camera", node.plan)
    assert refused == ("unknown monitor 'camera': must be one of payload, power, comms, inference, hot, blind, late")


def test_what_is_kept_through_a_restart_begins_with_nothing() -> None:
    kept = memory.kept(Node(POINTED).state)
    assert (kept.rungs, kept.since_ticks) == ((0,) * 4, (0,) * 4)
    assert (kept.fired, kept.locked_out) == ((False,) * 3, (False,) * 3)
