"""Trains the telemetry network on nominal flights; writes telemetry-anomaly.onnx and what the card says of channels.

    python models/telemetry-anomaly/train.py

Needs the `train` extra (torch). A denoising autoencoder over what a window amounts to, each channel's mean and trend:
what flickers from sample to sample (the payload's work) can't be said by few numbers, its mean can, and balances of
power and heat hold for means too. In most windows one channel is falsified, and the network is to give the true means:
so it learns to say each channel from the others, and a fault can't hide by being passed through. The graph ends in what
is asked of it on board, the distance between said and seen by channel. Same machine and versions, same file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]

import card_text  # noqa: E402  beside this file
from campaign import TRAINING, VALIDATION, fly_all  # noqa: E402
from flights import SIGNALS, SPACECRAFT  # noqa: E402
from looks import SAMPLES, held_residuals, residuals_of, saturated, starts  # noqa: E402

HIDDEN, NARROW = 48, 14
STEPS, BATCH = 60_000, 512
SCALE_FLOOR = 0.05
"""least scale, as a share of the centre or of one unit: a channel that never moved must not divide by nothing"""
RESIDUAL_FLOOR = 0.05
"""least allowed residual, in scales: what is said this well all the time must not make an alarm of one odd eclipse"""
MARGIN = 1.6
"""of the threshold, over the worst that nominal flights held for a persistence: thirty orbits of a season that none of
them was in held 1.3 times that"""
TREND_GAIN = 4.0
"""of the second half's mean over the first half's: small beside the means, and as telling"""


class Autoencoder(torch.nn.Module):
    """Means and trends in, means out."""

    def __init__(self) -> None:
        super().__init__()
        self.e1, self.e2 = torch.nn.Linear(2 * len(SIGNALS), HIDDEN), torch.nn.Linear(HIDDEN, NARROW)
        self.d1, self.d2 = torch.nn.Linear(NARROW, HIDDEN), torch.nn.Linear(HIDDEN, len(SIGNALS))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.e2(torch.relu(self.e1(x)))
        return self.d2(torch.relu(self.d1(inner)))


def summary() -> np.ndarray:
    """The matrix [2, samples] that makes a window [samples, channels] its means and trends."""
    half = np.where(np.arange(SAMPLES) < SAMPLES // 2, -1.0, 1.0)
    return np.array([np.ones(SAMPLES) / SAMPLES, TREND_GAIN * half / (SAMPLES // 2)], np.float32)


def statistics(flights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(centre, scale) by channel, to four digits: the card's are the ones that are trained with."""
    every = np.concatenate(flights)
    center = np.nanmean(every, axis=0)
    scale = np.maximum(np.nanstd(every, axis=0), SCALE_FLOOR * np.maximum(1.0, np.abs(center)))
    return _to_digits(center), _to_digits(scale)


def falsified(told: torch.Tensor, every: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Windows [n, 2, channels] of which a quarter is as it was; in a half one channel is shifted, in a quarter one is
    stuck at another window's mean."""
    count, _, channels = told.shape
    off, rows = told.clone(), torch.arange(count)
    which = torch.randint(channels, (count,), generator=draw)
    kind = torch.rand(count, generator=draw)
    size = torch.tensor([0.1, 0.5, 2.0])[torch.randint(3, (count,), generator=draw)]
    shift = torch.randn(count, generator=draw) * size
    other = every[torch.randint(len(every), (count,), generator=draw), 0, which]
    shifted, stuck = kind < 0.5, kind > 0.75
    off[rows[shifted], 0, which[shifted]] += shift[shifted]
    off[rows[stuck], 0, which[stuck]] = other[stuck]
    off[rows[stuck], 1, which[stuck]] = 0.0
    return off


def train(flights: list[np.ndarray], center: np.ndarray, scale: np.ndarray) -> Autoencoder:
    """Train from a fixed seed on scaled readings."""
    torch.manual_seed(20260101)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    draw = torch.Generator().manual_seed(20260102)
    seen = [saturated((flight - center) / scale) for flight in flights]
    windows = np.concatenate(seen).astype(np.float32)[starts(seen)[:, None] + np.arange(SAMPLES)]
    every = torch.from_numpy(summary() @ windows)
    net = Autoencoder()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=STEPS)
    for step in range(STEPS):
        told = every[torch.randint(len(every), (BATCH,), generator=draw)]
        said = net(falsified(told, every, draw).reshape(BATCH, -1))
        loss = torch.nn.functional.smooth_l1_loss(said, told[:, 0], beta=0.02)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 2500 == 0:
            print(f"step {step}: loss {loss.item():.4f}", flush=True)
    return net


