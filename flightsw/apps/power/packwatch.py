"""Does the pack's voltage fit its charge? Terminal voltage plus what the current drops, against the curve. Pure.

A cell that shorts takes its share of the voltage away, a wrong voltage reading adds or takes its error: either is no
matter of charge, and a voltage that can't be trusted must not correct the count. So it is told, the estimate goes by
counting alone, and the charger's voltage is lowered by what is missing, lest the cells that are left be overcharged;
all of it until voltage and charge fit again. A difference below `pack_apart_share` of the curve isn't seen: what the
model loses to temperature, ageing and diffusion lies within. Called by `law` with every correction of the estimate.
"""

from __future__ import annotations

import msgspec

from flightsw.apps.power.config import PowerConfig

SAMPLES = 3
"""in a row, before the voltage is no longer believed, and before it is again"""


class PackWatch(msgspec.Struct, frozen=True, gc=False):
    """State."""

    count: int = 0
    """samples in a row that spoke against `apart`"""
    apart: bool = False
    """told, and the voltage is not believed"""
    apart_v: float = 0.0
    """the difference when it was last seen apart, or until it is, the last one; negative: the voltage is too low"""


FITS = PackWatch()


def pack_step(
    before: PackWatch, soc: float | None, voltage_v: float | None, current_a: float | None, config: PowerConfig
) -> PackWatch:
    """After one sample; a missing one leaves nothing to compare. Positive current discharges."""
    if soc is None or voltage_v is None or current_a is None:
        return before
    ocv_v = ocv_of(soc, config.ocv_v)
    apart_v = voltage_v + current_a * config.r0_ohm - ocv_v
    limit_v = config.pack_apart_share * ocv_v
    contrary = abs(apart_v) < 0.5 * limit_v if before.apart else abs(apart_v) > limit_v
    if not contrary:
        return before if before.count == 0 else PackWatch(0, before.apart, apart_v)
    if before.count + 1 < SAMPLES:  # one sample that fits isn't believed: the charger's voltage stays where it is
        return PackWatch(before.count + 1, before.apart, before.apart_v if before.apart else apart_v)
    return FITS if before.apart else PackWatch(0, apart=True, apart_v=apart_v)


def ocv_of(soc: float, table_v: tuple[float, ...]) -> float:
    """Open-circuit voltage by the curve."""
    place = soc * (len(table_v) - 1)
    low = min(int(place), len(table_v) - 2)
    return table_v[low] + (place - low) * (table_v[low + 1] - table_v[low])
