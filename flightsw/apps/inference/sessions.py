"""Sessions: a payload that may be on only for a stretch of time, at regular intervals. Pure.

Where power or heat allows no continuous work, the mission plan gives the payload a share of the time; idle power and
the boot decide how long a stretch must be to pay. Between sessions scenes wait, and the device is off. Counted from
the start of the run, so that an application that restarts keeps the plan. Called by the application, every tick.
"""

from __future__ import annotations

from flightsw.apps.inference.config import InferenceConfig


def in_session(t_ns: int, config: InferenceConfig) -> bool:
    """Whether the plan lets the payload be on at this time; always, where no session is configured."""
    if config.session_s is None:
        return True
    since_ns = t_ns - round(config.session_start_s * 1e9)
    if since_ns < 0:
        return False
    return since_ns % round(config.session_period_s * 1e9) < round(config.session_s * 1e9)
