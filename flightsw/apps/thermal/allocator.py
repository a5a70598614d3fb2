"""Linux's power allocator in its own integers: fixed point of 10 fractional bits, milli-kelvin, milliwatts. Pure.

    power = sustainable + k err + k_i sum(err),   k = k_po above the control temperature, k_pu below

clamped to 0 .. max; the sum grows only while err is below the cut-off, and not beyond what is worth the maximum. Below
the switch-on temperature the whole range is granted and the sum forgotten. A known weakness is kept: after a long hot
spell the sum is wound up, and is paid back only while the chip is above its control temperature no more.
Source: drivers/thermal/gov_power_allocator.c (v6.6): estimate_pid_constants, pid_controller, power_allocator_throttle;
k_i and the cut-off by their defaults. Shifts round down, as C's do on a negative number in every compiler in use.
"""

from __future__ import annotations

import msgspec

FRAC_BITS = 10


class Gains(msgspec.Struct, frozen=True, gc=False):
    """The controller's constants. `*_frac` in 2^-10."""

    sustainable_mw: int
    switch_on_mc: int
    control_mc: int
    max_mw: int
    k_po_frac: int
    k_pu_frac: int
    k_i_frac: int
    integral_cutoff_mc: int = 0


def gains_for(sustainable_mw: int, switch_on_mc: int, control_mc: int, max_mw: int) -> Gains:
    """The constants that the kernel estimates where the device tree gives none."""
    span_mk = control_mc - switch_on_mc
    return Gains(
        sustainable_mw,
        switch_on_mc,
        control_mc,
        max_mw,
        k_po_frac=(sustainable_mw << FRAC_BITS) // span_mk,
        k_pu_frac=(2 * sustainable_mw << FRAC_BITS) // span_mk,
        k_i_frac=(10 << FRAC_BITS) // 1000,
    )


def allocated(integral: int, chip_mc: int, gains: Gains) -> tuple[int, int]:
    """(power in mW, integral) at a temperature. `integral`: the sum of errors, in 2^-10 mK."""
    if chip_mc < gains.switch_on_mc:
        return gains.max_mw, 0
    return controlled(integral, chip_mc, gains)


def controlled(integral: int, chip_mc: int, gains: Gains) -> tuple[int, int]:
    """The controller itself."""
    error = (gains.control_mc - chip_mc) << FRAC_BITS
    proportional = _product(gains.k_po_frac if error < 0 else gains.k_pu_frac, error)
    summed = _product(gains.k_i_frac, integral)
    if error < gains.integral_cutoff_mc << FRAC_BITS:
        further = summed + _product(gains.k_i_frac, error)
        if abs(further) < gains.max_mw << FRAC_BITS:
            summed, integral = further, integral + error
    power_mw = gains.sustainable_mw + ((proportional + summed) >> FRAC_BITS)
    return min(gains.max_mw, max(0, power_mw)), integral


def _product(a: int, b: int) -> int:
    return (a * b) >> FRAC_BITS