def to_onnx(net: Autoencoder) -> onnx.ModelProto:
    """The network as an ONNX graph that ends in residuals by channel."""
    channels = len(SIGNALS)
    weights = [numpy_helper.from_array(value.detach().numpy(), name) for name, value in net.state_dict().items()]
    weights.append(numpy_helper.from_array(summary(), "summary"))
    shapes = {"flat": [-1, 2 * channels], "mean": [0], "channel": [1]}
    weights += [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in shapes.items()]

    def dense(name: str, source: str, target: str) -> onnx.NodeProto:
        return helper.make_node("Gemm", [source, f"{name}.weight", f"{name}.bias"], [target], transB=1)

    nodes = [
        helper.make_node("MatMul", ["summary", "window"], ["told"]),
        helper.make_node("Reshape", ["told", "flat"], ["x"]),
        dense("e1", "x", "a1"),
        helper.make_node("Relu", ["a1"], ["r1"]),
        dense("e2", "r1", "inner"),
        dense("d1", "inner", "a2"),
        helper.make_node("Relu", ["a2"], ["r2"]),
        dense("d2", "r2", "said"),
        helper.make_node("Gather", ["told", "mean"], ["kept"], axis=1),
        helper.make_node("Squeeze", ["kept", "channel"], ["seen"]),
        helper.make_node("Sub", ["seen", "said"], ["off"]),
        helper.make_node("Abs", ["off"], ["residuals"]),
    ]
    graph = helper.make_graph(
        nodes,
        "telemetry-anomaly",
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, ["n", SAMPLES, channels])],
        [helper.make_tensor_value_info("residuals", TensorProto.FLOAT, ["n", channels])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="flightsw")
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    return model


def tune(path: Path, flights: list[np.ndarray], center: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, float]:
    """(allowed residual by channel: the highest that any of these flights holds for a persistence; threshold of the
    score: with a margin above what they hold in any channels, one taking over from another, in halves)."""
    residuals = [residuals_of(path, saturated((flight - center) / scale)) for flight in flights]
    held = np.max([held_residuals(each).max(axis=0) for each in residuals], axis=0)
    allowed = _to_digits(np.maximum(RESIDUAL_FLOOR, held))
    worst = max(held_residuals((each / allowed).max(axis=1)).max() for each in residuals)
    return allowed, float(np.ceil(2.0 * MARGIN * worst) / 2.0)


def _to_digits(values: np.ndarray) -> np.ndarray:
    return np.array([float(f"{value:.4g}") for value in values])


def main() -> None:
    """The command."""
    flights = fly_all([(flight, None) for flight in TRAINING])
    center, scale = statistics(flights)
    path = HERE / "telemetry-anomaly.onnx"
    onnx.save(to_onnx(train(flights, center, scale)), path)
    flights += fly_all([(flight, None) for flight in VALIDATION])
    allowed, threshold = tune(path, flights, center, scale)
    rows = zip(SIGNALS, center.tolist(), scale.tolist(), allowed.tolist(), strict=True)
    card_text.write_channels(HERE / "card.toml", SPACECRAFT, rows, threshold)
    print("now run measure.py --write to bring the card's figures up to date")


if __name__ == "__main__":
    main()
