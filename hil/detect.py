"""Which board is this? Asked of the tree; the most particular driver that finds itself at home wins."""

from __future__ import annotations

from pathlib import Path

from flightsw.errors import ConfigError
from hil.drivers import jetson, linux, raspberrypi
from hil.drivers.composed import ComposedBoard
from hil.drivers.power import LinePower
from hil.tree import Tree

AUTO = "auto"
KINDS = (AUTO, linux.KIND, jetson.KIND, raspberrypi.KIND)


def open_board(kind: str, root: Path, line: LinePower | None = None, safe_mode: str | None = None) -> ComposedBoard:
    """The board of a tree. Raises ConfigError: it isn't one of that kind, or there is no such tree."""
    if kind not in KINDS:
        raise ConfigError(f"board = {kind!r}: must be {', '.join(KINDS)}")
    if not root.is_dir():
        raise ConfigError(f"root = {str(root)!r}: no such folder")
    tree = Tree(root)
    if kind == jetson.KIND and not jetson.is_jetson(tree):
        raise ConfigError(f"board = {kind!r}: {root} is no Jetson: neither {jetson.MODEL} nor {jetson.RELEASE} says so")
    if kind == raspberrypi.KIND and not raspberrypi.is_raspberry_pi(tree):
        raise ConfigError(f"board = {kind!r}: {root} is no Raspberry Pi: {raspberrypi.MODEL} doesn't say so")
    if kind == jetson.KIND or (kind == AUTO and jetson.is_jetson(tree)):
        return jetson.jetson_board(tree, safe_mode)
    if kind == raspberrypi.KIND or (kind == AUTO and raspberrypi.is_raspberry_pi(tree)):
        return raspberrypi.raspberry_pi_board(tree, line)
    return linux.linux_board(tree, line)
