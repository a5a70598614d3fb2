"""The two shapes of networks that look at tiles of five bands, whatever they are trained to see. Needs torch and onnx.

`SMALL` looks at scenes that the detector has binned 2 x 2; `LARGE` at every cell, and at their surroundings from twice
as far. Channels come in sixteens because onnxruntime's blocked convolutions are made for them. Used by train.py of the
payload models.
"""

from __future__ import annotations

from common.networks import conv, join, pool, shuffle

SMALL = (
    pool("binned", "tiles", 2),
    conv("c1", "binned", (5, 32)),
    conv("c2", "c1", (32, 32)),
    conv("c3", "c2", (32, 4), 1, relu=False),
    shuffle("out", "c3", 2),
)
LARGE = (
    conv("c1", "tiles", (5, 32)),
    conv("c2", "c1", (32, 32)),
    conv("c3", "c2", (32, 32), stride=2),
    conv("c4", "c3", (32, 32), dilation=2),
    conv("c5", "c4", (32, 64), 1),
    shuffle("up", "c5", 2),
    join("both", "c2", "up"),
    conv("c6", "both", (48, 16)),
    conv("c7", "c6", (16, 1), 1, relu=False),
)
