"""What laws take for granted before they have seen anything: a cold start has counted, latched and believed nothing.

A restart brings critical data alone; all else of a law's state is what its declaration says. A default that isn't empty
is a claim about the node, and stands here with its reason.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
import pkgutil
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

import flightsw.apps
from flightsw.apps.health.sequences import FIRST_REQUEST
from flightsw.apps.inference.law import NEVER_TICKS
from flightsw.apps.inference.places import ALWAYS_S
from flightsw.apps.inference.queue import END_NS
from flightsw.apps.power.law import FIX_TICKS
from flightsw.messages.health import Mode

CLAIMS: dict[str, object] = {
    "comms.law.State.allowed": True,  # nobody has forbidden the downlink
    "health.modes.Condition.ceiling": Mode.PAYLOAD,  # no recovery holds the node down
    "health.recovery.Recovery.ceiling": Mode.PAYLOAD,
    "health.state.Inputs.ceiling": Mode.PAYLOAD,
    "health.state.State.ceiling": Mode.PAYLOAD,
    "health.sequences.State.next_request": FIRST_REQUEST,  # apart from those of the ground
    "inference.governor.GovernorState.held": True,  # no work before a grant
    "inference.law.Cap.age_ticks": NEVER_TICKS,  # a cap that never came
    "inference.queue.WorkClass.priority": 4,  # the lowest
    "inference.queue.WorkClass.quota_scenes": END_NS,  # none
    "inference.queue.Serving.work_gop": 1.0,
    "inference.slots.Slots.active": "golden",  # the image that can't be overwritten
    "inference.slots.Slots.before": "golden",
    "inference.work.SourceWork.deadline_s": 3600.0,
    "inference.work.SourceWork.weight": 1.0,
    "inference.places.Stretch.lasts_s": ALWAYS_S,
    "power.arraywatch.ArrayWatch.least_w": math.inf,  # nothing seen that could be the least
    "power.law.State.fix_ticks": FIX_TICKS,  # a forecast is due at once
    "power.law.State.mode": Mode.BOOT,
}


def is_told(kind: type[Any]) -> bool:
    """Of a scenario: docs/scenario.md holds it to what it is."""
    return "config" in kind.__module__ or kind.__name__.endswith(("Config", "ChipPath"))


def kinds() -> list[type[Any]]:
    """Every struct of the laws that has a default."""
    modules = [
        importlib.import_module(one.name) for one in pkgutil.walk_packages(flightsw.apps.__path__, "flightsw.apps.")
    ]
    found = [
        kind
        for module in modules
        for _, kind in sorted(vars(module).items())
        if isinstance(kind, type) and kind.__module__ == module.__name__
    ]
    return [kind for kind in found if dict(defaults(kind)) and not is_told(kind)]


def defaults(kind: type[Any]) -> Iterator[tuple[str, object]]:
    if issubclass(kind, msgspec.Struct):
        fields: Any = msgspec.structs.fields(kind)
    else:
        fields = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    yield from (
        (one.name, one.default) for one in fields if one.default not in (msgspec.NODEFAULT, dataclasses.MISSING)
    )


def leaves(kind: type[Any], name: str, value: object) -> Iterator[tuple[str, object]]:
    """(declaration, value) of what a default is made of."""
    if isinstance(value, tuple):
        for one in value:
            yield from leaves(kind, name, one)
    elif isinstance(value, msgspec.Struct) or (dataclasses.is_dataclass(value) and not isinstance(value, type)):
        names = (
            value.__struct_fields__
            if isinstance(value, msgspec.Struct)
            else [one.name for one in dataclasses.fields(value)]
        )
        for field in names:
            yield from leaves(type(value), field, getattr(value, field))
    else:
        yield f"{kind.__module__.removeprefix('flightsw.apps.')}.{kind.__qualname__}.{name}", value


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: f"{kind.__module__[14:]}.{kind.__qualname__}")
def test_a_law_that_has_seen_nothing_believes_nothing(kind: type[Any]) -> None:
    for name, default in defaults(kind):
        for place, value in leaves(kind, name, default):
            assert value == CLAIMS[place] if place in CLAIMS else not value, f"{place} begins as {value!r}"


def test_every_claim_is_of_something_that_is_there() -> None:
    there = {place for kind in kinds() for name, default in defaults(kind) for place, _ in leaves(kind, name, default)}
    assert set(CLAIMS) <= there
