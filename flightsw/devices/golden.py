"""The golden input: a tile that anyone can make, on which every variant states its known answer. Pure.

Ramps in both directions, each band ahead of the one before: it meets bright and dark, flat and steep, and costs no
camera. Used where a model is loaded or checked, by the guard of its weights in flight, and by the scripts that write
the cards.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

EVERY = 128
"""of the output's values one is stated"""


class GoldenAnswer(NamedTuple):
    """What a card states of the output: to four decimals."""

    mean: float
    values: tuple[float, ...]
    """every 128th"""


def golden_tile(bands: int, cells: int) -> npt.NDArray[np.float32]:
    """[1, bands, cells, cells]: ((row + 2 column + 9 band) mod 31) / 62, reflectances from 0 to 0.48."""
    band, row, column = np.mgrid[0:bands, 0:cells, 0:cells]
    tile: npt.NDArray[np.float32] = (((row + 2 * column + 9 * band) % 31) / 62.0).astype(np.float32)
    return tile[None]


def golden_answer(output: npt.NDArray[np.float32]) -> GoldenAnswer:
    """Of an output for the golden tile."""
    return GoldenAnswer(
        round(float(output.mean()), 4), tuple([round(float(one), 4) for one in output.reshape(-1)[::EVERY]])
    )
