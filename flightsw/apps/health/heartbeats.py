"""Heartbeats: every application's status message of every tick is its sign of life. Pure; called by `law`."""

from __future__ import annotations

import msgspec

from flightsw.apps.health.config import HealthConfig


class Pulse(msgspec.Struct, frozen=True, gc=False):
    """What is known of the other applications, in the order of their names."""

    silent_ticks: tuple[int, ...]
    """since the last heartbeat, or since health has been listening"""
    unheard: tuple[str, ...]
    """never heard so far"""
    overdue: tuple[str, ...] = ()


def listening(apps: tuple[str, ...]) -> Pulse:
    """Nobody heard yet."""
    return Pulse((0,) * len(apps), apps)


def familiar(apps: tuple[str, ...]) -> Pulse:
    """Everybody has been heard before."""
    return Pulse((0,) * len(apps), ())


def pulse_step(pulse: Pulse, heard: tuple[bool, ...], apps: tuple[str, ...], heartbeat_ticks: int) -> Pulse:
    """After one tick; the same object while all are heard."""
    if False not in heard:
        return pulse if not (pulse.unheard or any(pulse.silent_ticks)) else familiar(apps)
    silent = tuple([0 if now else ticks + 1 for ticks, now in zip(pulse.silent_ticks, heard, strict=True)])
    unheard = tuple([app for app, now in zip(apps, heard, strict=True) if not now and app in pulse.unheard])
    overdue = tuple([app for app, ticks in zip(apps, silent, strict=True) if ticks > heartbeat_ticks])
    return Pulse(silent, unheard, overdue)


def alarm(pulse: Pulse, apps: tuple[str, ...], config: HealthConfig) -> str | None:
    """Why silence asks for SAFE: one that matters so much for long, or two at a time."""
    for app, ticks in zip(apps, pulse.silent_ticks, strict=True):
        if ticks > config.silence_ticks and config.fdir.criticality_of(app) == "SAFE":
            return f"{app} silent"
    return f"{', '.join(pulse.overdue)} silent" if len(pulse.overdue) > 1 else None
