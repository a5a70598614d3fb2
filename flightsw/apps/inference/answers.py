"""What is told of a network's output: the share of cells above a threshold, or the groups of them, by the card. Pure.

Rounded, so that what is decided on it doesn't hang on a last bit. Called by the engine, once a batch that is computed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flightsw.devices.groups import groups
from flightsw.devices.models import ModelCard

MOST_DETECTIONS = 1000
"""told of a scene"""


class Answer(NamedTuple):
    """Of a batch, by scene; None: not what this model tells."""

    cloud_fraction: tuple[float, ...] | None
    """share of cells above the threshold, rounded to 0.001"""
    detections: tuple[int, ...] | None
    """groups of touching cells above the threshold"""


def answer(card: ModelCard, output: npt.NDArray[np.float32]) -> Answer:
    """What an output [n, cells, cells] says."""
    above = output > card.threshold
    if card.result == "detections":
        return Answer(None, tuple([min(MOST_DETECTIONS, len(groups(scene))) for scene in above]))
    shares = above.reshape(len(output), -1).mean(axis=1)
    return Answer(tuple([round(share, 3) for share in shares.tolist()]), None)
