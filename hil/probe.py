"""What a board offers, asked once: for people as a table, for scripts as JSON. Called by `flightsw hil probe`."""

from __future__ import annotations

import msgspec

from flightsw.bus.pacing import sleep_s
from flightsw.devices.board import Board, Reading, Standing

SETTLE_S = 0.3
"""longer than the longest window of a counter"""


class Offer(msgspec.Struct, frozen=True):
    """One capability."""

    name: str
    standing: str
    source: str
    reason: str


class Value(msgspec.Struct, frozen=True):
    """One reading, now."""

    name: str
    value: float | None
    unit: str
    quality: str
    source: str
    reason: str


class Probe(msgspec.Struct, frozen=True):
    """A board."""

    kind: str
    model: str
    modes: tuple[str, ...]
    offers: tuple[Offer, ...]
    values: tuple[Value, ...]
    flags: tuple[str, ...]


def probe_board(board: Board) -> Probe:
    """Ask for everything. Takes SETTLE_S: rates need two readings."""
    offers = [Offer(one.name, one.standing.value, one.source, one.reason) for one in board.capabilities()]
    board.sample()
    sleep_s(SETTLE_S)
    sample = board.sample()
    values = [
        _value("power", "W", sample.power),
        _value("chip", "degC", sample.chip),
        _value("clock", "MHz", sample.clock),
    ]
    return Probe(board.kind, board.model, board.mode_names(), tuple(offers), tuple(values), sample.flags)


def print_probe(probe: Probe) -> None:
    """The table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{probe.kind}: {probe.model}", box=None, title_justify="left", header_style="")
    for column in ("capability", "standing", "by", "reason"):
        table.add_column(column, overflow="fold")
    for offer in probe.offers:
        colour = {Standing.PRESENT.value: "green", Standing.DEGRADED.value: "yellow"}.get(offer.standing, "red")
        table.add_row(offer.name, f"[{colour}]{offer.standing}[/]", offer.source, offer.reason)
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    console.print(table)
    for value in probe.values:
        shown = "none" if value.value is None else f"{value.value:.2f} {value.unit}"
        console.print(f"{value.name:<6} {shown:<14} {value.quality.lower():<9} {value.source} {value.reason}".rstrip())
    console.print(f"modes  {', '.join(probe.modes) or 'none'}")
    console.print(f"flags  {', '.join(probe.flags) or 'none'}")


def _value(name: str, unit: str, reading: Reading) -> Value:
    return Value(name, reading.value, unit, reading.quality.name, reading.source, reading.reason)
