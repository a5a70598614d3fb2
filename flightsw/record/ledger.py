"""The energy ledgers of a run, drawn up again from what was logged: does every joule have an owner?

Reads the states of `truth.plant` and the figures of the scenario in the log's header, and trusts the plant in two
things: the battery's heat, which nothing else tells, and the heat taken in from the surroundings. With means over a
tick for powers, and states at its end:

    bus        mppt * array + battery = sum of loads / efficiency
    battery    -battery = d(chemical) + d(1/2 C1 V1^2) + heat,   chemical = Q * integral of OCV over soc
    heat       environment + loads + losses + battery heat - array - radio = d(sum C T) + out
    out        sum of sigma eps A T^4 over the surfaces, and what flows into held nodes

The last line is drawn up from the temperatures by the trapezoidal rule, which errs by some dt^2: it has an allowance of
its own, and the heat's ledger takes what the plant says went out.

Called by `flightsw ledger` and by tests; a residual above a millionth of what went through is a leak.
"""

from __future__ import annotations

from array import array
from math import fsum
from pathlib import Path

import msgspec

from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import LogReader
from flightsw.errors import LogError
from flightsw.messages.faults import INJECTION, FaultInjection
from flightsw.messages.plant import Truth
from flightsw.node.satellite import SatelliteConfig
from flightsw.plant.battery_config import BatteryConfig
from flightsw.plant.config import TRANSMITTER, PlantConfig
from flightsw.plant.constants import STEFAN_BOLTZMANN_W_M2_K4
from flightsw.plant.damage import WHOLE, Damage, network_config_of, pack_config_of
from flightsw.plant.pumps import opening_of, speed_of
from flightsw.plant.thermal_assembly import assemble
from flightsw.plant.thermal_config import LoopConfig
from flightsw.record.damaged import DamageByTick

ALLOWED_SHARE = 1e-6
ALLOWED_OUT_SHARE = 1e-4
"""Of what went out, at steps of up to 10 s; with the square of the step above."""
ZERO_C_K = 273.15


class Residuals(msgspec.Struct, frozen=True):
    """What nobody owns, against what went through."""

    ticks: int
    bus_j: float
    battery_j: float
    electrical_throughput_j: float
    """array and battery discharge"""
    heat_j: float
    heat_throughput_j: float
    """heat that came in"""
    out_j: float
    """went out as the plant says, less what the temperatures say"""
    allowed_out_share: float

    @property
    def electrical_share(self) -> float:
        """Residual over throughput."""
        return (abs(self.bus_j) + abs(self.battery_j)) / max(self.electrical_throughput_j, 1e-9)

    @property
    def heat_share(self) -> float:
        """Residual over throughput."""
        return abs(self.heat_j) / max(self.heat_throughput_j, 1e-9)

    @property
    def out_share(self) -> float:
        """What radiation and held nodes can't account for, over throughput."""
        return abs(self.out_j) / max(self.heat_throughput_j, 1e-9)

    @property
    def closed(self) -> bool:
        """All lines are."""
        sound = self.electrical_share < ALLOWED_SHARE and self.heat_share < ALLOWED_SHARE
        return sound and self.out_share < self.allowed_out_share


class Ledgers:
    """Both ledgers, drawn up tick by tick; faults act in them as in the run. Raises LogError: no scenario to go by."""

    def __init__(self, header: LogHeader, where: str) -> None:
        self._where = where
        try:
            scenario = msgspec.convert(header.scenario, SatelliteConfig)
        except msgspec.ValidationError as error:
            raise LogError(f"{where}: the log's scenario can't be read: {error}") from None
        self._damage = DamageByTick(header.scenario)
        self._electrical = _Electrical(scenario.plant, scenario.dt_s)
        self._heat = _Heat(scenario.plant, scenario.dt_s)
        self._allowed_out_share = ALLOWED_OUT_SHARE * max(1.0, scenario.dt_s / 10.0) ** 2
        self._heat_before_j = 0.0
        self._ticks = 0

    def inject(self, tick: int, injection: FaultInjection) -> None:
        """A fault that came in with this tick, before its truth."""
        self._damage.inject(tick, injection)

    def add(self, tick: int, one: Truth) -> None:
        """One tick's truth."""
        suffered = self._damage.at(tick, one)
        self._electrical.suffer(suffered)
        self._heat.suffer(suffered)
        battery_heat_j = one.battery_heat_j - self._heat_before_j
        self._heat_before_j = one.battery_heat_j
        self._electrical.add(one, battery_heat_j)
        self._heat.add(one, self._electrical.loss_w(one), battery_heat_j)
        self._ticks += 1

    def residuals(self) -> Residuals:
        """What is left over. Raises LogError: there was no tick."""
        if not self._ticks:
            raise LogError(f"{self._where}: the log has no tick")
        electrical, heat = self._electrical, self._heat
        return Residuals(
            self._ticks,
            fsum(electrical.bus_j),
            fsum(electrical.battery_j),
            fsum(electrical.through_j),
            fsum(heat.residual_j),
            fsum(heat.in_j),
            heat.told_out_j - fsum(heat.out_j),
            self._allowed_out_share,
        )


