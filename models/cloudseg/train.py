"""Trains cloudseg on generated scenes and writes cloudseg.onnx. Needs the `train` extra (torch).

    python models/cloudseg/train.py

The network looks at half resolution and answers at full: 5 bands -> 16 (3 x 3, stride 2) -> 16 -> 4 (1 x 1), the four
being the quarters of each 2 x 2 block. Channels come in sixteens because onnxruntime's blocked convolutions are made
for them. The ONNX graph is written node by node from the weights, so that the file depends on nothing but them. Same
machine and versions, same file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from flightsw.devices.camera import BANDS, CELLS, VirtualCamera  # noqa: E402  run from a checkout

TRAIN_SEEDS = tuple(range(1000, 1008))
WIDTH = 16
STEPS = 4000
BATCH = 64
SCENES = 1 << 20


class CloudSeg(torch.nn.Module):
    """The network; logits out."""

    def __init__(self) -> None:
        super().__init__()
        self.c1 = torch.nn.Conv2d(len(BANDS), WIDTH, 3, stride=2, padding=1)
        self.c2 = torch.nn.Conv2d(WIDTH, WIDTH, 1)
        self.c3 = torch.nn.Conv2d(WIDTH, 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        blocks = self.c3(torch.relu(self.c2(torch.relu(self.c1(x)))))
        return torch.nn.functional.pixel_shuffle(blocks, 2)[:, 0]


def train() -> CloudSeg:
    """Train from a fixed seed."""
    torch.manual_seed(20260101)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    rng = np.random.Generator(np.random.Philox(key=20260101))
    cameras = [VirtualCamera(seed) for seed in TRAIN_SEEDS]
    net = CloudSeg()
    optimiser = torch.optim.Adam(net.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 8e-3, total_steps=STEPS)
    for step in range(STEPS):
        camera = cameras[step % len(cameras)]
        tiles, truth = [], []
        for _ in range(BATCH // 8):
            scene = int(rng.integers(SCENES))
            light, latitude = float(rng.uniform(0.2, 1.0)), float(rng.uniform(-82.0, 82.0))
            tiles.append(camera.tiles(scene, 8, light, latitude))
            truth.append(camera.truth(scene, 8))
        x = torch.from_numpy(np.concatenate(tiles))
        y = torch.from_numpy(np.concatenate(truth).astype(np.float32))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step}: loss {loss.item():.4f}", flush=True)
    return net


def to_onnx(net: CloudSeg) -> onnx.ModelProto:
    """The network as an ONNX graph with a sigmoid at its end."""
    weights = [numpy_helper.from_array(value.detach().numpy(), name) for name, value in net.state_dict().items()]
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "band_axis"))

    def conv(name: str, source: str, target: str, *, pad: int, stride: int = 1) -> onnx.NodeProto:
        pads, strides = [pad] * 4, [stride, stride]
        kernel = [2 * pad + 1] * 2
        return helper.make_node(
            "Conv",
            [source, f"{name}.weight", f"{name}.bias"],
            [target],
            kernel_shape=kernel,
            pads=pads,
            strides=strides,
        )

    nodes = [
        conv("c1", "tiles", "a1", pad=1, stride=2),
        helper.make_node("Relu", ["a1"], ["r1"]),
        conv("c2", "r1", "a2", pad=0),
        helper.make_node("Relu", ["a2"], ["r2"]),
        conv("c3", "r2", "blocks", pad=0),
        helper.make_node("DepthToSpace", ["blocks"], ["cells"], blocksize=2, mode="CRD"),
        helper.make_node("Sigmoid", ["cells"], ["p"]),
        helper.make_node("Squeeze", ["p", "band_axis"], ["cloud_probability"]),
    ]
    shape_in, shape_out = ["n", len(BANDS), CELLS, CELLS], ["n", CELLS, CELLS]
    graph = helper.make_graph(
        nodes,
        "cloudseg",
        [helper.make_tensor_value_info("tiles", TensorProto.FLOAT, shape_in)],
        [helper.make_tensor_value_info("cloud_probability", TensorProto.FLOAT, shape_out)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="flightsw")
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    onnx.save(to_onnx(train()), HERE / "cloudseg.onnx")
    print("now run measure.py --write to bring the card up to date")
