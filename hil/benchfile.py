"""Bench files: which scenario a real board flies, at which tick, and what holds for the board. TOML.

    scenario = "cubesat-6u-orin-nano"     shipped, or a file
    duration = "10min"
    dt_s = 0.1
    endpoint = "tcp://0.0.0.0:5760"
    [set]                                 fields of the scenario, by path
    [board]                               `flightsw.devices.board.BoardConfig`

Read by `flightsw hil bench`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from flightsw.devices.board import BoardConfig
from flightsw.errors import ConfigError
from flightsw.node.scenario import Scenario, load_scenario
from flightsw.node.tomlfile import apply_overrides, convert, load_toml, parse_overrides


class BenchFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bench run's description."""

    scenario: str
    description: str = ""
    duration: str = "10min"
    dt_s: Annotated[float, Meta(ge=0.001, le=10.0)] = 0.1
    """wall-clock and simulated: a board can't be hurried"""
    endpoint: Annotated[str, Meta(pattern=r"^tcp://[^\s]+:(\d+|\*)$")] = "tcp://127.0.0.1:5760"
    """where agents connect to; 0.0.0.0 for boards on the network"""
    profile: str | None = None
    """device profile, shipped or a file; None: the scenario's own"""
    join_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 60.0
    """the run does not start without its agent for so long"""
    set: dict[str, Any] = {}
    """fields of the scenario, by path"""
    board: BoardConfig = BoardConfig()


FIELDS = BenchFile.__struct_fields__


def shipped_benches() -> list[str]:
    """Names of the bench files that come with flightsw."""
    folder = resources.files("hil") / "benches"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_bench(name_or_path: str, overrides: Sequence[str] = ()) -> BenchFile:
    """A shipped bench or a file, with overrides of its fields, or of its scenario's. Raises ConfigError."""
    of_scenario = [text for text in overrides if text.partition("=")[0].split(".")[0] not in FIELDS]
    bench = _read(name_or_path, [text for text in overrides if text not in of_scenario])
    return msgspec.structs.replace(bench, set={**bench.set, **dict(parse_overrides(of_scenario))})


def _read(name_or_path: str, overrides: Sequence[str]) -> BenchFile:
    if name_or_path in shipped_benches():
        with resources.as_file(resources.files("hil") / "benches" / f"{name_or_path}.toml") as path:
            return convert(apply_overrides(load_toml(path), overrides), BenchFile, f"{name_or_path}.toml")
    path = Path(name_or_path)
    try:
        return convert(apply_overrides(load_toml(path), overrides), BenchFile, name_or_path)
    except ConfigError as error:
        if path.exists():
            raise
        raise ConfigError(f"{error} (shipped benches: {', '.join(shipped_benches())})") from None


def bench_scenario(bench: BenchFile) -> Scenario:
    """The scenario as the bench flies it: its own tick, a real board, every batch computed. Raises ConfigError."""
    board = msgspec.to_builtins(bench.board)
    modes = board.pop("modes")
    own: dict[str, Any] = {
        **bench.set,
        **({} if bench.profile is None else {"plant.profile": bench.profile}),
        "dt_s": bench.dt_s,
        "duration": bench.duration,
        "apps.inference.execute": "every",
        **{f"board.{field}": value for field, value in board.items()},
        **{f"board.modes.{name}": its_own for name, its_own in modes.items()},
    }
    scenario = load_scenario(bench.scenario, [f"{path}={_inline(value)}" for path, value in own.items()])
    if scenario.own_processes or isinstance(scenario.apps.inference.app, str):
        raise ConfigError(f"{bench.scenario}: applications of your own: an agent has the shipped ones alone")
    return scenario


def _inline(value: Any) -> str:
    """As TOML on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(key)} = {_inline(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value)
