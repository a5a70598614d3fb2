"""The run's epoch and its time scales: ISO UTC text in; UTC, UT1 and TT Julian dates at seconds since the
epoch out.

Seconds since the epoch are elapsed SI seconds (those of TAI): a leap second inside a run does not repeat one.
UTC and UT1 run on evenly from the epoch. Dates are split into two doubles (a day and a fraction) as erfa
wants, so that a microsecond survives. Leap seconds come from erfa's table.

Called by the orbit, the frames and the Sun when they fill a block; never inside a tick.

Assumptions: UT1 = UTC at the epoch (|UT1 - UTC| < 0.9 s by definition of UTC: under 0.004 deg of Earth
rotation, 0.4 km on the equator). After the table's last entry its last value holds.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass

import erfa
import numpy as np

from flightsw.errors import ConfigError
from flightsw.messages.times import moment_of
from flightsw.plant.arrays import FloatArray

DAY_S = 86400.0
TT_MINUS_TAI_S = 32.184
"""By definition of TT (IAU 1991 Recommendation IV)."""
_FIRST_YEAR, _LAST_YEAR = 1972, 2099
"""1972: UTC has whole leap seconds since then. 2099: the range of the Sun theory used (erfa epv00:
1900-2100)."""


@dataclass(frozen=True)
class Epoch:
    """A UTC instant as a two-part Julian date, with the TAI - UTC in force."""

    day_jd: float
    """Julian date of the preceding midnight, UTC"""
    day_fraction: float
    tai_minus_utc_s: float

    def utc(self, t_s: FloatArray) -> tuple[float, FloatArray]:
        """Two-part UTC Julian date at each of `t_s` seconds after the epoch."""
        return self.day_jd, self.day_fraction + t_s / DAY_S

    def ut1(self, t_s: FloatArray) -> tuple[float, FloatArray]:
        """Two-part UT1 Julian date; UT1 is taken as UTC."""
        return self.utc(t_s)

    def tt(self, t_s: FloatArray) -> tuple[float, FloatArray]:
        """Two-part Terrestrial Time Julian date."""
        offset_s = self.tai_minus_utc_s + TT_MINUS_TAI_S
        return self.day_jd, self.day_fraction + (t_s + offset_s) / DAY_S

    def seconds_to(self, other: Epoch) -> float:
        """Elapsed seconds from this epoch to `other`, leap seconds counted."""
        days_d = (other.day_jd - self.day_jd) + (other.day_fraction - self.day_fraction)
        return days_d * DAY_S + other.tai_minus_utc_s - self.tai_minus_utc_s


def parse_epoch(text: str) -> Epoch:
    """The epoch of an ISO 8601 UTC text such as "2026-01-03T12:00:00Z". Raises ConfigError."""
    allowed = f'must be an ISO 8601 UTC time like "2026-01-03T12:00:00Z", {_FIRST_YEAR} to {_LAST_YEAR}'
    try:
        moment = moment_of(text)
    except ValueError as error:
        raise ConfigError(f"epoch = {text!r}: {allowed} ({error})") from None
    if moment.utcoffset() != datetime.timedelta(0):
        raise ConfigError(f"epoch = {text!r}: {allowed}, ending in Z")
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ConfigError(f"epoch = {text!r}: {allowed}")
    return _of_moment(moment)


def epoch_of_julian_date(day_jd: float, fraction_d: float) -> Epoch:
    """The epoch of a two-part UTC Julian date."""
    year, month, _, in_day = erfa.jd2cal(day_jd, fraction_d)
    midnight_jd = math.floor(day_jd + fraction_d - 0.5) + 0.5
    return Epoch(midnight_jd, float(in_day), _tai_minus_utc_s(int(year), int(month)))


def _of_moment(moment: datetime.datetime) -> Epoch:
    midnight_jd = moment.toordinal() + 1721424.5  # proleptic Gregorian ordinal 1 = JD 1721425.5
    second_s = moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond * 1e-6
    return Epoch(midnight_jd, second_s / DAY_S, _tai_minus_utc_s(moment.year, moment.month))


def _tai_minus_utc_s(year: int, month: int) -> float:
    # erfa.dat would warn for dates years beyond its release; the table itself is what we want.
    table = erfa.leap_seconds.get()
    in_force = table[(table["year"] < year) | ((table["year"] == year) & (table["month"] <= month))]
    return float(np.asarray(in_force["tai_utc"])[-1])
