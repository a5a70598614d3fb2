"""A fault that somebody injects into a run under way, checked against the node as those of its scenario are.

Only what passes here may come in: plant and Exchange take it as it is. It begins at once, so it says neither `at`,
`when` nor `per_day`. Called by the hosts' umbilicals and by the Python API.
"""

from __future__ import annotations

from collections.abc import Mapping

from flightsw.bus.table import ProcessTable
from flightsw.errors import ConfigError
from flightsw.messages.base import Scalar
from flightsw.messages.faults import FaultInjection
from flightsw.node.faults import KINDS, check_fault, fault_of, lasts_ticks_of
from flightsw.node.scenario import Scenario

BEGINNINGS = ("at", "when", "per_day")
NOW = "0s"


def injection_of(
    scenario: Scenario, table: ProcessTable, number: int, kind: str, args: Mapping[str, Scalar]
) -> FaultInjection:
    """The message that brings it in. Raises ConfigError, naming the field, for what can't happen in this node."""
    if kind not in KINDS:
        raise ConfigError(f"fault {kind!r}: unknown kind: must be one of {', '.join(KINDS)}")
    for name in BEGINNINGS:
        if name in args:
            raise ConfigError(f"fault {kind}: {name} = {args[name]!r}: must be left out: it begins when it comes in")
    fault = fault_of(kind, at=NOW, **args)
    try:
        check_fault(fault, scenario, table, ticks=2)
    except ConfigError as error:
        raise ConfigError(f"fault {kind}: {error}") from None
    own = {name: value for name, value in args.items() if name != "lasts"}
    return FaultInjection(number, kind, own, lasts_ticks_of(fault, scenario.dt_s))
