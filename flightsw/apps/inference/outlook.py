"""The forecast behind admission: scenes a second that device, heat and energy allow with the cheapest variant. Pure.

The energy ahead is what power publishes: to the end of the coming eclipse, above the reserve; it is taken to go on at
the same mean beyond. Called by `law`, every tick, where the scenario asks for admission control.
"""

from __future__ import annotations

import math

from flightsw.apps.inference.admission import Outlook
from flightsw.apps.inference.governor import Situation, highest_within
from flightsw.apps.inference.ladder import Ladder
from flightsw.devices.silicon import Silicon
from flightsw.messages.power import PowerStatus

NO_ECLIPSE_S = 5400.0
"""over which the energy ahead is stated where no eclipse comes: see `power.status`"""


def horizon_s(power: PowerStatus) -> float:
    """To the end of the coming eclipse, or of this one."""
    return NO_ECLIPSE_S if power.eclipse_in_s is None else max(1.0, power.eclipse_in_s + power.eclipse_left_s)


def outlook_of(situation: Situation, power: PowerStatus | None, silicon: Silicon, ladder: Ladder) -> Outlook:
    """Of this moment. Energy that is not known doesn't bind."""
    rates, top = ladder.rates[ladder.cheapest], len(silicon.modes) - 1
    cool = highest_within(silicon.working_w, situation.thermal_cap_w - situation.leak_w, top)
    energy_per_s = math.inf
    if power is not None and power.compute_energy_j is not None:
        joules = min((watts + situation.leak_w) / rate for watts, rate in zip(silicon.working_w, rates, strict=True))
        energy_per_s = power.compute_energy_j / horizon_s(power) / joules
    return Outlook(rates[top], energy_per_s, rates[cool] if cool >= 0 else 0.0)
