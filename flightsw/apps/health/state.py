"""What health carries from tick to tick, and what one tick's observations are. Read by `law` and what it composes."""

from __future__ import annotations

import msgspec

from flightsw.apps.health.heartbeats import Pulse
from flightsw.apps.health.limits import Watch
from flightsw.messages.health import Mode


class State(msgspec.Struct, frozen=True, gc=False):
    """What health carries from tick to tick."""

    mode: Mode
    since_tick: int
    reason: str
    wanted: Mode
    """by ground or the mission plan"""
    pulse: Pulse
    watches: tuple[Watch, ...]
    red: str | None = None
    """first signal in red"""
    soc: float | None = None
    """as last heard"""
    brownout: bool = False
    well_ticks: int = 0
    exit_asked: bool = False
    """ground wants SAFE, or SURVIVAL, left"""
    eclipse: bool = False
    """as predicted on board"""
    ceiling: Mode = Mode.PAYLOAD
    """how high recovery lets the node go"""
    ceiling_reason: str = ""


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """One tick's observations."""

    tick: int
    heard: tuple[bool, ...]
    """per application: its heartbeat came in this tick"""
    values: tuple[float | None, ...]
    """per watchpoint; None: no sample"""
    soc: float | None
    """None: not heard"""
    brownout: bool
    eclipse: bool = False
    ceiling: Mode = Mode.PAYLOAD
    """by recovery, as of the last tick"""
    ceiling_reason: str = ""
