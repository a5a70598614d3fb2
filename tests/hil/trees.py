"""Trees that fail the way a board's do: for one path, an error of the kernel's choosing."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from hil.fakes.tree import TreeBuilder
from hil.tree import Tree


class FailingTree(Tree):
    """A tree whose files give these errors when they are read or written."""

    def __init__(self, root: Path, *, reading: Mapping[str, int] = {}, writing: Mapping[str, int] = {}) -> None:
        super().__init__(root)
        self.reading = dict(reading)
        self.writing = dict(writing)

    def _read(self, path: str) -> bytes:
        if path in self.reading:
            raise OSError(self.reading[path], os.strerror(self.reading[path]))
        return super()._read(path)

    def _write(self, path: str, text: str) -> None:
        if path in self.writing:
            raise OSError(self.writing[path], os.strerror(self.writing[path]))
        super()._write(path, text)


DENIED = errno.EACCES


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def machine(root: Path, *, busy: int = 100, idle: int = 300) -> TreeBuilder:
    """A virtual machine: processor time and nothing else."""
    tree = TreeBuilder(root)
    tree.put("/proc/stat", f"cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1 0 0 1\ncpu1 1 0 0 1")
    return tree
