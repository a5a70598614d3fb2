"""Reads, compares and writes the machine-made figures of a card, and leaves a person's lines and comments alone.

Figures are {table: {name: value}}: "" is the top of the card, "variants.NAME" the row of that variant. Used by every
model's measure.py and by `telemetry-anomaly`'s train.py.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

Figures = dict[str, dict[str, Any]]
VARIANTS = "variants"


def stated(card: dict[str, Any], table: str, name: str) -> object:
    """What the card says; None: nothing."""
    head, _, variant = table.partition(".")
    if head == VARIANTS:
        rows = [row for row in card.get(VARIANTS, []) if row.get("name") == variant]
        return rows[0].get(name) if rows else None
    at: Any = card
    for step in table.split(".") if table else []:
        at = at.get(step, {})
    return at.get(name)


def replaced(text: str, table: str, name: str, value: object) -> str:
    """The card's text with one figure replaced, in its table; the comment behind it stays."""
    lines, here = text.splitlines(), ""
    for index, line in enumerate(lines):
        said = line.partition("#")[0].strip()
        if said.startswith("["):
            here = said.strip("[]")
        elif here == VARIANTS and said.startswith("name ="):
            here = f"{VARIANTS}.{tomllib.loads(said)['name']}"
        elif here == table and line.split("=")[0].strip() == name:
            _, sign, comment = line.partition("#")
            new = f"{name} = {as_toml(value)}"
            lines[index] = f"{new:<37} {sign}{comment}" if sign else new
    return "\n".join(lines) + "\n"


def as_toml(value: Any) -> str:
    """A figure as the card has it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {as_toml(each)}" for key, each in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)


def command(
    path: Path, doc: str | None, figures: Callable[[], Figures], agrees: Callable[[object, object], bool]
) -> int:
    """`measure.py`'s command line: the exit code. `agrees(said, measured)`."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    measured = figures()
    text = path.read_text()
    card, wrong = tomllib.loads(text), []
    for table, rows in measured.items():
        for name, value in rows.items():
            print(f"{table + '.' if table else ''}{name} = {value}")
            said = stated(card, table, name)
            if not agrees(said, value):
                wrong.append((table, name, said, value))
    if asked.write:
        for table, name, said, value in wrong:
            text = replaced(text, table, name, value)
            print(f"card: {name}: {said} -> {value}")
        path.write_text(text)
    elif asked.check:
        for table, name, said, value in wrong:
            print(f"card.toml: {table}.{name} = {said}: measured {value}", file=sys.stderr)
        return 1 if wrong else 0
    return 0
