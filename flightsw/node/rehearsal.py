"""The first tick of every application that has code of a user's own, run before anything starts.

What fails there would fail in every run: a law of the wrong shape, messages out of range, topics of somebody else.
Called when a scenario is loaded.
"""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from flightsw.bus.application import Inbox, Now
from flightsw.bus.port import Codec, Port
from flightsw.errors import ConfigError, TableError
from flightsw.node.build import build_application
from flightsw.node.cycles import in_cycles
from flightsw.node.imports import FAILURES, describe
from flightsw.node.processes import process_table
from flightsw.node.scenario import Scenario, own_code


def rehearse(scenario: Scenario) -> None:
    """Raises ConfigError, naming the field and what failed."""
    try:
        codec = Codec(process_table(scenario).topics)
    except TableError as error:
        raise ConfigError(str(error)) from None
    # A network's result is no business of a first tick, and the launcher forks: nothing may start threads before.
    payload = replace(scenario.apps.inference, execute="none")
    unwatched = replace(scenario.apps.health, anomaly=UNSET)
    unloaded = replace(scenario, apps=replace(scenario.apps, inference=payload, health=unwatched))
    for name, (field, path) in own_code(scenario).items():
        application = build_application(name, unloaded)
        try:
            Port(name, codec).outbox(application.step(Now(0, 0, in_cycles(scenario).dt_s), Inbox()))
        except FAILURES as error:
            raise ConfigError(f'{field} = "{path}": its first tick fails: {describe(error)}') from error
