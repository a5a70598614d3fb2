"""The node as a whole: its scenario, its process table, and the two ways to run it.

The package can be called: `flightsw.node("scenario")` gives a `flightsw.node.api.Node`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flightsw.node.api import Node


class _CallablePackage(ModuleType):
    """A function of the package's own name can't stand beside it: importing a submodule would overwrite it."""

    def __call__(
        self,
        scenario: str | Path = "cubesat-6u-orin-nano",
        *,
        seed: int | None = None,
        overrides: Sequence[str] = (),
        case: str | None = None,
        out: Path | None = None,
    ) -> Node:
        """A node of this scenario, in this process, at tick 0. See `flightsw.node.api.Node`."""
        from flightsw.node.api import open_node

        return open_node(scenario, seed=seed, overrides=overrides, case=case, out=out)


sys.modules[__name__].__class__ = _CallablePackage
