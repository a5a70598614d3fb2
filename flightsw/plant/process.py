"""The plant process: the spacecraft's hardware and its surroundings, stepped once a tick.

Reads actuator commands (load switches, heater, transmitter, the payload computer's activity), gives sensor readings
and log-only truth. Within a tick hardware acts in this order: switches and trips, electrical balance, heat. A command
holds until the next one. Everything random is a named stream; the sky is tabulated ahead (see `sky`).

Latency, stated: a reading published at tick n is the state at the end of n; flight software sees it at n + 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.bus.application import Inbox, Now
from flightsw.devices.profiles import load_profile
from flightsw.messages.base import Message
from flightsw.messages.comms import RadioCommand
from flightsw.messages.health import Event, Severity
from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import DeviceReadings, LclState, LinkSensors, Truth
from flightsw.messages.power import SwitchCommand
from flightsw.messages.thermal import HeaterCommand
from flightsw.plant import compute
from flightsw.plant.array import SolarArray
from flightsw.plant.battery import Battery
from flightsw.plant.config import ARRAY, BATTERY, BUS, CHIP, HEATER, PAYLOAD, TRANSMITTER, PlantConfig, link_budget
from flightsw.plant.distribution import OFF, ON, TRIPPED, Flows, PowerBus, draw, switch_lcls
from flightsw.plant.earth_loads import albedo_w_m2, infrared_w_m2
from flightsw.plant.ledger import Ledger
from flightsw.plant.passes import best_rate_bps, eirp_dbw
from flightsw.plant.sensors import NO_CARRIER, Sensors
from flightsw.plant.sky import Sky, SkySample
from flightsw.plant.thermal import ZERO_C_K, ThermalNetwork
from flightsw.streams import Stream

IN_SHADOW = 0.5
"""Sunlit share below which the node counts as eclipsed."""
IDLE = DeviceActivity(False, 0, 0.0)


class PlantProcess:
    """One spacecraft."""

    def __init__(self, config: PlantConfig, seed: int, dt_s: float) -> None:
        self.config = config
        self._dt_s = dt_s
        self._silicon = load_profile(config.profile).silicon()
        self._sky = Sky(config.sky, dt_s, Stream(seed, "plant.sky.earth", 2))
        self._array = SolarArray(config.array)
        self._battery = Battery(config.battery, dt_s)
        self._bus = PowerBus(config.distribution, config.loads, self._battery, config.array.mppt_efficiency)
        self._network = ThermalNetwork(config.thermal, dt_s)
        self._sensors = Sensors(config.sensors, seed, self._network.index)
        self._ledger = Ledger()
        self._link, self._rates = link_budget(
            config.radio, eirp_dbw(config.radio.transmit_w, config.radio.antenna_gain_dbi)
        )
        names = [load.name for load in config.loads]
        self._payload, self._heater, self._transmitter = (names.index(n) for n in (PAYLOAD, HEATER, TRANSMITTER))
        index = self._network.index
        self._chip, self._bus_node, self._battery_node, self._array_node = (
            index[n] for n in (CHIP, BUS, BATTERY, ARRAY)
        )
        self._fixed_w = [load.power_w for load in config.loads]
        self._load_nodes = [index[load.node] for load in config.loads]
        self._load_nodes[self._payload] = self._chip
        self._load_nodes[self._heater] = self._battery_node

        self._nodes_k = self._network.initial_k()
        self._start_stored_j = self._network.stored_j(self._nodes_k)
        self._battery_state = self._battery.initial()
        self._lcl = tuple(ON if load.initially_on else OFF for load in config.loads)
        self._compute = compute.ComputeState()
        self._activity = IDLE
        self._wanted = tuple(load.initially_on for load in config.loads)
        self._heater_on = self._transmitter_on = False
        self._last_seen: tuple[bool, bool, bool, bool, int] = (False, False, False, False, 0)

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick of everything that is not flight software."""
        self._obey(inbox)
        sky = self._sky.at(now.tick)
        chip_c = self._nodes_k[self._chip] - ZERO_C_K
        states = switch_lcls(self._lcl, self._wanted)
        rail_on = states[self._payload] is ON
        activity = self._activity
        self._compute = compute.step(
            self._silicon,
            self._compute,
            rail_on=rail_on,
            power_on=activity.power_on,
            mode=min(activity.mode, len(self._silicon.modes) - 1),
            chip_c=chip_c,
            dt_s=self._dt_s,
        )
        flows, available_w = self._electrical(sky, states, activity.busy_s, chip_c)
        if activity.busy_s > 0.0:  # counted; without a new report the device is idle
            self._activity = DeviceActivity(activity.power_on, activity.mode, 0.0)
        self._heat(sky, flows)
        return self._messages(now.tick, sky, flows, available_w)

    def _obey(self, inbox: Inbox) -> None:
        if switches := inbox.last(SwitchCommand):
            self._wanted = switches.load_on
        if heaters := inbox.last(HeaterCommand):
            self._heater_on = heaters.battery_heater_on
        if radio := inbox.last(RadioCommand):
            self._transmitter_on = radio.transmitter_on
        if activity := inbox.last(DeviceActivity):
            self._activity = activity

    def _electrical(
        self, sky: SkySample, states: tuple[LclState, ...], busy_s: float, chip_c: float
    ) -> tuple[Flows, float]:
        config, dt_s = self.config, self._dt_s
        demand_w = self._fixed_w.copy()
        demand_w[self._payload] = compute.power_w(
            self._silicon,
            self._compute,
            rail_on=states[self._payload] is ON,
            busy_s=busy_s,
            chip_c=chip_c,
            dt_s=dt_s,
        )
        demand_w[self._heater] = config.heater_w if self._heater_on else 0.0
        demand_w[self._transmitter] = config.radio.dc_w if self._transmitter_on else 0.0
        self._lcl, load_w = draw(config.loads, states, demand_w)
        flux_w_m2 = sky.solar_flux_w_m2 * sky.sunlit_fraction
        available_w = self._array.available_w(flux_w_m2, self._nodes_k[self._array_node] - ZERO_C_K)
        battery_c = self._nodes_k[self._battery_node] - ZERO_C_K
        self._battery_state, flows = self._bus.balance(available_w, load_w, self._battery_state, battery_c)
        payload_w = flows.load_w[self._payload]
        if payload_w == 0.0 and self._compute.powered:
            self._compute = compute.ComputeState(mode=self._compute.mode)
        self._ledger.add_electrical(flows, available_w, payload_w, dt_s)
        return flows, available_w

    def _heat(self, sky: SkySample, flows: Flows) -> None:
        flux_w_m2 = sky.solar_flux_w_m2 * sky.sunlit_fraction
        view = sky.earth_view_factor
        heat_w = self._network.environment_w(
            flux_w_m2,
            infrared_w_m2(view, sky.ir_w_m2),
            albedo_w_m2(view, sky.albedo, sky.solar_flux_w_m2, sky.albedo_cos),
        )
        for node, power_w in zip(self._load_nodes, flows.load_w, strict=True):
            heat_w[node] += power_w
        if flows.load_w[self._transmitter] > 0.0:
            heat_w[self._load_nodes[self._transmitter]] -= self.config.radio.transmit_w
        heat_w[self._bus_node] += flows.conversion_loss_w
        heat_w[self._battery_node] += flows.battery.heat_j / self._dt_s
        heat_w[self._array_node] += self._array.absorbed_w(flux_w_m2) - flows.array_used_w
        self._nodes_k, radiated_j = self._network.step(self._nodes_k, heat_w)
        stored_j = self._network.stored_j(self._nodes_k) - self._start_stored_j
        self._ledger.add_thermal(heat_w, radiated_j, stored_j, self._dt_s)
        if sky.sunlit_fraction < IN_SHADOW:
            self._ledger.eclipse_s += self._dt_s

    def _messages(self, tick: int, sky: SkySample, flows: Flows, available_w: float) -> list[Message]:
        sensors, board = self._sensors, self._compute
        payload_w = flows.load_w[self._payload]
        messages: list[Message] = [
            sensors.power(
                tick, flows, self._lcl, flows.array_used_w * self.config.array.mppt_efficiency, self._nodes_k
            ),
            sensors.thermal(tick, self._nodes_k),
            sensors.navigation(tick, sky),
            self._carrier(sky),
            DeviceReadings(
                powered=board.powered,
                ready=board.ready,
                mode=board.mode,
                clock_mhz=compute.clock_mhz(self._silicon, board),
                chip_c=self._nodes_k[self._chip] - ZERO_C_K,
                throttled=board.throttled,
                power_w=payload_w,
                energy_j=payload_w * self._dt_s,
            ),
            self._truth(sky, flows, available_w),
        ]
        self._tell_changes(sky, flows, messages)
        return messages

    def _carrier(self, sky: SkySample) -> LinkSensors:
        if sky.station_index is None or sky.slant_range_km is None:
            return NO_CARRIER
        rate_bps = best_rate_bps(self._link.c_n0_dbhz(sky.slant_range_km), self._rates, self.config.radio.margin_db)
        return LinkSensors(sky.station_index, sky.elevation_deg, rate_bps)

    def _truth(self, sky: SkySample, flows: Flows, available_w: float) -> Truth:
        ledger = self._ledger
        return Truth(
            sunlit_fraction=sky.sunlit_fraction,
            solar_flux_w_m2=sky.solar_flux_w_m2,
            beta_deg=sky.beta_deg,
            latitude_deg=sky.latitude_deg,
            longitude_deg=sky.longitude_deg,
            altitude_km=sky.altitude_km,
            soc=self._battery_state.soc,
            battery_voltage_v=flows.battery.terminal_v,
            battery_power_w=flows.battery.power_w,
            array_available_w=available_w,
            array_used_w=flows.array_used_w,
            load_power_w=flows.load_w,
            chip_power_w=flows.load_w[self._payload],
            node_c=tuple([k - ZERO_C_K for k in self._nodes_k]),
            array_energy_j=ledger.array_j,
            curtailed_energy_j=ledger.curtailed_j,
            load_energy_j=ledger.load_j,
            payload_energy_j=ledger.payload_j,
            conversion_loss_j=ledger.conversion_loss_j,
            battery_heat_j=ledger.battery_heat_j,
            stored_energy_change_j=ledger.stored_change_j,
            electrical_residual_j=ledger.electrical_residual_j,
            heat_in_j=ledger.heat_in_j,
            heat_out_j=ledger.heat_out_j,
            heat_stored_j=ledger.heat_stored_j,
            thermal_residual_j=ledger.thermal_residual_j,
            eclipse_s=ledger.eclipse_s,
        )

    def _tell_changes(self, sky: SkySample, flows: Flows, messages: list[Message]) -> None:
        """Events of the truth, for the log: what the hardware did by itself, and shadow's edges."""
        board = self._compute
        trips = self._lcl.count(TRIPPED)
        seen = (sky.sunlit_fraction < IN_SHADOW, flows.brownout, board.throttled, board.tripped, trips)
        if seen == self._last_seen:
            return
        before, self._last_seen = self._last_seen, seen
        names = (("eclipse.exit", "eclipse.entry"), ("brownout.end", "brownout.begin"))
        for place, (ended, begun) in enumerate(names):
            if seen[place] != before[place]:
                severity = Severity.ACTIVITY_LO if place == 0 else Severity.WARNING_HI
                messages.append(Event(severity, begun if seen[place] else ended, {}))
        chip_c = round(self._nodes_k[self._chip] - ZERO_C_K, 2)
        if board.throttled and not before[2]:
            messages.append(Event(Severity.WARNING_LO, "device.throttled", {"chip_c": chip_c}))
        if board.tripped and not before[3]:
            messages.append(Event(Severity.WARNING_HI, "device.shutdown", {"chip_c": chip_c}))
        if trips > before[4]:
            messages.append(Event(Severity.WARNING_HI, "lcl.tripped", {"tripped": trips}))
