"""The virtual multispectral camera: what a scene looks like is a pure function of (seed, scene id, light, latitude).

Five bands (blue, green, red, near and short-wave infrared) on 32 x 32 cells, reflectance-like float32. Surface classes
(ocean, vegetation, desert, snow) are mixed by two fractal fields and by latitude. Over them lie water cloud and thin
cirrus, two more fields turned into optical depth tau, with the two-stream reflectance tau (1 - g) / (2 + tau (1 - g))
(Bohren, "Multiple scattering of light and some of its observable consequences", Am. J. Phys. 55, 1987; g = 0.85).
Snow is as bright as cloud in the visible and dark at 1.6 um, where water cloud stays bright: the band that tells them
apart (Dozier, 1989); cirrus, being ice, is in between. Fields have power spectra of f^-beta, as observed for clouds
(Lovejoy & Schertzer). Noise, independent by band, and 12-bit quantisation are the detector's. Reflectances per class
are rounded textbook figures (estimate), good for training a network on what it will be shown and for nothing else.

An atlas of fields is made once per seed, at the first scene; a scene is a window of it at a place that a hash of its
id gives. Called by the inference process's engine and, with `truth`, by training and scoring; truth never reaches the
flight software.
"""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import numpy.typing as npt

from flightsw.streams import Stream

BANDS = ("blue", "green", "red", "nir", "swir")
CELLS = 32
ATLAS = 1024
CLOUD_TAU = 2.0
"""optical depth, water cloud and cirrus together, from which a cell counts as cloud"""
ASYMMETRY = 0.85
FULL_SCALE = 1.2
LEVELS = 4095
NOISE = 0.008
"""standard deviation of a reading, in reflectance: signal to noise 100 at 0.8 (estimate, a modest imager)"""

_SCENE_VALUES = len(BANDS) * CELLS * CELLS
_STEP = np.float32(FULL_SCALE / LEVELS)
_REFLECTANCE = np.array(
    [
        # blue green red   nir   swir
        [0.06, 0.05, 0.03, 0.02, 0.01],  # ocean
        [0.04, 0.08, 0.05, 0.40, 0.20],  # vegetation
        [0.18, 0.24, 0.32, 0.40, 0.48],  # desert
        [0.88, 0.88, 0.87, 0.78, 0.10],  # snow
        [1.00, 1.00, 1.00, 0.98, 0.80],  # water cloud, opaque: droplets absorb a little at 1.6 um
        [1.00, 1.00, 1.00, 0.95, 0.45],  # cirrus, opaque: ice absorbs more
    ],
    dtype=np.float32,
)
_SURFACES = 4

Tiles = npt.NDArray[np.float32]


