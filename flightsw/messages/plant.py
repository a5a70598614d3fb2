"""What the spacecraft's hardware tells: sensor readings, the payload computer's state, and the truth for the log.

Producer: plant, every tick. Readers: `sensor.*` by the flight applications, `hw.device` by the inference process's
device, `truth.plant` by nobody on board (a flight application that subscribes to `truth.*` is refused).
A reading is a sample at the end of the producer's tick with the sensor's noise and quantisation; None is a sensor
that is not fitted or gives nothing.
"""

from __future__ import annotations

import enum

from flightsw.messages.base import (
    Amps,
    BitsPerSecond,
    Celsius,
    Charge,
    Count,
    Degrees,
    Fraction,
    Joules,
    Kilometres,
    Megahertz,
    Message,
    PositionKm,
    Seconds,
    SignedVolts,
    SignedWatts,
    UnitVector,
    VelocityKmS,
    Volts,
    Watts,
    WattsPerSquareMetre,
)

IN_ECLIPSE = 0.5
"""of `sunlit_fraction`: with less of the Sun in view the node counts as eclipsed"""


class LclState(enum.IntEnum):
    """State of a latching current limiter (ECSS-E-ST-20-20C names)."""

    OFF = 0
    """switched off by command"""
    ON = 1
    """conducting, current below its limit"""
    LIMITING = 2
    """holding the current at its limit; trips when this lasts"""
    TRIPPED = 3
    """opened by itself; stays open until it is commanded off and on again"""


class PowerSensors(Message, frozen=True):
    """EPS telemetry. Positive battery current discharges. Loads stand in the order of the scenario's `[[loads]]`."""

    battery_voltage_v: Volts | None
    battery_current_a: Amps | None
    battery_c: Celsius | None
    array_power_w: Watts | None
    """drawn from the array by the MPPT, after its loss"""
    load_power_w: tuple[Watts, ...]
    lcl_state: tuple[LclState, ...]
    brownout: bool
    """the bus fell below its minimum in this tick and the switched loads dropped off"""


class ThermalSensors(Message, frozen=True):
    """Thermistors and the chip's own diode. None: not fitted, or no reading."""

    chip_c: Celsius | None
    board_c: Celsius | None
    bus_c: Celsius | None
    battery_c: Celsius | None
    radiator_c: Celsius | None
    array_c: Celsius | None


class NavSensors(Message, frozen=True):
    """Fix and Sun vector, both in the orbit's inertial frame, from the GNSS receiver and the on-board almanac."""

    position_km: PositionKm
    velocity_km_s: VelocityKmS
    sun_direction: UnitVector
    latitude_deg: Degrees
    longitude_deg: Degrees
    sun_visible: bool
    """coarse Sun sensor: at least half of the Sun's disc is seen"""


class LinkSensors(Message, frozen=True):
    """The radio's own state: which station's carrier it has locked to, and the rate that link supports."""

    station: Count | None
    """index in the scenario's `[[stations]]`; None: no carrier"""
    elevation_deg: Degrees | None
    rate_bps: BitsPerSecond


class DeviceReadings(Message, frozen=True):
    """The payload computer, as its own hardware monitors show it. Read by its device driver alone."""

    powered: bool
    ready: bool
    """booted, not stopped by radiation, and accepting work"""
    mode: Count
    """index of the power mode in force, in the profile's order"""
    clock_mhz: Megahertz
    """after the hardware's own throttling"""
    chip_c: Celsius
    throttled: bool
    """the hardware has lowered the clock by itself"""
    power_w: Watts
    """mean over the tick"""
    energy_j: Joules
    """over the tick"""
    sel: bool
    """latched up: stopped until its rail is cycled"""
    sefi: bool
    """hung: stopped until it is reset"""
    upsets: tuple[Count, ...]
    """addresses of the bits of its memory that flipped in the tick"""


class Truth(Message, frozen=True):
    """What really is, for the log, the report and the tests. Energies are totals since the start of the run."""

    sunlit_fraction: Fraction
    solar_flux_w_m2: WattsPerSquareMetre
    beta_deg: Degrees
    latitude_deg: Degrees
    longitude_deg: Degrees
    altitude_km: Kilometres
    soc: Fraction
    battery_voltage_v: Volts
    battery_rc_v: SignedVolts
    """over the RC pair"""
    battery_capacity_ah: Charge
    """as built, less wear and failed strings"""
    battery_power_w: SignedWatts
    """at the terminals, positive discharging"""
    array_available_w: Watts
    array_used_w: Watts
    load_power_w: tuple[Watts, ...]
    chip_power_w: Watts
    environment_w: SignedWatts
    """heat taken in from Sun, Earth and prescribed surroundings, by all nodes"""
    attitude_error_deg: Degrees | None
    """between the body and the attitude that is commanded; None: no attitude is modelled"""
    node_c: tuple[Celsius, ...]
    """in the order of the scenario's `[[thermal.nodes]]`, then nodes of junction chains"""
    array_energy_j: Joules
    curtailed_energy_j: Joules
    load_energy_j: Joules
    """at the loads, after conversion"""
    payload_energy_j: Joules
    conversion_loss_j: Joules
    battery_heat_j: Joules
    stored_energy_change_j: Joules
    """chemical energy of the battery now, less that at the start"""
    electrical_residual_j: Joules
    """array - loads - losses - stored: nought but for rounding"""
    heat_in_j: Joules
    heat_out_j: Joules
    heat_stored_j: Joules
    thermal_residual_j: Joules
    """heat in - out - stored: nought but for rounding"""
    eclipse_s: Seconds
    """time without sunlight, since the start: of a tick or penumbra in partial light, the share that is dark"""
