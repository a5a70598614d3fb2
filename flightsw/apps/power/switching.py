"""Which switches are wanted: ground's wishes, less what is shed, tripped or forbidden by the mode. Pure.

Called by `law`.
"""

from __future__ import annotations

from flightsw.apps.duties import DUTIES
from flightsw.apps.power.config import PowerConfig
from flightsw.apps.power.limiters import HEALTHY, LclCare, care_step
from flightsw.apps.power.shedding import ESSENTIAL, LoadTable, ShedState, loads_on
from flightsw.messages.health import Mode
from flightsw.messages.plant import LclState


def switched(
    enabled: tuple[bool, ...], shed: ShedState, care: tuple[LclCare, ...], mode: Mode, table: LoadTable
) -> tuple[bool, ...]:
    """Wanted switch states, as the mode's duty says: in SAFE the payload is off and the radio stays, in SURVIVAL only
    essential loads and the battery's heater do."""
    closable = tuple([one.closable for one in care])
    duty = DUTIES[mode]
    level = ESSENTIAL - 1 if duty.essential_only else shed.level
    wanted = loads_on(table, enabled, level, closable, payload_allowed=duty.payload_rail)
    if not duty.essential_only or table.heater is None:
        return wanted
    place = table.heater
    heated = enabled[place] and (not closable or closable[place])
    return (*wanted[:place], heated, *wanted[place + 1 :])


def cared(
    care: tuple[LclCare, ...], states: tuple[LclState, ...], table: LoadTable, config: PowerConfig
) -> tuple[LclCare, ...]:
    """All limiters after one tick."""
    before = care or (HEALTHY,) * len(states)
    return tuple(
        [
            care_step(one, lcl, config, essential=tier == ESSENTIAL)
            for one, lcl, tier in zip(before, states, table.tiers, strict=True)
        ]
    )
