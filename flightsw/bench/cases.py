"""What the control laws are measured in: cases (a scenario, a design case, overrides), each law's own figures there.

Data, see `data/control.toml`; the tuned figures of a law stand in `data/tuned.toml`, with what made them. Read by
`control` (flights) and `tuning` (sweeps).
"""

from __future__ import annotations

from importlib import resources
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from flightsw.apps.thermal.laws import SHIPPED
from flightsw.errors import ConfigError
from flightsw.node.tomlfile import convert, load_toml

BASELINE = "hysteresis"
"""the law that the others are held against"""
Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]


class BenchCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One flight to measure laws in."""

    name: Name
    why: str
    scenario: str
    case: str | None = None
    duration: str = "2orbits"
    overrides: tuple[str, ...] = ()
    law_config: dict[str, dict[str, Any]] = {}
    """by law: what it is told here"""
    grid: dict[str, tuple[float, ...]]
    """that the swept law is tuned over: values by field"""

    @property
    def points(self) -> list[dict[str, float]]:
        """Every combination of the grid, in order."""
        return [dict(zip(self.grid, values, strict=True)) for values in product(*self.grid.values())]


class Sweep(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which law is tuned, on which seeds."""

    law: str
    seeds: tuple[int, ...]
    """none of those that laws are compared by"""


class Bench(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `data/control.toml`."""

    allowed_over_k: Annotated[float, Meta(ge=0.0, le=10.0)]
    """a law that takes the chip further above its limit does not hold it"""
    at_limit_k: Annotated[float, Meta(gt=0.0, le=10.0)]
    """a chip so near its limit is at it"""
    laws: tuple[str, ...]
    sweep: Sweep
    cases: tuple[BenchCase, ...]


class Tuned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A law's figures in one case, and where they come from."""

    case: str
    law: str
    figures: dict[str, float]
    source: str
    """command, version, seeds, what it was the best of"""


class TunedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `data/tuned.toml`."""

    tuned: tuple[Tuned, ...] = ()


def shipped_bench() -> Bench:
    """The bench that comes with flightsw. Raises ConfigError."""
    with resources.as_file(data_file("control.toml")) as path:
        bench = convert(load_toml(path), Bench, "control.toml")
    for law in (*bench.laws, bench.sweep.law):
        if law not in SHIPPED:
            raise ConfigError(f"control.toml: laws: {law!r}: must be one of {', '.join(SHIPPED)}")
    return bench


def shipped_tuned() -> tuple[Tuned, ...]:
    """The tuned figures that come with flightsw. Raises ConfigError."""
    with resources.as_file(data_file("tuned.toml")) as path:
        return convert(load_toml(path), TunedFile, "tuned.toml").tuned


def law_config(bench_case: BenchCase, law: str, tuned: tuple[Tuned, ...]) -> dict[str, Any]:
    """What a law is told in a case: tuned figures over the case's own."""
    told = dict(bench_case.law_config.get(law, {}))
    for one in tuned:
        if (one.case, one.law) == (bench_case.name, law):
            told.update(one.figures)
    return told


def chosen_cases(bench: Bench, names: list[str]) -> tuple[BenchCase, ...]:
    """The cases of these names; all without. Raises ConfigError: no such case."""
    known = {one.name: one for one in bench.cases}
    for name in names:
        if name not in known:
            raise ConfigError(f"case = {name!r}: must be one of {', '.join(known)}")
    return tuple(known[name] for name in names) if names else bench.cases


def data_file(name: str) -> Any:
    """A file that comes with the bench."""
    return resources.files("flightsw.bench") / "data" / name


def tuned_path() -> Path:
    """Where `--tune` writes: the package's own file."""
    return Path(str(data_file("tuned.toml")))
