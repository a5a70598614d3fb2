"""The pytest plugin of the bench: tests that want a board.

    @pytest.mark.board("jetson", needs=["power.ina3221", "modes"])
    def test_the_mode_is_taken(board):
        assert board.set_mode("15W").taken

A test without its board is skipped, and so is one whose board hasn't what it needs, each with the reason. A mark that
can't be meant (another kind or keyword, needs that are no list) fails its test, and a `--board-root` that isn't there
ends pytest: a skip would hide it. The board is reserved for the test and put back as it was behind it. A rig that is
broken (its driver raises, its temperature is not to be had although it is there) fails the first test that wants it,
once; all others are skipped and point there.
Options: `--board-root DIR` (a stand-in's tree), `--board-timeout S` (how long to wait for a reserved one).

Found by pytest through the entry point `pytest11`, so importing it costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from flightsw.devices.board import Board, Capability

BROKEN: pytest.StashKey[str] = pytest.StashKey()
"""of the session: what is wrong with the rig"""
ANY = "auto"


class Wish(NamedTuple):
    """What a test wants."""

    kind: str
    needs: tuple[str, ...]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--board-root`, `--board-timeout`."""
    group = parser.getgroup("flightsw-hil")
    group.addoption("--board-root", metavar="DIR", type=Path, default=Path("/"), help="Read the board's tree from DIR.")
    group.addoption("--board-timeout", metavar="S", type=float, default=30.0, help="Wait so long for a reserved board.")


def pytest_configure(config: pytest.Config) -> None:
    """The marker; raises UsageError: the root isn't there."""
    root: Path = config.getoption("--board-root")
    if not root.is_dir():
        raise pytest.UsageError(f"--board-root {root}: no such folder")
    config.addinivalue_line("markers", 'board(kind, needs=()): wants a board ("jetson", "raspberrypi", "linux")')


@pytest.fixture
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    """The board of this machine, or of `--board-root`; reserved for this test."""
    from hil.reservation import BoardTaken, reserved

    broken = request.config.stash.get(BROKEN, None)
    if broken is not None:
        pytest.skip(f"the rig is broken, as an earlier test said: {broken}")
    marker = request.node.get_closest_marker("board")
    try:
        wish = Wish(ANY, ()) if marker is None else _wish(*marker.args, **marker.kwargs)
    except (TypeError, ValueError) as wrong:
        pytest.fail(f"the mark board: {wrong}", pytrace=False)
    root: Path = request.config.getoption("--board-root")
    try:
        with reserved(root, request.node.nodeid, request.config.getoption("--board-timeout")):
            one = _opened(request.config, root, wish)
            try:
                yield one
            finally:
                one.restore()
                one.close()
    except BoardTaken as taken:
        pytest.fail(str(taken), pytrace=False)


def _wish(kind: str = ANY, needs: object = ()) -> Wish:
    """A mark's arguments. Raises TypeError, ValueError: they can't be meant."""
    from hil.detect import KINDS

    if kind not in KINDS:
        raise ValueError(f"kind = {kind!r}: must be {', '.join(KINDS)}")
    if not isinstance(needs, list | tuple | set | frozenset) or not all(isinstance(one, str) for one in needs):
        raise ValueError(f"needs = {needs!r}: must be a list of capabilities' names")
    return Wish(kind, tuple(needs))


def _opened(config: pytest.Config, root: Path, wish: Wish) -> Board:
    """The board, sound; otherwise the test is skipped, or fails for all."""
    from flightsw.errors import ConfigError
    from hil.detect import open_board

    try:
        found = open_board(wish.kind, root)
    except ConfigError as error:
        pytest.skip(f"no {wish.kind} board: {error}")
    except Exception as error:  # a driver must not raise whatever it finds: this rig is broken
        _fail_once(config, f"{type(error).__name__}: {error}")
    offers = {one.name: one for one in found.capabilities()}
    for need in wish.needs:
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
