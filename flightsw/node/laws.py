"""The law of each application: the shipped one, another shipped one by its name, or a user's own by import path.

Called by the builder of applications, and by the topic table, since a law may keep critical data of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flightsw.apps.comms.interface import CommsLaw, StandardCommsLaw
from flightsw.apps.health.interface import HealthLaw, StandardHealthLaw
from flightsw.apps.inference.interface import InferenceLaw, StandardInferenceLaw
from flightsw.apps.inference.laws import SHIPPED as INFERENCE_LAWS
from flightsw.apps.own import AppConfig
from flightsw.apps.power.interface import PowerLaw, StandardPowerLaw
from flightsw.apps.power.laws import SHIPPED as POWER_LAWS
from flightsw.apps.thermal.interface import StandardThermalLaw, ThermalLaw
from flightsw.apps.thermal.laws import SHIPPED as THERMAL_LAWS
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.schema import unfit
from flightsw.node import imports

STANDARD: dict[str, tuple[type[Any], type[Any]]] = {
    "power": (PowerLaw, StandardPowerLaw),
    "thermal": (ThermalLaw, StandardThermalLaw),
    "inference": (InferenceLaw, StandardInferenceLaw),
    "comms": (CommsLaw, StandardCommsLaw),
    "health": (HealthLaw, StandardHealthLaw),
}
"""By application: what a law of it is, and the shipped one. Read only."""

BY_NAME: dict[str, Mapping[str, type[Any]]] = {
    "power": POWER_LAWS,
    "thermal": THERMAL_LAWS,
    "inference": INFERENCE_LAWS,
}
"""By application: the shipped laws that a scenario may choose among. Read only."""


def law_of(app: str, config: AppConfig) -> Any:
    """The law of this application, made anew. Raises ConfigError: not found, of another shape, can't be made."""
    protocol, standard = STANDARD[app]
    if not isinstance(config.law, str):
        return standard()
    field = f"apps.{app}.law"
    by_name = BY_NAME.get(app, {})
    if config.law not in by_name and by_name and ":" not in config.law:
        raise ConfigError(
            f'{field} = "{config.law}": must be like "package.module:Class", or one of {", ".join(by_name)}'
        )
    found = by_name.get(config.law) or imports.find_class(field, config.law)
    table = config.law_config if isinstance(config.law_config, dict) else {}
    law = imports.make(field, found, config.law, table, f"{field}_config")
    imports.check_methods(field, config.law, law, protocol)
    _check_critical_data(field, config.law, getattr(law, "CriticalData", None), standard.CriticalData)
    return law


def critical_data_of(app: str, config: AppConfig) -> type[Message]:
    """The message that the application's law keeps through a restart."""
    kind: type[Message] = law_of(app, config).CriticalData
    return kind


def is_own(app: str, law: str) -> bool:
    """Whether this law is a user's own rather than one that is shipped by this name."""
    return law not in BY_NAME.get(app, {})


def _check_critical_data(field: str, path: str, kind: object, standard: type[Message]) -> None:
    if not (isinstance(kind, type) and issubclass(kind, standard)):
        raise ConfigError(
            f'{field} = "{path}": its CriticalData is {kind!r}: must be {standard.__name__} or a subclass of it'
        )
    if (reason := unfit(kind)) is not None:
        raise ConfigError(f'{field} = "{path}": {kind.__name__}: {reason}')
