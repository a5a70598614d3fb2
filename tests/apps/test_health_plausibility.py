"""Which readings are believed: every reading's own checks, what they say of each other, and what stands in."""

from __future__ import annotations

import pytest

from flightsw.apps.health.plausibility import Readings, Sensors, sensors_step, validity
from flightsw.apps.health.plausibilityconfig import PlausibilityConfig

CONFIG = PlausibilityConfig(persistence=5, stuck_samples=30)
BATTERY, OWN = "sensor.thermal.battery_c", "sensor.power.battery_c"
VOLTAGE, CURRENT = "sensor.power.battery_voltage_v", "sensor.power.battery_current_a"
CHIP, ARRAY = "sensor.thermal.chip_c", "sensor.power.array_power_w"
SUN = Readings(20.0, 20.0, 16.0, -0.5, 50.0, 30.0, 22.0, 10.0, None, dark=False)
"""30 W of the array, 8 W of them into the battery"""
SHADOW = SUN._replace(current_a=1.375, array_w=0.0, dark=True)
NOISE = {"battery_c": 0.1, "battery_own_c": 0.1, "voltage_v": 0.01, "current_a": 0.01, "chip_c": 0.5}


class Board:
    """The sensors of a node, sample by sample."""

    def __init__(self, dt_s: float = 1.0) -> None:
        self._sensors, self._dt_s, self._sample = Sensors(), dt_s, 0
        self.battery_c: float | None = None

    def sees(self, now: Readings, samples: int = 1, *, still: tuple[str, ...] = tuple(NOISE)) -> list[tuple[str, ...]]:
        """What is out after each sample; readings that aren't `still` have their noise."""
        out = []
        for _ in range(samples):
            self._sample += 1
            sign = (-1) ** self._sample
            live = {
                name: value + sign * noise
                for name, noise in NOISE.items()
                if name not in still and (value := getattr(now, name)) is not None
            }
            shown = now._replace(**live)
            self._sensors = sensors_step(self._sensors, shown, CONFIG, self._dt_s)
            said = validity(self._sensors, shown, CONFIG)
            self.battery_c = said.battery_c
            out.append(said.invalid)
        return out


def test_all_is_believed_of_a_node_that_is_well_in_sun_and_shadow() -> None:
    board = Board()
    out = board.sees(SUN, 60, still=()) + board.sees(SHADOW, 30, still=()) + board.sees(SUN, 60, still=())
    assert set(out) == {()}
    assert board.battery_c is None, "nothing need stand in"


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"battery_c": None}, BATTERY),
        ({"battery_c": CONFIG.battery_high_c + 0.1}, BATTERY),
        ({"battery_c": CONFIG.battery_low_c - 0.1}, BATTERY),
        ({"battery_own_c": None}, OWN),
        ({"battery_own_c": CONFIG.battery_high_c + 0.1}, OWN),
        ({"battery_own_c": CONFIG.battery_low_c - 0.1}, OWN),
        ({"voltage_v": None}, VOLTAGE),
        ({"voltage_v": CONFIG.voltage_low_v - 0.1}, VOLTAGE),
        ({"current_a": None}, CURRENT),
        ({"chip_c": None}, CHIP),
        ({"chip_c": CONFIG.chip_high_c + 0.1}, CHIP),
        ({"chip_c": CONFIG.chip_low_c - 0.1}, CHIP),
    ],
)
def test_a_missing_or_impossible_reading_is_out_after_its_persistence_and_back_at_once(
    changes: dict[str, float | None], name: str
) -> None:
    board = Board()
    board.sees(SUN, 3)
    assert board.sees(SUN._replace(**changes), 7) == [()] * 4 + [(name,)] * 3
    assert board.sees(SUN) == [()]
    deep = Board()
    deep.sees(SHADOW, 10)
    assert deep.sees(SHADOW._replace(**changes), 7) == [()] * 4 + [(name,)] * 3, "and blames no other one in shadow"


