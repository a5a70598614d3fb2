"""The live view on a real (pseudo-)terminal: keys change the pace and nothing else, and the terminal is given back."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from flightsw.record.folder import read_manifest
from tests.live.ptyrun import ALT, MAIN, SHOW, Terminal, parent_of

FLIGHT = ("run", "--execute", "none", "--duration", "400s")
HOSTS = pytest.mark.parametrize("host", [(), ("--in-process",)], ids=["processes", "in-process"])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The log hash of the same flight, flown without a view."""
    from flightsw.cli import main

    run_dir = tmp_path_factory.mktemp("undisturbed") / "run"
    assert main([*FLIGHT, "--in-process", "--json", "--out", str(run_dir)]) == 0
    found = read_manifest(run_dir).log_hash
    assert found
    return found


def seconds(screen: str) -> int:
    """Simulated time on the screen."""
    found = re.search(r"T\+ (\d+):(\d\d):(\d\d) of", screen)
    assert found, screen
    hours, minutes, rest = map(int, found.groups())
    return 3600 * hours + 60 * minutes + rest


def assert_given_back(terminal: Terminal) -> None:
    assert ALT in terminal.raw, "it was never taken"
    after = terminal.raw.rpartition(ALT)[2]
    assert MAIN in after
    assert SHOW in after
    assert terminal.attributes == terminal.before


@HOSTS
def test_pause_step_and_speed_leave_the_log_as_it_would_have_been(
    tmp_path: Path, undisturbed: str, host: tuple[str, ...]
) -> None:
    with Terminal(*FLIGHT, *host, "--speed", "20", "--out", str(tmp_path / "run")) as terminal:
        terminal.until("PAYLOAD")
        terminal.press(" ")
        held = seconds(terminal.until("PAUSED"))
        terminal.press("s")
        terminal.until(lambda screen: seconds(screen) == held + 1)
        terminal.press("\x1b[C")
        terminal.until(lambda screen: seconds(screen) == held + 2)
        terminal.press("?")
        assert "end the run in order" in terminal.until("one tick, then hold")
        terminal.press(" ")
        terminal.until("set 20 x")
        terminal.press("-")
        terminal.until("set 10 x")
        terminal.press("+" * 20)
        assert terminal.finish() == 0
        assert_given_back(terminal)
        assert "seed 1: completed" in terminal.raw.rpartition(MAIN)[2]
    manifest = read_manifest(tmp_path / "run")
    assert (manifest.outcome, manifest.perturbed, manifest.log_hash) == ("completed", False, undisturbed)


@pytest.mark.parametrize(
    ("host", "how"),
    [((), "q"), pytest.param(("--in-process",), "\x03", marks=pytest.mark.long)],
    ids=["quit, processes", "ctrl-c, in-process"],
)
def test_quitting_ends_the_run_in_order(tmp_path: Path, host: tuple[str, ...], how: str) -> None:
    run_dir = tmp_path / "run"
    with Terminal(*FLIGHT, *host, "--speed", "20", "--out", str(run_dir)) as terminal:
        terminal.until("PAYLOAD")
        terminal.press(how)
        assert terminal.finish() == 130
        assert_given_back(terminal)
        assert "seed 1: interrupted" in terminal.raw
    manifest = read_manifest(run_dir)
    assert manifest.outcome == "interrupted"
    assert manifest.ticks is not None
    assert 0 < manifest.ticks < 400
    assert (run_dir / "events.jsonl").stat().st_size > 0


@pytest.mark.long
@HOSTS
def test_a_signal_gives_the_terminal_back(tmp_path: Path, host: tuple[str, ...]) -> None:
    with Terminal(*FLIGHT, *host, "--speed", "20", "--out", str(tmp_path / "run")) as terminal:
        terminal.until("PAYLOAD")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.finish() == 130
        assert_given_back(terminal)


@pytest.mark.long
def test_a_lost_bus_is_watched_on_and_asked_again(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    with Terminal(*FLIGHT, "--speed", "20", "--out", str(run_dir)) as terminal:
        lost = seconds(terminal.until("PAYLOAD"))
        os.kill(terminal.child("bus"), signal.SIGKILL)
        terminal.until(lambda screen: seconds(screen) > lost + 20)
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.press("q")
        assert terminal.finish() == 130
        assert_given_back(terminal)
    assert read_manifest(run_dir).lost == ("bus",)


@pytest.mark.long
def test_a_killed_view_harms_neither_run_nor_terminal(tmp_path: Path, undisturbed: str) -> None:
    run_dir = tmp_path / "run"
    with Terminal(*FLIGHT, "--in-process", "--speed", "40", "--out", str(run_dir)) as terminal:
        terminal.until("PAYLOAD")
        os.kill(terminal.child("view"), signal.SIGKILL)
        assert terminal.finish() == 0
        assert_given_back(terminal)
    assert read_manifest(run_dir).log_hash == undisturbed


@pytest.mark.long
def test_a_killed_run_gives_the_terminal_back(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    with Terminal(*FLIGHT, "--speed", "20", "--out", str(run_dir), from_a_shell=True) as terminal:
        terminal.until("PAYLOAD")
        os.kill(parent_of(terminal.child("view")), signal.SIGKILL)
        assert terminal.finish() == 128 + signal.SIGKILL
        terminal.settle()
        assert_given_back(terminal)


@pytest.mark.long
def test_no_color_shows_the_same_without_colours(tmp_path: Path) -> None:
    arguments = (*FLIGHT, "--in-process", "--speed", "20", "--out", str(tmp_path / "run"))
    with Terminal(*arguments, environment={"NO_COLOR": "1"}) as terminal:
        terminal.until("PAYLOAD")
        terminal.press("q")
        assert terminal.finish() == 130
        assert not re.search(r"\x1b\[[0-9;]*3[1-7]m", terminal.raw)
