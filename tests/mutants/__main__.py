"""Mutation check of the laws: `make mutants` (ARGS="--seed 2 --count 30"). Do the tests notice when a law is wrong?

Draws mutants of the laws and of the pure modules that they compose, at random by seed, and runs the tests of the
applications and of their configuration, then the default scenario's requirements and baseline, against each, in a copy
of the tree. Those in `known.toml` are equivalent, each with its reason; at least nine tenths of the others must be
caught.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from tests.mutants.operators import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
KNOWN = Path(__file__).with_name("known.toml")
COPIED = ("flightsw", "tests", "models", "docs", "pyproject.toml", "README.md")
# With the laws themselves, what they compose: all that is pure in an application's folder but its events.
NOT_LAWS = ("__init__", "app", "workshop", "config", "events", "boardevents", "interface", "engine")
SHARE_TO_CATCH = 0.9
GUARD_SHARE = 8.0
"""what a mutant is run through may take so many times as long as of the laws as they are; longer, it never ends"""
LAW_TESTS = ("tests/apps", "tests/node/test_reference.py")
"""what the laws do, and what their configuration is by default"""
PYTEST = ("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")
CHECK = ("check", "cubesat-6u-orin-nano", "--execute", "sample:20")
CHECK_FAILED = 1
"""the exit status that says so; by any other nothing was judged"""


class Result(NamedTuple):
    """What became of a mutant."""

    mutant: Mutant
    caught_by: str
    """empty: it survived"""
    reason: str
    """of a known equivalent one"""


class Guards(NamedTuple):
    """Seconds after which a mutant's run never ends."""

    tests_s: float
    check_s: float


def all_mutants() -> list[Mutant]:
    """Every mutant of every law, in a fixed order."""
    files = sorted(path for path in (ROOT / "flightsw/apps").glob("*/*.py") if path.stem not in NOT_LAWS)
    paths = [path.relative_to(ROOT).as_posix() for path in files]
    return [mutant for path in paths for mutant in mutants_of(path, (ROOT / path).read_text())]


def known_equivalents() -> dict[tuple[str, str, str], str]:
    """Reasons by the mutants' keys."""
    entries = tomllib.loads(KNOWN.read_text())["equivalent"]
    return {(entry["path"], entry["within"], entry["change"]): entry["reason"] for entry in entries}


def killer(mutant: Mutant, tree: Path, guards: Guards) -> str:
    """What catches the mutant in this copy of the tree; empty: nothing does."""
    target = tree / mutant.path
    original = target.read_text()
    target.write_text(mutant.applied(original))
    try:
        app = Path(mutant.path).parent.name
        near = sorted(str(path.relative_to(tree)) for path in (tree / "tests/apps").glob(f"test_{app}*.py"))
        return (
            tests_say(tree, guards.tests_s, *near)
            or tests_say(tree, guards.tests_s, *LAW_TESTS)
            or check_says(tree, guards.check_s)
        )
    finally:
        target.write_text(original)


def tests_say(tree: Path, guard_s: float | None, *paths: str) -> str:
    """What failed, in a word; empty: nothing."""
    done = _run(tree, guard_s, *PYTEST, *paths)
    if done is None:
        return "never ends"
    if done.returncode == 0:
        return ""
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return failed[0].rpartition("/")[2] if failed else "does not load"


def check_says(tree: Path, guard_s: float) -> str:
    """Whether requirements or baseline find something; a check that judged nothing hasn't."""
    done = _check(tree, guard_s)
    if done is None:
        return "never ends"
    return "requirements and baseline" if done.returncode == CHECK_FAILED else ""


def _check(tree: Path, guard_s: float | None) -> subprocess.CompletedProcess[str] | None:
    return _run(tree, guard_s, "-c", "import sys; from flightsw.cli import main; sys.exit(main())", *CHECK)


def _run(tree: Path, guard_s: float | None, *arguments: str) -> subprocess.CompletedProcess[str] | None:
    """None: it never ends."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tree,
            env=environment,
            capture_output=True,
            text=True,
            timeout=guard_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None


def examine(mutants: Sequence[Mutant], jobs: int) -> list[Result]:
    """Run the tests against each mutant."""
    known = known_equivalents()
    with tempfile.TemporaryDirectory(prefix="flightsw-mutants-") as scratch:
        copies = [_copied_tree(Path(scratch) / str(number)) for number in range(jobs)]
        guards = Guards(GUARD_SHARE * own_tests_s(copies), GUARD_SHARE * own_check_s(copies))
        trees: SimpleQueue[Path] = SimpleQueue()
        for tree in copies:
            trees.put(tree)

        def one(mutant: Mutant) -> Result:
            reason = known.get(mutant.key, "")
            tree = trees.get()
            try:
                result = Result(mutant, killer(mutant, tree, guards), reason)
            finally:
                trees.put(tree)
            verdict = f"caught by {result.caught_by}" if result.caught_by else f"SURVIVED {reason}".rstrip()
            print(f"{mutant.name}\n    {verdict}", flush=True)
            return result

        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(one, mutants))


def own_tests_s(copies: Sequence[Path]) -> float:
    """Seconds that the tests take of the laws as they are, in all copies at once. Raises SystemExit: they fail."""
    begin_s = time.monotonic()
    with ThreadPoolExecutor(len(copies)) as pool:
        said = list(pool.map(lambda tree: tests_say(tree, None, *LAW_TESTS), copies))
    if any(said):
        raise SystemExit(f"the laws as they are fail: {next(filter(None, said))}")
    return time.monotonic() - begin_s


def own_check_s(copies: Sequence[Path]) -> float:
    """The same of the check, which would else catch every mutant. Raises SystemExit: it isn't kept."""
    begin_s = time.monotonic()
    with ThreadPoolExecutor(len(copies)) as pool:
        done = list(pool.map(lambda tree: _check(tree, None), copies))
    for one in done:
        if one is None or one.returncode != 0:
            said = "" if one is None else f"exit {one.returncode}\n{one.stdout}{one.stderr}"
            raise SystemExit(f"flightsw {' '.join(CHECK)}: the laws as they are don't pass: {said}")
    return time.monotonic() - begin_s


def _copied_tree(folder: Path) -> Path:
    folder.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be at least 1")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, run, report. 0: enough were caught."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=_at_least_one, default=30)
    parser.add_argument("--jobs", type=_at_least_one, default=2)
    options = parser.parse_args(arguments)
    everything = all_mutants()
    drawn = random.Random(options.seed).sample(everything, options.count)
    results = examine(drawn, options.jobs)
    survivors = [result for result in results if not result.caught_by]
    equivalent = [result for result in survivors if result.reason]
    judged = len(results) - len(equivalent)
    caught = len(results) - len(survivors)
    print(f"\nseed {options.seed}: {len(drawn)} of {len(everything)} mutants; {caught} of {judged} caught, ", end="")
    print(f"{len(equivalent)} equivalent")
    for result in survivors:
        print(f"  survived: {result.mutant.name}: {result.reason or 'no reason known'}")
    return 0 if caught >= SHARE_TO_CATCH * judged else 1


if __name__ == "__main__":
    sys.exit(main())
