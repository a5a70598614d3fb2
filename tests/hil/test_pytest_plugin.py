"""The pytest plugin as a user has it: boards that are there, that aren't, that are taken, and a rig that is broken."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hil.fakes.jetson import ORIN_NANO, FakeJetson
from hil.reservation import BoardTaken, lock_file, reserved
from tests.hil.trees import machine

TESTS = """
import pytest

@pytest.mark.board("jetson")
def test_its_mode_is_taken(board):
    assert board.kind == "jetson"
    assert board.set_mode("MAXN_SUPER").taken
    board.limit(0.5)

@pytest.mark.board("jetson", needs=["power.ina3221", "modes"])
def test_it_was_put_back(board):
    assert board.sample().clock.value == 612.0

@pytest.mark.board("jetson", needs=["power.meter"])
def test_with_a_meter(board):
    raise AssertionError("there is none")

@pytest.mark.board("raspberrypi")
def test_a_pi(board):
    raise AssertionError("there is none")

def test_any_board(board):
    assert board.sample().power.value > 0.0
"""


MARKS = """
import pytest

@pytest.mark.board(kind="jetson")
def test_kind_by_keyword(board):
    raise AssertionError("this is no Jetson")

@pytest.mark.board("jeston")
def test_typo(board): pass

@pytest.mark.board("linux", needs="modes")
def test_a_string(board): pass

@pytest.mark.board("linux", neds=["modes"])
def test_another_keyword(board): pass
"""


def run_tests(folder: Path, root: Path, *more: str, tests: str = TESTS) -> tuple[int, str]:
    (folder / "test_board.py").write_text(tests)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-ra", "-p", "hil.pytest_plugin", "-p", "no:cacheprovider"),
            *("--strict-markers", f"--rootdir={folder}", f"--board-root={root}", *more, str(folder)),
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_absent_boards_and_capabilities_skip_with_a_reason_and_each_test_finds_the_board_as_it_was(
    tmp_path: Path,
) -> None:
    root = tmp_path / "tree"
    FakeJetson(root, ORIN_NANO)
    code, said = run_tests(tmp_path, root)
    assert code == 0, said
    assert "3 passed, 2 skipped" in said
    assert "is no Raspberry Pi" in said
    assert "has no power.meter: none is wired" in said


def test_a_mark_that_cannot_be_meant_is_an_error_and_no_skip_and_a_kind_is_read_by_keyword_too(tmp_path: Path) -> None:
    machine(tmp_path / "tree")
    code, said = run_tests(tmp_path, tmp_path / "tree", tests=MARKS)
    assert code == 1
    assert "1 skipped, 3 errors" in said, said
    assert "is no Jetson: neither" in said
    assert "kind = 'jeston': must be auto, linux, jetson, raspberrypi" in said
    assert "needs = 'modes': must be a list of capabilities' names" in said
    assert "unexpected keyword argument 'neds'" in said


def test_a_board_root_that_is_not_there_ends_pytest(tmp_path: Path) -> None:
    code, said = run_tests(tmp_path, tmp_path / "nowhere")
    assert code == int(pytest.ExitCode.USAGE_ERROR)
    assert "nowhere: no such folder" in said


def test_a_broken_rig_fails_once_and_says_what_is_wrong(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    fake = FakeJetson(root, ORIN_NANO)
    for place in range(len(ORIN_NANO.zones)):
        fake.tree.put(f"/sys/class/thermal/thermal_zone{place}/temp", 149_000)
    code, said = run_tests(tmp_path, root)
    assert code == 1
    assert re.search(r"1 error|1 failed", said), said
    assert said.count("the rig is broken: temperature: 149 degC: no board is so") >= 1
    assert "the rig is broken, as an earlier test said" in said
    assert "4 skipped" in said


def test_a_taken_board_is_waited_for_and_then_names_who_has_it(tmp_path: Path) -> None:
    waited: list[int] = []
    with reserved(tmp_path, "the soak test", 1.0):
        with pytest.raises(BoardTaken, match="taken by the soak test"):  # noqa: SIM117  two reservations
            with reserved(tmp_path, "me", 0.0, lambda: waited.append(1)):
                pass
        code, said = run_tests(tmp_path, tmp_path, "--board-timeout=0", "-k", "test_any_board")
        assert code == 1
        assert "taken by the soak test" in said
    with reserved(tmp_path, "me", 0.0):
        assert lock_file(tmp_path).read_text().startswith("me (process ")


def test_a_reservation_ends_with_its_holder(tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from hil.reservation import reserved\n"
        "with reserved(Path(sys.argv[1]), 'the killed', 0.0):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BoardTaken, match="the killed"), reserved(tmp_path, "me", 0.0):
        pass
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()
    with reserved(tmp_path, "me", 0.0):
        pass
