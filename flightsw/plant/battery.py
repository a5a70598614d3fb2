"""Lithium-ion battery: open-circuit voltage, series resistance, one RC pair, constant-power solution, CC/CV charging.

    V = OCV(s) - I R0 - V1,   dV1/dt = I/C1 - V1/(R1 C1),   ds/dt = -I/Q  (times eta_c when charging)

Current is positive discharging and constant over a step; V1 is integrated exactly, OCV is linear over a step. The
current that gives a wanted *mean* terminal power then solves a quadratic, so that the energy ledger closes to
rounding: chemical + capacitor = -terminal - heat. Beyond the power that the battery can give (P > V^2 / 4R) the step
says so (`feasible_w`), it never gives NaN.

Sources: Plett, Battery Management Systems I (2015), ch. 2 for the circuit; R(T) = R25 exp(2500 (1/T - 1/298)) and
capacity -1 %/K below 0 C are usual 18650 figures. No charge below 0 C (lithium plating). Ageing enters as
`capacity_ah` and `r0_ohm`. Valid for 0 <= s <= 1 and -40 to 80 C.
"""

from __future__ import annotations

import math
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError

ARRHENIUS_K = 2500.0
REFERENCE_K = 298.0
COLD_CAPACITY_PER_K = 0.01


class OcvPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open-circuit voltage of the pack at a state of charge."""

    soc: Annotated[float, Meta(ge=0.0, le=1.0)]
    volts: Annotated[float, Meta(gt=0.0, le=1e4)]


class BatteryConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pack."""

    capacity_ah: Annotated[float, Meta(ge=0.01, le=1e6)]
    ocv: tuple[OcvPoint, ...] = (OcvPoint(0.0, 12.8), OcvPoint(1.0, 16.4))
    """ascending from 0 to 1; default: 4S lithium-ion, linear"""
    r0_ohm: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.15
    """at 25 C"""
    r1_ohm: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.0
    """0: no RC pair"""
    c1_f: Annotated[float, Meta(gt=0.0, le=1e9)] = 1500.0
    temperature_dependent: bool = True
    coulombic_efficiency: Annotated[float, Meta(gt=0.5, le=1.0)] = 0.995
    charge_limit_a: Annotated[float, Meta(gt=0.0, le=1e5)] = 4.0
    charge_limit_v: Annotated[float, Meta(gt=0.0, le=1e4)] = 16.4
    discharge_limit_a: Annotated[float, Meta(gt=0.0, le=1e5)] = 1e5
    cutoff_v: Annotated[float, Meta(ge=0.0, le=1e4)] = 0.0
    """the protection circuit opens below it"""
    lowest_charge_c: Annotated[float, Meta(ge=-50.0, le=50.0)] = 0.0
    initial_soc: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.85

    def __post_init__(self) -> None:
        points = [point.soc for point in self.ocv]
        if len(points) < 2 or points != sorted(set(points)) or points[0] != 0.0 or points[-1] != 1.0:
            raise ConfigError(f"battery.ocv: soc = {points}: must ascend from 0.0 to 1.0")
        volts = [point.volts for point in self.ocv]
        if volts != sorted(volts):
            raise ConfigError(f"battery.ocv: volts = {volts}: must not fall with soc")


class BatteryState(msgspec.Struct, frozen=True, gc=False):
    """What the battery remembers."""

    soc: float
    v1_v: float = 0.0
    """voltage over the RC pair"""


class Circuit(msgspec.Struct, frozen=True, gc=False):
    """The equivalent circuit's figures in one tick."""

    ocv_v: float
    slope_v: float
    """of the open-circuit voltage, per unit of soc"""
    r0_ohm: float
    charge_c: float
    """capacity in coulombs"""


class BatteryStep(msgspec.Struct, frozen=True, gc=False):
    """What a step did. Energies over the step; power positive discharging."""

    current_a: float
    terminal_v: float
    """at the end of the step"""
    power_w: float
    """mean at the terminals"""
    heat_j: float
    stored_j: float
    """change of chemical and capacitor energy"""


