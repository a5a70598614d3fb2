"""The virtual multispectral camera: what a scene looks like is a pure function of (seed, scene id, light, latitude).

Five bands (blue, green, red, near and short-wave infrared) on 32 x 32 cells, reflectance-like float32. Surface classes
(ocean, vegetation, desert, snow) are mixed by two fractal fields and by latitude; clouds are a third field turned into
optical depth tau and lie over the surface with the two-stream reflectance tau (1 - g) / (2 + tau (1 - g)) (Bohren,
"Multiple scattering of light and some of its observable consequences", Am. J. Phys. 55, 1987; g = 0.85). Snow is as
bright as cloud in the visible and dark at 1.6 um, where cloud stays bright: the band that tells them apart (Dozier,
1989). Fields have power spectra of f^-beta, as observed for clouds (Lovejoy & Schertzer). Noise and 12-bit
quantisation are the detector's. Reflectances per class are rounded textbook figures (estimate), good for training a
network on what it will be shown and for nothing else.

An atlas of fields is made once per seed, at the first scene; a scene is a window of it at a place that a hash of its
id gives. Called by the inference process's engine and, with `truth`, by training and scoring; truth never reaches the
flight software.
"""

from __future__ import annotations

import hashlib
from typing import overload

import numpy as np
import numpy.typing as npt

from flightsw.streams import Stream

BANDS = ("blue", "green", "red", "nir", "swir")
CELLS = 32
ATLAS = 1024
CLOUD_TAU = 2.0
"""optical depth from which a cell counts as cloud"""
ASYMMETRY = 0.85
FULL_SCALE = 1.2
LEVELS = 4095

_SURFACES = np.array(
    [
        [0.06, 0.05, 0.03, 0.02, 0.01],  # ocean
        [0.04, 0.08, 0.05, 0.40, 0.20],  # vegetation
        [0.18, 0.24, 0.32, 0.40, 0.48],  # desert
        [0.88, 0.88, 0.87, 0.78, 0.10],  # snow
    ],
    dtype=np.float32,
)
_CLOUD_TINT = np.array([1.0, 1.0, 1.0, 0.98, 0.80], dtype=np.float32).reshape(5, 1)
"""liquid cloud absorbs a little at 1.6 um"""

Tiles = npt.NDArray[np.float32]


