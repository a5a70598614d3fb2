"""The spacecraft's physics, a step at a time: limiters and trips, electrical balance, heat, ledgers. No messages.

What flight software commands comes as `Orders`, what is around the spacecraft as a `SkySample`, computed or prescribed.
Within a step hardware acts in this order: failures, switches and trips, electrical balance, heat. A step is split where
it must be: at the shadow's edges, and where a thermostat switches, which is located to LOCATED_S.

The plant process and prescribed runs (`plant.run`) step this very class. It keeps the hardware's state; what it steps
with is pure, or has a room of its own: `demand`, `thermostats`, `heating`, `condition` (wear, failures, faults).
"""

from __future__ import annotations

from operator import mul

import msgspec

from flightsw.devices.profiles import load_profile
from flightsw.messages.plant import LclState
from flightsw.plant import compute, wear
from flightsw.plant.attitude import AttitudeModel
from flightsw.plant.battery import Battery, BatteryState
from flightsw.plant.condition import Condition
from flightsw.plant.config import CHIP, PlantConfig
from flightsw.plant.damage import Damage, network_config_of
from flightsw.plant.demand import Demand
from flightsw.plant.distribution import OFF, ON, Flows, Limiters, PowerBus, mean_flows, switch_lcls
from flightsw.plant.face_views import FaceViews
from flightsw.plant.heating import Heating
from flightsw.plant.ledger import Ledger
from flightsw.plant.orders import Orders
from flightsw.plant.panels import Panels, albedo_on
from flightsw.plant.pumps import opening_of
from flightsw.plant.schedules import Line
from flightsw.plant.sky import SkyModel, SkySample
from flightsw.plant.thermal import ZERO_C_K, ThermalNetwork
from flightsw.plant.thermal_config import LoopConfig
from flightsw.plant.thermal_events import first_crossing
from flightsw.plant.thermostats import Thermostats

__all__ = ["Orders", "Spacecraft"]

LOCATED_S = 1e-6
"""How well the instant is known at which a thermostat switches."""
MOST_SPLITS = 64
"""Of one step; thermostats that switch oftener than that have no hysteresis worth the name."""


class _Part(msgspec.Struct, frozen=True, gc=False):
    """What a stretch of a step came to, before it is booked."""

    seconds: float
    lcl: tuple[LclState, ...]
    limited_s: tuple[float, ...]
    battery: BatteryState
    flows: Flows
    nodes_k: tuple[float, ...]
    available_w: float
    panels_w: tuple[float, ...]
    environment_w: float
    antenna_w: float
    heat_in_w: float
    heat_out_j: float


