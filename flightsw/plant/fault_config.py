"""What a scenario says of hardware that fails: sensors, heaters, strings and cells, converters, surfaces, pumps,
limiters, the payload computer, the link, the clock. Each kind is a struct; `faults` and `sensor_faults` act by them.

Figures are checked here as far as they stand alone; names and places against the spacecraft in `node.faults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from flightsw.bus.fault_config import FaultConfig, Share
from flightsw.messages.base import Label

Figure = Annotated[float, Meta(ge=-1e9, le=1e9)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]


class SensorFaultConfig(FaultConfig, frozen=True, kw_only=True):
    """Root of the faults of one reading."""

    field: Annotated[str, Meta(max_length=128)]
    """like "sensor.thermal.chip_c"; of several entries one, like "sensor.power.load_power_w.payload" """


class SensorStuck(SensorFaultConfig, frozen=True, kw_only=True, tag="sensor_stuck"):
    """The reading stays what it was, or is one value."""

    value: Figure | None = None
    """None: the reading when it began"""


class SensorBias(SensorFaultConfig, frozen=True, kw_only=True, tag="sensor_bias"):
    """So much is added, in the reading's unit."""

    offset: Figure


class SensorDrift(SensorFaultConfig, frozen=True, kw_only=True, tag="sensor_drift"):
    """What is added grows."""

    per_h: Figure


class SensorNoise(SensorFaultConfig, frozen=True, kw_only=True, tag="sensor_noise"):
    """Gaussian noise is added."""

    sigma: Annotated[float, Meta(gt=0.0, le=1e9)]


class SensorDropout(SensorFaultConfig, frozen=True, kw_only=True, tag="sensor_dropout"):
    """There is no reading; of a whole message ("sensor.nav"): it isn't sent."""


class HeaterStuck(FaultConfig, frozen=True, kw_only=True, tag="heater_stuck"):
    """A heater's switch or its thermostat fails; stuck on, it draws as long as its limiter is closed."""

    load: Label = "battery_heater"
    state: Literal["on", "off"]


class ArrayStringLoss(FaultConfig, frozen=True, kw_only=True, tag="array_string_loss"):
    """Strings of the solar array open."""

    count: Count = 1


class BatteryStringLoss(FaultConfig, frozen=True, kw_only=True, tag="battery_string_loss"):
    """Strings of the pack open, or their fuses do; without the last one there is no battery."""

    count: Count = 1


class BatteryCellShort(FaultConfig, frozen=True, kw_only=True, tag="battery_cell_short"):
    """Cells of the series short: the pack loses their voltage and resistance."""

    count: Count = 1
    in_series: Annotated[int, Meta(ge=2, le=1000)] = 4
    """cells of a string as built"""


class ConverterLoss(FaultConfig, frozen=True, kw_only=True, tag="converter_loss"):
    """A converter fails: the array's gives less, or a load gets nothing though its limiter is closed."""

    of: Label
    """"array", or a load"""
    share: Share = 1.0
    """of the array's power that is lost; a load's converter gives all or nothing"""


class RadiatorDegradation(FaultConfig, frozen=True, kw_only=True, tag="radiator_degradation"):
    """A node's outer surfaces radiate less and take in more sunlight: dirt, a torn foil, louvers that jam."""

    node: Label = "radiator"
    emissivity_share: Annotated[float, Meta(ge=0.0, le=1.0)] = 1.0
    """that is left"""
    absorptance_added: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0


class PumpStop(FaultConfig, frozen=True, kw_only=True, tag="pump_stop"):
    """The pump of a loop stands still, though it has power."""

    load: Label


class LclTrip(FaultConfig, frozen=True, kw_only=True, tag="lcl_trip"):
    """A closed limiter opens by itself; while it lasts, again whenever it is closed."""

    load: Label


class DeviceSefi(FaultConfig, frozen=True, kw_only=True, tag="device_sefi"):
    """The payload computer hangs, at the first tick from then on in which it has power, until it is reset."""


class DeviceSel(FaultConfig, frozen=True, kw_only=True, tag="device_sel"):
    """The payload computer latches up, likewise, until its rail is cycled; it draws `plant.radiation.sel_w` beside."""


class LinkLoss(FaultConfig, frozen=True, kw_only=True, tag="link_loss"):
    """No carrier is seen."""

    station: Label | None = None
    """None: of no station"""


class ClockJump(FaultConfig, frozen=True, kw_only=True, tag="clock_jump"):
    """The on-board clock jumps, forward or back. Needs an on-board clock, `[plant.clock]`."""

    seconds: Annotated[float, Meta(ge=-1e8, le=1e8)]


SensorFault = SensorStuck | SensorBias | SensorDrift | SensorNoise | SensorDropout
LastingFault = (
    HeaterStuck
    | ArrayStringLoss
    | BatteryStringLoss
    | BatteryCellShort
    | ConverterLoss
    | RadiatorDegradation
    | PumpStop
)
"""What leaves the spacecraft another one for as long as it lasts."""
HardwareFault = SensorFault | LastingFault | LclTrip | DeviceSefi | DeviceSel | LinkLoss | ClockJump

_TAGS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(HardwareFault))


def hardware_fault_of(kind: str, fields: Mapping[str, object]) -> HardwareFault | None:
    """The fault of a kind; None: the bus makes that one. Its fields have been checked."""
    if kind not in _TAGS:
        return None
    fault: HardwareFault = msgspec.convert({"kind": kind, **fields}, HardwareFault)
    return fault
