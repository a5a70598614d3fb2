"""Files of recorded arrivals, and how a scenario takes them in.

    [[apps.inference.sources]]
    kind = "trace"
    name = "recorded"
    file = "arrivals.csv"           # beside the scenario: seconds since the start of the run, scenes

The file's rows stand in the scenario from then on, so that a log, a replay and a resolved scenario carry them. Called
by `node.scenario`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flightsw.errors import ConfigError

MOST_ROWS = 100_000
HEAD = "t_s,scenes"


def read_trace(path: Path) -> list[list[float | int]]:
    """The file's rows. Raises ConfigError, naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {error}") from None
    if not lines or lines[0].strip() != HEAD:
        raise ConfigError(f"{path}: line 1 = {lines[0][:60] if lines else ''!r}: must be {HEAD!r}")
    if not 2 <= len(lines) <= MOST_ROWS + 1:
        raise ConfigError(f"{path}: {len(lines) - 1} rows: must be 1 to {MOST_ROWS}")
    return [_row(path, number, line) for number, line in enumerate(lines[1:], 2) if line.strip()]


def _row(path: Path, number: int, line: str) -> list[float | int]:
    try:
        t_s, scenes = line.split(",")
        return [float(t_s), int(scenes)]
    except ValueError:
        raise ConfigError(f"{path}: line {number} = {line[:60]!r}: must be seconds, comma, scenes") from None


def with_traces(table: dict[str, Any], folder: Path, where: str) -> dict[str, Any]:
    """A scenario's table with the rows of its trace files in it. Raises ConfigError."""
    apps: Mapping[str, Any] = _table(table.get("apps"))
    inference = _table(apps.get("inference"))
    sources = inference.get("sources")
    if not isinstance(sources, list) or not any(isinstance(one, Mapping) and "file" in one for one in sources):
        return table
    whole = []
    for place, one in enumerate(sources):
        if not (isinstance(one, Mapping) and "file" in one and one.get("kind") == "trace"):
            whole.append(one)
            continue
        field = f"{where}: apps.inference.sources[{place}]"
        if "arrivals" in one:
            raise ConfigError(f"{field}.file: given beside arrivals: must be one of them")
        if not isinstance(one["file"], str):
            raise ConfigError(f"{field}.file = {one['file']!r}: must be text")
        rest = {key: value for key, value in one.items() if key != "file"}
        whole.append(rest | {"arrivals": read_trace(folder / one["file"])})
    return {**table, "apps": {**apps, "inference": {**inference, "sources": whole}}}


def _table(value: object) -> Mapping[str, Any]:
    """A table; an empty one for anything else, which is refused when the scenario is converted."""
    return value if isinstance(value, Mapping) else {}
