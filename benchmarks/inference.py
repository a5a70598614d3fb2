"""`python -m benchmarks.inference [WHAT]`: what the engine adds to a raw onnxruntime session, in the same process.

Raw calls and the engine's take turns in short blocks, in processor time; a figure is the best of many blocks: what the
code costs, not the machine.
Without an argument, a table of every case; with `small` or `large`, one figure: the seconds that a call of one tile of
the default network takes longer, or the share of two tiles of a large one (93 MFLOP).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from flightsw.apps.inference.engine import load
from flightsw.devices.cameras import camera_of
from flightsw.devices.models import load_card

CASES = (("cloudseg:medium", 1), ("cloudseg:medium", 8), ("cloudseg:small", 8), ("cloudseg:large", 1))
LARGE = ("cloudseg:large", 2)
ROUNDS, BLOCK_S = 301, 0.002


class Figure(NamedTuple):
    """Of one case: seconds a call."""

    name: str
    mflop: float
    raw_s: float
    bound_s: float
    """with input and output bound once: no call can be cheaper"""
    added_s: float


def measured(which: str, tiles: int) -> Figure:
    """Raw session, bound session and engine, in turns."""
    card = load_card(which)
    variant = card.variant()
    network = load(card, variant)
    session = network.session  # the same one: two of a kind differ by where their weights happen to lie
    batch = camera_of(card, 1).tiles(0, tiles, 0.8, 20.0)
    outputs = [card.output_name]
    binding = session.io_binding()
    binding.bind_cpu_input(card.input_name, batch)
    binding.bind_output(card.output_name)
    calls = max(1, round(BLOCK_S / _block_s(lambda: session.run(outputs, {card.input_name: batch}), 3)))
    raw_s = bound_s = engine_s = float("inf")
    for _ in range(ROUNDS):
        raw_s = min(raw_s, _block_s(lambda: session.run(outputs, {card.input_name: batch}), calls))
        engine_s = min(engine_s, _block_s(lambda: network.infer(batch), calls))
        bound_s = min(bound_s, _block_s(lambda: session.run_with_iobinding(binding), calls))
    return Figure(f"{which} x {tiles}", variant.operations * tiles / 1e6, raw_s, bound_s, engine_s - raw_s)


def _block_s(call: Callable[[], object], calls: int) -> float:
    """Processor seconds a call."""
    start_s = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - start_s) / calls


def main() -> None:
    """The command."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    if asked == "small":
        print(measured(*CASES[0]).added_s)
    elif asked == "large":
        figure = measured(*LARGE)
        print(figure.added_s / figure.raw_s)
    else:
        print(f"{'network x tiles':24}{'MFLOP':>8}{'raw us':>10}{'bound us':>10}{'engine adds us':>16}{'%':>8}")
        for case in (*CASES, LARGE):
            one = measured(*case)
            times = f"{one.raw_s * 1e6:>10.1f}{one.bound_s * 1e6:>10.1f}{one.added_s * 1e6:>16.2f}"
            print(f"{one.name:24}{one.mflop:>8.1f}{times}{100.0 * one.added_s / one.raw_s:>8.2f}")


if __name__ == "__main__":
    main()
