"""Trains the wildfire networks on generated scenes and writes their ONNX files. Needs the `train` extra (torch).

    python models/wildfire/train.py [small|large]

The networks have the shapes of `common.shapes`.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE.parent)]

from common.shapes import LARGE, SMALL  # noqa: E402  run from a checkout
from common.training import cameras_of, export, train  # noqa: E402

from flightsw.devices.fires import FireCamera  # noqa: E402

OUTPUT = "fire_probability"
RARE = 4.0
"""one cell in five hundred burns; what is missed counts more than a false alarm"""
NETWORKS = {"small": SMALL, "large": LARGE}
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