class Battery:
    """The pack's law for one configuration; the state is passed in and out."""

    def __init__(self, config: BatteryConfig, dt_s: float) -> None:
        self.config = config
        self._dt_s = dt_s
        self._points = [(point.soc, point.volts) for point in config.ocv]
        tau_s = config.r1_ohm * config.c1_f
        self._decay = math.exp(-dt_s / tau_s) if tau_s > 0.0 else 0.0
        self._mean_decay = tau_s / dt_s * (1.0 - self._decay)
        """mean of exp(-t / tau) over the step"""
        self._r1_end_ohm = config.r1_ohm * (1.0 - self._decay)
        self._r1_mean_ohm = config.r1_ohm * (1.0 - self._mean_decay)
        self._half_c1_f = 0.5 * config.c1_f if tau_s > 0.0 else 0.0

    def initial(self) -> BatteryState:
        """State at the start of a run."""
        return BatteryState(self.config.initial_soc)

    def ocv(self, soc: float) -> tuple[float, float]:
        """(volts, volts per unit of soc) at a state of charge."""
        points = self._points
        low_s, low_v = points[0]
        for high_s, high_v in points[1:]:
            if soc < high_s or high_s == 1.0:
                slope = (high_v - low_v) / (high_s - low_s)
                return low_v + slope * (soc - low_s), slope
            low_s, low_v = high_s, high_v
        raise AssertionError("the table ends at 1.0")

    def resistance_ohm(self, battery_c: float) -> float:
        """Series resistance at a temperature."""
        if not self.config.temperature_dependent:
            return self.config.r0_ohm
        return self.config.r0_ohm * math.exp(ARRHENIUS_K * (1.0 / (battery_c + 273.15) - 1.0 / REFERENCE_K))

    def charge_c(self, battery_c: float) -> float:
        """Capacity in coulombs at a temperature."""
        capacity_c = self.config.capacity_ah * 3600.0
        if self.config.temperature_dependent and battery_c < 0.0:
            return capacity_c * max(0.05, 1.0 + COLD_CAPACITY_PER_K * battery_c)
        return capacity_c

    def circuit(self, state: BatteryState, battery_c: float) -> Circuit:
        """The pack's figures at this state and temperature, worked out once a tick."""
        ocv_v, slope_v = self.ocv(state.soc)
        return Circuit(ocv_v, slope_v, self.resistance_ohm(battery_c), self.charge_c(battery_c))

    def feasible_w(self, state: BatteryState, circuit: Circuit) -> float:
        """Greatest mean power over the next step, by resistance, current limit, cut-off voltage and charge left."""
        config, dt_s = self.config, self._dt_s
        source_v, resistance_ohm = self._linear(state, circuit, 1.0)
        most_a = min(
            config.discharge_limit_a,
            source_v / (2.0 * resistance_ohm),
            state.soc * circuit.charge_c / dt_s,
            max(0.0, (source_v - config.cutoff_v) / resistance_ohm),
        )
        return max(0.0, most_a * (source_v - resistance_ohm * most_a))

    def acceptance_w(self, state: BatteryState, circuit: Circuit, battery_c: float) -> float:
        """Greatest mean charging power (positive) over the next step: CC limit, CV limit, full, cold."""
        config, dt_s = self.config, self._dt_s
        if battery_c < config.lowest_charge_c or state.soc >= 1.0:
            return 0.0
        efficiency = config.coulombic_efficiency
        to_full_a = (1.0 - state.soc) * circuit.charge_c / (efficiency * dt_s)
        highest_a = self._current_to_voltage_limit(state, circuit, efficiency * dt_s / circuit.charge_c)
        amps = max(0.0, min(config.charge_limit_a, highest_a, to_full_a))
        source_v, resistance_ohm = self._linear(state, circuit, efficiency)
        return amps * (source_v + resistance_ohm * amps)

    def step(self, state: BatteryState, circuit: Circuit, power_w: float) -> tuple[BatteryState, BatteryStep]:
        """Draw a mean `power_w` (negative: charge) over one step; the caller keeps to what `feasible_w` and
        `acceptance_w` give."""
        dt_s = self._dt_s
        efficiency = self.config.coulombic_efficiency if power_w < 0.0 else 1.0
        source_v, resistance_ohm = self._linear(state, circuit, efficiency)
        root = source_v * source_v - 4.0 * resistance_ohm * power_w
        amps = (source_v - math.sqrt(max(0.0, root))) / (2.0 * resistance_ohm)
        effective_a = amps * efficiency
        soc = state.soc - effective_a * dt_s / circuit.charge_c
        soc = min(1.0, max(0.0, soc))
        v1_v = state.v1_v * self._decay + amps * self._r1_end_ohm
        mean_ocv_v = circuit.ocv_v - circuit.slope_v * effective_a * dt_s / (2.0 * circuit.charge_c)
        stored_j = -mean_ocv_v * effective_a * dt_s + self._half_c1_f * (v1_v * v1_v - state.v1_v * state.v1_v)
        terminal_w = (source_v - resistance_ohm * amps) * amps
        end_v = self.ocv(soc)[0] - amps * circuit.r0_ohm - v1_v
        return BatteryState(soc, v1_v), BatteryStep(amps, end_v, terminal_w, -terminal_w * dt_s - stored_j, stored_j)

    def _current_to_voltage_limit(self, state: BatteryState, circuit: Circuit, soc_per_a: float) -> float:
        """Charging current that ends the step at `charge_limit_v`, through the corners of the curve too."""
        soc, ohms = state.soc, circuit.r0_ohm + self._r1_end_ohm
        source_v = self.config.charge_limit_v + state.v1_v * self._decay
        amps = math.inf
        low_s, low_v = self._points[0]
        for high_s, high_v in self._points[1:]:
            if high_s > soc:
                slope_v = (high_v - low_v) / (high_s - low_s)
                amps = (source_v - low_v - slope_v * (soc - low_s)) / (slope_v * soc_per_a + ohms)
                if soc + amps * soc_per_a <= high_s:
                    break
            low_s, low_v = high_s, high_v
        return amps

    def terminal_v(self, state: BatteryState) -> float:
        """Voltage at rest."""
        return self.ocv(state.soc)[0] - state.v1_v

    def _linear(self, state: BatteryState, circuit: Circuit, efficiency: float) -> tuple[float, float]:
        """(source, resistance): mean terminal voltage over the step is source - resistance * I."""
        slope_ohm = circuit.slope_v * efficiency * self._dt_s / (2.0 * circuit.charge_c)
        resistance_ohm = slope_ohm + circuit.r0_ohm + self._r1_mean_ohm
        return circuit.ocv_v - state.v1_v * self._mean_decay, resistance_ohm
