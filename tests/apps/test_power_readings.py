"""Spikes and a voltage that doesn't fit, at the edges of what is believed."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.packwatch import FITS, PackWatch, ocv_of, pack_step
from flightsw.apps.power.readings import MOST, Spikes, Steps, despiked, steps_of
from flightsw.messages.plant import LclState, PowerSensors

CONFIG = PowerConfig(capacity_ah=5.0, array_peak_w=40.0, ocv_v=(12.0, 16.0, 20.0), r0_ohm=0.5, pack_apart_share=0.125)
CALM = PowerSensors(15.0, 1.0, 20.0, 30.0, (8.0, 20.0), (LclState.ON,) * 2, False)
STEPS = {"battery_voltage_v": 2.0, "battery_current_a": 10.0, "array_power_w": 40.0}


def spiky(name: str, more: float) -> PowerSensors:
    return replace(CALM, **{name: getattr(CALM, name) + more})


NOTHING = Spikes()


def told(*said: PowerSensors, spikes: Spikes = NOTHING) -> tuple[Spikes, PowerSensors]:
    out = CALM
    for one in said:
        spikes, out = despiked(spikes, one, CONFIG)
    return spikes, out


def test_how_far_is_far_follows_from_the_spacecrafts_size() -> None:
    assert steps_of(CONFIG) == Steps(volts=2.0, amps=10.0, watts=40.0)


@pytest.mark.parametrize("name", sorted(STEPS))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_reading_is_left_out_beyond_its_step_from_the_last_one_and_not_at_it(name: str, sign: float) -> None:
    near, far = spiky(name, sign * STEPS[name]), spiky(name, 1.01 * sign * STEPS[name])
    assert told(CALM, CALM, near)[1] == near
    spikes, readings = told(CALM, CALM, far)
    assert readings == replace(far, **{name: None})
    assert spikes == Spikes(said=far, believed=CALM, level=32, told=False)
    assert told(far, spikes=spikes) == (Spikes(far, far, 31, False), far), "what comes twice is believed"
    assert told(CALM, spikes=spikes) == (Spikes(CALM, CALM, 31, False), CALM)


def test_loads_that_spike_together_leave_the_last_loads_to_stand_in() -> None:
    near, far = replace(CALM, load_power_w=(28.0, 40.0)), replace(CALM, load_power_w=(28.0, 40.5))
    assert told(CALM, CALM, near)[1] == near
    spikes, readings = told(CALM, CALM, far)
    assert readings == CALM
    assert spikes == Spikes(far, CALM, 32, False)
    assert told(far, spikes=spikes)[1] == far
    less = replace(CALM, load_power_w=(100.0, 20.0))
    assert told(less, less, CALM)[1] == less, "downwards, too"


@pytest.mark.parametrize(
    ("believed_w", "earlier_w", "left_out"),
    [(60.0, 50.0, False), (59.0, 59.0, True), (50.0, 60.0, False), (80.0, 200.0, False), (50.0, 141.0, True)],
)
def test_loads_are_left_out_where_they_are_far_from_what_was_believed_and_from_what_was_said(
    believed_w: float, earlier_w: float, left_out: bool
) -> None:
    now, believed, earlier = (replace(CALM, load_power_w=(watts,)) for watts in (100.0, believed_w, earlier_w))
    _, readings = told(now, spikes=Spikes(earlier, believed))
    assert readings == (believed if left_out else now)


def test_a_missing_reading_is_no_spike_and_neither_is_the_first_after_it() -> None:
    missing = replace(CALM, battery_voltage_v=None)
    far = spiky("battery_voltage_v", 9.0)
    assert told(CALM, CALM, missing, far)[1] == far
    assert told(CALM)[1] == CALM
    assert told(far) == (Spikes(far, far), far), "before the first there is nothing to compare with"


FAR = spiky("battery_current_a", 90.0)


def test_spikes_are_told_from_the_fourth_in_close_succession_and_over_when_they_have_been_worn_off() -> None:
    spikes, levels, words = told(CALM, CALM)[0], [], []
    for _ in range(8):
        spikes = told(FAR, CALM, spikes=spikes)[0]
        levels.append(spikes.level)
        words.append(spikes.told)
    assert levels[:4] == [31, 61, 91, 121]
    assert words == [False, False, False, False, True, True, True, True]
    ticks = 0
    while spikes.told:
        assert spikes.level > 16
        spikes, ticks = told(CALM, spikes=spikes)[0], ticks + 1
    assert (spikes.level, ticks) == (16, levels[-1] - 16)


@pytest.mark.parametrize(("level", "told_after"), [(96, False), (97, True), (98, True)])
def test_it_is_told_at_four_spikes_worth(level: int, told_after: bool) -> None:
    spikes = told(FAR, spikes=Spikes(CALM, CALM, level))[0]
    assert (spikes.level, spikes.told) == (level - 1 + 32, told_after)


def test_the_count_has_its_bounds() -> None:
    assert told(FAR, spikes=Spikes(CALM, CALM, 250, told=True))[0].level == MOST == 256
    assert told(CALM, spikes=Spikes(CALM, CALM, 0))[0].level == 0
    low = Spikes(CALM, CALM, 5, told=True)
    assert told(FAR, spikes=low)[0].told, "once told it stays so while they come"


def sampled(watch: PackWatch, apart_v: float, amps: float = 2.0, soc: float = 0.5) -> PackWatch:
    """After a sample at 16 V of open circuit, of which 2 V are the limit, so far apart."""
    return pack_step(watch, soc, 16.0 + apart_v - 0.5 * amps, amps, CONFIG)


TOLD = PackWatch(0, apart=True, apart_v=-5.0)


@pytest.mark.parametrize(
    ("before", "apart_v", "after"),
    [
        (FITS, 2.0, FITS),
        (FITS, -2.0, FITS),
        (FITS, 2.5, PackWatch(1, False, 2.5)),
        (FITS, -2.5, PackWatch(1, False, -2.5)),
        (PackWatch(1, False, -3.0), -2.5, PackWatch(2, False, -2.5)),
        (PackWatch(2, False, -3.0), -2.5, PackWatch(0, True, -2.5)),
        (PackWatch(2, False, -3.0), -1.0, PackWatch(0, False, -1.0)),
        (TOLD, -5.5, TOLD),
        (TOLD, -1.0, TOLD),
        (TOLD, 1.0, TOLD),
        (TOLD, -0.5, PackWatch(1, True, -5.0)),
        (TOLD, 0.5, PackWatch(1, True, -5.0)),
        (PackWatch(2, True, -0.5), 0.5, FITS),
        (PackWatch(2, True, -0.5), -4.0, PackWatch(0, True, -4.0)),
    ],
)
def test_a_voltage_is_apart_beyond_its_share_three_times_and_fits_within_half_of_it_three_times(
    before: PackWatch, apart_v: float, after: PackWatch
) -> None:
    assert sampled(before, apart_v) == after


@pytest.mark.parametrize("missing", range(3))
def test_a_missing_sample_leaves_nothing_to_compare(missing: int) -> None:
    readings: list[float | None] = [0.5, 12.0, 0.0]
    readings[missing] = None
    before = PackWatch(1, False, -4.0)
    assert pack_step(before, *readings, CONFIG) is before  # type: ignore[arg-type]


@pytest.mark.parametrize(("soc", "ocv_v"), [(0.0, 1.0), (0.25, 2.0), (0.5, 3.0), (0.75, 5.5), (0.9, 7.0), (1.0, 8.0)])
def test_the_curve_is_read_between_its_points(soc: float, ocv_v: float) -> None:
    assert ocv_of(soc, (1.0, 3.0, 8.0)) == pytest.approx(ocv_v)
