"""Imaging along the ground track: which scenes arrive in a tick, and under which light. Pure."""

from __future__ import annotations

from typing import NamedTuple

from flightsw.apps.inference.config import InferenceConfig


class Frame(NamedTuple):
    """An image: consecutive scenes that arrive together."""

    arrived_ns: int
    first_scene: int
    scenes: int
    cos_zenith: float
    latitude_deg: float


class View(NamedTuple):
    """What lies below, rounded to what a result logs: the camera's inputs must be found again in the log."""

    cos_zenith: float
    latitude_deg: float


def view_below(position_km: tuple[float, float, float], sun: tuple[float, float, float], latitude_deg: float) -> View:
    """Light and latitude at the sub-satellite point."""
    x, y, z = position_km
    cos_zenith = (x * sun[0] + y * sun[1] + z * sun[2]) / (x * x + y * y + z * z) ** 0.5
    return View(min(1.0, max(-1.0, round(cos_zenith, 3))), round(latitude_deg, 2))


def frames_in(t_ns: int, dt_s: float, view: View, next_scene: int, config: InferenceConfig) -> list[Frame]:
    """Images taken in [t, t + dt): at whole multiples of the frame period, by day."""
    if view.cos_zenith < config.min_cos_zenith:
        return []
    period_ns = round(config.frame_period_s * 1e9)
    end_ns = t_ns + round(dt_s * 1e9)
    frames = []
    at_ns = -(-t_ns // period_ns) * period_ns
    while at_ns < end_ns:
        frames.append(Frame(at_ns, next_scene, config.frame_scenes, view.cos_zenith, view.latitude_deg))
        next_scene += config.frame_scenes
        at_ns += period_ns
    return frames
