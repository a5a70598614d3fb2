"""`flightsw models ...`: which networks there are, what their ladders cost and give, and whether one is good."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flightsw.cli.exits import GOOD
from flightsw.cli.inspection import AsJson

if TYPE_CHECKING:
    from flightsw.apps.inference.network import Network
    from flightsw.devices.models import ModelCard, Variant

app = typer.Typer(help="The payload's networks.", add_completion=False, pretty_exceptions_enable=False)

ROUNDS, CALLS, BATCH = 5, 20, 8


@app.callback(invoke_without_command=True)
def models(context: typer.Context) -> int:
    """The payload's networks: shipped ones are listed where nothing else is asked."""
    return GOOD if context.invoked_subcommand is not None else list_models()


@app.command("list")
def list_models(
    paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH]...", help="Cards of your own, beside.")] = None,
    *,
    as_json: AsJson = False,
) -> int:
    """List the shipped models, and given ones, with their ladders."""
    from flightsw.devices.models import ModelCard, load_card, shipped_models

    cards = [load_card(name) for name in dict.fromkeys((*shipped_models(ModelCard), *(paths or [])))]
    if as_json:
        typer.echo(json.dumps({"models": [_as_dict(card) for card in cards]}))
        return GOOD
    for card in cards:
        typer.echo(f"{card.name}: {card.task}")
        typer.echo(
            f"  {'variant':<14}{'parameters':>11}{'MOP/tile':>10}{'GOP/scene':>11}{card.quality_metric:>10}{'bytes':>9}"
        )
        for one in card.variants:
            mark = "  default" if one.name == card.default_variant else ""
            typer.echo(
                f"  {one.name:<14}{one.parameters:>11}{one.operations / 1e6:>10.2f}{one.work_gop:>11.1f}"
                f"{one.quality:>10.4f}{one.file_bytes:>9}{mark}"
            )
    return GOOD


@app.command("check")
def check(
    model: Annotated[str, typer.Argument(metavar="PATH", help="A card, its folder, or a shipped model's name.")],
    *,
    as_json: AsJson = False,
) -> int:
    """Check a model as a run would: hashes, inputs and outputs, golden answers; and time it on this host."""
    from flightsw.apps.inference.engine import load
    from flightsw.devices.models import load_card

    card = load_card(model)
    rows = [(one, _host_us(card, load(card, one))) for one in card.variants]
    if as_json:
        timed = [{"variant": one.name, "host_us_per_tile": us} for one, us in rows]
        typer.echo(json.dumps({"model": card.name, "good": True, "variants": timed}))
        return GOOD
    for one, us in rows:
        typer.echo(f"{card.name}:{one.name}: hash, inputs, outputs and golden answer good; {us:.0f} us a tile")
    typer.echo(
        f"us a tile: measured on this host, one thread, batches of {BATCH}; the simulation takes no time from it"
    )
    return GOOD


@app.command("pack")
def pack(
    model: Annotated[str, typer.Argument(metavar="PATH", help="A card, its folder, or a shipped model's name.")],
    store: Annotated[Path, typer.Argument(metavar="STORE", help="Folder of files named by their hash.")],
    *,
    as_json: AsJson = False,
) -> int:
    """Put a model's card and networks into a blob store; prints the hash that `model.load` takes."""
    from flightsw.devices.blobs import pack as into_store

    sha256 = into_store(model, store)
    typer.echo(json.dumps({"sha256": sha256, "store": str(store)}) if as_json else sha256)
    return GOOD


def _host_us(card: ModelCard, network: Network) -> float:
    """Microseconds a tile of the best of a few rounds."""
    import numpy as np

    from flightsw.bus.pacing import monotonic_s
    from flightsw.devices.golden import golden_tile

    tiles = np.repeat(golden_tile(card.bands, card.cells), BATCH, axis=0)
    best_s = float("inf")
    for _ in range(ROUNDS):
        start_s = monotonic_s()
        for _ in range(CALLS):
            network.infer(tiles)
        best_s = min(best_s, monotonic_s() - start_s)
    return round(best_s / (CALLS * BATCH) * 1e6, 1)


def _as_dict(card: ModelCard) -> dict[str, Any]:
    return {
        "name": card.name,
        "task": card.task,
        "folder": card.folder,
        "default_variant": card.default_variant,
        "quality_metric": card.quality_metric,
        "variants": [_variant_dict(one) for one in card.variants],
    }


def _variant_dict(variant: Variant) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(variant)
    return told