class VirtualCamera:
    """The camera of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._cloud: npt.NDArray[np.float32] | None = None
        self._wet: npt.NDArray[np.float32]
        self._texture: npt.NDArray[np.float32]
        self._noise: npt.NDArray[np.float32]

    def tiles(self, first_scene: int, count: int, cos_zenith: float, latitude_deg: float) -> Tiles:
        """Consecutive scenes as (count, 5, 32, 32) float32 in [0, 1.2]."""
        cover, wet, texture, noise = self._windows(first_scene, count)
        flat = (count, 1, CELLS * CELLS)
        share = self._surface_shares(wet, texture, latitude_deg).reshape(count, len(_SURFACES), CELLS * CELLS)
        seen: Tiles = np.matmul(_SURFACES.T, share)
        clear = np.float32(1.0) - cover
        clear *= clear
        clear *= np.float32(0.85) + np.float32(0.15) * texture
        seen *= clear.reshape(flat)
        seen += _CLOUD_TINT * cover.reshape(flat)
        seen *= np.float32(0.35 + 0.65 * max(0.0, cos_zenith))
        grain = (np.float32(0.006) * noise).reshape(flat)
        seen += grain + grain * seen
        np.clip(seen, 0.0, FULL_SCALE, out=seen)
        seen *= np.float32(LEVELS / FULL_SCALE)
        np.rint(seen, out=seen)
        seen *= np.float32(FULL_SCALE / LEVELS)
        tiles: Tiles = seen.reshape(count, len(BANDS), CELLS, CELLS)
        return tiles

    def truth(self, first_scene: int, count: int) -> npt.NDArray[np.bool_]:
        """Where cloud really is, (count, 32, 32)."""
        mask: npt.NDArray[np.bool_] = self._windows(first_scene, count)[0] > _cover(CLOUD_TAU)
        return mask

    def snow(self, first_scene: int, count: int, latitude_deg: float) -> npt.NDArray[np.bool_]:
        """Where the surface is mostly snow, (count, 32, 32): for measuring what a network mistakes for cloud."""
        _, wet, texture, _ = self._windows(first_scene, count)
        mask: npt.NDArray[np.bool_] = self._surface_shares(wet, texture, latitude_deg)[:, 3] > 0.5
        return mask

    def _surface_shares(self, wet: Tiles, texture: Tiles, latitude_deg: float) -> Tiles:
        """Shares (n, 4, 32, 32) of ocean, vegetation, desert, snow: soft edges along the fields' contours."""
        land = _soft(wet - np.float32(0.55))
        cold = _soft(texture * np.float32(0.6) + np.float32((abs(latitude_deg) - 62.0) / 12.0))
        dry = _soft(texture - wet + np.float32(0.8 - ((abs(latitude_deg) - 25.0) / 15.0) ** 2))
        bare = land * (1.0 - cold)
        return np.stack(
            [(1.0 - land) * (1.0 - 0.6 * cold), bare * (1.0 - dry), bare * dry, cold * (land + 0.6 * (1.0 - land))],
            axis=1,
        )

    def _windows(self, first_scene: int, count: int) -> tuple[Tiles, Tiles, Tiles, Tiles]:
        """(cloud reflectance, wetness, texture, noise) windows of consecutive scenes, each (count, 32, 32)."""
        if self._cloud is None:
            self._make_atlas()
        assert self._cloud is not None
        cover = np.empty((count, CELLS, CELLS), np.float32)
        wet, texture, noise = np.empty_like(cover), np.empty_like(cover), np.empty_like(cover)
        for place in range(count):
            digest = hashlib.blake2b(f"{self._seed}:{first_scene + place}".encode(), digest_size=16).digest()
            for field, into, at in (
                (self._cloud, cover, 0),
                (self._wet, wet, 4),
                (self._texture, texture, 8),
                (self._noise, noise, 12),
            ):
                y = int.from_bytes(digest[at : at + 2], "little") & (ATLAS - 1)
                x = int.from_bytes(digest[at + 2 : at + 4], "little") & (ATLAS - 1)
                into[place] = field[y : y + CELLS, x : x + CELLS]
        return cover, wet, texture, noise

    def _make_atlas(self) -> None:
        stream = Stream(self._seed, "devices.camera", 1)
        cloud = _fractal(stream.generator(0), 2.6)
        cirrus = _fractal(stream.generator(1), 3.2)
        depth = 18.0 * np.clip(cloud - 0.05, 0.0, None) ** 1.5 + 0.9 * np.clip(cirrus - 0.6, 0.0, None)
        self._cloud = _wrapped(_cover(depth))
        self._wet = _wrapped(_fractal(stream.generator(2), 3.0))
        self._texture = _wrapped(_fractal(stream.generator(3), 2.2))
        self._noise = _wrapped(stream.generator(4).standard_normal((ATLAS, ATLAS)))


@overload
def _cover(tau: float) -> float: ...
@overload
def _cover(tau: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
def _cover(tau: float | npt.NDArray[np.float64]) -> float | npt.NDArray[np.float64]:
    """Two-stream reflectance of a cloud of this optical depth."""
    return tau * (1.0 - ASYMMETRY) / (2.0 + tau * (1.0 - ASYMMETRY))


def _soft(value: Tiles) -> Tiles:
    """A step with a soft edge."""
    result: Tiles = np.clip(value * np.float32(4.0) + np.float32(0.5), 0.0, 1.0)
    return result


def _fractal(rng: np.random.Generator, beta: float) -> npt.NDArray[np.float64]:
    """A periodic random field with power spectrum f^-beta, zero mean and unit variance."""
    frequency = np.hypot(np.fft.fftfreq(ATLAS)[:, None], np.fft.rfftfreq(ATLAS)[None, :])
    frequency[0, 0] = 1.0
    amplitude = frequency ** (-beta / 2.0)
    amplitude[0, 0] = 0.0
    shape = amplitude.shape
    spectrum = amplitude * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    field: npt.NDArray[np.float64] = np.fft.irfft2(spectrum, (ATLAS, ATLAS))
    normal: npt.NDArray[np.float64] = (field - field.mean()) / field.std()
    return normal


def _wrapped(field: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The periodic field with a margin, so that every window is one slice."""
    return np.pad(field, ((0, CELLS), (0, CELLS)), mode="wrap").astype(np.float32)
