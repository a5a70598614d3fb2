"""The payload manager's decisions for one tick, composed: caps still fresh, device on, power mode, work. Pure.

Ticks rather than seconds count here: dwell, patience and staleness are stated in ticks by the configuration.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.gate import GateState, gate_step
from flightsw.apps.inference.governor import Decision, GovernorState, Situation, govern, lower_cap
from flightsw.devices.accelerator import Telemetry
from flightsw.devices.silicon import Silicon
from flightsw.messages.health import Mode
from flightsw.messages.inference import Binding

NEVER_TICKS = 1_000_000_000
ASSUMED_CHIP_C = 60.0
"""for prediction, while the device gives no temperature: the profile's modes are stated at about this one"""


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


class Outputs(msgspec.Struct, frozen=True, gc=False):
    """What the device is asked for, and why."""

    power_on: bool
    decision: Decision
    stale: bool
    """a cap was heard once, and has grown too old to be believed"""


def step(
    state: State, inputs: Inputs, silicon: Silicon, rates: tuple[float, ...], config: InferenceConfig
) -> tuple[State, Outputs]:
    """One tick. `rates`: see `governor.mode_rates`. A stale cap counts as 0 W: the device idles, then is gated."""
    power_cap = _heard(state.power_cap, inputs.power_cap_w)
    thermal_cap = _heard(state.thermal_cap, inputs.thermal_cap_w)
    limit_ticks = config.grant_stale_ticks
    power_fresh, thermal_fresh = power_cap.age_ticks <= limit_ticks, thermal_cap.age_ticks <= limit_ticks
    telemetry = inputs.telemetry
    leak_w = silicon.leak_w(ASSUMED_CHIP_C if telemetry.chip_c is None else telemetry.chip_c)
    situation = Situation(
        inputs.enabled and inputs.mode is Mode.PAYLOAD,
        telemetry.ready,
        inputs.waiting,
        inputs.arriving_per_s,
        power_cap.cap_w if power_fresh else 0.0,
        thermal_cap.cap_w if thermal_fresh else 0.0,
        leak_w,
    )
    governor, decision = govern(state.governor, situation, silicon, rates, config)
    wanted = inputs.enabled and inputs.mode >= Mode.NOMINAL
    gate = gate_step(
        state.gate,
        silicon,
        config,
        wanted=wanted,
        powered=telemetry.powered,
        granted_w=decision.granted_w,
        leak_w=leak_w,
    )
    power_on = gate.on is True
    if wanted and not power_on and decision.binding is Binding.DEVICE:
        decision = replace(decision, binding=lower_cap(situation.power_cap_w, situation.thermal_cap_w))
    stale = _grew_stale(power_cap, fresh=power_fresh) or _grew_stale(thermal_cap, fresh=thermal_fresh)
    return State(power_cap, thermal_cap, governor, gate), Outputs(power_on, decision, stale)


def _heard(cap: Cap, cap_w: float | None) -> Cap:
    if cap_w is not None:
        return Cap(cap_w, 0)
    return cap if cap.age_ticks >= NEVER_TICKS else Cap(cap.cap_w, cap.age_ticks + 1)


def _grew_stale(cap: Cap, *, fresh: bool) -> bool:
    return not fresh and cap.age_ticks < NEVER_TICKS
