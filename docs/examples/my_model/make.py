"""A network of one's own, as small as can be: what is bright in the red is cloud. Writes my-model/ with file and card.

    python docs/examples/my_model/make.py my-model

Needs numpy, onnx and flightsw (`make .venv/dev.stamp` installs them). Whatever makes your own ONNX file, the card's
last figures come from it as here: the hash of the file, its size, and its answer to the golden input.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from flightsw.devices.golden import golden_answer, golden_tile

CARD = """\
name = "bright"
task = "cloud by brightness alone: probability of cloud for each cell"
camera = "clouds"                     # the virtual camera's world: "clouds", or "fires"
input_name = "tiles"                  # float32 [n, bands, cells, cells], n free
output_name = "cloud"                 # float32 [n, cells, cells]
bands = 5
cells = 32
result = "fraction"                   # share of cells above the threshold; or "detections", groups of them
threshold = 0.5
default_variant = "only"
quality_metric = "iou"

[[variants]]                          # a ladder has one a rung, ascending by work
name = "only"
file = "bright.onnx"
sha256 = "{sha256}"
precision = "fp32"
parameters = 6
operations = 10240                    # of one tile: 2 x 5 x 32 x 32
file_bytes = {file_bytes}
work_gop = 48.0                       # giga-operations a scene on the payload computer, its pipeline included
network_gop = 0.0001                  # the network's part of it: what int8 would make faster
quality = 0.69
golden_mean = {mean}
golden_values = {values}
"""


def network() -> bytes:
    """sigmoid(40 red - 8), as an ONNX file."""
    red = np.zeros((1, 5, 1, 1), np.float32)
    red[0, 2] = 40.0
    weights = [
        numpy_helper.from_array(red, "weight"),
        numpy_helper.from_array(np.array([-8.0], np.float32), "bias"),
        numpy_helper.from_array(np.array([1], np.int64), "axis"),
    ]
    nodes = [
        helper.make_node("Conv", ["tiles", "weight", "bias"], ["said"]),
        helper.make_node("Sigmoid", ["said"], ["p"]),
        helper.make_node("Squeeze", ["p", "axis"], ["cloud"]),
    ]
    tiles = helper.make_tensor_value_info("tiles", TensorProto.FLOAT, ["n", 5, 32, 32])
    cloud = helper.make_tensor_value_info("cloud", TensorProto.FLOAT, ["n", 32, 32])
    graph = helper.make_graph(nodes, "bright", [tiles], [cloud], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    data: bytes = model.SerializeToString()
    return data


def main(folder: Path) -> None:
    """Write both files."""
    data = network()
    onnx.checker.check_model(data)
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    answer = golden_answer(session.run(None, {"tiles": golden_tile(bands=5, cells=32)})[0])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bright.onnx").write_bytes(data)
    (folder / "card.toml").write_text(
        CARD.format(
            sha256=hashlib.sha256(data).hexdigest(),
            file_bytes=len(data),
            mean=answer.mean,
            values=list(answer.values),
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
