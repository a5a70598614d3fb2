"""Writes the channels of the card: a machine's part of it, as a script has just measured them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from common.cards import as_toml, replaced


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
