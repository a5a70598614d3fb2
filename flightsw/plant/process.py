"""The plant process: the spacecraft's hardware and its surroundings, stepped once a tick.

Reads actuator commands (load switches, heater, transmitter, the payload computer's activity), gives sensor readings
and log-only truth. The physics is in `spacecraft`; here are its messages. A command holds until the next one.
Everything random is a named stream; the sky is tabulated ahead (see `sky`).

Latency, stated: a reading published at tick n is the state at the end of n; flight software sees it at n + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from flightsw.bus.application import Inbox, Now
from flightsw.bus.injection import occurrence_of
from flightsw.bus.occurrence import Occurrence
from flightsw.devices.board import BoardConfig
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.board import BoardReading, BoardUse, Quality
from flightsw.messages.comms import RadioCommand
from flightsw.messages.faults import FaultInjection
from flightsw.messages.health import AttitudeCommand, Event, Severity
from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import IN_ECLIPSE, DeviceReadings, LclState, LinkSensors, Truth
from flightsw.messages.power import ChargeCommand, SwitchCommand
from flightsw.messages.thermal import HeaterCommand, PumpCommand
from flightsw.plant import board as real_board
from flightsw.plant import compute
from flightsw.plant.config import BUS, CHIP, HEATER, PAYLOAD, TRANSMITTER, PlantConfig, link_budget, sky_of
from flightsw.plant.damage import Damage
from flightsw.plant.distribution import TRIPPED
from flightsw.plant.fault_config import HardwareFault, hardware_fault_of
from flightsw.plant.faults import HardwareFaults, opened
from flightsw.plant.oscillator import ClockConfig, Oscillator
from flightsw.plant.passes import best_rate_bps, eirp_dbw
from flightsw.plant.pointing import pointing_of
from flightsw.plant.radiation import NO_UPSETS, WELL, Radiation, RadiationState
from flightsw.plant.sensors import NO_CARRIER, Sensors
from flightsw.plant.sky import SkySample
from flightsw.plant.spacecraft import Orders, Spacecraft
from flightsw.plant.thermal import ZERO_C_K
from flightsw.streams import Stream

CHANGES = (
    ("eclipse.exit", "eclipse.entry"),
    ("brownout.end", "brownout.begin"),
    ("undervoltage.end", "undervoltage"),
    ("radiation.sel_cleared", "radiation.sel"),
    ("radiation.sefi_cleared", "radiation.sefi"),
)
"""Events of what ends and begins, in the order in which changes are looked at."""
SEVERITIES = (Severity.ACTIVITY_LO, *(Severity.WARNING_HI,) * 4)


class PlantProcess:
    """One spacecraft. `faults`: what the scenario lets go wrong with it, and when."""

    def __init__(
        self,
        config: PlantConfig,
        seed: int,
        dt_s: float,
        faults: Sequence[tuple[HardwareFault, Occurrence]] = (),
        board: BoardConfig | None = None,
        cycle_ticks: int = 1,
    ) -> None:
        """`board`: a real one is the payload computer. `cycle_ticks`: of flight software, which is given readings at
        the end of each cycle, and whose word on a cycle's work is spread over the next one."""
        self.config = config
        self.craft = Spacecraft(config, dt_s, sky_of(config, dt_s, Stream(seed, "plant.sky.earth", 2)))
        self._dt_s = dt_s
        self._sensors = Sensors(config.sensors, seed, self.craft.network.index)
        self._link, self._rates = link_budget(
            config.radio, eirp_dbw(config.radio.transmit_w, config.radio.antenna_gain_dbi)
        )
        self._payload = [load.name for load in config.loads].index(PAYLOAD)
        self._chip = self.craft.network.index[CHIP]
        self._orders = Orders(tuple(load.initially_on for load in config.loads))
        self._last_seen: tuple[bool, ...] = (False,) * 7
        self._trips_seen = 0
        self._mppt = config.array_or_none.mppt_efficiency
        self._environment_j = 0.0
        self._cycle_ticks = cycle_ticks
        self._working_ticks = 0
        """left of what the payload computer was last told"""
        self._payload_j = 0.0
        """since the last readings"""
        self._radiation = Radiation(config.radiation, seed, dt_s)
        self._struck, self._upsets, self._untold = WELL, NO_UPSETS, NO_UPSETS
        self.oscillator: Oscillator | None = None
        """None: no clock is fitted"""
        if isinstance(config.clock, ClockConfig):
            self.oscillator = Oscillator(config.clock, seed, dt_s, config.epoch_utc_ns, cycle_ticks)
            self._bus = self.craft.network.index[BUS]
        self._seed = seed
        self._faults = HardwareFaults(faults, seed, dt_s, _Reach(self)) if faults else None
        self._board_config, self._board, self._board_use = (
            board,
            real_board.BoardState(),
            BoardUse(None, Quality.MISSING, 0),
        )

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick of everything that is not flight software."""
        self._obey(inbox)
        if self._board_config is not None:
            before = self._board_use.quality
            self._board, self._board_use = real_board.step(
                self._board, inbox.last(BoardReading), now.tick, self._board_config
            )
            self._orders.measured_w = self._board_use.power_w
        for injection in inbox.all(FaultInjection):
            self._break(injection, now.tick)
        if self._faults is not None:
            self._faults.begin(now.tick)
        craft, orders = self.craft, self._orders
        sky = craft.step(now.tick, orders)
        if self._faults is not None:
            self._faults.settle()
        self._working_ticks -= 1
        if self._working_ticks <= 0:
            orders.busy_s = 0.0  # counted; without a new report the device is idle
        if self._struck is not WELL or not self._radiation.quiet:
            self._irradiate(now.tick, sky)
        messages = self._messages(now.tick, sky)
        if self._board_config is not None:
            messages += [self._board_use, *_board_events(before, self._board_use)]
        return messages if self._faults is None else self._faults.told(now.tick, messages)

    def _break(self, injection: FaultInjection, tick: int) -> None:
        """Take up a fault from outside, if it is one of hardware."""
        fault = hardware_fault_of(injection.kind, injection.args)
        if fault is not None:
            if self._faults is None:
                self._faults = HardwareFaults((), self._seed, self._dt_s, _Reach(self))
            self._faults.add(fault, occurrence_of(injection, tick))

    def strike(self, *, sel: bool, sefi: bool) -> bool:
        """A particle hits the payload computer; False: it has no power, and takes no harm."""
        if not self.craft.board.powered:
            return False
        self._struck = RadiationState(self._struck.sel or sel, self._struck.sefi or sefi)
        self._orders.latched = self._struck.sel
        return True

    def _irradiate(self, tick: int, sky: SkySample) -> None:
        """What radiation does to the payload computer in this tick; it tells in the next."""
        craft, orders = self.craft, self._orders
        rail_on = craft.lcl[self._payload] is LclState.ON and not craft.starved
        self._struck, self._upsets = self._radiation.step(
            tick,
            self._struck,
            in_saa=sky.in_saa,
            rail_on=rail_on,
            powered=craft.board.powered,
            power_on=orders.power_on,
        )
        orders.latched = self._struck.sel
        self._untold += self._upsets

    def _obey(self, inbox: Inbox) -> None:
        orders = self._orders
        switches = inbox.last(SwitchCommand)
        if switches is not None and len(switches.load_on) == len(orders.load_on):  # else garbled on its way
            orders.load_on = switches.load_on
        if (charge := inbox.last(ChargeCommand)) is not None and (charge.limit_a, charge.limit_v) != orders.charge:
            orders.charge = charge.limit_a, charge.limit_v
        if (heaters := inbox.last(HeaterCommand)) is not None:
            orders.heater_on = heaters.battery_heater_on
        if (pumps := inbox.last(PumpCommand)) is not None:
            orders.pump_speed = pumps.speed
        if (radio := inbox.last(RadioCommand)) is not None:
            orders.transmitter_on = radio.transmitter_on
        if (attitude := inbox.last(AttitudeCommand)) is not None and self.config.attitude is not None:
            with suppress(ConfigError):  # it can't be flown: the attitude stays what it is
                orders.pointing = pointing_of(
                    self.config.attitude, attitude.attitude, attitude.latitude_deg, attitude.longitude_deg
                )
        if (activity := inbox.last(DeviceActivity)) is not None:
            orders.power_on, orders.busy_s = activity.power_on, activity.busy_s / self._cycle_ticks
            self._working_ticks = self._cycle_ticks
            orders.mode = min(activity.mode, len(self.craft.silicon.modes) - 1)

    def _messages(self, tick: int, sky: SkySample) -> list[Message]:
        self._payload_j += self.craft.flows.load_w[self._payload] * self._dt_s
        messages: list[Message] = []
        if (tick + 1) % self._cycle_ticks == 0:
            self._read(tick, sky, messages)
        messages.append(self._truth(sky))
        if self.oscillator is not None:
            reading = self.oscillator.read(tick, self.craft.nodes_k[self._bus] - ZERO_C_K)
            if reading is not None:
                messages.append(reading)
        self._tell_changes(sky, messages)
        return messages

    def _read(self, tick: int, sky: SkySample, messages: list[Message]) -> None:
        """What flight software and the payload computer's driver are told of."""
        sensors, craft = self._sensors, self.craft
        flows, nodes_k, computer, silicon = craft.flows, craft.nodes_k, craft.board, craft.silicon
        energy_j, self._payload_j = self._payload_j, 0.0
        messages += (
            sensors.power(tick, flows, craft.lcl, flows.array_used_w * self._mppt, nodes_k),
            sensors.thermal(tick, nodes_k),
            sensors.navigation(tick, sky),
            self._carrier(sky),
            DeviceReadings(
                computer.powered,
                computer.ready and not self._struck.stopped and self._board_use.quality is not Quality.STALE,
                computer.mode,
                compute.clock_mhz(silicon, computer),
                nodes_k[self._chip] - ZERO_C_K,
                computer.throttled,
                flows.load_w[self._payload] if self._cycle_ticks == 1 else energy_j / (self._cycle_ticks * self._dt_s),
                energy_j,
                self._struck.sel,
                self._struck.sefi,
                self._untold,
            ),
        )
        self._untold = NO_UPSETS

    def _carrier(self, sky: SkySample) -> LinkSensors:
        if sky.station_index is None or sky.slant_range_km is None:
            return NO_CARRIER
        rate_bps = best_rate_bps(self._link.c_n0_dbhz(sky.slant_range_km), self._rates, self.config.radio.margin_db)
        return LinkSensors(sky.station_index, sky.elevation_deg, rate_bps)

    def _truth(self, sky: SkySample) -> Truth:
        """The fields of Truth, in its order."""
        craft = self.craft
        flows, ledger, views = craft.flows, craft.ledger, craft.views
        environment_w = (ledger.environment_j - self._environment_j) / self._dt_s
        self._environment_j = ledger.environment_j
        return Truth(
            sky.sunlit_fraction,
            sky.solar_flux_w_m2,
            sky.beta_deg,
            sky.latitude_deg,
            sky.longitude_deg,
            sky.altitude_km,
            craft.battery.soc,
            flows.battery.terminal_v,
            craft.battery.v1_v,
            craft.battery_law.capacity_ah,
            flows.battery.power_w,
            craft.available_w,
            flows.array_used_w,
            flows.load_w,
            flows.load_w[self._payload],
            environment_w,
            None if views is None else views.attitude_error_deg,
            tuple([k - ZERO_C_K for k in craft.nodes_k]),
            ledger.array_j,
            ledger.curtailed_j,
            ledger.load_j,
            ledger.payload_j,
            ledger.conversion_loss_j,
            ledger.battery_heat_j,
            ledger.stored_change_j,
            ledger.electrical_residual_j,
            ledger.heat_in_j,
            ledger.heat_out_j,
            ledger.heat_stored_j,
            ledger.thermal_residual_j,
            ledger.eclipse_s,
        )

    def _tell_changes(self, sky: SkySample, messages: list[Message]) -> None:
        """Events of the truth, for the log: what the hardware did by itself, and shadow's edges."""
        craft = self.craft
        computer, trips = craft.board, craft.lcl.count(TRIPPED)
        lit = sky.sunlit_fraction
        struck = self._struck
        if self._upsets:
            messages.append(Event(Severity.WARNING_LO, "radiation.upset", {"bits": len(self._upsets)}))
        seen = (
            lit < IN_ECLIPSE,
            craft.flows.brownout,
            craft.undervoltage,
            struck.sel,
            struck.sefi,
            computer.throttled,
            computer.tripped,
        )
        if seen == self._last_seen and trips == self._trips_seen:
            return
        before, self._last_seen = self._last_seen, seen
        for was, is_now, (ended, begun), severity in zip(before, seen, CHANGES, SEVERITIES, strict=False):
            if was != is_now:
                messages.append(Event(severity, begun if is_now else ended, {}))
        chip_c = round(craft.nodes_k[self._chip] - ZERO_C_K, 2)
        if computer.throttled and not before[5]:
            messages.append(Event(Severity.WARNING_LO, "device.throttled", {"chip_c": chip_c}))
        if computer.tripped and not before[6]:
            messages.append(Event(Severity.WARNING_HI, "device.shutdown", {"chip_c": chip_c}))
        if trips > self._trips_seen:
            messages.append(Event(Severity.WARNING_HI, "lcl.tripped", {"tripped": trips}))
        self._trips_seen = trips


