"""Has the array lost strings? What it gives at full use, against what it gave before. Pure; called by `law`.

A healthy array in full sun changes by a seventh over half an hour, as its cells warm up, and never within a minute; and
what it gives in one pass of sunlight is never below the least of the pass before by more than the season's drift.
A loss shows as a step within a pass or as a pass below the last one. It is told once, and what is left is the new
measure: the budget follows it by itself (`supply`; ADR 0020). A loss of less than `array_loss_share` isn't seen; nor is
one while the array is curtailed, when it is of no consequence.
"""

from __future__ import annotations

import math

import msgspec

from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.eclipse import EclipseForecast
from flightsw.apps.power.supply import EDGE_S

FOLLOW_S = 120.0
"""of the array's power by its slow course: warming cells change it by 0.01 % a second"""
SAMPLES = 4
"""in a row; one is taken every ten ticks"""


class ArrayWatch(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of this pass of sunlight and of the last one."""

    usual_w: float | None = None
    """in this pass, lately; None: not yet seen at full use"""
    least_w: float = math.inf
    """of this pass"""
    last_least_w: float = 0.0
    """of the last one; 0: there was none"""
    lit_s: float = 0.0
    weak: int = 0
    """samples in a row that were weak"""
    losses: int = 0
    """told so far"""
    expected_w: float = 0.0
    """when the last one was told"""


def array_step(
    before: ArrayWatch,
    array_w: float | None,
    ahead: EclipseForecast,
    config: PowerConfig,
    span_s: float,
    *,
    watched: bool,
) -> ArrayWatch:
    """After one sample, `span_s` after the last. `watched`: the array faces the Sun and gives all it can."""
    if ahead.inside:
        last_w = before.last_least_w if before.usual_w is None else before.least_w
        return ArrayWatch(last_least_w=last_w, losses=before.losses, expected_w=before.expected_w)
    lit_s = before.lit_s + span_s
    near_entry = ahead.starts_in_s is not None and ahead.starts_in_s < EDGE_S + span_s
    if array_w is None or not watched or lit_s < EDGE_S + span_s or near_entry:
        return msgspec.structs.replace(before, lit_s=lit_s)
    usual_w, last_w = before.usual_w, before.last_least_w
    expected_w = max(usual_w or 0.0, last_w)
    if array_w >= (1.0 - config.array_loss_share) * expected_w:
        usual_w = array_w if usual_w is None else usual_w + (array_w - usual_w) * min(1.0, span_s / FOLLOW_S)
        return ArrayWatch(usual_w, min(before.least_w, usual_w), last_w, lit_s, 0, before.losses, before.expected_w)
    if before.weak + 1 < SAMPLES:
        return msgspec.structs.replace(before, lit_s=lit_s, weak=before.weak + 1)
    return ArrayWatch(array_w, array_w, 0.0, lit_s, 0, before.losses + 1, expected_w)
