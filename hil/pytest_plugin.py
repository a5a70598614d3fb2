"""The pytest plugin of the bench: tests that want a board.

    @pytest.mark.board("jetson", needs=["power.ina3221", "modes"])
    def test_the_mode_is_taken(board):
        assert board.set_mode("15W").taken

A test without its board is skipped, and so is one whose board hasn't what it needs, each with the reason. The board is
reserved for the test and put back as it was behind it. A rig that is broken (its driver raises, its temperature is
not to be had although it is there) fails the first test that wants it, once; all others are skipped and point there.
Options: `--board-root DIR` (a stand-in's tree), `--board-timeout S` (how long to wait for a reserved one).

Found by pytest through the entry point `pytest11`, so importing it costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flightsw.devices.board import Board, Capability

BROKEN: pytest.StashKey[str] = pytest.StashKey()
"""of the session: what is wrong with the rig"""
ANY = "auto"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--board-root`, `--board-timeout`."""
    group = parser.getgroup("flightsw-hil")
    group.addoption("--board-root", metavar="DIR", type=Path, default=Path("/"), help="Read the board's tree from DIR.")
    group.addoption("--board-timeout", metavar="S", type=float, default=30.0, help="Wait so long for a reserved board.")


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line("markers", 'board(kind, needs=()): wants a board ("jetson", "raspberrypi", "linux")')


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    """The board of this machine, or of `--board-root`; reserved for this test."""
    from hil.reservation import BoardTaken, reserved

    broken = request.config.stash.get(BROKEN, None)
    if broken is not None:
        pytest.skip(f"the rig is broken, as an earlier test said: {broken}")
    marker = request.node.get_closest_marker("board")
    kind = str(marker.args[0]) if marker is not None and marker.args else ANY
    needs: Sequence[str] = () if marker is None else tuple(marker.kwargs.get("needs", ()))
    root: Path = request.config.getoption("--board-root")
    try:
        with reserved(root, request.node.nodeid, request.config.getoption("--board-timeout")):
            one = _opened(request.config, kind, root, needs)
            try:
                yield one
            finally:
                one.restore()
                one.close()
    except BoardTaken as taken:
        pytest.fail(str(taken), pytrace=False)


def _opened(config: pytest.Config, kind: str, root: Path, needs: Sequence[str]) -> Board:
    """The board, sound; otherwise the test is skipped, or fails for all."""
    from flightsw.errors import ConfigError
    from hil.detect import open_board

    try:
        found = open_board(kind, root)
    except ConfigError as error:
        pytest.skip(f"no {kind} board: {error}")
    except Exception as error:  # a driver must not raise whatever it finds: this rig is broken
        _fail_once(config, f"{type(error).__name__}: {error}")
    offers = {one.name: one for one in found.capabilities()}
    for need in needs:
        _check_need(found.kind, need, offers.get(need))
    wrong = _what_is_wrong(found)
    if wrong is not None:
        found.close()
        _fail_once(config, wrong)
    return found


def _check_need(kind: str, need: str, offer: Capability | None) -> None:
    from flightsw.devices.board import Standing

    if offer is None or offer.standing is Standing.ABSENT:
        why = "a driver that doesn't know it" if offer is None else offer.reason
        pytest.skip(f"this {kind} board has no {need}: {why}")


def _what_is_wrong(found: Board) -> str | None:
    """A capability that is there and gives nothing when it is asked; None: sound."""
    from flightsw.devices.board import Standing

    try:
        sample = found.sample()
    except Exception as error:
        return f"sampling it raises {type(error).__name__}: {error}"
    offers = {one.name: one.standing for one in found.capabilities()}
    if offers.get("temperature") is not Standing.ABSENT and sample.chip.value is None:
        return f"temperature: {sample.chip.reason}"
    if sample.chip.value is not None and not -40.0 < sample.chip.value < 125.0:
        return f"temperature: {sample.chip.value:.0f} degC: no board is so"
    return None


def _fail_once(config: pytest.Config, reason: str) -> None:
    config.stash[BROKEN] = reason
    pytest.fail(f"the rig is broken: {reason}; all other tests that want a board are skipped", pytrace=False)
