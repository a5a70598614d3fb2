"""What each load would draw over a step if its limiter let it: fixed powers, devices' own models, schedules, leakage.

Reads the orders, the payload computer's state and the temperatures at the start of the step. Called by the spacecraft
once a step; thermostats, which switch within it, set their loads after it (see `thermostats`).
"""

from __future__ import annotations

from collections.abc import Mapping

from flightsw.devices.silicon import Silicon
from flightsw.plant import compute
from flightsw.plant.config import CHIP, HEATER, PAYLOAD, TRANSMITTER, PlantConfig
from flightsw.plant.orders import Orders
from flightsw.plant.pumps import power_share
from flightsw.plant.schedules import Course
from flightsw.plant.thermal_elements import ZERO_C_K


class Demand:
    """The loads of one configuration, by place; None: the spacecraft lacks it. `index`: thermal nodes by name."""

    def __init__(self, config: PlantConfig, index: Mapping[str, int], silicon: Silicon, dt_s: float) -> None:
        names = [load.name for load in config.loads]
        self.payload, self._heater, self._transmitter = (
            names.index(name) if name in names else None for name in (PAYLOAD, HEATER, TRANSMITTER)
        )
        self.fixed_w = [load.power_w for load in config.loads]
        self.forced_w: Mapping[int, float] = {}
        """what faults let loads demand, whatever is commanded"""
        self._dt_s = dt_s
        self._silicon = silicon
        self._chip = index.get(CHIP, 0)
        self._heater_w, self._radio_w = config.heater_w, config.radio.dc_w
        self._latch_up_w = config.radiation.sel_w
        self._scheduled = [(names.index(s.load), Course(s.steps, s.period_s)) for s in config.schedules]
        self._pumps = [names.index(loop.pump_load) for loop in config.thermal.loops]
        self._leaking = [
            (place, load, index[load.node]) for place, load in enumerate(config.loads) if load.leakage_w > 0.0
        ]

    def over_step(
        self,
        orders: Orders,
        board: compute.ComputeState,
        rail_on: bool,
        nodes_k: tuple[float, ...],
        time_s: float,
    ) -> list[float]:
        """Watts by load, the mean over the step from `time_s` on. `rail_on`: the payload's limiter is closed."""
        demand_w = self.fixed_w.copy()
        if self.payload is not None:
            chip_c = nodes_k[self._chip] - ZERO_C_K
            if orders.measured_w is not None and rail_on and board.ready:
                payload_w = orders.measured_w
            else:
                payload_w = compute.power_w(self._silicon, board, rail_on, orders.busy_s, chip_c, self._dt_s)
            demand_w[self.payload] = payload_w + self._latch_up_w if orders.latched else payload_w
        if self._heater is not None:
            demand_w[self._heater] = self._heater_w if orders.heater_on else 0.0
        if self._transmitter is not None:
            demand_w[self._transmitter] = self._radio_w if orders.transmitter_on else 0.0
        for place, course in self._scheduled:
            demand_w[place] = course.mean(time_s, self._dt_s)
        if orders.pump_speed != 1.0:
            for place in self._pumps:
                demand_w[place] *= power_share(orders.pump_speed)
        for place, load, node in self._leaking:
            demand_w[place] += load.leak_w(nodes_k[node] - ZERO_C_K)
        if self.forced_w:
            for place, forced_w in self.forced_w.items():
                demand_w[place] = forced_w
        return demand_w
