"""The payload manager's decisions for one tick, composed: caps still fresh, device on, power mode, work. Pure.

Ticks rather than seconds count here: dwell, patience and staleness are stated in ticks by the configuration.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec.structs import replace

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.gate import GateState, gate_step
from flightsw.apps.inference.governor import Decision, GovernorState, Situation, demanded_mode, govern, lower_cap
from flightsw.apps.inference.ladder import Ladder
from flightsw.apps.inference.outlook import outlook_of
from flightsw.apps.inference.work import SourceWork
from flightsw.devices.accelerator import Telemetry
from flightsw.devices.silicon import Silicon
from flightsw.messages.health import Mode
from flightsw.messages.inference import Binding
from flightsw.messages.power import PowerStatus

NEVER_TICKS = 1_000_000_000
ASSUMED_CHIP_C = 60.0
"""for prediction, while the device gives no temperature: the profile's modes are stated at about this one"""

WARMING_K = 2.0
"""by so much a chip may be warmer once a mode taken now is in force (diode at n, device at n + 2), and leak more"""


class Cap(msgspec.Struct, frozen=True, gc=False):
    """A cap as last heard, and how long ago."""

    cap_w: float = 0.0
    age_ticks: int = NEVER_TICKS


class State(msgspec.Struct, frozen=True, gc=False):
    """What the law carries from tick to tick."""

    power_cap: Cap = Cap()
    thermal_cap: Cap = Cap()
    governor: GovernorState = GovernorState()
    gate: GateState = GateState()


S = TypeVar("S", bound=State)


class Inputs(msgspec.Struct, frozen=True, gc=False):
    """One tick's inputs. None: nothing was heard in this tick."""

    mode: Mode
    enabled: bool
    """ground's wish"""
    power_cap_w: float | None
    thermal_cap_w: float | None
    telemetry: Telemetry
    waiting: int
    """scenes queued or under way"""
    arriving_per_s: float
    work: tuple[SourceWork, ...] = ()
    """by source"""
    power: PowerStatus | None = None
    """charge, eclipse and energy ahead, as power sees them"""


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What the device is asked for, and why."""

    power_on: bool
    decision: Decision
    stale: bool
    """a cap was heard once, and has grown too old to be believed"""


class Choice(msgspec.Struct, frozen=True, gc=False):
    """What a law asks for; caps and the node's mode have the last word."""

    mode: int | None
    """None: there is nothing to do"""
    variants: tuple[int, ...] = ()
    """by source; empty: the default one for all"""
    batch_scenes: int | None = None
    rest: bool = False
    """the device may be powered down"""
    leap: bool = False
    """see `governor.govern`"""
    demand: int | None = None
    """the mode that would be asked for, were it not for the caps; None: the mode asked for"""
    waits: bool = False
    """there is work, and it is to wait: without a mode, no fault of the device's"""


class Heard(msgspec.Struct, frozen=True, gc=False):
    """The inputs as they are to be believed."""

    power_cap: Cap
    thermal_cap: Cap
    situation: Situation
    stale: bool


def step(
    state: State, inputs: Inputs, silicon: Silicon, ladder: Ladder, config: InferenceConfig
) -> tuple[State, Outputs]:
    """One tick of the standard law: the default variant, the lowest mode that serves the queue in `drain_s`."""
    believed = heard(state, inputs, silicon, config)
    wanted = demanded_mode(believed.situation, ladder.rates[ladder.default], config)
    return applied(state, believed, Choice(wanted), inputs, silicon, ladder, config)


def heard(state: State, inputs: Inputs, silicon: Silicon, config: InferenceConfig) -> Heard:
    """Caps by their age and the device's leakage by its temperature. A stale cap counts as 0 W."""
    power_cap = _heard(state.power_cap, inputs.power_cap_w)
    thermal_cap = _heard(state.thermal_cap, inputs.thermal_cap_w)
    limit_ticks = config.grant_stale_ticks
    power_fresh, thermal_fresh = power_cap.age_ticks <= limit_ticks, thermal_cap.age_ticks <= limit_ticks
    telemetry = inputs.telemetry
    situation = Situation(
        inputs.enabled and inputs.mode is Mode.PAYLOAD,
        telemetry.ready,
        inputs.waiting,
        inputs.arriving_per_s,
        power_cap.cap_w if power_fresh else 0.0,
        thermal_cap.cap_w if thermal_fresh else 0.0,
        silicon.leak_w((ASSUMED_CHIP_C if telemetry.chip_c is None else telemetry.chip_c) + WARMING_K),
    )
    stale = _grew_stale(power_cap, fresh=power_fresh) or _grew_stale(thermal_cap, fresh=thermal_fresh)
    return Heard(power_cap, thermal_cap, situation, stale)


def applied(
    state: S,
    believed: Heard,
    choice: Choice,
    inputs: Inputs,
    silicon: Silicon,
    ladder: Ladder,
    config: InferenceConfig,
) -> tuple[S, Outputs]:
    """What becomes of a choice inside the caps, and of the device's power: it idles, then is gated, where the caps
    don't let it work. The state keeps what a law has added to it."""
    situation = believed.situation
    governor, decision = govern(
        state.governor, situation, choice.mode, silicon, config, leap=choice.leap, demand=choice.demand
    )
    wanted = inputs.enabled and inputs.mode >= Mode.NOMINAL and not choice.rest
    gate = gate_step(
        state.gate,
        silicon,
        config,
        wanted=wanted,
        powered=inputs.telemetry.powered,
        granted_w=decision.granted_w,
        leak_w=situation.leak_w,
    )
    power_on = gate.on is True
    if wanted and not power_on and decision.binding is Binding.DEVICE:
        decision = replace(decision, binding=lower_cap(situation.power_cap_w, situation.thermal_cap_w))
    if choice.waits and decision.binding is Binding.NONE:
        decision = replace(decision, binding=Binding.PLAN)
    if choice.variants or choice.batch_scenes is not None:
        decision = replace(decision, variants=choice.variants, batch_scenes=choice.batch_scenes)
    if config.admission:
        decision = replace(decision, outlook=outlook_of(situation, inputs.power, silicon, ladder))
    kept = replace(state, power_cap=believed.power_cap, thermal_cap=believed.thermal_cap, governor=governor, gate=gate)
    return kept, Outputs(power_on, decision, believed.stale)


def _heard(cap: Cap, cap_w: float | None) -> Cap:
    if cap_w is not None:
        return Cap(cap_w, 0)
    return cap if cap.age_ticks >= NEVER_TICKS else Cap(cap.cap_w, cap.age_ticks + 1)


def _grew_stale(cap: Cap, *, fresh: bool) -> bool:
    return not fresh and cap.age_ticks < NEVER_TICKS
