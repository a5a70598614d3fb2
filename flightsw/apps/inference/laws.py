"""The laws that a scenario may choose by name: `[apps.inference] law = "budget"`. Read by `node.laws`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from flightsw.apps.inference.budget import BudgetInferenceLaw
from flightsw.apps.inference.chance import RandomInferenceLaw
from flightsw.apps.inference.interface import StandardInferenceLaw
from flightsw.apps.inference.levels import FixedInferenceLaw, HysteresisInferenceLaw

SHIPPED: Final[MappingProxyType[str, type[Any]]] = MappingProxyType(
    {
        "budget": BudgetInferenceLaw,
        "drain": StandardInferenceLaw,
        "fixed": FixedInferenceLaw,
        "hysteresis": HysteresisInferenceLaw,
        "random": RandomInferenceLaw,
    }
)
