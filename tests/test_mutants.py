"""The mutation check's own tools: each operator makes another law, one place at a time, and a drawing repeats."""

from __future__ import annotations

import ast
import random
import tomllib
from pathlib import Path

import pytest

from tests.mutants.__main__ import KNOWN, all_mutants, check_says, main, own_check_s
from tests.mutants.operators import mutants_of

LAW = '''
"""Docstring 1."""
LIMIT = 3
class State(gc=False):
    held: bool = True
def step(a: int, b: float = 2.0) -> int:
    """Another 1."""
    if a < LIMIT and not b:
        a += 1
    return min(a, -b) if a is None else a - b
'''


def changes() -> list[str]:
    return [mutant.change for mutant in mutants_of("law.py", LAW)]


@pytest.mark.parametrize(
    "change",
    [
        "a < LIMIT -> a <= LIMIT",
        "a < LIMIT -> a >= LIMIT",
        "a < LIMIT and (not b) -> a < LIMIT or not b",
        "not b -> b",
        "-b -> b",
        "3 -> 4",
        "2.0 -> 2.2",
        "True -> False",
        "a += 1 -> a -= 1",
        "a - b -> a + b",
        "min(a, -b) -> max(a, -b)",
        "a is None -> a is not None",
        "if a < LIMIT and (not b):... -> if False:...",
        "if a < LIMIT and (not b):... -> if True:...",
    ],
)
def test_an_operator_changes_one_place(change: str) -> None:
    assert change in changes()


def test_every_mutant_is_valid_code_that_differs_and_no_docstring_annotation_or_class_option_is_touched() -> None:
    found = list(mutants_of("law.py", LAW))
    original = ast.unparse(ast.parse(LAW)) + "\n"
    assert len(found) >= 16
    sources = [mutant.applied(LAW) for mutant in found]
    for source in sources:
        assert source != original
        ast.parse(source)
        assert "gc=False" in source
        assert '"""Docstring 1."""' in source
    assert len(set(sources)) == len(sources)


def test_the_laws_have_many_mutants_and_a_drawing_repeats() -> None:
    everything = all_mutants()
    assert len(everything) > 1000
    assert {mutant.path.split("/")[2] for mutant in everything} == {"power", "thermal", "inference", "comms", "health"}
    first, second = (random.Random(1).sample(everything, 30) for _ in range(2))
    assert [mutant.key for mutant in first] == [mutant.key for mutant in second]


def test_every_known_equivalent_mutant_still_exists_and_has_a_reason() -> None:
    keys = {mutant.key for mutant in all_mutants()}
    for entry in tomllib.loads(KNOWN.read_text())["equivalent"]:
        assert (entry["path"], entry["within"], entry["change"]) in keys, entry
        assert len(entry["reason"]) > 20


def a_tree_whose_check_exits(tmp_path: Path, status: int) -> Path:
    (tmp_path / "flightsw").mkdir()
    (tmp_path / "flightsw/__init__.py").touch()
    (tmp_path / "flightsw/cli.py").write_text(f"def main():\n    print('said')\n    return {status}\n")
    return tmp_path


@pytest.mark.parametrize(("status", "caught"), [(0, ""), (1, "requirements and baseline"), (2, ""), (3, "")])
def test_a_mutant_is_caught_by_the_check_where_that_judged_and_found_it_wanting(
    tmp_path: Path, status: int, caught: str
) -> None:
    assert check_says(a_tree_whose_check_exits(tmp_path, status), 60.0) == caught


@pytest.mark.parametrize("status", [1, 2])
def test_nothing_is_drawn_where_the_laws_as_they_are_do_not_pass_the_check(tmp_path: Path, status: int) -> None:
    with pytest.raises(SystemExit, match=f"the laws as they are don't pass: exit {status}\nsaid"):
        own_check_s([a_tree_whose_check_exits(tmp_path, status)])


@pytest.mark.parametrize("count", ["0", "-3"])
def test_a_drawing_of_no_mutant_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--count", count])
    assert f"{count}: must be at least 1" in capsys.readouterr().err
