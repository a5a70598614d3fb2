"""Writes scenarios with users' code into a folder of a test, as a user would have them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from flightsw.bus.records import TickRecord
from flightsw.node.inprocess import InProcessNode
from flightsw.node.scenario import Scenario, load_scenario

SHIPPED = (resources.files("flightsw.scenarios") / "cubesat-6u-orin-nano.toml").read_text()
LAWS = {"thermal": 'law = "predictive"\n', "inference": 'law = "budget"\n'}
"""what it says itself, which an application's own lines take the place of"""
QUICK = ("apps.inference.execute=none", "duration=400s")


def write(folder: Path, code: str, processes: str = "", **apps: str) -> Path:
    """A module `mine` and a scenario beside it; `apps`: lines for the section of each application."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.py").write_text(textwrap.dedent(code))
    text = SHIPPED
    for app, lines in apps.items():
        shipped = f"[apps.{app}]\n{LAWS.get(app, '')}"
        text = text.replace(shipped, f"[apps.{app}]\n{lines}\n")
    file = folder / "node.toml"
    file.write_text(text + textwrap.dedent(processes))
    return file


def load(file: Path, *overrides: str) -> Scenario:
    """The scenario, without computing images."""
    return load_scenario(str(file), [*QUICK, *overrides])


def flown(scenario: Scenario, ticks: int, lose: dict[int, Sequence[str]] | None = None) -> list[TickRecord]:
    """So many ticks in process; `lose`: who is lost in which."""
    node = InProcessNode(scenario)
    return [node.run_tick((lose or {}).get(tick, ())) for tick in range(ticks)]


def said(records: Sequence[TickRecord], kind: str) -> list[tuple[int, object]]:
    """(tick, message) of every message of this type's name."""
    return [
        (record.tick, entry[3]) for record in records for entry in record.entries if type(entry[3]).__name__ == kind
    ]
