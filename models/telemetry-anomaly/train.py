"""Trains the telemetry network on nominal flights; writes telemetry-anomaly.onnx and what the card says of channels.

    python models/telemetry-anomaly/train.py

Needs the `train` extra (torch). A denoising autoencoder: a window of 12 samples of 20 channels goes through 12 numbers
and back; in half of the windows one channel is falsified, and the network is to give the true one. So it learns to
say each channel from the others, and a fault can't hide by being passed through. The graph ends in what is asked of
it on board: per channel the median over the window of the distance between said and seen, which a transient shorter
than half a window doesn't move. Same machine and versions, same file.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

import card_text  # noqa: E402  beside this file
from campaign import TRAINING, VALIDATION, fly_all  # noqa: E402
from flights import SIGNALS, SPACECRAFT  # noqa: E402
from looks import SAMPLES, held_scores, medians, saturated, starts  # noqa: E402

HIDDEN, NARROW = 40, 12
STEPS, BATCH = 15_000, 256
SCALE_FLOOR = 0.05
"""least scale, as a share of the centre or of one unit: a channel that never moved must not divide by nothing"""
RESIDUAL_QUANTILE = 0.999
MARGIN = 1.25
"""of the threshold, over the worst that validation flights hold for a persistence"""


class Autoencoder(torch.nn.Module):
    """Flattened windows in and out."""

    def __init__(self) -> None:
        super().__init__()
        wide = SAMPLES * len(SIGNALS)
        self.e1, self.e2 = torch.nn.Linear(wide, HIDDEN), torch.nn.Linear(HIDDEN, NARROW)
        self.d1, self.d2 = torch.nn.Linear(NARROW, HIDDEN), torch.nn.Linear(HIDDEN, wide)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.e2(torch.relu(self.e1(x)))
        return self.d2(torch.relu(self.d1(inner)))


def statistics(flights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(centre, scale) by channel, to four digits: the card's are the ones that are trained with."""
    every = np.concatenate(flights)
    center = np.nanmean(every, axis=0)
    scale = np.maximum(np.nanstd(every, axis=0), SCALE_FLOOR * np.maximum(1.0, np.abs(center)))
    return _to_digits(center), _to_digits(scale)


def falsified(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half of the windows [n, samples, channels] with one channel off: shifted, or stuck at another window's value."""
    off = windows.copy()
    count, _, channels = windows.shape
    which = rng.integers(channels, size=count)
    kind = rng.uniform(size=count)
    shift = rng.normal(size=count) * rng.choice([0.1, 0.5, 2.0], size=count)
    stuck = windows[rng.permutation(count), 0, which]
    for place in np.flatnonzero(kind < 0.25):
        off[place, :, which[place]] += shift[place]
    for place in np.flatnonzero(kind > 0.75):
        off[place, :, which[place]] = stuck[place]
    return off


def train(flights: list[np.ndarray], center: np.ndarray, scale: np.ndarray) -> Autoencoder:
    """Train from a fixed seed on scaled readings."""
    torch.manual_seed(20260101)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    rng = np.random.Generator(np.random.Philox(key=20260101))
    seen = [saturated((flight - center) / scale) for flight in flights]
    every, first = np.concatenate(seen).astype(np.float32), starts(seen)
    net = Autoencoder()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=STEPS)
    steps = np.arange(SAMPLES)
    for step in range(STEPS):
        windows = every[rng.choice(first, BATCH)[:, None] + steps]
        x = torch.from_numpy(falsified(windows, rng).reshape(BATCH, -1))
        loss = torch.nn.functional.smooth_l1_loss(net(x), torch.from_numpy(windows.reshape(BATCH, -1)), beta=0.1)
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
    constants = {"flat": [-1, SAMPLES * channels], "deep": [-1, SAMPLES, channels], "most": [SAMPLES // 2 + 1]}
    constants |= {"upper": [SAMPLES // 2 - 1], "end": [SAMPLES // 2 + 1], "time": [1]}
    weights += [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in constants.items()]

    def dense(name: str, source: str, target: str) -> onnx.NodeProto:
        return helper.make_node("Gemm", [source, f"{name}.weight", f"{name}.bias"], [target], transB=1)

    nodes = [
        helper.make_node("Reshape", ["window", "flat"], ["x"]),
        dense("e1", "x", "a1"),
        helper.make_node("Relu", ["a1"], ["r1"]),
        dense("e2", "r1", "inner"),
        dense("d1", "inner", "a2"),
        helper.make_node("Relu", ["a2"], ["r2"]),
        dense("d2", "r2", "said"),
        helper.make_node("Sub", ["x", "said"], ["off"]),
        helper.make_node("Abs", ["off"], ["distance"]),
        helper.make_node("Reshape", ["distance", "deep"], ["by_sample"]),
        helper.make_node("TopK", ["by_sample", "most"], ["largest", "places"], axis=1),
        helper.make_node("Slice", ["largest", "upper", "end", "time"], ["middle"]),
        helper.make_node("ReduceMean", ["middle"], ["residuals"], axes=[1], keepdims=0),
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
    """(allowed residual by channel, threshold of the score) on validation flights."""
    residuals = [medians(path, saturated((flight - center) / scale)) for flight in flights]
    allowed = _to_digits(np.quantile(np.concatenate(residuals), RESIDUAL_QUANTILE, axis=0))
    held = max(held_scores((r / allowed).max(axis=1)).max() for r in residuals)
    return allowed, float(np.ceil(20.0 * MARGIN * held) / 20.0)


def _to_digits(values: np.ndarray) -> np.ndarray:
    return np.array([float(f"{value:.4g}") for value in values])


def main() -> None:
    """The command."""
    flights = fly_all([(flight, None) for flight in TRAINING])
    center, scale = statistics(flights)
    path = HERE / "telemetry-anomaly.onnx"
    onnx.save(to_onnx(train(flights, center, scale)), path)
    allowed, threshold = tune(path, fly_all([(flight, None) for flight in VALIDATION]), center, scale)
    rows = zip(SIGNALS, center.tolist(), scale.tolist(), allowed.tolist(), strict=True)
    card_text.write_channels(HERE / "card.toml", SPACECRAFT, rows, threshold)
    print(f"threshold {threshold}; now run measure.py --write to bring the card's figures up to date")


if __name__ == "__main__":
    main()
