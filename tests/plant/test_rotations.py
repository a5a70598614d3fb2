"""Rotations: conventions, and that matrix and quaternion say the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flightsw.plant.rotations import (
    IDENTITY,
    Quaternion,
    angle_rad,
    matrix_of,
    normalised,
    quaternion_of,
    relative,
    scaled,
    slerp,
    turned,
)

components = st.floats(-1.0, 1.0)


@st.composite
def quaternions(draw: st.DrawFn) -> Quaternion:
    q = (draw(components), draw(components), draw(components), draw(components))
    assume(math.hypot(*q) > 0.1)
    return normalised(q)


def about_z(angle_deg: float) -> Quaternion:
    half = math.radians(angle_deg) / 2
    return math.cos(half), 0.0, 0.0, math.sin(half)


def same(a: Quaternion, b: Quaternion) -> bool:
    return abs(abs(sum(p * q for p, q in zip(a, b, strict=True))) - 1.0) < 1e-12


def test_a_frame_turned_by_90_deg_about_z_has_the_old_y_as_its_x() -> None:
    assert turned(matrix_of(about_z(90.0)), (0.0, 1.0, 0.0)) == pytest.approx((1.0, 0.0, 0.0))
    assert turned(matrix_of(about_z(90.0)), (0.0, 0.0, 1.0)) == pytest.approx((0.0, 0.0, 1.0))


@given(quaternions())
def test_a_matrix_is_a_rotation_and_gives_its_quaternion_back(q: Quaternion) -> None:
    matrix = np.array(matrix_of(q))
    assert matrix @ matrix.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    back = quaternion_of(matrix_of(q))
    assert back[0] >= 0.0
    assert same(back, q)


@pytest.mark.parametrize("q", [IDENTITY, (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0)])
def test_half_turns_about_the_axes_survive_the_matrix(q: Quaternion) -> None:
    assert same(quaternion_of(matrix_of(q)), q)


@given(quaternions(), quaternions())
def test_the_relative_attitude_leads_from_one_to_the_other(a: Quaternion, b: Quaternion) -> None:
    step = np.array(matrix_of(relative(matrix_of(a), matrix_of(b))))
    assert step @ np.array(matrix_of(a)) == pytest.approx(np.array(matrix_of(b)), abs=1e-12)


@given(quaternions(), st.floats(0.0, 1.0))
def test_a_share_of_a_turn_keeps_its_axis_and_has_that_share_of_its_angle(q: Quaternion, share: float) -> None:
    q = quaternion_of(matrix_of(q))
    part = scaled(q, share)
    assert angle_rad(part) == pytest.approx(share * angle_rad(q), abs=1e-12)
    assert np.cross(part[1:], q[1:]) == pytest.approx([0.0, 0.0, 0.0], abs=1e-12)
    assert scaled(q, 1.0) == pytest.approx(q, abs=1e-12)


@given(quaternions(), quaternions(), st.floats(0.0, 1.0))
def test_slerp_runs_evenly_along_the_eigenaxis_the_short_way(a: Quaternion, b: Quaternion, share: float) -> None:
    whole = relative(matrix_of(a), matrix_of(b))
    assume(angle_rad(whole) < math.pi - 1e-6)
    part = relative(matrix_of(a), matrix_of(slerp(a, b, share)))
    assert matrix_of(part) == pytest.approx(np.array(matrix_of(scaled(whole, share))), abs=1e-7)
