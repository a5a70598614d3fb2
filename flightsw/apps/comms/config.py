"""What communications is told."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from flightsw.apps.own import AppConfig

Bytes = Annotated[int, Meta(ge=0, le=10**12)]


class CommsConfig(AppConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Communications: what is sent home, how much is stored, how long an owner may take for a command."""

    housekeeping_bytes_per_tick: Bytes = 200
    """stored telemetry of the whole node"""
    clear_scene_bytes: Bytes = 65_536
    """a scene worth having: 1024 x 1024 detector pixels at half a bit each (JPEG 2000, visually lossless)"""
    cloudy_scene_bytes: Bytes = 256
    """a scene that isn't: its mask's thumbnail"""
    cloudy_above: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.7
    """cloud fraction above which a scene is not worth its downlink (CloudScout, Phi-Sat-1: 70 %)"""
    carrier_wait_s: Annotated[float, Meta(gt=0.0, le=10_000.0)] = 60.0
    """a station that must be in view, and hasn't been heard for so long: the radio may be deaf, and that is told"""
    store_bytes: Bytes = 2_000_000_000
    report_ticks: Annotated[int, Meta(ge=1, le=1_000_000)] = 30
    """an owner that has not reported on a command by then has failed it"""
