"""What `flightsw bench orbit` flies: cases (a scenario, its profile, a load of work), and the policies' figures there.

Data, see `data/orbit.toml`; the tuned figures of the baselines stand in `data/orbit-tuned.toml`, with what made them.
Read by `orbit` (flights) and `orbittuning` (sweeps).
"""

from __future__ import annotations

from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from flightsw.apps.inference.laws import SHIPPED
from flightsw.apps.inference.sourceconfig import AnySource
from flightsw.bench.cases import Name, data_file
from flightsw.errors import ConfigError
from flightsw.node.tomlfile import convert, load_toml

OURS = "budget"
BASELINES = ("fixed", "hysteresis")
"""tuned, and to be beaten"""
Figure = int | float


class OrbitCase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One load on one spacecraft."""

    name: Name
    """of the device profile"""
    why: str
    scenario: str
    duration: str
    """to the end of an eclipse: what is left in the battery there is what every policy is asked to leave"""
    overrides: tuple[str, ...] = ()
    sources: tuple[AnySource, ...]
    policy_config: dict[str, dict[str, Any]] = {}
    """by policy: what it is told here"""
    grid: dict[str, dict[str, tuple[Figure, ...]]] = {}
    """by tuned policy: values by field; of ours, what it keeps in the battery: all are compared at equal charge"""

    def points(self, policy: str) -> list[dict[str, Figure]]:
        """Every combination of a policy's grid, in order."""
        grid = self.grid[policy]
        return [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


class OrbitBench(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `data/orbit.toml`."""

    model: str
    """card of the model, for its ladder"""
    tuning_seeds: tuple[int, ...]
    """none of those that policies are compared by"""
    policies: tuple[str, ...]
    cases: tuple[OrbitCase, ...]


class OrbitTuned(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A policy's figures in one case, and where they come from."""

    case: str
    policy: str
    figures: dict[str, Figure]
    source: str
    """command, version, seeds, what it was the best of"""


class OrbitTunedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole of `data/orbit-tuned.toml`."""

    tuned: tuple[OrbitTuned, ...] = ()


def shipped_orbit_bench() -> OrbitBench:
    """The bench that comes with flightsw. Raises ConfigError."""
    with resources.as_file(data_file("orbit.toml")) as path:
        bench = convert(load_toml(path), OrbitBench, "orbit.toml")
    chosen_policies(bench, [])
    return bench


def shipped_orbit_tuned() -> tuple[OrbitTuned, ...]:
    """The tuned figures that come with flightsw. Raises ConfigError."""
    with resources.as_file(data_file("orbit-tuned.toml")) as path:
        return convert(load_toml(path), OrbitTunedFile, "orbit-tuned.toml").tuned


def policy_config(case: OrbitCase, policy: str, tuned: tuple[OrbitTuned, ...]) -> dict[str, Any]:
    """What a policy is told in a case: tuned figures over the case's own."""
    told = dict(case.policy_config.get(policy, {}))
    for one in tuned:
        if (one.case, one.policy) == (case.name, policy):
            told.update(one.figures)
    return told


def chosen_orbit_cases(bench: OrbitBench, names: list[str]) -> tuple[OrbitCase, ...]:
    """The cases of these profiles; all without. Raises ConfigError: no such case."""
    known = {one.name: one for one in bench.cases}
    for name in names:
        if name not in known:
            raise ConfigError(f"profile = {name!r}: must be one of {', '.join(known)}")
    return tuple(known[name] for name in names) if names else bench.cases


def chosen_policies(bench: OrbitBench, names: list[str]) -> tuple[str, ...]:
    """The policies of these names, shipped or by import path; the bench's own without. Raises ConfigError."""
    for name in names or bench.policies:
        if name not in SHIPPED and ":" not in name:
            raise ConfigError(f'policy = {name!r}: must be like "package.module:Class", or one of {", ".join(SHIPPED)}')
    return tuple(names) if names else bench.policies


def orbit_tuned_path() -> Path:
    """Where `--tune` writes: the package's own file."""
    return Path(str(data_file("orbit-tuned.toml")))
