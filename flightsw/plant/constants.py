"""Physical constants of the plant, each with its source; every plant model takes them from here.

Assumptions: one value for all runs. The Earth figure (EARTH_RADIUS_KM) is the equatorial radius of WGS-84,
also used as the radius of the shadow-casting and radiating sphere. TLEs are propagated with the WGS-72
figures inside `sgp4`, because that is what TLEs are fitted with.
"""

from __future__ import annotations

from typing import Final

MU_KM3_S2: Final = 398600.4418
"""Earth's gravitational parameter, IERS Conventions (2010) / WGS-84."""

EARTH_RADIUS_KM: Final = 6378.137
"""Equatorial radius, WGS-84 (NGA.STND.0036)."""

EARTH_FLATTENING: Final = 1.0 / 298.257223563
"""Flattening of the ellipsoid, WGS-84 (NGA.STND.0036)."""

EARTH_ROTATION_RAD_S: Final = 7.292115e-5
"""Earth's rotation rate, WGS-84 (NGA.STND.0036)."""

J2: Final = 1.08262668e-3
"""Second zonal harmonic, EGM-96/WGS-84 (unnormalised)."""

AU_KM: Final = 149597870.7
"""Astronomical unit, IAU 2012 Resolution B2 (exact)."""

SUN_RADIUS_KM: Final = 695700.0
"""Nominal solar radius, IAU 2015 Resolution B3."""

SOLAR_CONSTANT_W_M2: Final = 1361.0
"""Total solar irradiance at 1 AU, IAU 2015 Resolution B3 (nominal)."""

STEFAN_BOLTZMANN_W_M2_K4: Final = 5.670374419e-8
"""Stefan-Boltzmann constant, CODATA 2018 (exact in the revised SI)."""

BOLTZMANN_DB: Final = -228.599167
"""10 log10 of the Boltzmann constant 1.380649e-23 J/K (exact in the revised SI), dBW/K/Hz."""

LIGHT_KM_S: Final = 299792.458
"""Speed of light (exact in SI)."""

TROPICAL_YEAR_D: Final = 365.2421897
"""Mean tropical year 2000, Meeus, Astronomical Algorithms (2nd ed.), ch. 27: the mean Sun's period in right
ascension of date, hence the period of a sun-synchronous node."""
