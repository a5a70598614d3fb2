"""Named, counter-based random streams: what a component draws at a tick depends on nothing else.

A stream is keyed by (master seed, run index, sha256 of its name) and addressed by tick, so that a restarted
process, a replay from the middle or one more stream elsewhere never shifts a draw. The generator is Philox-4x64
(Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11) as shipped by numpy; draws are made in
blocks of ticks ahead of use because one numpy call costs as much as a whole law.

Called by the plant (sensor noise), devices (camera, upsets) and fault injection. Never seeded from a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

BLOCK_TICKS = 512

_Draw = Callable[[np.random.Generator, tuple[int, int]], npt.NDArray[np.float64]]


def philox_key(seed: int, run_index: int, name: str) -> int:
    """128-bit Philox key of a stream. The fields are length-prefixed by their separators, so no two names collide."""
    digest = hashlib.sha256(f"{seed}\x00{run_index}\x00{name}".encode()).digest()
    return int.from_bytes(digest[:16], "little")


class Stream:
    """Draws of one component: `width` numbers a tick, each tick's draw a pure function of (key, tick)."""

    def __init__(self, seed: int, name: str, width: int, *, run_index: int = 0) -> None:
        if width < 1:
            raise ValueError(f"stream {name!r}: width = {width}: must be at least 1")
        self.name = name
        self.width = width
        self._key = philox_key(seed, run_index, name)
        self._normals = _Block(self._key, width, 0, lambda rng, shape: rng.standard_normal(shape))
        self._uniforms = _Block(self._key, width, 1, lambda rng, shape: rng.random(shape))

    def normals(self, tick: int) -> list[float]:
        """`width` standard normal draws of this tick. The list belongs to the stream: read it, don't change it."""
        return self._normals.row(tick)

    def uniforms(self, tick: int) -> list[float]:
        """`width` uniform draws in [0, 1) of this tick, independent of `normals`."""
        return self._uniforms.row(tick)

    def generator(self, index: int) -> np.random.Generator:
        """A numpy generator of its own for item `index` (a scene, a batch), independent of the per-tick draws."""
        return np.random.Generator(np.random.Philox(key=self._key, counter=[0, 0, index, 2]))


class _Block:
    """The rows of BLOCK_TICKS consecutive ticks, made in one call; the block number is the Philox counter."""

    def __init__(self, key: int, width: int, lane: int, draw: _Draw) -> None:
        self._key, self._width, self._lane, self._draw = key, width, lane, draw
        self._index = -1
        self._rows: list[list[float]] = []

    def row(self, tick: int) -> list[float]:
        index, offset = divmod(tick, BLOCK_TICKS)
        if index != self._index:
            rng = np.random.Generator(np.random.Philox(key=self._key, counter=[0, 0, index, self._lane]))
            self._rows = self._draw(rng, (BLOCK_TICKS, self._width)).tolist()
            self._index = index
        return self._rows[offset]
