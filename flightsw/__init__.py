"""flightsw: a flight-software emulator for an AI-enabled satellite node.

`flightsw.node("scenario")` flies a node in this process; see `flightsw.node.api`. `flightsw.satellite("file.toml")`
runs the physics alone; see `flightsw.node.satellite`. `flightsw.open("runs/...")` reads a run; see
`flightsw.record.opened`. Everything heavy is imported on first use.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what a call of the package gives; at run time it is the package (see flightsw.node)
    from flightsw.node.api import open_node as node
    from flightsw.node.satellite import Satellite
    from flightsw.node.satellite import open_satellite as satellite
    from flightsw.record.opened import OpenedRun
    from flightsw.record.opened import open_run as open  # noqa: A004

__all__ = ["__version__", "node", "open", "satellite"]

__version__ = "0.1.0"


def __getattr__(name: str) -> ModuleType | Callable[..., Satellite] | Callable[..., OpenedRun]:
    if name == "node":
        return importlib.import_module("flightsw.node")
    if name == "satellite":
        from flightsw.node.satellite import open_satellite

        return open_satellite
    if name == "open":
        from flightsw.record.opened import open_run

        return open_run
    raise AttributeError(f"module 'flightsw' has no attribute {name!r}")
