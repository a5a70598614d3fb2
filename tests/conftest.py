"""What holds for every test: random tests repeat exactly, and a module leaves no process and no socket behind.

Orphans of a killed launcher are not this process's children; the tests in `loop/` look for those by title.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

from flightsw.cli import main
from tests.console import Cli, Result

# No deadline: a verdict must not depend on how busy the machine is.
settings.register_profile("flightsw", deadline=None, derandomize=True, database=None)
settings.load_profile("flightsw")


def no_constants() -> providers.Constants:
    """Hypothesis draws now and then a constant that it read in the modules loaded so far, and thereby other examples in
    another worker, after other tests."""
    return providers.Constants()


providers._get_local_constants = no_constants


def children() -> dict[int, str]:
    """This process's children, zombies too: process id -> name."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            before, _, after = stat.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        if int(after.split()[1]) == os.getpid():
            found[int(stat.parent.name)] = before.partition("(")[2]
    return found


def sockets() -> set[str]:
    """The sockets that this process holds open."""
    found = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:  # the descriptor of this very listing
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Calls a command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> Result:
        code = main(list(args))
        captured = capfd.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture(autouse=True, scope="module")
def nothing_left_behind() -> Iterator[None]:
    """Fails the module's last test when a child process or an open socket outlives it."""
    gc.freeze()  # what is there already is no garbage of this module: no collection needs to look through it
    children_before, sockets_before = children(), sockets()
    yield
    if not sockets() <= sockets_before:
        gc.collect()  # an owner that nobody can reach any more holds none; to look for such takes a tenth of a second
    left = {pid: name for pid, name in children().items() if pid not in children_before}
    assert not left, f"left running: {left}"
    assert sockets() <= sockets_before, "left open: a socket"