@pytest.mark.parametrize(("value_a", "load_w"), [(-99_999.0, 0.0), (99_999.0, 1_599_984.0)])
def test_any_current_is_possible(value_a: float, load_w: float) -> None:
    flows = SHADOW._replace(current_a=value_a, load_w=load_w, array_w=max(0.0, -16.0 * value_a), dark=value_a > 0.0)
    assert set(Board().sees(flows, 10)) == {()}


def test_an_array_without_a_reading_is_believed_until_something_speaks_against_it() -> None:
    assert set(Board().sees(SUN._replace(array_w=None), 10)) == {()}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"battery_c": 30.0}, BATTERY),
        ({"battery_own_c": 30.0}, OWN),
        ({"battery_c": 10.0}, BATTERY),
        ({"battery_own_c": 10.0}, OWN),
    ],
)
def test_the_battery_thermometer_that_moved_away_is_voted_out_and_the_other_stands_in(
    changes: dict[str, float], name: str
) -> None:
    board = Board()
    board.sees(SUN, 3)
    assert board.sees(SUN._replace(**changes), 6) == [()] * 4 + [(name,)] * 2
    assert board.battery_c == 20.0
    assert board.sees(SUN, 6) == [(name,)] * 4 + [()] * 2, "let in when they have agreed for as long"
    assert board.battery_c is None


@pytest.mark.parametrize(("changes", "name"), [({"battery_c": None}, BATTERY), ({"battery_own_c": None}, OWN)])
def test_the_thermometer_that_is_left_stands_in_with_its_present_reading(
    changes: dict[str, float | None], name: str
) -> None:
    board = Board()
    left = SUN._replace(battery_c=19.0, battery_own_c=21.0)
    board.sees(left)
    assert board.sees(left._replace(**changes), 5)[-1] == (name,)
    assert board.battery_c == (21.0 if name == BATTERY else 19.0)


@pytest.mark.parametrize(
    ("voted", "missing"),
    [({"battery_c": 30.0}, {"battery_own_c": None}), ({"battery_own_c": 30.0}, {"battery_c": None})],
)
def test_one_that_is_voted_out_is_better_than_none(voted: dict[str, float], missing: dict[str, float | None]) -> None:
    board = Board()
    board.sees(SUN, 3)
    loser = BATTERY if "battery_c" in voted else OWN
    other = OWN if loser == BATTERY else BATTERY
    assert board.sees(SUN._replace(**voted), 5)[-1] == (loser,)
    out = board.sees(SUN._replace(**voted)._replace(**missing), 5)
    assert out == [(loser,)] * 4 + [(other,)]
    assert board.battery_c == 30.0


def test_nothing_stands_in_for_a_battery_without_any_thermometer() -> None:
    board = Board()
    board.sees(SUN, 3)
    assert board.sees(SUN._replace(battery_c=None, battery_own_c=None), 5)[-1] == (BATTERY, OWN)
    assert board.battery_c is None


@pytest.mark.parametrize(
    ("field", "name"), [("battery_c", BATTERY), ("battery_own_c", OWN), ("voltage_v", VOLTAGE), ("current_a", CURRENT)]
)
def test_a_reading_that_loses_its_noise_is_stuck(field: str, name: str) -> None:
    board = Board()
    board.sees(SUN, 60, still=())
    out = board.sees(SUN, 40, still=(field,))
    assert out[0] == ()
    assert out.index((name,)) == 30, "the first of them still moved"
    assert set(out[30:]) == {(name,)}
    assert board.sees(SUN, 1, still=()) == [()]


def test_the_chips_diode_is_not_out_for_standing_still_but_for_doing_so_while_its_power_swings() -> None:
    board = Board()
    board.sees(SUN, 60, still=())
    assert set(board.sees(SUN, 60, still=("chip_c",))) == {()}
    assert board.sees(SUN._replace(payload_w=0.0), 20, still=tuple(NOISE))[-1] == (CHIP,)