def residuals_of(run_dir: Path) -> Residuals:
    """Draw both ledgers up from a run's log; faults, scripted or injected, act in it as they did in the run. Raises
    LogError: no such log, or a run of another plant's."""
    reader = LogReader(run_dir)
    ledgers = Ledgers(reader.header, str(run_dir))
    reader.read_as_shipped()
    heard = [topic.name for topic in reader.schemas if topic.name == INJECTION]
    for tick, _, message in reader.messages([*heard, "truth.plant"]):
        if isinstance(message, Truth):
            ledgers.add(tick, message)
        else:
            assert isinstance(message, FaultInjection)
            ledgers.inject(tick, message)
    return ledgers.residuals()


class _Electrical:
    """The bus and the battery, tick by tick."""

    def __init__(self, plant: PlantConfig, dt_s: float) -> None:
        self._dt_s = dt_s
        self._mppt = plant.array_or_none.mppt_efficiency
        self._gross = [1.0 / (load.efficiency or plant.distribution.efficiency) for load in plant.loads]
        self._new = self._battery = plant.battery
        self._damage = WHOLE
        self._soc, self._v1_v = plant.battery.initial_soc, 0.0
        self.bus_j = array("d")
        self.battery_j = array("d")
        self.through_j = array("d")

    def suffer(self, damage: Damage) -> None:
        """Go on with this damage. The charge in cells that are lost is the fault's own: the plant books it apart."""
        if damage is not self._damage:
            self._damage, self._battery = damage, pack_config_of(self._new, damage)

    def loss_w(self, one: Truth) -> float:
        """In the MPPT and the converters, by their efficiencies."""
        loads = zip(one.load_power_w, self._gross, strict=True)
        return one.array_used_w * (1.0 - self._mppt) + sum(power_w * (gross - 1.0) for power_w, gross in loads)

    def add(self, one: Truth, battery_heat_j: float) -> None:
        """One tick."""
        need_w = sum(power_w * gross for power_w, gross in zip(one.load_power_w, self._gross, strict=True))
        self.bus_j.append((one.array_used_w * self._mppt + one.battery_power_w - need_w) * self._dt_s)
        charge_c = one.battery_capacity_ah * 3600.0
        chemical_j = charge_c * _ocv_integral_v(self._battery, self._soc, one.soc)
        # A pack that has lost strings has lost their capacitance too.
        share = one.battery_capacity_ah / self._battery.capacity_ah
        half_f = 0.5 * self._battery.c1_f * share if self._battery.r1_ohm > 0.0 else 0.0
        pair_j = half_f * (one.battery_rc_v * one.battery_rc_v - self._v1_v * self._v1_v)
        self.battery_j.append(one.battery_power_w * self._dt_s + chemical_j + pair_j + battery_heat_j)
        self.through_j.append((one.array_used_w + max(0.0, one.battery_power_w)) * self._dt_s)
        self._soc, self._v1_v = one.soc, one.battery_rc_v


def _ocv_integral_v(battery: BatteryConfig, start: float, end: float) -> float:
    """Integral of the open-circuit voltage from one state of charge to another."""
    if start > end:
        return -_ocv_integral_v(battery, end, start)
    total = 0.0
    for low, high in zip(battery.ocv, battery.ocv[1:], strict=False):
        a, b = max(start, low.soc), min(end, high.soc)
        if a < b:
            slope_v = (high.volts - low.volts) / (high.soc - low.soc)
            total += (b - a) * (low.volts + slope_v * (0.5 * (a + b) - low.soc))
    return total


