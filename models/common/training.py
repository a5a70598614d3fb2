"""Trains a network on generated scenes and writes it as fp32 and int8. Needs the `train` extra (torch).

Light and latitude are drawn anew for every eight scenes; binary cross-entropy, Adam, one-cycle learning rate, one
thread, fixed seed: same machine and versions, same files. int8 is onnxruntime's static quantisation, calibrated on
scenes of the training seeds: weights by channel in seven bits, which no processor's int8 products overflow; the last
convolution and the sigmoid stay fp32.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from common.networks import INPUT, Layer, Network, to_onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from flightsw.devices.camera import BANDS, CELLS, VirtualCamera

SEED = 20260101
SCENES = 1 << 20
TOGETHER = 8
"""scenes under one light"""
CALIBRATION = 32
"""draws of eight scenes"""


def draws(cameras: list[VirtualCamera], seed: int, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Without end: `count` scenes and their truth, of each camera in turn."""
    rng = np.random.Generator(np.random.Philox(key=seed))
    while True:
        for camera in cameras:
            tiles, truth = [], []
            for _ in range(count // TOGETHER):
                scene = int(rng.integers(SCENES))
                light, latitude = float(rng.uniform(0.2, 1.0)), float(rng.uniform(-82.0, 82.0))
                tiles.append(camera.tiles(scene, TOGETHER, light, latitude))
                truth.append(camera.truth(scene, TOGETHER, latitude))
            yield np.concatenate(tiles), np.concatenate(truth)


def train(
    layers: Sequence[Layer],
    cameras: list[VirtualCamera],
    *,
    steps: int,
    batch: int,
    rate: float,
    rare: float | None = None,
) -> Network:
    """From a fixed seed; `rare`: weight of a cell that is what is looked for, where such cells are few."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    net = Network(layers)
    weight = None if rare is None else torch.tensor(rare)
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    source = draws(cameras, SEED, batch)
    for step in range(steps):
        tiles, truth = next(source)
        x, y = torch.from_numpy(tiles), torch.from_numpy(truth.astype(np.float32))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net(x), y, pos_weight=weight)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 250 == 0:
            print(f"step {step}: loss {loss.item():.5f}", flush=True)
    return net


def export(net: Network, folder: Path, stem: str, output: str, cameras: list[VirtualCamera]) -> None:
    """Write `STEM.onnx` and `STEM-int8.onnx`."""
    model = to_onnx(net, stem, output, len(BANDS), CELLS)
    onnx.save(model, folder / f"{stem}.onnx")
    quantise(folder / f"{stem}.onnx", folder / f"{stem}-int8.onnx", cameras)


def quantise(source: Path, target: Path, cameras: list[VirtualCamera]) -> None:
    """fp32 to int8, the last convolution apart."""
    last = [node.name for node in onnx.load(source).graph.node if node.op_type == "Conv"][-1]
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "int8.onnx"
        quantize_static(
            source,
            whole,
            _Calibration(draws(cameras, SEED + 1, TOGETHER)),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", "Concat", "DepthToSpace"],
            nodes_to_exclude=[last],
        )
        model = onnx.load(whole)
    model.producer_name = "flightsw"
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


class _Calibration(CalibrationDataReader):
    """Scenes, a draw at a time."""

    def __init__(self, source: Iterator[tuple[np.ndarray, np.ndarray]]) -> None:
        self._source = source
        self._left = CALIBRATION

    def get_next(self) -> dict[str, Any] | None:
        if self._left == 0:
            return None
        self._left -= 1
        return {INPUT: next(self._source)[0]}


def cameras_of(kind: Callable[[int], VirtualCamera]) -> list[VirtualCamera]:
    """The training seeds' cameras."""
    return [kind(seed) for seed in range(1000, 1008)]
