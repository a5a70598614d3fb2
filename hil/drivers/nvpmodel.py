"""Jetson's power modes, by name. Ids differ by board and release, so that a number means nothing by itself.

Names are read from /etc/nvpmodel.conf, the mode in force from /var/lib/nvpmodel/status (no root), else from
`nvpmodel -q`. A mode that changes the number of cores takes a reboot, and over SSH fails without a word: what is in
force is read back after every change, and counts.
"""

from __future__ import annotations

import re

from flightsw.devices.board import Capability, ModeChange, Standing
from hil.tree import Runner, Tree, Unavailable

CONFIG = "/etc/nvpmodel.conf"
STATUS = "/var/lib/nvpmodel/status"
_MODEL = re.compile(r"<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+?)\s*>")
_PMODE = re.compile(r"pmode:(\d+)")
_NAMED = re.compile(r"NV Power Mode:\s*(\S+)")


class Nvpmodel:
    """The tool and its files."""

    def __init__(self, tree: Tree, run: Runner) -> None:
        self._tree = tree
        self._run = run
        self._names: dict[int, str]
        try:
            self._names = {int(number): name for number, name in _MODEL.findall(tree.text(CONFIG))}
        except Unavailable:
            self._names = {}
        self._initial = self.mode()

    def capability(self) -> Capability:
        mode = self.mode()
        if mode is None:
            return Capability("modes", Standing.ABSENT, "nvpmodel", "the mode in force can't be read")
        if not self._names:
            return Capability("modes", Standing.DEGRADED, "nvpmodel", f"{CONFIG} names none: {mode} can't be left")
        return Capability("modes", Standing.PRESENT, f"nvpmodel: {mode} of {', '.join(self.names())}")

    def names(self) -> tuple[str, ...]:
        return tuple(self._names.values())

    def mode(self) -> str | None:
        """In force; None: nobody says."""
        try:
            found = _PMODE.search(self._tree.text(STATUS))
            if found is not None and int(found[1]) in self._names:
                return self._names[int(found[1])]
        except Unavailable:
            pass
        try:
            named = _NAMED.search(self._run("nvpmodel", "-q"))
        except Unavailable:
            return None
        return None if named is None else str(named[1])

    def set_mode(self, name: str) -> ModeChange:
        number = next((number for number, other in self._names.items() if other == name), None)
        if number is None:
            return ModeChange(name, self.mode(), f"no such mode: {', '.join(self.names()) or 'none is known'}")
        if self.mode() == name:
            return ModeChange(name, name)
        try:
            self._run("nvpmodel", "-m", str(number))
        except Unavailable as error:
            return ModeChange(name, self.mode(), str(error))
        found = self.mode()
        return ModeChange(name, found, "" if found == name else "not taken: it may need a reboot")

    def restore(self) -> None:
        """Raises Unavailable."""
        if self._initial is not None and self.mode() != self._initial:
            change = self.set_mode(self._initial)
            if not change.taken:
                raise Unavailable(f"power mode {self._initial}: {change.reason}")
