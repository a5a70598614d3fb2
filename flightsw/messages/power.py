"""Messages of the EPS manager.

Producer: power, every tick. Readers: `power.status` by inference (the compute cap), thermal (the eclipse foreseen),
comms, health; `power.switches` and `power.charge` by the plant (their only writer is power; they go out on change and
every tenth tick);
`cds.power` by power itself when it restarts.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from flightsw.messages.base import Count, Fraction, Joules, Message, Seconds, SignedWatts, Volts, Watts


class PowerStatus(Message, frozen=True):
    """The EPS as flight software sees it."""

    soc: Fraction | None
    """estimated state of charge; None until the first plausible reading"""
    soc_sigma: Fraction
    """one standard deviation of the estimate"""
    battery_power_w: SignedWatts | None
    """measured, positive discharging"""
    array_power_w: Watts | None
    load_shed_level: Count
    """0: nothing shed; n: the n lowest-priority tiers are latched off"""
    compute_cap_w: Watts
    """power the payload computer may draw"""
    reserve_soc: Fraction
    """state of charge that no eclipse may end below"""
    in_eclipse: bool
    """by on-board prediction"""
    eclipse_in_s: Seconds | None
    """to the next predicted entry; 0 inside one; None: no eclipse within an orbit"""
    eclipse_left_s: Seconds
    """predicted length of the coming eclipse, or what is left of this one"""
    compute_energy_j: Joules | None
    """what the payload may draw from now to the end of the coming eclipse, or of this one (none ahead: over 90
    minutes), to end it at the reserve; None: no believable charge"""


class SwitchCommand(Message, frozen=True):
    """Wanted state of every switched load, in the order of the scenario's `[[loads]]`."""

    load_on: tuple[bool, ...]


class ChargeCommand(Message, frozen=True):
    """Set points of the charger: what it may take at most. Its own limits stay beneath them."""

    limit_a: Annotated[float, Meta(ge=0.0, le=1e5)]
    limit_v: Volts


class PowerCriticalData(Message, frozen=True):
    """What power must not forget through a restart."""

    soc: Fraction | None
    soc_sigma: Fraction
    load_shed_level: Count
    reserve_soc: Fraction
    load_enabled: tuple[bool, ...]
    """ground's wish per load, before shedding"""
    load_locked_out: tuple[bool, ...]
    """per load: its limiter tripped once too often and stays open until ground switches the load"""
    charge_most_a: Annotated[float, Meta(ge=0.0, le=1e5)] | None = None
    """ground's limit of the charging current; None: there is none"""
