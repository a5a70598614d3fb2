"""What must hold at every step, whatever the network, the pack, the orbit and the schedule: the whole spacecraft."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from flightsw.errors import ConfigError
from flightsw.messages.plant import LclState
from flightsw.plant.config import PlantConfig, sky_of
from flightsw.plant.spacecraft import Orders, Spacecraft
from flightsw.plant.thermal import check_step

STEPS = 120
MPPT, CONVERTER = 0.95, 0.9


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Three to eight nodes in a chain with a few paths more, some of them with surfaces."""
    count = draw(st.integers(3, 8))
    names = ["bus", "battery", "array", *(f"n{number}" for number in range(count - 3))]
    couplings = [
        {"a": names[draw(st.integers(0, place - 1))], "b": name, "w_k": draw(st.floats(0.02, 5.0))}
        for place, name in enumerate(names)
        if place
    ]
    for _ in range(draw(st.integers(0, 3))):
        a, b = draw(st.permutations(names))[:2]
        couplings.append({"a": a, "b": b, "w_k": draw(st.floats(0.0, 2.0)), "radiative_m2": draw(st.floats(0.0, 0.1))})
    surface = st.fixed_dictionaries(
        {
            "area_m2": st.floats(0.01, 0.5),
            "emissivity": st.floats(0.05, 1.0),
            "absorptance": st.floats(0.0, 1.0),
            "sun_cos": st.floats(0.0, 1.0),
            "earth_view": st.floats(0.0, 1.0),
        }
    )
    nodes = [
        {
            "name": name,
            "capacity_j_k": draw(st.floats(2.0, 5000.0)),
            "initial_c": draw(st.floats(-20.0, 40.0)),
            "surfaces": [draw(surface)] if name in ("array", "bus") or draw(st.booleans()) else [],
        }
        for name in names
    ]
    # The array has some heat capacity and two faces: else no thermal model of it holds.
    nodes[2] |= {"capacity_j_k": draw(st.floats(200.0, 3000.0))}
    nodes[2]["surfaces"][0] |= {"area_m2": 0.4, "emissivity": 0.85, "absorptance": 0.0}
    return {"nodes": nodes, "couplings": couplings}


