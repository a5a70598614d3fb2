"""Attitude as a commanded state: which way the body stands at a tick, and so what its faces see of Sun and Earth.

Reads an `AttitudeConfig`, the faces' normals, the sky's block arrays and, tick by tick, the pointing that is
commanded. Gives `FaceViews`. Called by the plant process, `step` and then `views`, every tick.

A change of pointing starts a slew from where the body stands: about the eigenaxis that leads from there to the
attitude now commanded, at the rate of the slew law (see `slew`). The commanded attitude itself moves while the body
turns; the turn that is left shrinks in the frame of that moving attitude and ends in it exactly.

Held attitudes are tabulated by blocks of the sky, each only once it is in use; a table depends on the configuration
and its block alone, so views are the same whatever was asked before. In a slew they are worked out tick by tick.

Assumptions: a slew starts at rest in the frame of the attitude commanded, also when it breaks off another; the rates
of the frames themselves (0.06 deg/s in low orbit) come and go at once. No torque or wheel is modelled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec
import numpy as np

from flightsw.errors import ConfigError
from flightsw.plant.arrays import FloatArray, norm
from flightsw.plant.attitude_config import MOST_SPIN_DEG, AttitudeConfig, Axis, axis_vector
from flightsw.plant.epoch import Epoch
from flightsw.plant.face_views import FaceColumns, Facets, FaceViews
from flightsw.plant.pointing import Pointing, attitude_matrices, pointing_of
from flightsw.plant.rotations import Matrix, Quaternion, Vector, angle_rad, matrix_of, relative, scaled, turned
from flightsw.plant.sky import ROW_TICKS, SkyVectors
from flightsw.plant.slew import remaining_deg, slew_time_s

KEPT_TABLES = 8
"""Pointings tabulated at a time; each commanded target on the ground is one."""
NO_TURN_DEG = 1e-7
"""A turn as small as the rounding of two attitude matrices is none."""


class VectorSource(Protocol):
    """What the attitude asks of the sky."""

    epoch: Epoch
    dt_s: float

    def vectors(self, tick: int) -> SkyVectors:
        """The block that a tick lies in."""


class Slew(msgspec.Struct, frozen=True, gc=False):
    """A slew under way."""

    start_tick: int
    angle_deg: float
    """all of the turn"""
    error: Quaternion
    """at the start: takes components in the commanded attitude's axes to those in the body's"""
    duration_s: float
    """settling included"""


class AttitudeState(msgspec.Struct, frozen=True, gc=False):
    """What is commanded, and the slew towards it; None: it is held."""

    pointing: Pointing
    slew: Slew | None = None


class Geometry(NamedTuple):
    """A held attitude at a tick in plain floats: TEME to body, and where Sun and nadir stand in the body."""

    matrix: Matrix
    sun: Vector
    nadir: Vector
    radius_km: float


class AttitudeModel:
    """The attitude of one body. `faces`: the normals whose views are wanted, in body axes. Raises ConfigError for a
    face that is no axis."""

    def __init__(self, config: AttitudeConfig, faces: Sequence[Axis], sky: VectorSource) -> None:
        self.config = config
        self._sky = sky
        self._dt_s = sky.dt_s
        if abs(config.inertial.spin_deg_s) * sky.dt_s > MOST_SPIN_DEG:
            raise ConfigError(
                f"attitude.inertial.spin_deg_s = {config.inertial.spin_deg_s} at dt_s = {sky.dt_s}: must turn by at "
                f"most {MOST_SPIN_DEG:g} deg a step; a quicker spin is one of mean angles, without faces"
            )
        normals = [axis_vector(f"faces.{index}", face) for index, face in enumerate(faces)]
        self._facets = Facets(normals, config.array, config.pointing_error_deg)
        self._tables: dict[Pointing, _Table] = {}

    def initial(self) -> AttitudeState:
        """The state at tick 0: the initial attitude, held."""
        return AttitudeState(pointing_of(self.config, self.config.initial_attitude))

    def step(self, state: AttitudeState, commanded: Pointing | None, tick: int) -> AttitudeState:
        """The state at a tick, from that of an earlier one. None, or what is commanded already, starts nothing."""
        if commanded is not None and commanded != state.pointing:
            matrix = self.body_from_teme(state, tick)
            error = relative(self._table(commanded).geometry(tick).matrix, matrix)
            angle_deg = math.degrees(angle_rad(error))
            if angle_deg < NO_TURN_DEG:
                return AttitudeState(commanded)
            return AttitudeState(commanded, Slew(tick, angle_deg, error, slew_time_s(self.config.slew, angle_deg)))
        if state.slew is not None and self._elapsed_s(state.slew, tick) >= state.slew.duration_s:
            return AttitudeState(state.pointing)
        return state

    def views(self, state: AttitudeState, tick: int) -> FaceViews:
        """What faces and array see at the start of a tick, `state` being that of the tick."""
        table = self._tables.get(state.pointing) or self._table(state.pointing)
        slew = state.slew
        if slew is None:
            return table.views(tick)
        held = table.geometry(tick)
        left_deg = self._remaining_deg(slew, tick)
        turn = _turn(slew, left_deg)
        return self._facets.at(turned(turn, held.sun), turned(turn, held.nadir), held.radius_km, left_deg)

    def body_from_teme(self, state: AttitudeState, tick: int) -> Matrix:
        """The attitude matrix at the start of a tick: its rows are the body axes in TEME."""
        held = self._table(state.pointing).geometry(tick).matrix
        if state.slew is None:
            return held
        turn = _turn(state.slew, self._remaining_deg(state.slew, tick))
        columns = [turned(turn, column) for column in zip(*held, strict=True)]
        rows = list(zip(*columns, strict=True))
        return rows[0], rows[1], rows[2]

    def _elapsed_s(self, slew: Slew, tick: int) -> float:
        return (tick - slew.start_tick) * self._dt_s

    def _remaining_deg(self, slew: Slew, tick: int) -> float:
        return remaining_deg(self.config.slew, slew.angle_deg, self._elapsed_s(slew, tick))

    def _table(self, pointing: Pointing) -> _Table:
        table = self._tables.get(pointing)
        if table is None:
            if len(self._tables) >= KEPT_TABLES:
                del self._tables[next(iter(self._tables))]
            table = self._tables[pointing] = _Table(self.config, pointing, self._facets, self._sky)
        return table


def _turn(slew: Slew, left_deg: float) -> Matrix:
    """From the commanded attitude's axes to the body's, with so much of the turn still to go."""
    return matrix_of(scaled(slew.error, left_deg / slew.angle_deg))


class _Table:
    """One pointing held over a block of the sky: its rows in plain floats, made ROW_TICKS at a time."""

    def __init__(self, config: AttitudeConfig, pointing: Pointing, facets: Facets, sky: VectorSource) -> None:
        self._config = config
        self._pointing = pointing
        self._facets = facets
        self._sky = sky
        self._block: _Block | None = None
        self._first_view = self._first_geometry = 0
        self._views: list[FaceViews] = []
        self._geometry: list[Geometry] = []

    def views(self, tick: int) -> FaceViews:
        """What is seen at a tick."""
        offset = tick - self._first_view
        if offset < 0 or offset >= len(self._views):
            block = self._open(tick)
            start = (tick - block.first_tick) // ROW_TICKS * ROW_TICKS
            if block.columns is None:
                block.columns = self._facets.rows(block.sun, block.nadir, block.radius_km)
            self._views = block.columns.views(start, start + ROW_TICKS)
            self._first_view = block.first_tick + start
            offset = tick - self._first_view
        return self._views[offset]

    def geometry(self, tick: int) -> Geometry:
        """The attitude at a tick, and Sun and nadir in it."""
        offset = tick - self._first_geometry
        if offset < 0 or offset >= len(self._geometry):
            block = self._open(tick)
            start = (tick - block.first_tick) // ROW_TICKS * ROW_TICKS
            self._geometry = block.geometry(start, start + ROW_TICKS)
            self._first_geometry = block.first_tick + start
            offset = tick - self._first_geometry
        return self._geometry[offset]

    def _open(self, tick: int) -> _Block:
        sky = self._sky.vectors(tick)
        if self._block is None or self._block.first_tick != sky.first_tick:
            self._block = _Block(sky, attitude_matrices(self._config, self._pointing, self._sky.epoch, sky))
        return self._block


class _Block:
    """The arrays of one pointing over one block."""

    def __init__(self, sky: SkyVectors, matrices: FloatArray) -> None:
        self.first_tick = sky.first_tick
        self.matrices = matrices
        self.radius_km = norm(sky.position_km)
        self.sun = np.einsum("nij,nj->ni", matrices, sky.sun)
        self.nadir = np.einsum("nij,nj->ni", matrices, sky.position_km / -self.radius_km[:, None])
        self.columns: FaceColumns | None = None

    def geometry(self, start: int, stop: int) -> list[Geometry]:
        """Rows `start` to `stop` in plain floats."""
        plain = (column[start:stop].tolist() for column in (self.matrices, self.sun, self.nadir, self.radius_km))
        return [
            Geometry((tuple(x), tuple(y), tuple(z)), tuple(sun), tuple(nadir), radius_km)
            for (x, y, z), sun, nadir, radius_km in zip(*plain, strict=True)
        ]