def test_no_more_than_the_allowed_difference_of_the_chips_two_diodes_is_agreement() -> None:
    assert set(Board().sees(SUN._replace(device_chip_c=50.0 + CONFIG.chip_apart_k), 10)) == {()}
    for own_c in (50.0 + CONFIG.chip_apart_k + 0.1, 50.0 - CONFIG.chip_apart_k - 0.1):
        assert Board().sees(SUN._replace(device_chip_c=own_c), 6) == [()] * 4 + [(CHIP,)] * 2


@pytest.mark.parametrize("pause", [{"device_chip_c": 50.0}, {"device_chip_c": None}])
def test_diodes_that_agree_in_between_or_of_which_one_falls_silent_are_counted_anew(
    pause: dict[str, float | None],
) -> None:
    board, apart = Board(), SUN._replace(device_chip_c=85.0)
    assert set(board.sees(apart, 4) + board.sees(apart._replace(**pause)) + board.sees(apart, 4)) == {()}
    assert board.sees(apart) == [(CHIP,)]


def test_a_residual_in_the_sun_is_the_arrays() -> None:
    board = Board()
    board.sees(SUN, 60, still=())
    assert board.sees(SUN._replace(array_w=15.0), 6, still=()) == [()] * 4 + [(ARRAY,)] * 2


def test_a_residual_in_the_sun_is_the_currents_if_that_froze_as_the_residual_began() -> None:
    board = Board()
    board.sees(SUN, 60, still=())
    frozen = SUN._replace(current_a=3.0)
    assert board.sees(frozen, 6, still=("current_a",)) == [()] * 4 + [(CURRENT,)] * 2


def test_a_residual_in_the_sun_is_the_arrays_as_long_as_the_current_was_alive_in_it() -> None:
    board = Board()
    board.sees(SUN, 60, still=())
    alive, frozen = SUN._replace(current_a=3.0), SUN._replace(current_a=3.1)
    assert board.sees(alive, 1, still=()) + board.sees(frozen, 4, still=("current_a",)) == [()] * 4 + [(ARRAY,)]


@pytest.mark.parametrize("field", ["current_a", "voltage_v"])
def test_a_residual_is_not_the_arrays_while_a_reading_that_it_is_made_of_is_known_to_be_stuck(field: str) -> None:
    board = Board()
    board.sees(SUN, 60, still=())
    (stuck,) = board.sees(SUN, 31, still=(field,))[-1]
    assert set(board.sees(SUN._replace(array_w=60.0, load_w=22.0), 10, still=(field,))) == {(stuck,)}


def test_deep_in_shadow_a_residual_is_the_currents_and_an_array_that_shines_is_wrong() -> None:
    board = Board()
    board.sees(SUN, 3, still=())
    board.sees(SHADOW, 10, still=())
    assert board.sees(SHADOW._replace(current_a=3.0), 5, still=())[-1] == (CURRENT,)
    board.sees(SHADOW, 5, still=())
    assert board.sees(SHADOW._replace(array_w=10.0), 5, still=())[-1] == (ARRAY,)


def test_the_depth_of_a_shadow_is_told_in_seconds_whatever_a_tick_lasts() -> None:
    lit = SHADOW._replace(array_w=10.0)
    for dt_s, samples in ((1.0, 11), (0.1, 65)):  # a minute and one sample, of ten ticks each, and the persistence
        out = Board(dt_s).sees(lit, samples)
        assert out[-2:] == [(), (ARRAY,)], f"dt {dt_s} s"


def test_what_is_out_is_named_in_the_order_of_the_signals() -> None:
    board = Board()
    board.sees(SUN, 3)
    blind = SUN._replace(battery_c=None, battery_own_c=None, voltage_v=None, current_a=None, chip_c=None)
    assert board.sees(blind, 5)[-1] == (BATTERY, OWN, VOLTAGE, CURRENT, CHIP)
