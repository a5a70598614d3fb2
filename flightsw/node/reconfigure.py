"""Another configuration from some tick on: what a branch of a run may change, and how it reaches the applications.

The change is an outside input of its tick, in the log as `["reconfigure", {path: value}]`. An application keeps its
state and goes on under the new configuration; one that is away is built with it when it comes back (ADR 0009).
Called by every host of the Exchange and by every replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from flightsw.bus.application import Application, Reconfigurable
from flightsw.errors import ConfigError
from flightsw.node.cycles import in_cycles
from flightsw.node.scenario import Scenario, check
from flightsw.node.tomlfile import apply_changes, convert

FIXED = {
    "apps.inference.model": "the network is loaded when the application starts",
    "apps.inference.execute": "what is computed for real is part of what a run is compared by",
    "apps.inference.sources": "what is counted by source has as many places as the run began with",
    "apps.inference.memory": "what lies in it has been struck since the start",
    "apps.inference.blobs": "what is in the slots came from there",
    "apps.power.array_peak_w": "it is where a measurement started that has long replaced it",
}
"""Fields that an application under way can't take up."""
OWN_CODE = ("law", "law_config", "app", "app_config")
"""Fields that name a user's own code, and what it is made with."""


def reconfigured(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """The scenario as it goes on. Raises ConfigError: a path that can't change under way, or a bad value."""
    known = {field.name for field in msgspec.structs.fields(type(scenario.apps))}
    for path in changes:
        if not path.startswith("apps.") or path.count(".") < 2:
            allowed = ", ".join(f"apps.{app}.*" for app in sorted(known))
            raise ConfigError(
                f"--set {path}: can't change in a run under way: must be one of {allowed} "
                "(spacecraft, seed and time step are what the logged ticks were made with: fly a new run)"
            )
        own_code = path.split(".")[2] in OWN_CODE
        fixed = next((field for field in FIXED if path == field or path.startswith(f"{field}.")), None)
        if fixed is not None or own_code:
            why = FIXED[fixed] if fixed is not None else "code is loaded when the application starts"
            raise ConfigError(f"--set {path}: can't change in a run under way: {why}")
    return with_changes(scenario, changes)


def with_changes(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """The scenario with new values by path. Raises ConfigError."""
    after = convert(apply_changes(msgspec.to_builtins(scenario), changes.items()), Scenario, "--set")
    check(after)
    return after


def reconfigure_application(application: Application, name: str, before: Scenario, after: Scenario) -> None:
    """Hand an application its new configuration where that changed. Raises ConfigError."""
    config = getattr(in_cycles(after).apps, name, None)
    if config == getattr(in_cycles(before).apps, name, None):
        return
    if not isinstance(application, Reconfigurable):
        raise ConfigError(f"apps.{name}: {type(application).__name__} has no reconfigure(): it can't change under way")
    application.reconfigure(config)
