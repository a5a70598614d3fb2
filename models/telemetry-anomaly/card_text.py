"""Writes machine-made parts of the card, and leaves a person's lines and comments alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any


def write_channels(
    path: Path, spacecraft: str, rows: Iterable[tuple[str, float, float, float]], threshold: float
) -> None:
    """Replace the threshold and the rows (signal, centre, scale, residual) of one spacecraft."""
    lines = path.read_text().splitlines()
    begin = next(n for n, line in enumerate(lines) if line.startswith(f"{spacecraft} = ["))
    end = next(n for n in range(begin, len(lines)) if lines[n] == "]")
    names = ("signal", "center", "scale", "residual")
    lines[begin + 1 : end] = [f"    {as_toml(dict(zip(names, row, strict=True)))}," for row in rows]
    path.write_text(replaced("\n".join(lines), "", "threshold", threshold))


def replaced(text: str, table: str, name: str, value: object) -> str:
    """The card's text with one figure replaced, in its table; the comment behind it stays."""
    lines, here = text.splitlines(), ""
    for index, line in enumerate(lines):
        if line.startswith("["):
            here = line.partition("#")[0].strip().strip("[]")
        elif here == table and line.split("=")[0].strip() == name:
            _, sign, comment = line.partition("#")
            said = f"{name} = {as_toml(value)}"
            lines[index] = f"{said:<37} {sign}{comment}" if sign else said
    return "\n".join(lines) + "\n"


def as_toml(value: Any) -> str:
    """A figure as the card has it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {as_toml(each)}" for key, each in value.items()) + " }"
    return f'"{value}"' if isinstance(value, str) else str(value)
