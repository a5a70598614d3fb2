"""The EPS manager's estimate and budget against the plant's own battery, sky and spacecraft, over many orbits."""

from __future__ import annotations

import math

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import flightsw
from flightsw.apps.power import law
from flightsw.apps.power.config import LoadRow, PowerConfig
from flightsw.apps.power.law import Inputs, Outputs, State
from flightsw.apps.power.shedding import load_table
from flightsw.apps.power.soc import SocState, estimate
from flightsw.devices.profiles import load_profile
from flightsw.messages.health import Mode
from flightsw.messages.plant import NavSensors, PowerSensors
from flightsw.plant.battery import Battery
from flightsw.plant.battery_config import BatteryConfig
from flightsw.plant.spacecraft import Orders, Spacecraft
from flightsw.streams import Stream

CONFIG = PowerConfig(
    capacity_ah=5.2, r0_ohm=0.19, array_peak_w=38.0, reserve_soc=0.45, eclipse_compute_w=10.0, compute_max_w=33.0
)
PACK = BatteryConfig(
    capacity_ah=5.2, r0_ohm=0.15, r1_ohm=0.04, c1_f=1500.0, charge_limit_a=2.6, charge_limit_v=16.4, initial_soc=0.7
)
ORBIT_S, ECLIPSE_S, STEP_S = 5700.0, 2100.0, 5.0


def counted(bias_a: float, orbits: int) -> list[tuple[float, float, float, float]]:
    """(truth, estimate, sigma, bias learned) of a cycling pack, whose current is read with a bias and noise."""
    battery, stream = Battery(PACK, STEP_S), Stream(7, "test.soc", 2)
    pack, state, rows = battery.initial(), SocState(None, 0.25), []
    for tick in range(round(orbits * ORBIT_S / STEP_S)):
        phase_s = tick * STEP_S % ORBIT_S
        wanted_w = 17.0 if phase_s < ECLIPSE_S else -20.0 if phase_s < 4600.0 else 2.0
        moved = battery.exchange(pack, 20.0, wanted_w)
        assert moved is not None
        pack, flow = moved
        noise = stream.normals(tick)
        volts, amps = flow.terminal_v + 0.01 * noise[0], flow.current_a + bias_a + 0.02 * noise[1]
        state = estimate(state, volts, amps, CONFIG, STEP_S)
        assert state.soc is not None
        rows.append((pack.soc, state.soc, math.sqrt(state.variance), state.bias_a))
    return rows


@pytest.mark.parametrize("bias_a", [0.1, -0.1, 0.0])
def test_a_biased_current_sensor_never_takes_the_estimate_out_of_its_own_sigma_in_thirty_orbits(bias_a: float) -> None:
    rows = counted(bias_a, 30)
    truths = [row[0] for row in rows]
    assert max(truths) - min(truths) > 0.1, "the pack is cycled"
    settled = rows[round(600.0 / STEP_S) :]
    assert max(abs(ours - truth) / sigma for truth, ours, sigma, _ in settled) < 1.0
    assert max(abs(ours - truth) for truth, ours, _, _ in settled[len(settled) // 2 :]) < 0.02
    assert rows[-1][3] == pytest.approx(bias_a, abs=0.04), "and the bias is known"


@given(st.floats(-0.12, 0.12), st.floats(0.3, 0.95), st.integers(0, 100))
@settings(max_examples=15)
def test_the_stated_sigma_covers_a_pack_at_rest_and_shrinks_there(bias_a: float, soc: float, seed: int) -> None:
    stream, state = Stream(seed, "test.rest", 2), SocState(None, 0.25)
    sigmas = []
    for tick in range(2000):
        noise = stream.normals(tick)
        state = estimate(state, 12.8 + 3.6 * soc + 0.01 * noise[0], bias_a + 0.02 * noise[1], CONFIG, STEP_S)
        sigmas.append(math.sqrt(state.variance))
    assert state.soc is not None
    assert abs(state.soc - soc) < 2.0 * sigmas[-1]
    assert sigmas[-1] < sigmas[200]


class Flown:
    """The law over the plant's own spacecraft; the payload runs in the highest power mode that it may."""

    def __init__(self, bias_a: float) -> None:
        self.bias_a = bias_a
        self.silicon = load_profile("orin-nano").silicon()
        self.state: State | None = None
        self.outputs: Outputs | None = None
        self.ends: list[float] = []
        self.worked_s = 0.0
        self._dark = False

    def __call__(self, time_s: float, craft: Spacecraft) -> Orders:
        names = [load.name for load in craft.config.loads]
        table = load_table(tuple(LoadRow(load.name, load.shed_tier, True) for load in craft.config.loads))
        state = law.initial(table, CONFIG) if self.state is None else self.state
        sky, all_on = craft.sky.at(max(0, round(time_s / craft.dt_s) - 1)), tuple(True for _ in names)
        if time_s == 0.0:
            return Orders(all_on)
        flows = craft.flows
        dark = sky.sunlit_fraction < 0.5
        if self._dark and not dark:
            self.ends.append(craft.battery.soc)
        self._dark = dark
        volts, amps = flows.battery.terminal_v, flows.battery.current_a + self.bias_a
        seen = PowerSensors(volts, amps, 20.0, flows.array_used_w, tuple(flows.load_w), craft.lcl, flows.brownout)
        fix = NavSensors(sky.position_km, sky.velocity_km_s, sky.sun, 0.0, 0.0, not dark)
        self.state, self.outputs = law.step(state, Inputs(seen, fix, Mode.PAYLOAD), table, CONFIG, craft.dt_s)
        chip_c = craft.nodes_k[craft.network.names.index("chip")] - 273.15
        fits = [
            mode
            for mode, watts in enumerate(self.silicon.working_w)
            if watts + self.silicon.leak_w(chip_c) <= self.outputs.compute_cap_w
        ]
        self.worked_s += craft.dt_s if fits else 0.0
        on = self.outputs.load_on
        assert len(on) == len(names)
        return Orders(on, power_on=bool(fits), mode=max(fits, default=0), busy_s=craft.dt_s if fits else 0.0)


@given(
    altitude_km=st.floats(420.0, 700.0),
    ltan_h=st.floats(9.0, 15.0),
    base_w=st.floats(3.0, 9.0),
    soc=st.floats(0.55, 0.95),
    strings=st.integers(4, 7),
    bias_a=st.floats(-0.1, 0.1),
)
@settings(max_examples=8, phases=(Phase.explicit, Phase.generate))  # an example takes a while: not shrunk
def test_every_eclipse_of_any_orbit_and_load_ends_above_the_reserve(
    altitude_km: float, ltan_h: float, base_w: float, soc: float, strings: int, bias_a: float
) -> None:
    satellite = flightsw.satellite(
        "cubesat-6u-orin-nano",
        overrides=[
            f"plant.sky.orbit.altitude_km={altitude_km}",
            f"plant.sky.orbit.ltan_h={ltan_h}",
            f"plant.loads.0.power_w={base_w}",
            f"plant.battery.initial_soc={soc}",
            f"plant.array.strings={strings}",
            "dt_s=4.0",
        ],
    )
    flown = Flown(bias_a)
    satellite.run("3orbits", flown)
    assert len(flown.ends) >= 2, "eclipses were flown through"
    assert flown.worked_s > 1000.0, "and the payload worked"
    assert min(flown.ends) > CONFIG.reserve_soc - 0.02, "above the reserve, to the estimate's own sigma"
