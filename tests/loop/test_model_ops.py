"""A model replaced in flight: by telecommand, through the loss of its process meanwhile, and replayed to the bit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.devices.blobs import pack
from tests.console import Cli

SEED_RUN = ("run", "--in-process", "--duration", "260s", "--json", "--execute", "every")


def flown(cli: Cli, folder: Path, *overrides: str) -> tuple[int, list[str], list[str]]:
    """Of a run with these overrides: inferences, ids of its events, last stages of its commands."""
    sets = [part for override in overrides for part in ("--set", override)]
    said = cli(*SEED_RUN, "--out", str(folder), *sets)
    assert said.code == 0, said.err
    lines = (folder / "events.jsonl").read_text().splitlines()
    stages = {one.request: one.stage.name for _, _, one in LogReader(folder).messages(["tc.verification"])}
    return said.json["inferences"], [json.loads(line)["id"] for line in lines], [*stages.values()]


@pytest.fixture
def commanded(tmp_path: Path) -> tuple[str, str]:
    """Overrides: a store with the shipped model in it, and its way from load to flight."""
    sha = pack("cloudseg", tmp_path / "store")
    at = [
        ("30s", "model.load", f'slot="a", sha256="{sha}"'),
        ("32s", "model.verify", 'slot="a"'),
        ("34s", "model.canary", 'slot="a", batches=25'),
        ("36s", "model.activate", 'slot="a"'),  # too early: refused
        ("230s", "model.activate", 'slot="a"'),
    ]
    rows = [f'{{at="{when}", name="{name}", args={{{args}}}}}' for when, name, args in at]
    return f"apps.inference.blobs={str(tmp_path / 'store')!r}", f"commands=[{', '.join(rows)}]"


def test_an_image_flies_although_its_process_is_lost_while_its_canary_runs(
    cli: Cli, tmp_path: Path, commanded: tuple[str, str]
) -> None:
    crash = 'faults=[{kind="crash", process="inference", at="100s"}]'
    inferences, events, stages = flown(cli, tmp_path / "run", *commanded, crash)
    assert stages == ["COMPLETED", "COMPLETED", "COMPLETED", "FAILED", "COMPLETED"]
    told = [event for event in events if event in ("APP_LOST", "REJOIN") or event.startswith("model.")]
    assert told == ["APP_LOST", "REJOIN", "model.canary_passed", "model.activated"]
    assert cli("replay", str(tmp_path / "run")).code == 0
    plain, _, _ = flown(cli, tmp_path / "plain", crash)
    assert inferences == plain > 0


def test_an_upload_that_was_cut_is_refused_by_telecommand_and_the_run_is_as_without_it(
    cli: Cli, tmp_path: Path, commanded: tuple[str, str]
) -> None:
    for blob in (tmp_path / "store").iterdir():
        blob.write_bytes(blob.read_bytes()[:-7])
    inferences, events, stages = flown(cli, tmp_path / "run", *commanded)
    assert stages == ["FAILED"] * 5
    assert not [event for event in events if event.startswith("model.")]
    assert inferences > 0
