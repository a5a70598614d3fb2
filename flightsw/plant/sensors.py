"""What the plant lets flight software see: true values through noise and quantisation.

Each group of sensors has its own random stream, drawn by tick, so that a sensor more in one shifts nothing in another.
Readings are samples at the end of the tick. Called by the plant process.
"""

from __future__ import annotations

from flightsw.messages.plant import IN_ECLIPSE, LclState, LinkSensors, NavSensors, PowerSensors, ThermalSensors
from flightsw.plant.config import ARRAY, BATTERY, BOARD, BUS, CHIP, RADIATOR, SensorConfig
from flightsw.plant.distribution import Flows
from flightsw.plant.sky import SkySample
from flightsw.plant.thermal import ZERO_C_K
from flightsw.streams import Stream

THERMISTORS = (BOARD, BUS, BATTERY, RADIATOR, ARRAY)


def quantised(value: float, step: float) -> float:
    """The nearest code of a converter."""
    return round(value / step) * step


class Sensors:
    """All sensors of one spacecraft. `index`: thermal node numbers by name."""

    def __init__(self, config: SensorConfig, seed: int, index: dict[str, int]) -> None:
        self._config = config
        self._chip = index[CHIP]
        self._battery = index[BATTERY]
        self._thermistors = [index.get(name) for name in THERMISTORS]
        self._thermal = Stream(seed, "plant.sensor.thermal", 1 + len(THERMISTORS))
        self._power = Stream(seed, "plant.sensor.power", 3)
        self._nav = Stream(seed, "plant.sensor.nav", 3)

    def thermal(self, tick: int, nodes_k: tuple[float, ...]) -> ThermalSensors:
        """Thermistors and the chip's diode."""
        config = self._config
        noise = self._thermal.normals(tick)
        sigma, step = config.temperature_sigma_k, config.temperature_step_k
        chip_step = config.chip_step_k
        chip_c = round((nodes_k[self._chip] - ZERO_C_K + sigma * noise[0]) / chip_step) * chip_step
        board, bus, battery, radiator, array = [
            None if node is None else round((nodes_k[node] - ZERO_C_K + sigma * noise[place]) / step) * step
            for place, node in enumerate(self._thermistors, 1)
        ]
        return ThermalSensors(chip_c, board, bus, battery, radiator, array)

    def power(
        self, tick: int, flows: Flows, states: tuple[LclState, ...], array_w: float, nodes_k: tuple[float, ...]
    ) -> PowerSensors:
        """Shunt monitors of the EPS. `array_w`: behind the MPPT."""
        config = self._config
        noise = self._power.normals(tick)
        step = config.power_step_w
        volts = flows.battery.terminal_v + config.voltage_sigma_v * noise[0]
        volts = max(volts, 0.0)  # a dead pack's noise: the converter reads nothing below its ground
        amps = flows.battery.current_a + config.current_sigma_a * noise[1]
        battery_c = nodes_k[self._battery] - ZERO_C_K + config.temperature_sigma_k * noise[2]
        return PowerSensors(
            quantised(volts, config.voltage_step_v),
            quantised(amps, config.current_step_a),
            quantised(battery_c, config.temperature_step_k),
            round(array_w / step) * step,
            tuple([round(power / step) * step for power in flows.load_w]),
            states,
            flows.brownout,
        )

    def navigation(self, tick: int, sky: SkySample) -> NavSensors:
        """GNSS fix and coarse Sun sensor."""
        x, y, z = sky.position_km
        a, b, c = self._nav.normals(tick)
        sigma = self._config.position_sigma_km
        return NavSensors(
            position_km=(x + sigma * a, y + sigma * b, z + sigma * c),
            velocity_km_s=sky.velocity_km_s,
            sun_direction=sky.sun,
            latitude_deg=sky.latitude_deg,
            longitude_deg=sky.longitude_deg,
            sun_visible=sky.sunlit_fraction >= IN_ECLIPSE,
        )


NO_CARRIER = LinkSensors(None, None, 0.0)
