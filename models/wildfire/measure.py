"""Measures wildfire on held-out generated scenes and compares with its card. Needs numpy, onnxruntime and onnx.

python models/wildfire/measure.py            print the figures
python models/wildfire/measure.py --check    exit 1 when the card states others
python models/wildfire/measure.py --write    put them into the card
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from common.cards import Figures, command  # noqa: E402  run from a checkout
from common.measuring import Look, agrees, ladder_figures, looks, merged, quality_figures  # noqa: E402

from flightsw.devices.camera import VirtualCamera  # noqa: E402
from flightsw.devices.fires import FireCamera  # noqa: E402
from flightsw.devices.groups import groups  # noqa: E402

CARD = HERE / "card.toml"
CAMERA: Callable[[int], VirtualCamera] = FireCamera
CERTAIN = 0.5
BASELINE_SEED = 1000


def figures() -> Figures:
    """All that the card states and a machine can measure."""
    return merged(ladder_figures(HERE), quality_figures(HERE, CAMERA, score), {"quality": {"threshold_f1": baseline()}})


def score(network: Callable[[np.ndarray], np.ndarray], scenes: Iterator[Look]) -> dict[str, float]:
    """Fires found, and groups of cells that were called fire where there is none: f1, precision, recall."""
    return _scored((network(look.tiles) > CERTAIN, look.truth) for look in scenes)


def baseline() -> float:
    """F1 of a threshold on the short-wave infrared beyond what the near infrared lets expect, fitted on a training
    seed: fixed-threshold detection, as early sensors had it."""
    steps = np.arange(0.0, 0.5, 0.02)
    best = max(steps, key=lambda step: _scored(_hot(look, step) for look in looks(CAMERA, (BASELINE_SEED,)))["f1"])
    return _scored(_hot(look, best) for look in looks(CAMERA))["f1"]


def _hot(look: Look, step: float) -> tuple[np.ndarray, np.ndarray]:
    light = 0.35 + 0.65 * look.light
    return (look.tiles[:, 4] - look.tiles[:, 3]) / light > step, look.truth


def _scored(answers: Iterator[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    hit = missed = false = 0
    for said, truth in answers:
        for mine, real in zip(said, truth, strict=True):
            found = [bool(mine[group].any()) for group in groups(real)]
            hit += sum(found)
            missed += len(found) - sum(found)
            false += sum(not real[group].any() for group in groups(mine))
    precision, recall = hit / max(1, hit + false), hit / max(1, hit + missed)
    return {
        "f1": round(2.0 * precision * recall / max(1e-9, precision + recall), 4),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
    }


if __name__ == "__main__":
    raise SystemExit(command(CARD, __doc__, figures, agrees))
