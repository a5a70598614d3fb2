"""Trains the wildfire networks on generated scenes and writes their ONNX files. Needs the `train` extra (torch).

    python models/wildfire/train.py [small|large]

`small` looks at scenes that the detector has binned 2 x 2, `large` at every cell, with context from twice as far.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from common.networks import conv, join, pool, shuffle  # noqa: E402  run from a checkout
from common.training import cameras_of, export, train  # noqa: E402

from flightsw.devices.fires import FireCamera  # noqa: E402

OUTPUT = "fire_probability"
RARE = 4.0
"""one cell in five hundred burns; what is missed counts more than a false alarm"""
NETWORKS = {
    "small": [
        pool("binned", "tiles", 2),
        conv("c1", "binned", (5, 32)),
        conv("c2", "c1", (32, 32)),
        conv("c3", "c2", (32, 4), 1, relu=False),
        shuffle("out", "c3", 2),
    ],
    "large": [
        conv("c1", "tiles", (5, 32)),
        conv("c2", "c1", (32, 32)),
        conv("c3", "c2", (32, 32), stride=2),
        conv("c4", "c3", (32, 32), dilation=2),
        conv("c5", "c4", (32, 64), 1),
        shuffle("up", "c5", 2),
        join("both", "c2", "up"),
        conv("c6", "both", (48, 16)),
        conv("c7", "c6", (16, 1), 1, relu=False),
    ],
}
STEPS = {"small": 2500, "large": 2000}


def main(names: list[str]) -> None:
    """The command."""
    cameras = cameras_of(FireCamera)
    for name in names or list(NETWORKS):
        print(f"wildfire {name}")
        net = train(NETWORKS[name], cameras, steps=STEPS[name], batch=32, rate=5e-3, rare=RARE)
        export(net, HERE, f"wildfire-{name}", OUTPUT, cameras)
    print("now run measure.py --write to bring the card up to date")


if __name__ == "__main__":
    main(sys.argv[1:])
