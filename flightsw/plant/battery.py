"""Lithium-ion battery: open-circuit voltage, series resistance, one RC pair, constant-power solution, CC/CV charging.

    V = OCV(s) - I R0 - V1,   dV1/dt = I/C1 - V1/(R1 C1),   ds/dt = -I/Q  (times eta_c when charging)

Current is positive discharging. Over a step it is constant, V1 is integrated exactly and OCV is linear, so that the
current for a wanted *mean* terminal power solves a quadratic, and energy is accounted for to rounding: chemical +
capacitor = -terminal - heat. At its voltage limit the charger holds V, and the current falls over the step: its mean
is the trapezoid between what V allows at both ends, from the moment within the step at which the limit is met (second
order in the step). Beyond the power that the battery can give (P > V^2 / 4R, current, cut-off, charge) `exchange` says
None; there is never NaN.

Sources: Plett, Battery Management Systems I (2015), ch. 2 for the circuit; R(T) = R25 exp(2500 (1/T - 1/298)) and
capacity -1 %/K below 0 C are usual 18650 figures. The charge that cold withholds is still there and comes back with
warmth: it is the last part of the discharge, s below `withheld`. No charge below 0 C (lithium plating). Wear comes in
as a `Health` (see `wear`). Valid for 0 <= s <= 1 and -40 to 80 C; a pack that is colder has
the resistance of -40 C.

Called by `distribution.PowerBus` every tick. Pure: state in, state and step out.
"""

from __future__ import annotations

import itertools
import math

import msgspec

from flightsw.errors import PhysicsError
from flightsw.plant.battery_config import BatteryConfig

ARRHENIUS_K = 2500.0
REFERENCE_K = 298.0
ZERO_C_K = 273.15
COLD_CAPACITY_PER_K = 0.01
MOST_WITHHELD = 0.95
COLDEST_C = -40.0
"""A colder pack has the resistance that it has here: the law is fitted no further, and grows without bound."""


class BatteryState(msgspec.Struct, frozen=True, gc=False):
    """What the battery remembers."""

    soc: float
    v1_v: float = 0.0
    """voltage over the RC pair"""


class BatteryStep(msgspec.Struct, frozen=True, gc=False):
    """What a step did. Energies over the step; power positive discharging."""

    current_a: float
    """mean"""
    terminal_v: float
    """at the end of the step"""
    power_w: float
    """mean at the terminals"""
    heat_j: float
    stored_j: float
    """change of chemical and capacitor energy"""


class Health(msgspec.Struct, frozen=True):
    """What wear and failures have left of the pack as built."""

    capacity: float = 1.0
    """share of a string's charge"""
    resistance: float = 1.0
    """of a string, relative to new"""
    strings_failed: int = 0


NEW = Health()