@st.composite
def skies(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        return {
            "prescribed": {
                "period_s": draw(st.floats(400.0, 7000.0)),
                "beta_deg": draw(st.floats(-90.0, 90.0)),
                "noon_s": draw(st.floats(0.0, 6000.0)),
                "shadow": draw(st.sampled_from(["cylinder", "cone"])),
                "ir_w_m2": draw(st.sampled_from([0.0, 237.0])),
            }
        }
    orbit = {
        "altitude_km": draw(st.floats(300.0, 2000.0)),
        "ltan_h": draw(st.floats(0.0, 24.0)),
        "arg_latitude_deg": draw(st.floats(0.0, 360.0)),
    }
    return {"sky": {"epoch": "2026-06-01T00:00:00Z", "orbit": orbit}}


@st.composite
def plants(draw: st.DrawFn) -> PlantConfig:
    network = draw(networks())
    names = [node["name"] for node in network["nodes"]]
    steps = sorted({0.0, *(float(at) for at in draw(st.lists(st.integers(1, 900), max_size=4)))})
    table = {
        **draw(skies()),
        "array": {"area_m2": draw(st.floats(0.02, 0.4)), "mppt_efficiency": MPPT, "strings": 4},
        "panels": [
            {"name": f"p{place}", "area_m2": 0.02, "node": node, "sun_cos": 0.5, "earth_view": 0.5}
            for place, node in enumerate(draw(st.lists(st.sampled_from(["bus", "array"]), max_size=2)))
        ],
        "battery": {
            "capacity_ah": draw(st.floats(0.2, 20.0)),
            "r0_ohm": draw(st.floats(0.02, 0.4)),
            "r1_ohm": draw(st.sampled_from([0.0, 0.05])),
            "charge_limit_a": draw(st.floats(0.5, 8.0)),
            "charge_limit_v": draw(st.floats(14.5, 16.4)),
            "cutoff_v": draw(st.sampled_from([0.0, 11.0])),
            "initial_soc": draw(st.floats(0.0, 1.0)),
            "strings": 2,
        },
        "distribution": {"efficiency": CONVERTER, "undervoltage_v": draw(st.sampled_from([0.0, 12.5]))},
        "loads": [
            {"name": "platform", "power_w": draw(st.floats(0.0, 15.0)), "node": draw(st.sampled_from(names))},
            {
                "name": "work",
                "node": draw(st.sampled_from(names)),
                "limit_w": draw(st.floats(5.0, 40.0)),
                "trip_s": draw(st.sampled_from([0.015, 3.0])),
                "shed_tier": 1,
                "leakage_w": draw(st.sampled_from([0.0, 1.0])),
                "leakage_per_k": 0.02,
            },
            {"name": "heater", "power_w": draw(st.floats(0.5, 8.0)), "node": "battery", "shed_tier": 2},
        ],
        "schedules": [
            {"load": "work", "period_s": 1000.0, "steps": [(at, draw(st.floats(0.0, 50.0))) for at in steps]}
        ],
        "failures": draw(
            st.sampled_from([[], [{"at_s": 40.0, "what": "battery.string"}, {"at_s": 60.0, "what": "array.string"}]])
        ),
        "thermal": {
            **network,
            "thermostats": [{"node": "battery", "load": "heater", "on_below_c": 5.0, "off_above_c": 8.0}],
        },
    }
    return msgspec.convert(table, PlantConfig)


def flown(config: PlantConfig, dt_s: float) -> Spacecraft:
    try:
        check_step(config.thermal, dt_s)
    except ConfigError:
        reject()  # too quick a network for this step, and refused for it
    return Spacecraft(config, dt_s, sky_of(config, dt_s))


@settings(max_examples=60, deadline=None)
@given(plants(), st.sampled_from([1.0, 5.0]), st.data())
def test_every_step_of_any_spacecraft_keeps_the_laws(config: PlantConfig, dt_s: float, data: st.DataObject) -> None:
    craft = flown(config, dt_s)
    wishes = [data.draw(st.tuples(st.booleans(), st.booleans(), st.booleans())) for _ in range(4)]
    in_j = 0.0
    for tick in range(STEPS):
        before_lcl, battery_c = craft.lcl, craft.nodes_k[1] - 273.15
        wanted = wishes[tick * len(wishes) // STEPS]
        sky = craft.step(tick, Orders(wanted))
        flows, step = craft.flows, craft.flows.battery
        in_j += flows.array_used_w * dt_s
        # bus: array used + battery = loads / efficiency; available = used + curtailed
        assert flows.array_used_w * MPPT + step.power_w == pytest.approx(flows.drawn_w / CONVERTER, abs=1e-7)
        assert -1e-9 <= flows.array_used_w <= craft.available_w + 1e-9
        if sky.sunlit_fraction == 0.0:
            assert craft.available_w == 0.0
        # battery
        assert 0.0 <= craft.battery.soc <= 1.0
        if step.power_w < 0.0:
            assert step.terminal_v <= config.battery.charge_limit_v + 1e-9
            warmest_c = max(battery_c, craft.nodes_k[1] - 273.15)
            assert warmest_c >= config.battery.lowest_charge_c or abs(step.power_w) < 1e-9
        # limiters: a trip stays until it is commanded off
        for was, now, want in zip(before_lcl, craft.lcl, wanted, strict=True):
            if was is LclState.TRIPPED:
                assert now is (LclState.TRIPPED if want else LclState.OFF)
            if not want:
                assert now is LclState.OFF
        for power_w, load, state in zip(flows.load_w, config.loads, craft.lcl, strict=True):
            assert 0.0 <= power_w <= load.limit_w
            assert power_w == 0.0 or state is not LclState.OFF
        assert all(3.0 < node_k < 1200.0 for node_k in craft.nodes_k)
    ledger = craft.ledger
    through_j = ledger.array_j + ledger.load_j + abs(ledger.stored_change_j) + 1.0
    assert abs(ledger.electrical_residual_j) < 1e-9 * through_j
    assert abs(ledger.thermal_residual_j) < 1e-8 * (ledger.heat_in_j + ledger.heat_out_j + 1.0)
    assert ledger.array_j == pytest.approx(in_j)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(plants(), st.floats(1.0, 20.0), st.sampled_from([0.01, 1.0, 2.0, 5.0, 10.0]), st.integers(1, 20))
def test_more_heat_never_cools_anything(config: PlantConfig, more_w: float, dt_s: float, hot_steps: int) -> None:
    """Into any one node of the network alone, all else equal: while it lasts, and when it is over."""
    network = flown(config, dt_s).network
    for place in range(len(network.names)):
        plain_k = warmed_k = network.initial_k()
        heat_w = [1.0] * len(plain_k)
        for tick in range(20):
            more = list(heat_w)
            more[place] += more_w if tick < hot_steps else 0.0
            plain_k, _ = network.step(plain_k, heat_w)
            warmed_k, _ = network.step(warmed_k, more)
            if tick < hot_steps:
                assert warmed_k[place] > plain_k[place]
            assert all(warm >= plain - 1e-9 for warm, plain in zip(warmed_k, plain_k, strict=True))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(plants())
def test_halving_the_step_moves_the_state_by_less_than_the_stated_tolerance(config: PlantConfig) -> None:
    """0.5 % of charge and 0.5 K after 600 s, where no limiter or brown-out has struck in either, and the heater hasn't
    cycled: two cycling heaters are each somewhere within their hysteresis."""
    ends = []
    heater_w = config.loads[2].power_w
    for dt_s in (2.0, 1.0):
        craft = flown(config, dt_s)
        wanted = (True, True, True)
        switchings = 0
        for tick in range(round(600 / dt_s)):
            craft.step(tick, Orders(wanted))
            assume(not craft.flows.brownout)
            assume(LclState.TRIPPED not in craft.lcl)
            assume(LclState.LIMITING not in craft.lcl)
            switchings += 0.0 < craft.flows.load_w[2] < heater_w
            assume(switchings <= 1)
        ends.append((craft.battery.soc, craft.nodes_k))
    (coarse_soc, coarse_k), (fine_soc, fine_k) = ends
    assert abs(coarse_soc - fine_soc) < 5e-3
    assert all(abs(coarse - fine) < 0.5 for coarse, fine in zip(coarse_k, fine_k, strict=True))
