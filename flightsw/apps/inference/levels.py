"""Laws that serve at set levels, a mode and a variant each: `fixed` has one, `hysteresis` two by the battery's charge.

They are what `budget` is measured against by `flightsw bench orbit`, each at its best: tuned by a sweep, with rest by
time-out. Inside the caps like every law; where the level's mode doesn't fit them, the highest below it that does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.interface import StandardInferenceLaw
from flightsw.apps.inference.ladder import Ladder
from flightsw.apps.inference.law import Choice, Inputs, Outputs, State, applied, heard
from flightsw.apps.inference.rest import Timeout, rests_by_timeout
from flightsw.devices.silicon import Silicon
from flightsw.errors import ConfigError
from flightsw.messages.health import Mode

Place = Annotated[int, Meta(ge=0, le=63)]
Soc = Annotated[float, Meta(ge=0.0, le=1.0)]


class LevelState(State, frozen=True):
    """What these laws remember besides."""

    idle_ticks: int = 0
    resting: bool = False
    poor: bool = False
    """the lower level is in force"""


class RestConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rest by time-out."""

    idle_ticks: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """without work, then the device is powered down; None: never"""
    wake_s: Annotated[float, Meta(ge=0.0, le=1e6)] = 0.0
    """powered up when something has waited for so long, or half of the queue is full"""


class _LevelLaw(StandardInferenceLaw):
    """What they share: their state."""

    def initial(self) -> State:
        """Nothing is known."""
        return LevelState()


class FixedInferenceLaw(_LevelLaw):
    """`[apps.inference] law = "fixed"`: one mode, one variant."""

    class Config(RestConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """`[apps.inference.law_config]`; places count from 0, those beyond the last are the last."""

        mode: Place = 63
        variant: Place | None = None
        """None: the card's default"""

    def __init__(self, own: Config) -> None:
        self._own = own

    def step(
        self, state: State, inputs: Inputs, silicon: Silicon, ladder: Ladder, config: InferenceConfig
    ) -> tuple[State, Outputs]:
        """One tick."""
        assert isinstance(state, LevelState)
        own = self._own
        return at_level(state, inputs, own.mode, own.variant, own, silicon, ladder, config)


class HysteresisInferenceLaw(_LevelLaw):
    """`[apps.inference] law = "hysteresis"`: two levels, by the battery's estimated charge."""

    class Config(RestConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """`[apps.inference.law_config]`."""

        rich_mode: Place = 63
        rich_variant: Place = 63
        poor_mode: Place = 0
        poor_variant: Place = 0
        poor_soc: Soc = 0.55
        """below it the poor level"""
        rich_soc: Soc = 0.65
        """above it the rich one again"""

        def __post_init__(self) -> None:
            if self.poor_soc >= self.rich_soc:
                raise ConfigError(f"poor_soc = {self.poor_soc}: must be below rich_soc = {self.rich_soc}")

    def __init__(self, own: Config) -> None:
        self._own = own

    def step(
        self, state: State, inputs: Inputs, silicon: Silicon, ladder: Ladder, config: InferenceConfig
    ) -> tuple[State, Outputs]:
        """One tick."""
        assert isinstance(state, LevelState)
        own, poor = self._own, state.poor
        soc = None if inputs.power is None else inputs.power.soc
        if soc is not None:
            poor = soc < own.poor_soc or (poor and soc <= own.rich_soc)
        mode, variant = (own.poor_mode, own.poor_variant) if poor else (own.rich_mode, own.rich_variant)
        if poor is not state.poor:
            state = msgspec.structs.replace(state, poor=poor)
        return at_level(state, inputs, mode, variant, own, silicon, ladder, config)


def at_level(
    state: LevelState,
    inputs: Inputs,
    mode: int,
    variant: int | None,
    rest: RestConfig,
    silicon: Silicon,
    ladder: Ladder,
    config: InferenceConfig,
) -> tuple[State, Outputs]:
    """One tick at this mode and variant."""
    idle_ticks = state.idle_ticks + 1 if inputs.waiting == 0 else 0
    timeout = Timeout(rest.idle_ticks, rest.wake_s)
    may_rest = inputs.mode is Mode.PAYLOAD
    resting = may_rest and rests_by_timeout(state.resting, idle_ticks, inputs.work, timeout, config.queue_scenes)
    believed = heard(state, inputs, silicon, config)
    choice = Choice(
        None if inputs.waiting == 0 else min(mode, len(silicon.modes) - 1),
        same_for_all(inputs.work, ladder.default if variant is None else min(variant, len(ladder.rungs) - 1)),
        rest=resting,
        leap=True,
    )
    after = msgspec.structs.replace(state, idle_ticks=idle_ticks, resting=resting)
    return applied(after, believed, choice, inputs, silicon, ladder, config)


def same_for_all(work: Sequence[object], variant: int) -> tuple[int, ...]:
    """One variant for every source."""
    return (variant,) * len(work)
