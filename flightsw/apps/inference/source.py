"""Imaging along the ground track: which scenes arrive in a tick, and under which light. Pure.

A scene's number comes from the time of its image alone, so that a payload that was off, or restarted, sees the same
world as one that wasn't. Called by the application, every tick in which imaging is allowed.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from flightsw.apps.inference.config import InferenceConfig


class Frame(NamedTuple):
    """An image: consecutive scenes that arrive together."""

    arrived_ns: int
    first_scene: int
    scenes: int
    cos_zenith: float
    latitude_deg: float


class View(msgspec.Struct, frozen=True, gc=False):
    """What lies below, rounded to what a result logs: the camera's inputs must be found again in the log."""

    cos_zenith: float
    latitude_deg: float


def view_below(position_km: tuple[float, float, float], sun: tuple[float, float, float], latitude_deg: float) -> View:
    """Light and latitude at the sub-satellite point (zenith along the radius: within 0.2 degrees of the geodetic)."""
    x, y, z = position_km
    sun_x, sun_y, sun_z = sun
    cos_zenith = (x * sun_x + y * sun_y + z * sun_z) / (x * x + y * y + z * z) ** 0.5
    return View(min(1.0, max(-1.0, round(cos_zenith, 3))), round(latitude_deg, 2))


def frames_in(t_ns: int, dt_s: float, view: View, config: InferenceConfig) -> list[Frame]:
    """Images taken in [t, t + dt): at whole multiples of the frame period, by day."""
    if view.cos_zenith < config.min_cos_zenith:
        return []
    period_ns = round(config.frame_period_s * 1e9)
    scenes = config.frame_scenes
    first = -(-t_ns // period_ns)
    beyond = -(-(t_ns + round(dt_s * 1e9)) // period_ns)
    return [
        Frame(number * period_ns, number * scenes, scenes, view.cos_zenith, view.latitude_deg)
        for number in range(first, beyond)
    ]
