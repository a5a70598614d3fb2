"""Attitude through the whole node: ground points, the body turns, the array's light follows, SAFE turns it back."""

from __future__ import annotations

import numpy as np

import flightsw
from flightsw.messages.health import Mode

ATTITUDE = (
    "plant.attitude={initial='sun', array={drive='fixed', normal='+x'}, slew={rate_deg_s=1.0}, pointing_error_deg=2.0}"
)
FACED = "plant.thermal.nodes.radiator.surfaces=[{area_m2=0.045, finish='white-paint', face='minus_x'}]"


def test_a_slew_takes_its_time_and_the_array_s_light_and_the_safe_mode_brings_it_back() -> None:
    with flightsw.node(overrides=[ATTITUDE, FACED, "apps.inference.execute=none"]) as node:
        node.run_until("300s")
        assert node["health.mode.mode"] is Mode.PAYLOAD
        node.command("health.point", attitude="nadir")
        node.run_for("200s")
        node.command("health.set_mode", mode="SAFE")
        node.run_for("200s")
        _, error_deg = node.series("truth.plant.attitude_error_deg")
        _, available_w = node.series("truth.plant.array_available_w")
        _, sunlit = node.series("truth.plant.sunlit_fraction")
    assert error_deg[290] == 2.0, "held: the pointing error alone"
    turning = np.flatnonzero(error_deg > 2.0 + 1e-9)
    first = turning[turning < 500]
    angle_deg = error_deg[first[0]]
    assert angle_deg > 20.0
    assert angle_deg / 1.0 <= len(first) <= angle_deg / 1.0 + 15.0, "a degree a second, and what speeding up takes"
    assert (np.diff(error_deg[first]) <= 1e-9).all()
    assert available_w[495] < 0.97 * available_w[290]
    back = turning[turning >= 500]
    assert len(back) > 10
    assert error_deg[-1] == 2.0
    assert available_w[-1] > 0.97 * available_w[290]
    assert (sunlit == 1.0).all()


def test_an_attitude_makes_no_difference_to_flight_software_that_flies_without() -> None:
    hashes = []
    for command in (None, "nadir"):
        with flightsw.node(overrides=["apps.inference.execute=none"]) as node:
            node.run_until("200s")
            if command is not None:
                node.command("health.point", attitude=command)
            node.run_for("100s")
            hashes.append(node.series("truth.plant.soc")[1].tolist())
            assert node["truth.plant.attitude_error_deg"] is None
    assert hashes[0] == hashes[1]