def _board_events(before: Quality, use: BoardUse) -> list[Message]:
    """Told when the board's word grows stale, and when it is fresh again."""
    stale = use.quality is Quality.STALE
    if stale is (before is Quality.STALE):
        return []
    if stale:
        return [Event(Severity.WARNING_HI, "board.stale", {"age_ticks": use.age_ticks})]
    return [Event(Severity.ACTIVITY_HI, "board.back", {})]


class _Reach:
    """What faults can reach of a plant."""

    def __init__(self, plant: PlantProcess) -> None:
        self._plant = plant
        config = plant.config
        self.loads = tuple(load.name for load in config.loads)
        self.stations = tuple(station.name for station in config.stations)
        own_w = {HEATER: config.heater_w, TRANSMITTER: config.radio.dc_w}
        self.full_w = tuple(own_w.get(load.name, load.power_w) for load in config.loads)
        self.strike = plant.strike

    def suffer(self, damage: Damage) -> None:
        self._plant.craft.suffer(damage)

    def trip(self, load: int) -> None:
        craft = self._plant.craft
        craft.lcl = opened(craft.lcl, load)

    def jump_clock(self, jump_s: float) -> None:
        assert self._plant.oscillator is not None, "checked: there is a clock"
        self._plant.oscillator.jump(round(jump_s * 1e9))