class VirtualCamera:
    """The camera of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made = False
        self._ground: Tiles
        self._sky: Tiles
        self._tau: Tiles
        self._noise: Tiles

    def tiles(self, first_scene: int, count: int, cos_zenith: float, latitude_deg: float) -> Tiles:
        """Consecutive scenes as (count, 5, 32, 32) float32 in [0, 1.2]."""
        ground, sky, noise_at = self._windows(first_scene, count)
        wet, texture = ground
        cloud, cirrus = sky
        parts = np.empty((count, len(_REFLECTANCE), CELLS, CELLS), np.float32)
        _surface_shares(wet, texture, latitude_deg, parts)
        below = np.float32(1.0) - cirrus
        np.multiply(cloud, below, out=parts[:, 4])
        parts[:, 5] = cirrus
        clear = np.float32(1.0) - cloud
        clear *= below
        clear *= clear  # down through the cloud and up again
        clear *= np.float32(0.85) + np.float32(0.15) * texture
        parts[:, :_SURFACES] *= clear[:, None]
        light = 0.35 + 0.65 * max(0.0, cos_zenith)
        by_band = _REFLECTANCE.T * np.float32(light * LEVELS / FULL_SCALE)
        codes = np.matmul(by_band, parts.reshape(count, -1, CELLS * CELLS))
        readings = codes.reshape(count, _SCENE_VALUES)
        for place, at in enumerate(noise_at):
            readings[place] += self._noise[at : at + _SCENE_VALUES]
        np.rint(codes, out=codes)
        codes.clip(0.0, LEVELS, out=codes)
        codes *= _STEP
        seen: Tiles = codes.reshape(count, len(BANDS), CELLS, CELLS)
        return seen

    def truth(self, first_scene: int, count: int, latitude_deg: float = 0.0) -> npt.NDArray[np.bool_]:
        """Where cloud really is, (count, 32, 32), whatever the light and the latitude."""
        del latitude_deg  # other cameras' truth depends on it
        mask: npt.NDArray[np.bool_] = self.optical_depth(first_scene, count) > CLOUD_TAU
        return mask

    def optical_depth(self, first_scene: int, count: int) -> Tiles:
        """Of what lies above the ground, (count, 32, 32)."""
        self._make_atlas_once()
        tau = np.empty((count, CELLS, CELLS), np.float32)
        for place in range(count):
            _, _, y, x, _ = self._places(first_scene + place)
            tau[place] = self._tau[0, y : y + CELLS, x : x + CELLS]
        return tau

    def clearness(self, first_scene: int, count: int) -> Tiles:
        """Share of light from the ground that comes up through the clouds, (count, 32, 32)."""
        cloud, cirrus = self._windows(first_scene, count)[1]
        clear: Tiles = (np.float32(1.0) - cloud) * (np.float32(1.0) - cirrus)
        return clear

    def snow(self, first_scene: int, count: int, latitude_deg: float) -> npt.NDArray[np.bool_]:
        """Where the surface is mostly snow, (count, 32, 32): for measuring what a network mistakes for cloud."""
        mask: npt.NDArray[np.bool_] = self.surface_shares(first_scene, count, latitude_deg)[:, 3] > 0.5
        return mask

    def surface_shares(self, first_scene: int, count: int, latitude_deg: float) -> Tiles:
        """Shares of ocean, vegetation, desert and snow on the ground, (count, 4, 32, 32)."""
        ground = self._windows(first_scene, count)[0]
        shares = np.empty((count, _SURFACES, CELLS, CELLS), np.float32)
        _surface_shares(ground[0], ground[1], latitude_deg, shares)
        return shares

    def _windows(self, first_scene: int, count: int) -> tuple[Tiles, Tiles, list[int]]:
        """Of consecutive scenes: ground and sky, each (2, count, 32, 32), and places in the noise."""
        self._make_atlas_once()
        ground = np.empty((2, count, CELLS, CELLS), np.float32)
        sky = np.empty_like(ground)
        noise_at = []
        for place in range(count):
            y, x, above_y, above_x, at = self._places(first_scene + place)
            ground[:, place] = self._ground[:, y : y + CELLS, x : x + CELLS]
            sky[:, place] = self._sky[:, above_y : above_y + CELLS, above_x : above_x + CELLS]
            noise_at.append(at)
        return ground, sky, noise_at

    def _places(self, scene: int) -> tuple[int, int, int, int, int]:
        """Where a scene lies: row and column on the ground, row and column in the sky, offset in the noise."""
        digest = hashlib.blake2b(b"%d:%d" % (self._seed, scene), digest_size=12).digest()
        y, x, above_y, above_x, at = struct.unpack("<4HI", digest)
        wrap = ATLAS - 1
        return y & wrap, x & wrap, above_y & wrap, above_x & wrap, at % (ATLAS * ATLAS)

    def _make_atlas_once(self) -> None:
        if self._made:
            return
        stream = Stream(self._seed, "devices.camera", 1)
        water = np.float32(18.0) * np.clip(_fractal(stream.generator(0), 2.6) - np.float32(0.05), 0.0, None) ** 1.5
        ice = np.float32(0.9) * np.clip(_fractal(stream.generator(1), 3.2) - np.float32(0.6), 0.0, None)
        self._sky = _wrapped(_two_stream(water), _two_stream(ice))
        self._tau = _wrapped(water + ice)
        wet, texture = _fractal(stream.generator(2), 3.0), _fractal(stream.generator(3), 2.2)
        grain = stream.generator(4).standard_normal(ATLAS * ATLAS, np.float32)
        grain *= np.float32(NOISE * LEVELS / FULL_SCALE)
        self._noise = np.concatenate((grain, grain[:_SCENE_VALUES]))
        self._ground = _wrapped(wet, texture)
        self._made = True


def _surface_shares(wet: Tiles, texture: Tiles, latitude_deg: float, into: Tiles) -> None:
    """Shares (n, 4, 32, 32) of ocean, vegetation, desert, snow: soft edges along the fields' contours."""
    poleward_deg = abs(latitude_deg)
    land = _soft(np.float32(4.0) * wet, 0.5 - 4.0 * 0.55)
    cold = _soft(np.float32(2.4) * texture, 0.5 + (poleward_deg - 62.0) / 3.0)
    dry = _soft(np.float32(4.0) * (texture - wet), 0.5 + 4.0 * (0.8 - ((poleward_deg - 25.0) / 15.0) ** 2))
    ice = np.float32(0.6) * cold  # on the sea
    sea = np.float32(1.0) - land
    np.multiply(sea, np.float32(1.0) - ice, out=into[:, 0])
    bare = land - land * cold
    np.multiply(bare, dry, out=into[:, 2])
    np.subtract(bare, into[:, 2], out=into[:, 1])
    ice *= sea
    np.add(land * cold, ice, out=into[:, 3])


def _soft(value: Tiles, offset: float) -> Tiles:
    """`value` + `offset` held within 0 and 1, in place."""
    value += np.float32(offset)
    value.clip(0.0, 1.0, out=value)
    return value


def _two_stream(tau: Tiles) -> Tiles:
    """Reflectance of a cloud of this optical depth (Bohren 1987)."""
    scattering = tau * np.float32(1.0 - ASYMMETRY)
    reflectance: Tiles = scattering / (np.float32(2.0) + scattering)
    return reflectance


def _fractal(rng: np.random.Generator, beta: float) -> Tiles:
    """A periodic random field with power spectrum f^-beta, zero mean and unit variance."""
    frequency = np.hypot(np.fft.fftfreq(ATLAS)[:, None], np.fft.rfftfreq(ATLAS)[None, :])
    frequency[0, 0] = 1.0
    amplitude = (frequency ** (-beta / 2.0)).astype(np.float32)
    amplitude[0, 0] = 0.0
    spectrum = np.empty(amplitude.shape, np.complex64)
    spectrum.real = rng.standard_normal(amplitude.shape, np.float32)
    spectrum.imag = rng.standard_normal(amplitude.shape, np.float32)
    spectrum *= amplitude
    field = np.fft.irfft2(spectrum, (ATLAS, ATLAS))
    normal: Tiles = ((field - field.mean()) / field.std()).astype(np.float32)
    return normal


def _wrapped(*fields: Tiles) -> Tiles:
    """Periodic fields, stacked and with a margin, so that every window is one slice."""
    return np.pad(np.stack(fields), ((0, 0), (0, CELLS), (0, CELLS)), mode="wrap")
