"""Wildfires in the virtual camera's world: the same scenes with fires lit in them, and with things that look like fire.

A fire smaller than a cell adds to the short-wave infrared, and a tenth as much to the near infrared, what its share of
the cell radiates at flame temperature; the optics spread it over its neighbours (Gaussian, 0.6 cells). Between a
smouldering edge and a front that fills a tenth of a cell lie one and a half decades. What lies above weakens it on its
one way up. Bare roofs and glinting ponds are as small and as bright at 1.6 um, but bright in every band: the visible
tells them apart (Giglio, Remote Sens. Environ. 2016 and before: contextual fire detection rejects glint and bare soil
in this way). Fires burn where something grows. Strengths, numbers and shares are estimates.

Where fires are is a pure function of (seed, scene, latitude): training and scoring ask `truth`, flight software never.
Called, as the `VirtualCamera` that it is, by the engine for models whose card asks for fires.
"""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from flightsw.devices.camera import CELLS, CLOUD_TAU, FULL_SCALE, LEVELS, Tiles, VirtualCamera

MOST_SPOTS = 6
"""in a scene, burning or not"""
FAINTEST, BRIGHTEST = 0.03, 0.9
"""added to the 1.6 um band by a fire in the middle of its cell, as reflectance"""
NIR_SHARE = 0.1
SPREAD_CELLS = 0.6
SEEN_ABOVE = 0.02
"""a cell burns, in truth, where a fire adds so much and no cloud hides it; two and a half times the noise"""
GROWING = 0.35
"""least share of vegetation on which a fire burns"""

_STEP = np.float32(FULL_SCALE / LEVELS)
_FIRE = np.array([0.0, 0.0, 0.0, NIR_SHARE, 1.0], np.float32)
_ROOF = np.array([0.8, 0.9, 1.0, 1.0, 0.9], np.float32)
_REACH = 2
_VEGETATION = 1


class Spot(NamedTuple):
    """Something small and bright: where (in cells), how bright at 1.6 um, and whether it burns."""

    row: float
    column: float
    strength: float
    burns: bool


class FireCamera(VirtualCamera):
    """The camera of one seed in a world that burns here and there."""

    def tiles(self, first_scene: int, count: int, cos_zenith: float, latitude_deg: float) -> Tiles:
        """Consecutive scenes as (count, 5, 32, 32) float32 in [0, 1.2]."""
        seen = super().tiles(first_scene, count, cos_zenith, latitude_deg)
        growing, clear = self._growing(first_scene, count, latitude_deg), self.clearness(first_scene, count)
        light = np.float32(0.35 + 0.65 * max(0.0, cos_zenith))
        for place in range(count):
            for spot in self._spots(first_scene + place, growing[place]):
                rows, columns, bump = _bump(spot)
                above = clear[place, rows, columns]
                if not spot.burns:
                    bump = bump * light * above  # lit by the Sun: weakened on the way down, too
                colour = _FIRE if spot.burns else _ROOF
                seen[place, :, rows, columns] += colour[:, None, None] * (bump * above)
        np.rint(seen / _STEP, out=seen)
        seen.clip(0.0, LEVELS, out=seen)
        seen *= _STEP
        return seen

    def truth(self, first_scene: int, count: int, latitude_deg: float = 0.0) -> npt.NDArray[np.bool_]:
        """Where something burns that no cloud hides, (count, 32, 32)."""
        growing = self._growing(first_scene, count, latitude_deg)
        glow = np.zeros((count, CELLS, CELLS), np.float32)
        for place in range(count):
            for spot in self._spots(first_scene + place, growing[place]):
                if spot.burns:
                    rows, columns, bump = _bump(spot)
                    glow[place, rows, columns] += bump
        mask: npt.NDArray[np.bool_] = (glow > SEEN_ABOVE) & ~(self.optical_depth(first_scene, count) > CLOUD_TAU)
        return mask

    def _growing(self, first_scene: int, count: int, latitude_deg: float) -> Tiles:
        return self.surface_shares(first_scene, count, latitude_deg)[:, _VEGETATION]

    def _spots(self, scene: int, growing: Tiles) -> list[Spot]:
        """Fires and false ones of a scene; a fire where nothing grows goes out."""
        digest = hashlib.blake2b(b"fires:%d:%d" % (self._seed, scene), digest_size=4 + 8 * MOST_SPOTS).digest()
        (drawn,) = struct.unpack_from("<I", digest)
        spots = []
        for number in range(drawn % (MOST_SPOTS + 1)):
            row, column, strength, kind = struct.unpack_from("<4H", digest, 4 + 8 * number)
            spot = Spot(
                row * CELLS / 65536.0,
                column * CELLS / 65536.0,
                FAINTEST * (BRIGHTEST / FAINTEST) ** (strength / 65535.0),
                kind & 3 != 0,
            )
            if not spot.burns or growing[int(spot.row), int(spot.column)] >= GROWING:
                spots.append(spot)
        return spots


def _bump(spot: Spot) -> tuple[slice, slice, Tiles]:
    """The cells that a spot reaches, and what it adds to each."""
    middle_row, middle_column = int(spot.row), int(spot.column)
    rows = np.arange(max(0, middle_row - _REACH), min(CELLS, middle_row + _REACH + 1))
    columns = np.arange(max(0, middle_column - _REACH), min(CELLS, middle_column + _REACH + 1))
    down = np.exp(-0.5 * ((rows + 0.5 - spot.row) / SPREAD_CELLS) ** 2)
    across = np.exp(-0.5 * ((columns + 0.5 - spot.column) / SPREAD_CELLS) ** 2)
    bump: Tiles = (spot.strength * np.outer(down, across)).astype(np.float32)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1), bump
