"""The spacecraft's physics, a step at a time: limiters and trips, electrical balance, heat, ledgers. No messages.

What flight software commands comes as `Orders`, what is around the spacecraft as a `SkySample`, computed or prescribed.
Within a step hardware acts in this order: failures, switches and trips, electrical balance, heat. A step is split where
it must be: at the shadow's edges, and where a thermostat switches, which is located to LOCATED_S.

The plant process and prescribed runs (`plant.run`) step this very class.
"""

from __future__ import annotations

import msgspec

from flightsw.devices.profiles import load_profile
from flightsw.messages.plant import LclState
from flightsw.plant import compute, wear
from flightsw.plant.array import SolarArray
from flightsw.plant.attitude import AttitudeModel
from flightsw.plant.battery import Battery, BatteryState
from flightsw.plant.battery_config import AgeingConfig
from flightsw.plant.config import ARRAY_FACES, CHIP, HEATER, PAYLOAD, TRANSMITTER, PlantConfig
from flightsw.plant.damage import WHOLE, Damage, array_of, network_config_of, pack_of
from flightsw.plant.distribution import OFF, ON, Flows, Limiters, PowerBus, mean_flows, switch_lcls
from flightsw.plant.earth_loads import albedo_w_m2, infrared_w_m2
from flightsw.plant.face_views import FaceViews
from flightsw.plant.ledger import Ledger
from flightsw.plant.pointing import Pointing
from flightsw.plant.pumps import opening_of, power_share
from flightsw.plant.schedules import Course, Line
from flightsw.plant.sky import SkyModel, SkySample
from flightsw.plant.thermal import ZERO_C_K, ThermalNetwork
from flightsw.plant.thermal_config import LoopConfig
from flightsw.plant.thermal_events import Level, first_crossing

LOCATED_S = 1e-6
"""How well the instant is known at which a thermostat switches."""
MOST_SPLITS = 64
"""Of one step; thermostats that switch oftener than that have no hysteresis worth the name."""


class Orders(msgspec.Struct, gc=False):
    """What hardware has been told; holds until it is told otherwise."""

    load_on: tuple[bool, ...]
    heater_on: bool = False
    """the battery heater, by flight software"""
    transmitter_on: bool = False
    power_on: bool = False
    """of the payload computer, behind its rail"""
    mode: int = 0
    busy_s: float = 0.0
    """worked in this step"""
    pump_speed: float = 1.0
    """of coolant loops, 0 to 1"""
    pointing: Pointing | None = None
    """None: as it is"""
    charge: tuple[float, float] | None = None
    """of the charger, A and V, beneath its own limits; None: these alone"""
    latched: bool = False
    """the payload computer has latched up, and draws more"""


class _Part(msgspec.Struct, frozen=True, gc=False):
    """What a stretch of a step came to, before it is booked."""

    seconds: float
    lcl: tuple[LclState, ...]
    limited_s: tuple[float, ...]
    battery: BatteryState
    flows: Flows
    nodes_k: tuple[float, ...]
    available_w: float
    environment_j: float
    heat_in_j: float
    heat_out_j: float