class _Heat:
    """The thermal network, tick by tick."""

    def __init__(self, plant: PlantConfig, dt_s: float) -> None:
        nodes, self._network = assemble(plant.thermal)
        self._new, self._damage = plant.thermal, WHOLE
        self._dt_s = dt_s
        self._radio = plant.radio
        names = [load.name for load in plant.loads]
        self._transmitter = names.index(TRANSMITTER) if TRANSMITTER in names else None
        self._loops = plant.thermal.loops
        self._pumps = [names.index(loop.pump_load) for loop in plant.thermal.loops]
        self._full_w = [load.power_w for load in plant.loads]
        self._nodes_k = [(node.initial_c if node.held_c is None else node.held_c) + ZERO_C_K for node in nodes]
        self._out_w: float | None = None
        self.residual_j = array("d")
        self.in_j = array("d")
        self.out_j = array("d")
        self.told_out_j = 0.0

    def suffer(self, damage: Damage) -> None:
        """Go on with this damage."""
        if damage is not self._damage:
            self._damage, self._out_w = damage, None
            self._network = assemble(network_config_of(self._new, damage))[1]

    def add(self, one: Truth, loss_w: float, battery_heat_j: float) -> None:
        """One tick."""
        radio_w = 0.0
        if self._transmitter is not None:
            radio_w = self._radio.transmit_w * one.load_power_w[self._transmitter] / self._radio.dc_w
        after_k = [node_c + ZERO_C_K for node_c in one.node_c]
        in_w = one.environment_w + sum(one.load_power_w) + loss_w - one.array_used_w - radio_w
        before_w = self._leaving_w(self._nodes_k, one) if self._out_w is None else self._out_w
        self._out_w = self._leaving_w(after_k, one)
        stored_j = sum(
            capacity_j_k * (after - before)
            for place, (capacity_j_k, after, before) in enumerate(
                zip(self._network.capacities_j_k, after_k, self._nodes_k, strict=True)
            )
            if place not in self._network.held
        )
        self.out_j.append(0.5 * (before_w + self._out_w) * self._dt_s)
        out_j = one.heat_out_j - self.told_out_j
        self.told_out_j = one.heat_out_j
        self.residual_j.append(in_w * self._dt_s + battery_heat_j - out_j - stored_j)
        self.in_j.append(abs(in_w) * self._dt_s)
        self._nodes_k = after_k

    def _leaving_w(self, nodes_k: list[float], one: Truth) -> float:
        """To space, and into held nodes."""
        network = self._network
        fourth_w_m2 = [STEFAN_BOLTZMANN_W_M2_K4 * node_k**4 for node_k in nodes_k]
        areas_m2 = list(network.emitting_m2)
        for place, ramp in network.louvers:
            areas_m2[place] += ramp.at(nodes_k[place])
        out_w = sum(
            area_m2 * flux
            for place, (area_m2, flux) in enumerate(zip(areas_m2, fourth_w_m2, strict=True))
            if place not in network.held
        )
        pipes = [(a, b, ramp.at(nodes_k[a])) for a, b, ramp in network.pipes]
        loops = [
            (a, b, w_k * self._opening(loop, pump, one))
            for (a, b, w_k), loop, pump in zip(network.loops, self._loops, self._pumps, strict=True)
        ]
        for a, b, w_k in (*network.conductances, *pipes, *loops):
            out_w += self._into_held_w(a, b, w_k * (nodes_k[a] - nodes_k[b]))
        for a, b, area_m2 in network.exchanges:
            out_w += self._into_held_w(a, b, area_m2 * (fourth_w_m2[a] - fourth_w_m2[b]))
        return out_w

    def _opening(self, loop: LoopConfig, pump: int, one: Truth) -> float:
        """Of a pumped loop: its pump's speed shows in what it draws."""
        if pump in self._damage.pumps:
            return 0.0
        return opening_of(loop, speed_of(one.load_power_w[pump] / self._full_w[pump]))

    def _into_held_w(self, a: int, b: int, flow_w: float) -> float:
        """What of a flow from a to b leaves the network."""
        held = self._network.held
        if (a in held) is (b in held):
            return 0.0
        return flow_w if b in held else -flow_w
