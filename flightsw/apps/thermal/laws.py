"""The chip's laws that a scenario may choose by name: `[apps.thermal] law = "predictive"`. Read by `node.laws`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from flightsw.apps.thermal.hysteresis import HysteresisThermalLaw
from flightsw.apps.thermal.interface import StandardThermalLaw
from flightsw.apps.thermal.powerallocator import PowerAllocatorThermalLaw
from flightsw.apps.thermal.predictive import PredictiveThermalLaw
from flightsw.apps.thermal.stepwise import StepWiseThermalLaw

SHIPPED: Final[MappingProxyType[str, type[Any]]] = MappingProxyType(
    {
        "hysteresis": HysteresisThermalLaw,
        "pi": StandardThermalLaw,
        "power-allocator": PowerAllocatorThermalLaw,
        "predictive": PredictiveThermalLaw,
        "step-wise": StepWiseThermalLaw,
    }
)
