"""Calibrates a board that is there: a worker on it, the procedure, and the board put back as it was.

Called by `flightsw hil calibrate`.
"""

from __future__ import annotations

from collections.abc import Callable

from flightsw.apps.inference.engine import OnnxEngine
from flightsw.devices.board import Board
from flightsw.devices.models import ModelCard
from flightsw.errors import ConfigError
from hil.calibration import BoardRig, Calibration, calibrate
from hil.fit import Unfit
from hil.worker import Worker


def calibrate_board(
    board: Board, card: ModelCard, step_s: float, tell: Callable[[str], None]
) -> tuple[Calibration, str]:
    """What was found, and whether its power was measured or modelled. Raises ConfigError: there is too little."""
    worker = Worker(OnnxEngine(card, 0))
    rig = BoardRig(board, worker)
    try:
        found = calibrate(rig, step_s, tell)
    except Unfit as error:
        raise ConfigError(f"{board.model}: {error}") from None
    finally:
        worker.close()
        board.restore()
        board.close()
    return found, rig.quality.name.lower()