class Spacecraft:
    """One spacecraft's hardware and what has become of it. `dt_s`: length of a step."""

    def __init__(self, config: PlantConfig, dt_s: float, sky: SkyModel) -> None:
        self.config = config
        self.dt_s = dt_s
        self.sky = sky
        self.silicon = load_profile(config.profile).silicon()
        self.network = ThermalNetwork(config.thermal, dt_s)
        self._damage = WHOLE
        self._pump_speed = 1.0
        self._charger: tuple[float, float] | None = None
        """set points that have been ordered"""
        self._array = SolarArray(config.array_or_none)
        self._bus = PowerBus(
            config.distribution, config.loads, Battery(config.battery, dt_s), config.array_or_none.mppt_efficiency
        )
        self._limiters = Limiters(config.loads)
        self._wire(config)
        self._wear = wear.initial(config.battery)
        self._wears = config.battery.ageing != AgeingConfig()
        self._failures = sorted(config.failures, key=lambda failure: failure.at_s)
        self._array_strings_failed = self._battery_strings_failed = 0
        self.time_s = 0.0
        self.nodes_k = self.network.initial_k()
        if self._boundaries:
            self._hold_boundaries(0.0)
        self._start_stored_j = self.network.stored_j(self.nodes_k)
        self.battery = self._bus.battery.initial()
        self.lcl: tuple[LclState, ...] = tuple([ON if load.initially_on else OFF for load in config.loads])
        self._limited_s = (0.0,) * len(config.loads)
        self._switched: tuple[LclState, ...] | None = None
        self._obeyed: tuple[bool, ...] | None = None
        """the limiters as orders have left them, and the orders that did"""
        self._closed = [False] * len(config.thermal.thermostats)
        self._attitude = _attitude_model(config, sky)
        self.attitude = None if self._attitude is None else self._attitude.initial()
        self.views: FaceViews | None = None
        """what faces and array see; None: no attitude is modelled"""
        self.board = compute.ComputeState()
        self._ledger = Ledger()
        self.available_w = 0.0
        """that the array could have given, mean over the last step"""
        self.flows: Flows
        """of the last step"""
        self.undervoltage = False
        """protection has acted in the last step"""
        self.starved = False
        """the payload went without power in a part of the step"""
        if self._wears:
            self._bus = self._bus.with_battery(self._worn_battery())

    def _wire(self, config: PlantConfig) -> None:
        """Names to places."""
        index, names = self.network.index, [load.name for load in config.loads]
        self._payload, self._heater, self._transmitter = (
            names.index(name) if name in names else -1 for name in (PAYLOAD, HEATER, TRANSMITTER)
        )
        self._chip = index.get(CHIP, 0)
        self._battery_node = index[config.battery_node]
        self._array_node = index[config.array_or_none.node]
        self._loss_node = index[config.distribution.node]
        faces = [*(config.attitude.face_normals if config.attitude else ()), *ARRAY_FACES]
        self._faces = [faces.index(face) for face in self.network.faces] if config.attitude else []
        self._load_nodes = [index[load.node] for load in config.loads]
        self._fixed_w = [load.power_w for load in config.loads]
        self._leaking = [place for place, load in enumerate(config.loads) if load.leakage_w > 0.0]
        self._scheduled = [(names.index(s.load), Course(s.steps, s.period_s)) for s in config.schedules]
        self._given_heat = [
            (index[h.node], h.always_w, h.sunlit_w, Course(h.steps, h.period_s) if h.steps else None)
            for h in config.heat
        ]
        self._thermostats = [
            (index[t.node], t.on_below_c + ZERO_C_K, t.off_above_c + ZERO_C_K, names.index(t.load))
            for t in config.thermal.thermostats
        ]
        self._boundaries = [(index[b.node], Line(b.points, b.period_s)) for b in config.boundaries]
        self._pumps = [names.index(pump) for pump in self.network.pumps]
        self._loops = config.thermal.loops

    def step(self, tick: int, orders: Orders) -> SkySample:
        """The step of this tick under these orders; what came of it stands in the attributes. Gives the sky."""
        dt_s = self.dt_s
        sky = self.sky.at(tick)
        if self._failures and self.time_s >= self._failures[0].at_s:
            self._fail()
        if self._boundaries:
            self._hold_boundaries(self.time_s + 0.5 * dt_s)
        if orders.charge is not self._charger:
            self._charger = orders.charge
            self._bus = self._bus.with_battery(self._worn_battery())
        states = self.lcl
        if states is not self._switched or orders.load_on is not self._obeyed:
            self._obeyed = orders.load_on
            self.lcl = self._switched = states = switch_lcls(states, orders.load_on)
        chip_c = self.nodes_k[self._chip] - ZERO_C_K
        if self._payload >= 0:
            rail_on = states[self._payload] is ON
            self.board = compute.step(self.silicon, self.board, rail_on, orders.power_on, orders.mode, chip_c, dt_s)
        if self._attitude is not None and self.attitude is not None:
            self.attitude = self._attitude.step(self.attitude, orders.pointing, tick)
            self.views = self._attitude.views(self.attitude, tick)
        demand_w = self._demand_w(orders, chip_c)
        self.starved = False
        lit = sky.sunlit_fraction
        if self._thermostats or sky.stretches:
            self._step_in_parts(sky, demand_w, lit)
        else:
            part = self._part(dt_s, sky, demand_w, lit)
            self._take(part)
            self.flows, self.available_w = part.flows, part.available_w
        self._protect()
        if lit < 0.5:
            self._ledger.eclipse_s += dt_s
        self.time_s += dt_s
        if self._boundaries:
            self._hold_boundaries(self.time_s)
        if self._wears:
            self._add_wear()
        return sky

    def _hold_boundaries(self, time_s: float) -> None:
        """Boundaries as they are at a moment: the middle of a step for what it does, its end for what is read."""
        nodes_k = list(self.nodes_k)
        for node, course in self._boundaries:
            nodes_k[node] = course.at(time_s) + ZERO_C_K
        self.nodes_k = tuple(nodes_k)

    def _demand_w(self, orders: Orders, chip_c: float) -> list[float]:
        """What each load would draw over the step if its limiter let it."""
        demand_w = self._fixed_w.copy()
        if self._payload >= 0:
            rail_on = self.lcl[self._payload] is ON
            demand_w[self._payload] = compute.power_w(
                self.silicon, self.board, rail_on, orders.busy_s, chip_c, self.dt_s
            )
            if orders.latched:
                demand_w[self._payload] += self.config.radiation.sel_w
        if self._heater >= 0:
            demand_w[self._heater] = self.config.heater_w if orders.heater_on else 0.0
        if self._transmitter >= 0:
            demand_w[self._transmitter] = self.config.radio.dc_w if orders.transmitter_on else 0.0
        for place, course in self._scheduled:
            demand_w[place] = course.mean(self.time_s, self.dt_s)
        self._pump_speed = orders.pump_speed
        if orders.pump_speed != 1.0:
            for place in self._pumps:
                demand_w[place] *= power_share(orders.pump_speed)
        for place in self._leaking:
            demand_w[place] += self.config.loads[place].leak_w(self.nodes_k[self._load_nodes[place]] - ZERO_C_K)
        for place, forced_w in self._damage.forced_w.items():
            demand_w[place] = forced_w
        return demand_w

    def _part(self, seconds: float, sky: SkySample, demand_w: list[float], lit: float) -> _Part:
        """A stretch of the step from what is now, tried out: nothing is booked."""
        whole = seconds == self.dt_s
        bus = self._bus if whole else self._bus.with_battery(self._bus.battery.over(seconds))
        nodes_k = self.nodes_k
        lcl, limited_s, load_w = self._limiters.pass_through(self.lcl, self._limited_s, demand_w, seconds)
        flux_w_m2 = sky.solar_flux_w_m2 * lit
        if self.views is not None:
            flux_w_m2 *= self.views.array_cos
        available_w = self._array.available_w(flux_w_m2, nodes_k[self._array_node] - ZERO_C_K)
        battery, flows = bus.balance(available_w, load_w, self.battery, nodes_k[self._battery_node] - ZERO_C_K)
        heat_w, environment_w = self._heat_w(sky, lit, flux_w_m2, flows, seconds)
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
            environment_w * seconds,
            sum(heat_w) * seconds,
            out_j,
        )

    def _opening(self, loop: LoopConfig, pump_w: float, pump: int) -> float:
        if pump_w <= 0.0 or pump in self._damage.pumps:
            return 0.0
        return 1.0 if self._pump_speed == 1.0 else opening_of(loop, self._pump_speed)

    def _heat_w(
        self, sky: SkySample, lit: float, flux_w_m2: float, flows: Flows, seconds: float
    ) -> tuple[list[float], float]:
        """What goes into each node over a stretch, and what of it all comes from the surroundings; `flux_w_m2`: of
        sunlight on the array's cells."""
        views, nodes_k, sun_w_m2 = self.views, self.nodes_k, sky.solar_flux_w_m2 * lit
        view = sky.earth_view_factor
        infrared = infrared_w_m2(view, sky.ir_w_m2)
        albedo = albedo_w_m2(view, sky.albedo, sky.solar_flux_w_m2, sky.albedo_cos)
        if views is None:
            heat_w = self.network.environment_w(sun_w_m2, infrared, albedo, None, None, nodes_k)
        else:
            # Surfaces count the Earth's view as a share of a nadir plate's; the array's faces come last.
            shares = [seen / view for seen in (*views.earth_view, *views.array_earth_view)]
            cosines = (*views.sun_cos, 0.0, 0.0)
            heat_w = self.network.environment_w(
                sun_w_m2,
                infrared,
                albedo,
                [cosines[place] for place in self._faces],
                [shares[place] for place in self._faces],
                nodes_k,
            )
        heat_w[self._array_node] += self._array.absorbed_w(flux_w_m2)
        for node, always_w, sunlit_w, course in self._given_heat:
            heat_w[node] += always_w + sunlit_w * lit
            if course is not None:
                heat_w[node] += course.mean(self.time_s, self.dt_s)
        environment_w = sum(heat_w)
        for node, power_w in zip(self._load_nodes, flows.load_w):  # noqa: B905  as many, by construction
            heat_w[node] += power_w
        if self._transmitter >= 0 and flows.load_w[self._transmitter] > 0.0:
            heat_w[self._load_nodes[self._transmitter]] -= self._radio_w(flows)
        heat_w[self._loss_node] += flows.conversion_loss_w
        heat_w[self._battery_node] += flows.battery.heat_j / seconds
        heat_w[self._array_node] -= flows.array_used_w
        return heat_w, environment_w

    def _radio_w(self, flows: Flows) -> float:
        """What leaves by the antenna of what the transmitter draws."""
        radio = self.config.radio
        return radio.transmit_w * flows.load_w[self._transmitter] / radio.dc_w

    def _take(self, part: _Part) -> None:
        """Book a stretch."""
        self.lcl, self._limited_s = part.lcl, part.limited_s
        self.battery, self.nodes_k = part.battery, part.nodes_k
        payload_w = part.flows.load_w[self._payload] if self._payload >= 0 else 0.0
        if payload_w == 0.0:
            self.starved = True
        ledger = self._ledger
        ledger.add_electrical(part.flows, part.available_w, payload_w, part.seconds)
        if self._transmitter >= 0 and part.flows.load_w[self._transmitter] > 0.0:
            ledger.radio_j += self._radio_w(part.flows) * part.seconds
        ledger.environment_j += part.environment_j
        ledger.heat_in_j += part.heat_in_j
        ledger.heat_out_j += part.heat_out_j

    def _step_in_parts(self, sky: SkySample, demand_w: list[float], lit: float) -> None:
        """The step, split at the shadow's edges and where thermostats switch."""
        parts: list[_Part] = []
        for span_s, share in sky.stretches or ((self.dt_s, lit),):
            left_s = span_s
            while left_s > 0.0:
                self._switch_thermostats(demand_w)
                part = self._part(left_s, sky, demand_w, share)
                if self._thermostats and len(parts) < MOST_SPLITS:
                    part = self._up_to_switching(part, sky, demand_w, share)
                self._take(part)
                parts.append(part)
                left_s -= part.seconds
                if left_s < LOCATED_S:
                    break
        self._switch_thermostats(demand_w)
        if len(parts) == 1:
            self.flows, self.available_w = parts[0].flows, parts[0].available_w
        else:
            self.flows = mean_flows([(part.seconds, part.flows) for part in parts])
            self.available_w = sum(part.seconds * part.available_w for part in parts) / self.dt_s

    def _switch_thermostats(self, demand_w: list[float]) -> None:
        """Let each thermostat see its node as it is, and its load follow."""
        for place, (node, on_k, off_k, load) in enumerate(self._thermostats):
            node_k = self.nodes_k[node]
            self._closed[place] = node_k <= on_k or (self._closed[place] and node_k < off_k)
            if load not in self._damage.forced_w:
                demand_w[load] = self._fixed_w[load] if self._closed[place] else 0.0

    def _levels(self) -> list[Level]:
        return [
            Level(node, off_k if closed else on_k, closed)
            for closed, (node, on_k, off_k, _) in zip(self._closed, self._thermostats, strict=True)
        ]

    def _up_to_switching(self, part: _Part, sky: SkySample, demand_w: list[float], lit: float) -> _Part:
        """The stretch until a thermostat has something to switch; all of it where none has."""
        whole_s = part.seconds

        def course(fraction: float) -> tuple[float, ...]:
            return self._part(fraction * whole_s, sky, demand_w, lit).nodes_k

        met = first_crossing(course, self.nodes_k, part.nodes_k, self._levels(), LOCATED_S / whole_s)
        if met is None or met[0] in (0.0, 1.0):
            return part
        return self._part(met[0] * whole_s, sky, demand_w, lit)

    def _protect(self) -> None:
        """Under-voltage protection, and what a dead rail does to the payload computer."""
        threshold_v = self.config.distribution.undervoltage_v
        step = self.flows.battery
        self.undervoltage = step.terminal_v < threshold_v and step.power_w > 0.0
        if self.undervoltage:
            self.lcl = self._limiters.open_sheddable(self.lcl)
        if self._payload >= 0 and self.board.powered and (self.starved or self.lcl[self._payload] is not ON):
            self.board = compute.ComputeState(mode=self.board.mode)

    def _fail(self) -> None:
        """Hardware fails as the scenario has it."""
        while self._failures and self.time_s >= self._failures[0].at_s:
            failure = self._failures.pop(0)
            if failure.what == "array.string":
                self._array_strings_failed += failure.count
                self._array = array_of(self.config, self._damage, self._array_strings_failed)
            else:
                self._battery_strings_failed += failure.count
                self._renew_battery()

    def _add_wear(self) -> None:
        taken_c = max(0.0, self.flows.battery.current_a) * self.dt_s
        battery_c = self.nodes_k[self._battery_node] - ZERO_C_K
        self._wear = wear.added(self._wear, self.config.battery.ageing, battery_c, taken_c, self.dt_s)
        if self.time_s % wear.RENEWAL_S < self.dt_s:
            self._renew_battery()

    def _renew_battery(self) -> None:
        before_j = self._bus.battery.chemical_j(self.battery)
        self._bus = self._bus.with_battery(self._worn_battery())
        self._ledger.lost_with_cells_j += before_j - self._bus.battery.chemical_j(self.battery)

    def _worn_battery(self) -> Battery:
        health = wear.health(self.config.battery, self._wear, self._battery_strings_failed)
        return pack_of(self.config.battery, self._damage, health, self.dt_s, self._charger)

    def suffer(self, damage: Damage) -> None:
        """Go on with this damage, and no other."""
        before, self._damage = self._damage, damage
        self._array = array_of(self.config, damage, self._array_strings_failed)
        self._renew_battery()
        if damage.surfaces != before.surfaces:
            self.network = ThermalNetwork(network_config_of(self.config.thermal, damage), self.dt_s)

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
