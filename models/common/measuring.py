"""Measures a payload model's ladder: what of each variant a machine can tell. Needs numpy, onnxruntime and onnx.

Quality is measured on 2,048 scenes of four seeds that no training saw, light and latitude drawn anew for every
sixteen. A share may be off the card by `TOLERANCE`: processors sum in different orders.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime as ort
from common.cards import Figures

from flightsw.devices.camera import VirtualCamera
from flightsw.devices.golden import golden_answer, golden_tile

HELD_OUT_SEEDS = (9001, 9002, 9003, 9004)
SCENES_A_SEED = 512
TOGETHER = 16
TOLERANCE = 5e-4


class Look(NamedTuple):
    """Sixteen scenes of a held-out seed, and under which light."""

    camera: VirtualCamera
    first: int
    light: float
    latitude_deg: float
    tiles: np.ndarray
    truth: np.ndarray


Score = Callable[[Callable[[np.ndarray], np.ndarray], Iterator[Look]], dict[str, float]]
"""(network, looks) -> figures; the card's metric is one of them"""


def looks(kind: Callable[[int], VirtualCamera], seeds: tuple[int, ...] = HELD_OUT_SEEDS) -> Iterator[Look]:
    """All scenes that quality is measured on."""
    for seed in seeds:
        camera = kind(seed)
        rng = np.random.Generator(np.random.Philox(key=seed))
        for first in range(0, SCENES_A_SEED, TOGETHER):
            light, latitude = float(rng.uniform(0.2, 1.0)), float(rng.uniform(-82.0, 82.0))
            tiles = camera.tiles(first, TOGETHER, light, latitude)
            yield Look(camera, first, light, latitude, tiles, camera.truth(first, TOGETHER, latitude))


def ladder_figures(folder: Path) -> Figures:
    """Of each variant of a card: hash, size, work, and the known answer."""
    card = tomllib.loads((folder / "card.toml").read_text())
    return {f"variants.{row['name']}": _variant_figures(folder, card, row) for row in card["variants"]}


def quality_figures(
    folder: Path, kind: Callable[[int], VirtualCamera], score: Score, only: tuple[str, ...] = ()
) -> Figures:
    """Of each variant (or of some): how well it does."""
    card = tomllib.loads((folder / "card.toml").read_text())
    rows = [row for row in card["variants"] if not only or row["name"] in only]
    figures: Figures = {}
    for row in rows:
        scored = score(network_of(folder / row["file"], card), looks(kind))
        figures[f"variants.{row['name']}"] = {"quality": scored.pop(card["quality_metric"])}
        figures[f"quality.{row['name']}"] = scored
    return figures


def merged(*parts: Figures) -> Figures:
    """Figures of the same tables together."""
    out: Figures = {}
    for part in parts:
        for table, rows in part.items():
            out.setdefault(table, {}).update(rows)
    return out


def network_of(path: Path, card: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """A plain session of a file."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda tiles: session.run([card["output_name"]], {card["input_name"]: tiles})[0]


def agrees(said: object, measured: object) -> bool:
    """Whether the card's figure is the measured one: to the letter, or within the tolerance where it is a share."""
    if isinstance(measured, list):
        return isinstance(said, list) and len(said) == len(measured) and all(map(agrees, said, measured))
    if isinstance(measured, float):
        return isinstance(said, float) and abs(said - measured) <= TOLERANCE
    return said == measured


def _variant_figures(folder: Path, card: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    path = folder / row["file"]
    data = path.read_bytes()
    parameters, operations = _counted(onnx.load(path))
    work = card["work"][row["name"]]
    network_gop = round(operations * work["tiles"] / 1e9, 4)
    golden = golden_answer(network_of(path, card)(golden_tile(card["bands"], card["cells"])))
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "parameters": parameters,
        "operations": operations,
        "file_bytes": len(data),
        "work_gop": round(work["pipeline_gop"] + network_gop, 1),
        "network_gop": network_gop,
        "golden_mean": golden.mean,
        "golden_values": list(golden.values),
    }


def _counted(model: onnx.ModelProto) -> tuple[int, int]:
    """Parameters of the convolutions, and their multiplications and additions for one input; the rest is below 2 %."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    shapes = {one.name: _dims(one) for one in (*inferred.graph.value_info, *inferred.graph.output)}
    weights = {one.name: tuple(one.dims) for one in model.graph.initializer}
    for node in model.graph.node:  # quantised weights pass a DequantizeLinear
        if node.op_type == "DequantizeLinear" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
    parameters = operations = 0
    for node in model.graph.node:
        if node.op_type == "Conv":
            out, into, height, width = weights[node.input[1]]
            rows, columns = shapes[node.output[0]][2:]
            parameters += out * into * height * width + sum(weights[name][0] for name in node.input[2:])
            operations += 2 * rows * columns * out * into * height * width
    return parameters, operations


def _dims(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(one.dim_value for one in value.type.tensor_type.shape.dim)
