"""Calibration finds a hidden truth again, within the uncertainty that it states, and writes a profile that flies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flightsw.devices.models import load_card
from flightsw.devices.profiles import load_profile
from flightsw.errors import ConfigError
from hil.calibration import Calibration, Observation, calibrate, quantum_of
from hil.fit import Unfit, fit_heat, fit_latency, fit_power
from hil.profile import profile_table, report_lines, report_page, write_profile
from tests.hil.truths import HiddenTruth

STEP_S = 120.0


def found_of(truth: HiddenTruth) -> Calibration:
    return calibrate(truth, STEP_S, lambda _: None)


@pytest.fixture(scope="module")
def calibrated() -> tuple[HiddenTruth, Calibration]:
    truth = HiddenTruth(1)
    return truth, found_of(truth)


@pytest.mark.parametrize("seed", [2, 4])
def test_steady_power_and_temperature_are_recovered_within_the_stated_uncertainty(seed: int) -> None:
    scale = 0.7 + 0.15 * seed
    stages = ((1.0 * scale, 2.0 + seed), (2.0, 20.0 * scale), (3.0 / scale, 200.0 + 30.0 * seed))
    truth = HiddenTruth(seed, idle_w=2.0 * scale, dynamic_w=5.0 + seed, stages=stages)
    found = found_of(truth)
    assert len(found.levels) == 3
    assert found.heat is not None
    assert len(found.heat.taus_s) == 2  # the truth has three
    for level in found.levels:
        assert level.power is not None
        idle_w = truth.power(level.share, 0.0)
        working_w = truth.power(level.share, 1.0)
        assert level.power.idle_w.holds(idle_w)
        assert level.power.dynamic_w.holds(working_w - idle_w)
        for power_w in (idle_w, working_w):
            steady = found.heat.steady_c(power_w)
            assert steady.holds(truth.steady_c(power_w)), (steady, truth.steady_c(power_w))
            assert steady.uncertainty < 0.15 * (truth.steady_c(power_w) - truth.ambient_c)  # it says something


def test_uncertainties_are_small_against_what_is_found(calibrated: tuple[HiddenTruth, Calibration]) -> None:
    _, found = calibrated
    for level in found.levels:
        assert level.power is not None
        assert 0.0 < level.power.dynamic_w.uncertainty < 0.05 * level.power.dynamic_w.value
    assert found.latency.per_item_s_mhz.value == pytest.approx(3.0, rel=0.05)


def test_a_profile_of_it_is_read_by_the_emulator_and_predicts_power_and_latency(
    calibrated: tuple[HiddenTruth, Calibration], tmp_path: Path
) -> None:
    truth, found = calibrated
    card = load_card("cloudseg")
    table = profile_table(found, card, load_profile("orin-nano"), "mine", "measured")
    silicon = write_profile(table, tmp_path / "mine.toml").silicon()
    assert [mode.name for mode in silicon.modes] == ["CLOCK50", "CLOCK75", "CLOCK100"]
    for mode, share in enumerate((0.5, 0.75, 1.0)):
        assert silicon.full_load_w(mode, 50.0) == pytest.approx(truth.power(share, 1.0), rel=0.02)
        assert silicon.idle_w(mode, 50.0) == pytest.approx(truth.power(share, 0.0), rel=0.02)
        took_s = truth.launch_s + 8 * truth.per_item_s_mhz / (share * truth.top_mhz)
        assert silicon.batch_s(8, card.work_gop, silicon.modes[mode].clock_mhz) == pytest.approx(took_s, rel=0.05)
    text = (tmp_path / "mine.toml").read_text()
    assert "taken over from orin-nano" in text
    assert "calibrated on the board" in text


def test_the_report_states_every_figure_with_its_uncertainty(calibrated: tuple[HiddenTruth, Calibration]) -> None:
    _, found = calibrated
    text = "\n".join(report_lines(found, "measured"))
    assert text.count("+-") >= 10
    for word in ("idle", "K/W", "time constants", "settles at", "batch of 8", "coverage factor of 2"):
        assert word in text


def test_a_board_without_a_thermometer_gets_a_profile_and_is_told_that_heat_was_not_found(tmp_path: Path) -> None:
    class Cold(HiddenTruth):
        def observe(self, busy: float, seconds: float) -> list[Observation]:
            return [one._replace(chip_c=None) for one in super().observe(busy, seconds)]

    found = calibrate(Cold(1), 30.0, lambda _: None)
    assert found.heat is None
    assert "heat: not found: no temperature" in "\n".join(report_lines(found, "measured"))
    assert profile_table(found, load_card("cloudseg"), load_profile("orin-nano"), "cold", "measured")["modes"]


def test_work_that_is_not_told_from_nothing_is_said_to_be_so(calibrated: tuple[HiddenTruth, Calibration]) -> None:
    _, found = calibrated
    doubt = "isn't told from nothing"
    assert doubt not in "".join(report_lines(found, "measured"))
    level = found.levels[0]
    assert level.power is not None
    vague = replace(level.power, dynamic_w=replace(level.power.dynamic_w, value=0.01, uncertainty=0.7))
    lines = report_lines(replace(found, levels=[replace(level, power=vague)]), "modelled")
    assert [line for line in lines if doubt in line]


def test_the_page_has_a_plot_of_each_thing_that_was_found(calibrated: tuple[HiddenTruth, Calibration]) -> None:
    _, found = calibrated
    page = report_page(found, "measured")
    assert page.count("<svg") == 3
    dark = [one._replace(chip_c=None) for one in found.observations]
    assert report_page(replace(found, observations=dark, heat=None), "measured").count("<svg") == 2


def test_a_board_without_power_gets_none(tmp_path: Path) -> None:
    class Blind(HiddenTruth):
        def observe(self, busy: float, seconds: float) -> list[Observation]:
            return [one._replace(power_w=None) for one in super().observe(busy, seconds)]

    found = calibrate(Blind(1), 30.0, lambda _: None)
    with pytest.raises(ConfigError, match="no power at any clock"):
        profile_table(found, load_card("cloudseg"), load_profile("orin-nano"), "blind", "measured")


def test_a_clock_that_can_t_be_limited_is_calibrated_once() -> None:
    class Fixed(HiddenTruth):
        def limit(self, share: float) -> float:
            return 1.0

    assert len(calibrate(Fixed(1), 30.0, lambda _: None).levels) == 1


def test_what_says_too_little_is_refused() -> None:
    with pytest.raises(Unfit, match="too little"):
        fit_power([1.0] * 50, [5.0] * 50)
    with pytest.raises(Unfit, match="too little"):
        fit_heat([0.0, 1.0], [1.0, 2.0], [20.0, 21.0])
    with pytest.raises(Unfit, match="one size alone"):
        fit_latency([8, 8], [1000.0, 500.0], [0.1, 0.2])


def test_residuals_that_hang_together_widen_the_uncertainty() -> None:
    busy = [float(place // 50 % 2) for place in range(400)]
    rng = np.random.default_rng(5)
    white = rng.normal(0.0, 0.1, 400)
    slow = np.convolve(rng.normal(0.0, 0.1, 460), np.ones(60) / 7.0, "valid")[:400]
    calm = fit_power(busy, [3.0 + 2.0 * b + float(e) for b, e in zip(busy, white, strict=True)])
    drifting = fit_power(busy, [3.0 + 2.0 * b + float(e) for b, e in zip(busy, slow, strict=True)])
    ratio = drifting.residual_w / calm.residual_w
    assert drifting.dynamic_w.uncertainty > 2.0 * ratio * calm.dynamic_w.uncertainty


def test_the_step_of_a_sensor_is_found_from_its_values() -> None:
    assert quantum_of([1.0, 1.5, 1.5, 3.0]) == 0.5
    assert quantum_of([2.0, 2.0]) == 0.0
