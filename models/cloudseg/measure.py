"""Measures cloudseg on held-out generated scenes and compares with its card. Needs numpy, onnxruntime and onnx.

python models/cloudseg/measure.py            print the figures
python models/cloudseg/measure.py --check    exit 1 when the card states others
python models/cloudseg/measure.py --write    put them into the card
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from flightsw.devices.camera import CELLS, VirtualCamera  # noqa: E402  run from a checkout

MODEL = HERE / "cloudseg.onnx"
CARD = HERE / "card.toml"
HELD_OUT_SEEDS = (9001, 9002, 9003, 9004)
SCENES_A_SEED = 512
BASELINE_SEED = 1000
"""a training seed: the baseline's threshold is fitted where the network's weights were"""
GOLDEN = {"seed": 9001, "scene": 7, "cos_zenith": 0.8, "latitude_deg": 45.0}
GOLDEN_CELLS = 8
TOLERANCE = 5e-4
"""how far a measured share or probability may be off the card: processors sum in different orders"""


def figures() -> dict[str, dict[str, Any]]:
    """All that the card states and a machine can measure."""
    session = ort.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    threshold = fitted_threshold()
    network, bright, snow = np.zeros(4), np.zeros(4), np.zeros(2)
    for seed in HELD_OUT_SEEDS:
        for camera, first, light, latitude in _views(seed):
            tiles, truth = camera.tiles(first, 16, light, latitude), camera.truth(first, 16)
            said = session.run(None, {"tiles": tiles})[0] > 0.5
            network += _confusion(said, truth)
            bright += _confusion(_brightness(tiles, light) > threshold, truth)
            clear_snow = camera.snow(first, 16, latitude) & ~truth
            snow += (int((said & clear_snow).sum()), int(clear_snow.sum()))
    camera = VirtualCamera(GOLDEN["seed"])
    tile = camera.tiles(GOLDEN["scene"], 1, GOLDEN["cos_zenith"], GOLDEN["latitude_deg"])
    seen = session.run(None, {"tiles": tile})[0]
    golden = {
        "mean_probability": round(float(seen.mean()), 4),
        "first_probabilities": [round(float(value), 4) for value in seen[0, 0, :GOLDEN_CELLS]],
    }
    return {
        "quality": {
            "iou": _iou(network),
            "f1": round(float(2 * network[0] / (2 * network[0] + network[1] + network[2])), 4),
            "accuracy": round(float((network[0] + network[3]) / network.sum()), 4),
            "false_cloud_over_snow": round(float(snow[0] / snow[1]), 4),
            "brightness_threshold": threshold,
            "brightness_threshold_iou": _iou(bright),
        },
        "golden": {**GOLDEN, **golden},
    }


def fitted_threshold() -> float:
    """The red reflectance above which calling everything cloud scores best, on a training seed."""
    steps = np.arange(0.02, 0.80, 0.02)
    counts = np.zeros((len(steps), 4))
    for camera, first, light, latitude in _views(BASELINE_SEED):
        red, truth = _brightness(camera.tiles(first, 16, light, latitude), light), camera.truth(first, 16)
        counts += np.array([_confusion(red > step, truth) for step in steps])
    return round(float(steps[np.argmax(counts[:, 0] / counts[:, :3].sum(axis=1))]), 2)


def _views(seed: int) -> Iterator[tuple[VirtualCamera, int, float, float]]:
    """Camera, first scene, cosine of the solar zenith angle and latitude of each sixteen scenes of a seed."""
    camera = VirtualCamera(seed)
    rng = np.random.Generator(np.random.Philox(key=seed))
    for first in range(0, SCENES_A_SEED, 16):
        yield camera, first, float(rng.uniform(0.2, 1.0)), float(rng.uniform(-82.0, 82.0))


def _brightness(tiles: np.ndarray, light: float) -> np.ndarray:
    """Red reflectance with the camera's illumination divided out: the baseline is told what the network is not."""
    return tiles[:, 2] / (0.35 + 0.65 * light)


def _confusion(said: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """True and false positives, false and true negatives."""
    return np.array([(said & truth).sum(), (said & ~truth).sum(), (~said & truth).sum(), (~said & ~truth).sum()])


def _iou(counts: np.ndarray) -> float:
    return round(float(counts[0] / counts[:3].sum()), 4)


def _operations(model: onnx.ModelProto) -> int:
    """Multiplications and additions of the convolutions for one tile; the rest is below 2 % of them."""
    shapes = {w.name: tuple(w.dims) for w in model.graph.initializer}
    side, total = {"tiles": CELLS}, 0
    for node in model.graph.node:
        source = side.get(node.input[0], CELLS)
        if node.op_type == "Conv":
            stride = next((a.ints[0] for a in node.attribute if a.name == "strides"), 1)
            source //= stride
            out_channels, in_channels, height, width = shapes[node.input[1]]
            total += 2 * source * source * out_channels * in_channels * height * width
        elif node.op_type == "DepthToSpace":
            source *= next(a.i for a in node.attribute if a.name == "blocksize")
        side[node.output[0]] = source
    return total


def agrees(said: object, measured: object) -> bool:
    """Whether the card's figure is the measured one: to the letter, or within the tolerance where it is a share."""
    if isinstance(measured, list):
        return isinstance(said, list) and len(said) == len(measured) and all(map(agrees, said, measured))
    if isinstance(measured, float):
        return isinstance(said, float) and abs(said - measured) <= TOLERANCE
    return said == measured


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    measured = figures()
    stated = tomllib.loads(CARD.read_text())
    wrong = []
    for table, rows in measured.items():
        for name, value in rows.items():
            print(f"{table + '.' if table else ''}{name} = {value}")
            said = (stated.get(table, {}) if table else stated).get(name)
            if not agrees(said, value):
                wrong.append((table, name, said, value))
    if asked.write:
        text = CARD.read_text()
        for table, name, said, value in wrong:
            text = _replaced(text, table, name, value)
            print(f"card: {name}: {said} -> {value}")
        CARD.write_text(text)
    elif asked.check:
        for table, name, said, value in wrong:
            print(f"card.toml: {table}.{name} = {said}: measured {value}", file=sys.stderr)
        return 1 if wrong else 0
    return 0


def _replaced(text: str, table: str, name: str, value: object) -> str:
    """The card's text with one figure replaced, in its table."""
    lines, here = text.splitlines(), ""
    for index, line in enumerate(lines):
        if line.startswith("["):
            here = line.partition("#")[0].strip().strip("[]")
        elif here == table and line.split("=")[0].strip() == name:
            lines[index] = f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
