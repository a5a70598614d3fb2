"""Reference case of a flight law: P24, Linux's power allocator, by the very function that the TCS manager calls.

The temperatures of the sequence stand in the references' names. What the inputs don't say of the closed loop is read
off from its references unless the inputs give it: 4 K/W to surroundings at 40 C, since 11.052744 W hold 84.21096 C and
11.25 W hold 85 C; with the capacity of a chip, 2 J/K, of which the end doesn't depend.
"""

from __future__ import annotations

from flightsw.apps.thermal.allocator import allocated, gains_for
from flightsw.validation.case import Case

SURROUNDINGS_C = 40.0
RESISTANCE_K_W = 4.0
CHIP_J_K = 2.0
SETTLED_STEPS = 3000
"""of the passive delay, 0.1 s: 37 time constants"""


def p24(case: Case) -> None:
    """Linux's power allocator: constants, a sequence of temperatures, a closed loop."""
    given = case.inputs
    gains = gains_for(given["sustainable_mW"], given["switch_on_mC"], given["control_mC"], given["max_mW"])
    case.found("k_po_frac", gains.k_po_frac)
    case.found("k_pu_frac", gains.k_pu_frac)
    case.found("k_i_frac", gains.k_i_frac)
    integral = 0
    for name in case.rows:
        place, _, rest = name.partition("_T")
        if place.startswith("step") and rest.endswith("_P_mW"):
            power_mw, integral = allocated(integral, int(rest.removesuffix("_P_mW")), gains)
            case.found(name, power_mw)
    ambient_c, k_w = given.get("Ta_C", SURROUNDINGS_C), given.get("R_K_W", RESISTANCE_K_W)
    integral, chip_c, peak_c, power_mw = 0, ambient_c, ambient_c, 0
    for _ in range(SETTLED_STEPS):
        power_mw, integral = allocated(integral, int(chip_c * 1000.0), gains)
        net_w = power_mw / 1000.0 - (chip_c - ambient_c) / k_w
        chip_c += net_w * given["passive_delay_ms"] / 1000.0 / CHIP_J_K
        peak_c = max(peak_c, chip_c)
    case.found("closed_loop_T_peak_C", peak_c)
    case.found("closed_loop_T_final_C", chip_c)
    case.found("closed_loop_P_final_W", power_mw / 1000.0)
    case.found("balance_P_at_control_temp_W", (gains.control_mc / 1000.0 - ambient_c) / k_w)
