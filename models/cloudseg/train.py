"""Trains the cloudseg networks on generated scenes and writes their ONNX files. Needs the `train` extra (torch).

    python models/cloudseg/train.py [small|medium|large]...

`medium` looks at half resolution and answers at full, the four outputs being the quarters of each 2 x 2 block; the
others have the shapes of `common.shapes`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import onnx

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from common.networks import Layer, conv, shuffle, to_onnx  # noqa: E402  run from a checkout
from common.shapes import LARGE, SMALL  # noqa: E402
from common.training import cameras_of, export, train  # noqa: E402

from flightsw.devices.camera import BANDS, CELLS, VirtualCamera  # noqa: E402

OUTPUT = "cloud_probability"


class Recipe(NamedTuple):
    """A network and how long it is trained."""

    layers: tuple[Layer, ...]
    steps: int
    batch: int
    rate: float


NETWORKS = {
    "small": Recipe(SMALL, 2500, 32, 5e-3),
    "medium": Recipe(
        (
            conv("c1", "tiles", (5, 16), stride=2),
            conv("c2", "c1", (16, 16), 1),
            conv("c3", "c2", (16, 4), 1, relu=False),
            shuffle("out", "c3", 2),
        ),
        4000,
        64,
        8e-3,
    ),
    "large": Recipe(LARGE, 1500, 32, 5e-3),
}


def main(names: list[str]) -> None:
    """The command."""
    cameras = cameras_of(VirtualCamera)
    for name in names or list(NETWORKS):
        print(f"cloudseg {name}")
        recipe = NETWORKS[name]
        net = train(recipe.layers, cameras, steps=recipe.steps, batch=recipe.batch, rate=recipe.rate)
        if name == "medium":  # so small that int8 would spare nothing
            onnx.save(to_onnx(net, "cloudseg", OUTPUT, len(BANDS), CELLS), HERE / "cloudseg.onnx")
        else:
            export(net, HERE, f"cloudseg-{name}", OUTPUT, cameras)
    print("now run measure.py --write to bring the card up to date")


if __name__ == "__main__":
    main(sys.argv[1:])