class Battery:
    """The pack's law for one configuration, step length and health; the state is passed in and out."""

    def __init__(self, config: BatteryConfig, dt_s: float, health: Health = NEW) -> None:
        if not 0 <= health.strings_failed <= config.strings:
            raise PhysicsError(f"strings_failed = {health.strings_failed}: must be from 0 to {config.strings}")
        self.config = config
        self.dt_s = dt_s
        self.health = health
        alive = 1.0 - health.strings_failed / config.strings
        self.dead = alive <= 0.0
        ohm_share = health.resistance / (alive or 1.0)
        self._full_c = config.capacity_ah * 3600.0 * health.capacity * (alive or 1.0)
        self._r25_ohm = config.r0_ohm * ohm_share
        r1_ohm, c1_f = config.r1_ohm * ohm_share, config.c1_f * health.capacity * (alive or 1.0)
        self._charge_limit_a = config.charge_limit_a * alive
        self._discharge_limit_a = config.discharge_limit_a * alive
        points = [(point.soc, point.volts) for point in config.ocv]
        self._curve = [
            (high_s if high_s < 1.0 else math.inf, low_s, low_v, (high_v - low_v) / (high_s - low_s))
            for (low_s, low_v), (high_s, high_v) in itertools.pairwise(points)
        ]
        tau_s = r1_ohm * c1_f
        self._decay = math.exp(-dt_s / tau_s) if tau_s > 0.0 else 0.0
        self._mean_decay = tau_s / dt_s * (1.0 - self._decay)
        """mean of exp(-t / tau) over the step"""
        self._r1_end_ohm = r1_ohm * (1.0 - self._decay)
        self._r1_mean_ohm = r1_ohm * (1.0 - self._mean_decay)
        self._half_c1_f = 0.5 * c1_f if tau_s > 0.0 else 0.0
        self._efficiency = config.coulombic_efficiency
        self._soc_per_a = dt_s / self._full_c
        self._is_cold_sensitive = config.temperature_dependent
        self._cutoff_v, self._limit_v = config.cutoff_v, config.charge_limit_v
        self._lowest_charge_c = config.lowest_charge_c

    def over(self, dt_s: float) -> Battery:
        """The same pack for another step length."""
        return Battery(self.config, dt_s, self.health)

    def initial(self) -> BatteryState:
        """State at the start of a run."""
        return BatteryState(self.config.initial_soc)

    def ocv(self, soc: float) -> tuple[float, float]:
        """(volts, volts per unit of soc) at a state of charge."""
        for high_s, low_s, low_v, slope_v in self._curve:
            if soc < high_s:
                return low_v + slope_v * (soc - low_s), slope_v
        raise AssertionError("the curve ends at infinity")

    def resistance_ohm(self, battery_c: float) -> float:
        """Series resistance at a temperature; below COLDEST_C, the one there."""
        if not self._is_cold_sensitive:
            return self._r25_ohm
        if battery_c < COLDEST_C:
            return self.resistance_ohm(COLDEST_C)
        return self._r25_ohm * math.exp(ARRHENIUS_K * (1.0 / (battery_c + ZERO_C_K) - 1.0 / REFERENCE_K))

    def withheld(self, battery_c: float) -> float:
        """State of charge at which a cold pack is empty."""
        if battery_c >= 0.0 or not self._is_cold_sensitive:
            return 0.0
        return min(MOST_WITHHELD, -COLD_CAPACITY_PER_K * battery_c)

    def charge_c(self, battery_c: float) -> float:
        """Coulombs between full and empty at a temperature."""
        return self._full_c * (1.0 - self.withheld(battery_c))

    def chemical_j(self, state: BatteryState) -> float:
        """Energy that the charge stands for: capacity times the integral of OCV from empty."""
        if self.dead:
            return 0.0
        volt_share = 0.0
        for high_s, low_s, low_v, slope_v in self._curve:
            part = min(state.soc, high_s) - low_s
            volt_share += part * (low_v + 0.5 * slope_v * part)
            if state.soc < high_s:
                break
        return volt_share * self._full_c

    @property
    def capacity_ah(self) -> float:
        """Between full and empty at 0 C and above, wear and failed strings counted."""
        return 0.0 if self.dead else self._full_c / 3600.0

    def terminal_v(self, state: BatteryState) -> float:
        """Voltage at rest."""
        return self.ocv(state.soc)[0] - state.v1_v

    def feasible_w(self, state: BatteryState, battery_c: float) -> float:
        """Greatest mean power over the next step, by resistance, current limit, cut-off voltage and charge left."""
        source_v, ohm = self._mean_source(state, battery_c, 1.0)
        most_a = min(
            self._discharge_limit_a,
            source_v / (2.0 * ohm),
            max(0.0, state.soc - self.withheld(battery_c)) / self._soc_per_a,
            max(0.0, (source_v - self._cutoff_v) / ohm),
        )
        return 0.0 if self.dead else max(0.0, most_a * (source_v - ohm * most_a))

    def acceptance_w(self, state: BatteryState, battery_c: float) -> float:
        """Greatest mean charging power (positive) over the next step: CC limit, CV limit, full, cold."""
        amps, power_w, _ = self._most_charge(state, battery_c)
        return power_w if amps > 0.0 else 0.0

    def exchange(
        self, state: BatteryState, battery_c: float, wanted_w: float
    ) -> tuple[BatteryState, BatteryStep] | None:
        """Give a mean `wanted_w` over one step, or take as much of a negative one as is accepted. None: can't give it.

        No power wanted is a step, too: the RC pair relaxes.
        """
        charging = wanted_w < 0.0
        if self.dead:
            return (state, BatteryStep(0.0, 0.0, 0.0, 0.0, 0.0)) if wanted_w <= 0.0 else None
        soc, v1_v = state.soc, state.v1_v
        for high_s, low_s, low_v, slope_v in self._curve:  # noqa: B007  the segment's figures are used below
            if soc < high_s:
                break
        ocv_v = low_v + slope_v * (soc - low_s)
        r0_ohm = self.resistance_ohm(battery_c)
        soc_per_a = self._soc_per_a * self._efficiency if charging else self._soc_per_a
        source_v = ocv_v - v1_v * self._mean_decay
        ohm = 0.5 * slope_v * soc_per_a + r0_ohm + self._r1_mean_ohm
        square = source_v * source_v - 4.0 * ohm * wanted_w
        if square < 0.0:
            if wanted_w > self.feasible_w(state, battery_c) * (1.0 + 1e-12):
                return None
            square = 0.0
        amps = 2.0 * wanted_w / (source_v + math.sqrt(square))
        end_v1_v = v1_v * self._decay + self._r1_end_ohm * amps
        end_soc = soc - soc_per_a * amps
        end_v = (low_v + slope_v * (end_soc - low_s) if end_soc < high_s else self.ocv(end_soc)[0]) - amps * r0_ohm
        end_v -= end_v1_v
        if charging:
            cold = battery_c < self._lowest_charge_c
            if cold or -amps > self._charge_limit_a or end_v > self._limit_v or end_soc > 1.0:
                most_a, most_w, held_v = self._most_charge(state, battery_c)
                end_v = min(end_v, self._limit_v)  # taken at a falling current, when it is met within the step
                if -amps >= most_a:
                    amps, wanted_w = -most_a, -most_w
                    end_soc = min(1.0, soc - soc_per_a * amps)
                    end_v1_v = v1_v * self._decay + self._r1_end_ohm * amps
                    end_v = self.ocv(end_soc)[0] - amps * r0_ohm - end_v1_v if held_v is None else held_v
        elif (
            amps > self._discharge_limit_a
            or end_soc < (0.0 if battery_c >= 0.0 else self.withheld(battery_c))
            or source_v - ohm * amps < self._cutoff_v
        ) and wanted_w > self.feasible_w(state, battery_c) * (1.0 + 1e-12):
            return None
        end_soc = max(0.0, end_soc)
        stored_j = (ocv_v + 0.5 * slope_v * (end_soc - soc)) * (end_soc - soc) * self._full_c + self._half_c1_f * (
            end_v1_v * end_v1_v - v1_v * v1_v
        )
        heat_j = -wanted_w * self.dt_s - stored_j
        return BatteryState(end_soc, end_v1_v), BatteryStep(amps, end_v, wanted_w, heat_j, stored_j)

    def _mean_source(self, state: BatteryState, battery_c: float, efficiency: float) -> tuple[float, float]:
        """(source, resistance): mean terminal voltage over the step is source - resistance * I."""
        ocv_v, slope_v = self.ocv(state.soc)
        ohm = 0.5 * slope_v * self._soc_per_a * efficiency + self.resistance_ohm(battery_c) + self._r1_mean_ohm
        return ocv_v - state.v1_v * self._mean_decay, ohm

    def _most_charge(self, state: BatteryState, battery_c: float) -> tuple[float, float, float | None]:
        """(mean charging current, mean power, end voltage where the charger holds it) of an unlimited charger."""
        if self.dead or battery_c < self._lowest_charge_c or state.soc >= 1.0:
            return 0.0, 0.0, None
        soc_per_a = self._soc_per_a * self._efficiency
        source_v, ohm = self._mean_source(state, battery_c, self._efficiency)
        r0_ohm, full_a, limit_a = self.resistance_ohm(battery_c), (1.0 - state.soc) / soc_per_a, self._charge_limit_a
        constant_a = min(limit_a, full_a)
        constant_w = constant_a * (source_v + ohm * constant_a)
        now_v = self.ocv(state.soc)[0] - state.v1_v
        at_end_v = self._end_v(state, constant_a, soc_per_a)
        if at_end_v + r0_ohm * constant_a <= self._limit_v:
            return constant_a, constant_w, None
        first_a = min(limit_a, (self._limit_v - now_v) / r0_ohm)
        if first_a <= 0.0:
            return 0.0, 0.0, None
        first_v = now_v + r0_ohm * first_a
        rise_v = at_end_v + r0_ohm * constant_a - first_v
        at_limit = min(1.0, (self._limit_v - first_v) / rise_v) if first_a >= limit_a and rise_v > 0.0 else 0.0
        early_a = first_a * (0.5 + 0.5 * at_limit)
        late_share = 0.5 - 0.5 * at_limit
        last_a = self._current_at_limit(state, r0_ohm, early_a, late_share, soc_per_a)
        mean_a = early_a + late_share * last_a
        if last_a <= 0.0:  # the step is long beside the taper: no more than brings the cells themselves to the limit
            settled_a = self._current_at_limit(state, 0.0, 0.0, 1.0, soc_per_a)
            if settled_a < mean_a:
                return settled_a, settled_a * self._limit_v, self._limit_v
        if mean_a >= full_a:
            return constant_a, constant_w, self._limit_v
        held_w = self._limit_v * (1.0 - at_limit) * 0.5 * (first_a + last_a)
        return mean_a, at_limit * first_a * 0.5 * (first_v + self._limit_v) + held_w, self._limit_v

    def _end_v(self, state: BatteryState, charging_a: float, soc_per_a: float) -> float:
        """Voltage behind R0 at the end of a step of constant charging."""
        end_soc = min(1.0, state.soc + soc_per_a * charging_a)
        return self.ocv(end_soc)[0] - state.v1_v * self._decay + self._r1_end_ohm * charging_a

    def _current_at_limit(
        self, state: BatteryState, r0_ohm: float, early_a: float, late_share: float, soc_per_a: float
    ) -> float:
        """Charging current at the step's end that holds the voltage limit there, its mean being early + share * it."""
        room_v = self._limit_v + state.v1_v * self._decay
        amps = 0.0
        for high_s, low_s, low_v, slope_v in self._curve:
            if state.soc >= high_s:
                continue
            per_a = slope_v * soc_per_a + self._r1_end_ohm
            above_v = room_v - (low_v + slope_v * (state.soc - low_s)) - per_a * early_a
            amps = max(0.0, above_v / (r0_ohm + per_a * late_share))
            if state.soc + soc_per_a * (early_a + late_share * amps) <= high_s:
                break
        return amps
