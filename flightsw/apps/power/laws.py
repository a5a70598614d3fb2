"""The budget's laws that a scenario may choose by name: `[apps.power] law = "threshold"`. Read by `node.laws`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from flightsw.apps.power.interface import StandardPowerLaw
from flightsw.apps.power.threshold import ThresholdPowerLaw

SHIPPED: Final[MappingProxyType[str, type[Any]]] = MappingProxyType(
    {"predictive": StandardPowerLaw, "threshold": ThresholdPowerLaw}
)
