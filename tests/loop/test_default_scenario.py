"""The default scenario closes its loops: eclipse and heat each hold the payload back, and the ledgers close."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

import flightsw
from flightsw.bus.logreader import LogReader
from flightsw.devices.camera import VirtualCamera
from flightsw.devices.models import load_card, verified_model_path
from flightsw.messages.inference import InferenceResult
from flightsw.record.summary import Summary
from flightsw.regress.pytest_plugin import Fly

SCENARIO = "cubesat-6u-orin-nano"


@pytest.fixture(scope="module")
def two_orbits(fly: Fly) -> tuple[Path, Summary]:
    """The default run, one batch in twenty computed for real."""
    run = fly(SCENARIO, duration="2orbits")
    return run.run_dir, run.summary


def test_both_caps_bind_together_a_fifth_of_payload_time_and_nothing_is_drawn_above_them(
    two_orbits: tuple[Path, Summary],
) -> None:
    summary = two_orbits[1]
    assert summary.eclipses == 2
    assert summary.inferences > 10_000
    assert summary.power_capped_fraction is not None
    assert summary.thermal_capped_fraction is not None
    assert summary.power_capped_fraction >= 0.05
    assert summary.thermal_capped_fraction >= 0.05
    assert summary.power_capped_fraction + summary.thermal_capped_fraction >= 0.20
    assert summary.worst_excess_working_w == 0.0
    assert 0 < summary.batches_executed < summary.batches, "sampled"
    assert summary.value > 0.9 * summary.inferences_in_time > 9_000
    assert summary.inferences_by_variant == {"medium": summary.inferences}


def test_the_eclipse_shrinks_the_compute_budget(two_orbits: tuple[Path, Summary]) -> None:
    summary = two_orbits[1]
    assert summary.cap_min_eclipse_w is not None
    assert summary.cap_max_sun_w is not None
    assert summary.cap_min_eclipse_w < 0.6 * summary.cap_max_sun_w


def test_no_eclipse_ends_below_the_reserve(two_orbits: tuple[Path, Summary]) -> None:
    assert two_orbits[1].soc_min is not None
    assert two_orbits[1].soc_min >= 0.50


def test_results_reach_the_ground_in_passes(two_orbits: tuple[Path, Summary]) -> None:
    summary = two_orbits[1]
    assert summary.passes >= 3
    assert summary.downlinked_bytes > 1_000_000
    assert summary.products > 0


def test_both_ledgers_close(two_orbits: tuple[Path, Summary]) -> None:
    summary = two_orbits[1]
    throughput_j = summary.energy_wh * 3600.0
    assert throughput_j > 1e5
    assert abs(summary.electrical_residual_j) < 1e-9 * throughput_j
    assert abs(summary.thermal_residual_j) < 1e-9 * throughput_j


def test_logged_results_agree_with_a_plain_session(two_orbits: tuple[Path, Summary]) -> None:
    reader = LogReader(two_orbits[0])
    session = ort.InferenceSession(
        str(verified_model_path(load_card("cloudseg"))), _one_thread(), providers=["CPUExecutionProvider"]
    )
    camera = VirtualCamera(reader.header.seed)
    checked = 0
    for _, _, result in reader.messages(["infer.result"]):
        assert isinstance(result, InferenceResult)
        if result.output_sha256 is None or checked >= 20:
            continue
        tiles = camera.tiles(result.first_scene, result.scenes, result.cos_zenith, result.latitude_deg)
        (output,) = session.run(None, {"tiles": tiles})
        assert hashlib.sha256(output.tobytes()).hexdigest()[:16] == result.output_sha256
        assert result.cloud_fraction is not None
        np.testing.assert_allclose((output > 0.5).mean(axis=(1, 2)), result.cloud_fraction, atol=6e-4)
        checked += 1
    assert checked == 20


def test_with_the_payload_off_there_is_more_charge_and_less_heat() -> None:
    with flightsw.node(SCENARIO, overrides=["apps.inference.execute=none"]) as working:
        working.run_until("2000s")
        on = (working["truth.plant.soc"], working["sensor.chip_c"], working["truth.plant.payload_energy_j"])
    with flightsw.node(SCENARIO, overrides=["apps.inference.execute=none"]) as resting:
        resting.command("infer.set_payload", on=False)
        resting.run_until("2000s")
        off = (resting["truth.plant.soc"], resting["sensor.chip_c"], resting["truth.plant.payload_energy_j"])
    assert on[2] > 15.0 * off[2] > 0.0
    assert off[0] > on[0] + 0.02
    assert off[1] < on[1] - 5.0


def _one_thread() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    return options