class Spacecraft:
    """One spacecraft's hardware and what has become of it. `dt_s`: length of a step."""

    def __init__(self, config: PlantConfig, dt_s: float, sky: SkyModel) -> None:
        self.config = config
        self.dt_s = dt_s
        self.sky = sky
        self.silicon = load_profile(config.profile).silicon()
        self.network = ThermalNetwork(config.thermal, dt_s)
        self._condition = Condition(config, dt_s)
        self._ages = self._condition.ages
        self._array = self._condition.array()
        self._pump_speed = 1.0
        self._bus = PowerBus(
            config.distribution, config.loads, self._condition.pack(), config.array_or_none.mppt_efficiency
        )
        self._limiters = Limiters(config.loads)
        self._undervoltage_v = config.distribution.undervoltage_v
        self._attitude = _attitude_model(config, sky)
        self.attitude = None if self._attitude is None else self._attitude.initial()
        self.views: FaceViews | None = None
        """what faces and array see; None: no attitude is modelled"""
        self._wire(config)
        self._heating = Heating(config, self.network, dt_s)
        self.time_s = 0.0
        self.nodes_k = self.network.initial_k()
        if self._boundaries:
            self._hold_boundaries(0.0)
        self._start_stored_j = self.network.stored_j(self.nodes_k)
        self.battery = self._bus.battery.initial()
        self._bus_v = self._bus.battery.terminal_v(self.battery)
        """at the end of the last stretch"""
        self.lcl: tuple[LclState, ...] = tuple([ON if load.initially_on else OFF for load in config.loads])
        self._limited_s = (0.0,) * len(config.loads)
        self._switched: tuple[LclState, ...] | None = None
        self._obeyed: tuple[bool, ...] | None = None
        """the limiters as orders have left them, and the orders that did"""
        self.board = compute.ComputeState()
        self._ledger = Ledger()
        self.available_w = 0.0
        """that array and panels could have given, mean over the last step"""
        self.panels_w: tuple[float, ...] = (0.0,) * len(config.panels)
        """of that, by panel"""
        self.flows: Flows
        """of the last step"""
        self.undervoltage = False
        """protection has acted in the last step"""
        self.starved = False
        """the payload went without power in a part of the step"""

    def _wire(self, config: PlantConfig) -> None:
        """Names to places."""
        index, loads = self.network.index, [load.name for load in config.loads]
        self._demand = Demand(config, index, self.silicon, self.dt_s)
        self._payload = self._demand.payload
        self._thermostats = Thermostats(config.thermal.thermostats, index, loads, self._demand.fixed_w)
        self._switches_itself = bool(config.thermal.thermostats)
        self._chip = index.get(CHIP, 0)
        self._battery_node = index[config.battery_node]
        self._array_node = index[config.array_or_none.node]
        array = config.array_or_none
        self._albedo, self._mppt, self._is_direct = array.albedo, array.mppt_efficiency, array.transfer == "direct"
        self._panels = Panels(config.panels, config.faces, index) if config.panels else None
        self._boundaries = [(index[b.node], Line(b.points, b.period_s)) for b in config.boundaries]
        self._pumps = [loads.index(pump) for pump in self.network.pumps]
        self._loops = config.thermal.loops

    def step(self, tick: int, orders: Orders) -> SkySample:
        """The step of this tick under these orders; what came of it stands in the attributes. Gives the sky."""
        dt_s = self.dt_s
        sky = self.sky.at(tick)
        if self.time_s >= self._condition.fails_at_s:
            self._fail()
        if self._boundaries:
            self._hold_boundaries(self.time_s + 0.5 * dt_s)
        demand_w = self._obey(tick, orders)
        self.starved = False
        lit = sky.sunlit_fraction
        if self._switches_itself or sky.stretches:
            self._step_in_parts(sky, demand_w, lit)
        else:
            part = self._part(dt_s, sky, demand_w, lit)
            self._take(part)
            self.flows, self.available_w, self.panels_w = part.flows, part.available_w, part.panels_w
        self._protect()
        self._ledger.eclipse_s += dt_s * (1.0 - lit)
        self.time_s += dt_s
        if self._boundaries:
            self._hold_boundaries(self.time_s)
        if self._ages:
            self._age()
        return sky

    def _hold_boundaries(self, time_s: float) -> None:
        """Boundaries as they are at a moment: the middle of a step for what it does, its end for what is read."""
        nodes_k = list(self.nodes_k)
        for node, course in self._boundaries:
            nodes_k[node] = course.at(time_s) + ZERO_C_K
        self.nodes_k = tuple(nodes_k)

    def _obey(self, tick: int, orders: Orders) -> list[float]:
        """Switches, the payload computer and the attitude follow their orders; what each load demands then."""
        if orders.charge is not self._condition.charger:
            self._condition.charger = orders.charge
            self._bus = self._bus.with_battery(self._condition.pack())
        states = self.lcl
        if states is not self._switched or orders.load_on is not self._obeyed:
            self._obeyed = orders.load_on
            self.lcl = self._switched = states = switch_lcls(states, orders.load_on)
        rail_on = False
        if self._payload is not None:
            rail_on = states[self._payload] is ON
            chip_c = self.nodes_k[self._chip] - ZERO_C_K
            self.board = compute.step(
                self.silicon, self.board, rail_on, orders.power_on, orders.mode, chip_c, self.dt_s
            )
        if self._attitude is not None and self.attitude is not None:
            self.attitude = self._attitude.step(self.attitude, orders.pointing, tick)
            self.views = self._attitude.views(self.attitude, tick)
        self._pump_speed = orders.pump_speed
        return self._demand.over_step(orders, self.board, rail_on, self.nodes_k, self.time_s)

    def _part(self, seconds: float, sky: SkySample, demand_w: list[float], lit: float) -> _Part:
        """A stretch of the step from what is now, tried out: nothing is booked."""
        whole = seconds == self.dt_s
        bus = self._bus if whole else self._bus.with_battery(self._bus.battery.over(seconds))
        nodes_k = self.nodes_k
        lcl, limited_s, load_w = self._limiters.pass_through(self.lcl, self._limited_s, demand_w, seconds)
        flux_w_m2 = sky.solar_flux_w_m2 * lit
        if self.views is not None:
            flux_w_m2 *= self.views.array_cos
            if self._albedo:
                flux_w_m2 += albedo_on(self.views, self.views.array_earth_view[0], sky)
        array_c = nodes_k[self._array_node] - ZERO_C_K
        # Beside a dead pack nothing holds the cells' voltage down.
        volts = self._bus_v / self._mppt if self._is_direct and self._bus_v > 0.0 else None
        if volts is None:
            available_w = self._array.available_w(flux_w_m2, array_c)
        else:
            available_w = self._array.direct_w(flux_w_m2, array_c, volts)
        panels = None
        if self._panels is not None:
            panels = self._panels.over(sky, lit, self.views, nodes_k, volts)
            available_w += sum(panels.available_w)
        battery, flows = bus.balance(available_w, load_w, self.battery, nodes_k[self._battery_node] - ZERO_C_K)
        light_w, antenna_w = self._array.absorbed_w(flux_w_m2), self._heating.antenna_w(flows)
        cells = (light_w, (), ()) if panels is None else panels.heat(light_w, flows.array_used_w, available_w)
        heat_w, environment_w = self._heating.over(
            seconds, sky, lit, cells, flows, antenna_w, self.views, nodes_k, self.time_s
        )
        openings = None
        if self._pumps:
            pumps = zip(self._loops, self._pumps, strict=True)
            openings = [self._opening(loop, flows.load_w[pump], pump) for loop, pump in pumps]
        if whole:
            after_k, out_j = self.network.step(nodes_k, heat_w, openings)
        else:
            after_k, out_j = self.network.step_for(nodes_k, heat_w, seconds, openings)
        return _Part(
            seconds,
            lcl,
            limited_s,
            battery,
            flows,
            after_k,
            available_w,
            () if panels is None else panels.available_w,
            environment_w,
            antenna_w,
            sum(heat_w),
            out_j,
        )

    def _opening(self, loop: LoopConfig, pump_w: float, pump: int) -> float:
        if pump_w <= 0.0 or pump in self._condition.damage.pumps:
            return 0.0
        return 1.0 if self._pump_speed == 1.0 else opening_of(loop, self._pump_speed)

    def _take(self, part: _Part) -> None:
        """Book a stretch."""
        self.lcl, self._limited_s = part.lcl, part.limited_s
        self.battery, self.nodes_k = part.battery, part.nodes_k
        self._bus_v = part.flows.battery.terminal_v
        seconds, ledger = part.seconds, self._ledger
        payload_w = 0.0 if self._payload is None else part.flows.load_w[self._payload]
        if payload_w == 0.0:
            self.starved = True
        ledger.add_electrical(part.flows, part.available_w, payload_w, seconds)
        ledger.radio_j += part.antenna_w * seconds
        ledger.environment_j += part.environment_w * seconds
        ledger.heat_in_j += part.heat_in_w * seconds
        ledger.heat_out_j += part.heat_out_j

    def _step_in_parts(self, sky: SkySample, demand_w: list[float], lit: float) -> None:
        """The step, split at the shadow's edges and where thermostats switch."""
        parts: list[_Part] = []
        for span_s, share in sky.stretches or ((self.dt_s, lit),):
            left_s = span_s
            while left_s > 0.0:
                self._thermostats.switch(self.nodes_k, demand_w, self._demand.forced_w)
                part = self._part(left_s, sky, demand_w, share)
                if self._switches_itself and len(parts) < MOST_SPLITS:
                    part = self._up_to_switching(part, sky, demand_w, share)
                self._take(part)
                parts.append(part)
                left_s -= part.seconds
                if left_s < LOCATED_S:
                    break
        self._thermostats.switch(self.nodes_k, demand_w, self._demand.forced_w)
        if len(parts) == 1:
            self.flows, self.available_w, self.panels_w = parts[0].flows, parts[0].available_w, parts[0].panels_w
        else:
            self.flows = mean_flows([(part.seconds, part.flows) for part in parts])
            self.available_w = sum(part.seconds * part.available_w for part in parts) / self.dt_s
            if self._panels is not None:
                columns = zip(*(part.panels_w for part in parts), strict=True)
                spans_s = [part.seconds for part in parts]
                self.panels_w = tuple([sum(map(mul, spans_s, column)) / self.dt_s for column in columns])

    def _up_to_switching(self, part: _Part, sky: SkySample, demand_w: list[float], lit: float) -> _Part:
        """The stretch until a thermostat has something to switch; all of it where none has."""
        whole_s = part.seconds

        def course(fraction: float) -> tuple[float, ...]:
            return self._part(fraction * whole_s, sky, demand_w, lit).nodes_k

        met = first_crossing(course, self.nodes_k, part.nodes_k, self._thermostats.levels(), LOCATED_S / whole_s)
        if met is None or met[0] in (0.0, 1.0):
            return part
        return self._part(met[0] * whole_s, sky, demand_w, lit)

    def _protect(self) -> None:
        """Under-voltage protection, and what a dead rail does to the payload computer."""
        step = self.flows.battery
        self.undervoltage = step.terminal_v < self._undervoltage_v and step.power_w > 0.0
        if self.undervoltage:
            self.lcl = self._limiters.open_sheddable(self.lcl)
        payload = self._payload
        if payload is not None and self.board.powered and (self.starved or self.lcl[payload] is not ON):
            self.board = compute.ComputeState(mode=self.board.mode)

    def _fail(self) -> None:
        """Hardware fails as the scenario has it."""
        while self.time_s >= self._condition.fails_at_s:
            if self._condition.fail().what == "array.string":
                self._array = self._condition.array()
            else:
                self._renew_battery()

    def _age(self) -> None:
        """The step's wear on the pack, which shows once an hour."""
        self._condition.age(self.nodes_k[self._battery_node] - ZERO_C_K, self.flows.battery.current_a)
        if self.time_s % wear.RENEWAL_S < self.dt_s:
            self._renew_battery()

    def _renew_battery(self) -> None:
        before_j = self._bus.battery.chemical_j(self.battery)
        self._bus = self._bus.with_battery(self._condition.pack())
        self._ledger.lost_with_cells_j += before_j - self._bus.battery.chemical_j(self.battery)

    def suffer(self, damage: Damage) -> None:
        """Go on with this damage, and no other."""
        before, self._condition.damage = self._condition.damage, damage
        self._demand.forced_w = damage.forced_w
        self._array = self._condition.array()
        self._renew_battery()
        if damage.surfaces != before.surfaces:
            self.network = ThermalNetwork(network_config_of(self.config.thermal, damage), self.dt_s)
            self._heating = Heating(self.config, self.network, self.dt_s)

    @property
    def ledger(self) -> Ledger:
        """Both ledgers, as of the last step."""
        self._ledger.heat_stored_j = self.network.stored_j(self.nodes_k) - self._start_stored_j
        return self._ledger

    @property
    def power_bus(self) -> PowerBus:
        """The bus as it is now."""
        return self._bus

    @property
    def battery_law(self) -> Battery:
        """The pack as it is now."""
        return self._bus.battery


def _attitude_model(config: PlantConfig, sky: SkyModel) -> AttitudeModel | None:
    if config.attitude is None:
        return None
    return AttitudeModel(config.attitude, list(config.attitude.face_normals.values()), sky)
