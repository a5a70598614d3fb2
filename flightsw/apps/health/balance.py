"""The power balance as a check on its sensors: array + battery = loads / efficiency. Pure; called by `plausibility`.

A residual beyond any conversion loss belongs to a sensor. Deep in shadow the array gives nothing, whatever its sensor
says, and the residual is the battery current's. In the Sun it is a current's that has stopped to show noise, else it is
taken for the array's until the next shadow tells.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.health.plausibilityconfig import PlausibilityConfig

DEEP_S = 60.0
"""into the shadow: penumbra, the forecast's error, and the sensors' latency lie within"""
DECAY = 0.999
"""of the highest load and array power, a sample: half is forgotten in two hours of ticks of a second"""


class Balance(msgspec.Struct, frozen=True, gc=False):
    """What is remembered."""

    load_w: float = 0.0
    """highest, slowly forgotten"""
    array_w: float = 0.0
    dark_s: float = 0.0
    over: int = 0
    """samples in a row with a residual, in the same light"""
    lit: int = 0
    """samples in a row of array power deep in shadow"""
    current_bad: bool = False
    array_bad: bool = False


class Flows(msgspec.Struct, frozen=True, gc=False):
    """One sample. None: no reading that is to be believed."""

    array_w: float | None
    battery_w: float | None
    """positive discharging"""
    load_w: float
    dark: bool
    """the Sun sensor and the forecast say shadow"""
    current_still: bool
    """the current has noise when alive, and has shown none for some samples"""


def balance_step(before: Balance, now: Flows, config: PlausibilityConfig, sample_s: float) -> Balance:
    """After one sample."""
    load_w = max(now.load_w, before.load_w * DECAY)
    shown_w = now.array_w or 0.0
    array_w = max(shown_w, before.array_w * DECAY)
    dark_s = before.dark_s + sample_s if now.dark else 0.0
    deep = dark_s > DEEP_S
    lit = min(config.persistence, before.lit + 1) if deep and shown_w > config.dark_array_fraction * array_w else 0
    residual_w = _residual_w(now)
    over = 0
    if residual_w is not None and abs(residual_w) > config.balance_fraction * load_w:
        over = min(config.persistence, before.over + 1) if now.dark is bool(before.dark_s) else 1
    blamed = over >= config.persistence
    if deep:
        current_bad = blamed if residual_w is not None else before.current_bad
        array_bad = lit >= config.persistence or (before.array_bad and lit > 0)
    elif now.dark:
        current_bad, array_bad = before.current_bad, before.array_bad
    else:
        current_bad = before.current_bad or (blamed and now.current_still)
        array_bad = blamed and not current_bad
    return Balance(load_w, array_w, dark_s, over, lit, current_bad, array_bad)


def _residual_w(now: Flows) -> float | None:
    """What the loads don't account for."""
    array_w = 0.0 if now.dark else now.array_w
    return None if array_w is None or now.battery_w is None else array_w + now.battery_w - now.load_w
