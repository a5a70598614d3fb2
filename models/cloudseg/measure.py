"""Measures cloudseg on held-out generated scenes and compares with its card. Needs numpy, onnxruntime and onnx.

python models/cloudseg/measure.py            print the figures
python models/cloudseg/measure.py --check    exit 1 when the card states others
python models/cloudseg/measure.py --write    put them into the card
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from common.cards import Figures, command  # noqa: E402  run from a checkout
from common.measuring import TOGETHER, Look, agrees, ladder_figures, looks, merged, quality_figures  # noqa: E402

from flightsw.devices.camera import VirtualCamera  # noqa: E402

CARD = HERE / "card.toml"
CLOUDY = 0.5
BASELINE_SEED = 1000
"""a training seed: the baseline's threshold is fitted where the networks' weights were"""


def figures() -> Figures:
    """All that the card states and a machine can measure."""
    return merged(
        ladder_figures(HERE),
        quality_figures(HERE, VirtualCamera, score),
        {"quality": baseline()},
    )


def score(network: Callable[[np.ndarray], np.ndarray], scenes: Iterator[Look]) -> dict[str, float]:
    """Cells called cloud against cells that are: iou, f1, accuracy, and the share of clear snow called cloud."""
    counts, snow = np.zeros(4), np.zeros(2)
    for look in scenes:
        said = network(look.tiles) > CLOUDY
        counts += _confusion(said, look.truth)
        clear_snow = look.camera.snow(look.first, TOGETHER, look.latitude_deg) & ~look.truth
        snow += (int((said & clear_snow).sum()), int(clear_snow.sum()))
    return {
        "iou": _iou(counts),
        "f1": round(float(2 * counts[0] / (2 * counts[0] + counts[1] + counts[2])), 4),
        "accuracy": round(float((counts[0] + counts[3]) / counts.sum()), 4),
        "false_cloud_over_snow": round(float(snow[0] / snow[1]), 4),
    }


def baseline() -> dict[str, float]:
    """The red reflectance above which calling everything cloud scores best on a training seed, and what it scores."""
    steps = np.arange(0.02, 0.80, 0.02)
    fitted = np.zeros((len(steps), 4))
    for look in looks(VirtualCamera, (BASELINE_SEED,)):
        fitted += np.array([_confusion(_brightness(look) > step, look.truth) for step in steps])
    threshold = round(float(steps[np.argmax(fitted[:, 0] / fitted[:, :3].sum(axis=1))]), 2)
    counts = np.zeros(4)
    for look in looks(VirtualCamera):
        counts += _confusion(_brightness(look) > threshold, look.truth)
    return {"brightness_threshold": threshold, "brightness_threshold_iou": _iou(counts)}


def _brightness(look: Look) -> np.ndarray:
    """Red reflectance with the camera's illumination divided out: the baseline is told what the network is not."""
    red: np.ndarray = look.tiles[:, 2] / (0.35 + 0.65 * look.light)
    return red


def _confusion(said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """True and false positives, false and true negatives."""
    return np.array([(said & truth).sum(), (said & ~truth).sum(), (~said & truth).sum(), (~said & ~truth).sum()])


def _iou(counts: np.ndarray) -> float:
    return round(float(counts[0] / counts[:3].sum()), 4)


if __name__ == "__main__":
    raise SystemExit(command(CARD, __doc__, figures, agrees))
