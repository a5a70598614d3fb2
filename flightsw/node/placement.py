"""Which processor cores a run's processes are kept on. It can change a run's speed, never its result.

A tick is a fan-out and a barrier between processes that sleep until they are asked. Left to the scheduler they wander,
and each wake-up of a process on another, idle core costs more than most applications work in a tick (ADR 0015). Kept on
two cores, those who work longest away from the bus, most wake-ups stay on their core.

Called by the launcher for runs that are as fast as the machine allows. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flightsw.messages.topics import BUS

BESIDE_THE_BUS = frozenset({BUS, "comms", "thermal", "power", "health"})
"""measured: the split with the most ticks a second; plant and inference, which work longest, have the other core"""


def placement(names: Iterable[str], cores: Collection[int], run_number: int) -> dict[str, frozenset[int]]:
    """Cores by process name. `cores`: those that may be used; below two, nobody is kept anywhere.

    `run_number` picks the pair, so that runs side by side on a large machine share no core by construction.
    """
    ordered = sorted(cores)
    pairs = len(ordered) // 2
    if pairs == 0:
        return {}
    first = 2 * (run_number % pairs)
    near, far = frozenset({ordered[first]}), frozenset({ordered[first + 1]})
    return {name: near if name in BESIDE_THE_BUS else far for name in names}
