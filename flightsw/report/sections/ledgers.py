"""Does every joule have an owner: the ledgers drawn up from the log, and where the energy went."""

from __future__ import annotations

from flightsw.record.ledger import ALLOWED_SHARE
from flightsw.report.drawing import BLUE, GREEN, ORANGE, Bars, Html, Line, Panel, Part, Section
from flightsw.report.rundata import RunData
from flightsw.report.sections.markup import badge, note, table

SIGNALS = (
    "truth.plant.array_energy_j",
    "truth.plant.curtailed_energy_j",
    "truth.plant.load_energy_j",
    "truth.plant.payload_energy_j",
    "truth.plant.conversion_loss_j",
    "truth.plant.battery_heat_j",
    "truth.plant.stored_energy_change_j",
    "truth.plant.electrical_residual_j",
    "truth.plant.thermal_residual_j",
)
_J_WH = 3600.0


def section(data: RunData) -> Section:
    """Ledgers."""
    parts: list[Part] = [_lines(data)]
    flows = _flows(data)
    if flows is not None:
        parts.append(flows)
    parts += [
        panel for panel in (_panel(data, "electrical", BLUE), _panel(data, "thermal", ORANGE)) if panel is not None
    ]
    return Section("ledgers", "Energy ledgers", tuple(parts))


def _lines(data: RunData) -> Html:
    found = data.ledger
    if found is None:
        return note(f"The ledgers weren't drawn up again: {data.no_ledger}.", "warn")
    rows = []
    for name, residual_j, through_j, share, allowed in (
        (
            "electrical",
            found.bus_j + found.battery_j,
            found.electrical_throughput_j,
            found.electrical_share,
            ALLOWED_SHARE,
        ),
        ("thermal", found.heat_j, found.heat_throughput_j, found.heat_share, ALLOWED_SHARE),
        ("radiated", found.out_j, found.heat_throughput_j, found.out_share, found.allowed_out_share),
    ):
        verdict = badge("closed", "good") if share < allowed else badge("leaks", "bad")
        rows.append((name, f"{residual_j:.3g} J", f"{through_j:,.0f} J", f"{share:.1e}", f"{allowed:.0e}", verdict))
    heads = ("ledger, from logged states alone", "residual", "of", "share", "allowed", "")
    return table(heads, rows, numeric=(1, 2, 3, 4), key="ledger-table")


def _flows(data: RunData) -> Bars | None:
    amounts = []
    for label, name in (
        ("array, used", "truth.plant.array_energy_j"),
        ("array, curtailed", "truth.plant.curtailed_energy_j"),
        ("loads", "truth.plant.load_energy_j"),
        ("of these the payload", "truth.plant.payload_energy_j"),
        ("conversion loss", "truth.plant.conversion_loss_j"),
        ("battery's own heat", "truth.plant.battery_heat_j"),
        ("stored, end less start", "truth.plant.stored_energy_change_j"),
    ):
        values = data.get(name)
        if values is not None:
            amounts.append((label, float(values[-1]) / _J_WH))
    return Bars("flows", "Where the energy went", "Wh", tuple(amounts), GREEN) if amounts else None


def _panel(data: RunData, which: str, color: str) -> Panel | None:
    values = data.get(f"truth.plant.{which}_residual_j")
    if values is None:
        return None
    return Panel(
        f"residual-{which}", f"{which.capitalize()} residual", "J", (Line("plant's own", values, color),), height=80
    )
