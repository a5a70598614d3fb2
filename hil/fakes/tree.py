"""Builds a tree of files and commands, and rewrites its values while somebody reads them.

A value is replaced whole (a new file takes the old one's name), so that a reader never sees half of it; a file that a
driver may write is left to it. A reading that fails is made the way the kernel makes it fail: by an I/O error.
"""

from __future__ import annotations

import os
from pathlib import Path

IO_ERROR = Path("/proc/self/mem")
"""reading its beginning gives EIO: what a powered-off sensor gives"""


class TreeBuilder:
    """Writes below a root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, path: str, value: object) -> None:
        """A file's value."""
        file = self.at(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.new")
        temporary.write_text(f"{value}\n")
        temporary.rename(file)

    def break_(self, path: str) -> None:
        """Reading it raises from now on, as a sensor does that has no power."""
        self.remove(path)
        self.at(path).parent.mkdir(parents=True, exist_ok=True)
        self.at(path).symlink_to(IO_ERROR)

    def remove(self, path: str) -> None:
        """The file vanishes."""
        self.at(path).unlink(missing_ok=True)

    def command(self, name: str, script: str) -> None:
        """A command: a shell script that finds the tree at $root."""
        file = self.at(f"/usr/bin/{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'#!/bin/sh\nroot="${{0%/*}}/../.."\n{script}\n')
        file.chmod(0o755)

    def number(self, path: str) -> int:
        """What the file says now: a driver may have written it."""
        return int(self.text(path))

    def text(self, path: str) -> str:
        """What the file says now. Empty, it is being written this moment: a kernel's file never is."""
        while not (text := self.at(path).read_text().strip()):
            pass
        return text

    def at(self, path: str) -> Path:
        """Where it lies."""
        return self.root / path.lstrip("/")

    def link(self, path: str, target: str) -> None:
        """A symbolic link within the tree."""
        file = self.at(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_symlink():
            file.symlink_to(os.path.relpath(self.at(target), file.parent))
