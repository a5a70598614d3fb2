"""Spans of simulated time as people write them: "600s", "90min", "1.5h", "3d", "2orbits", or seconds as a number.

Used wherever a duration comes from outside: scenarios, the command line, the Python API.
"""

from __future__ import annotations

import math
import re

from flightsw.errors import ConfigError

_SPAN = re.compile(r"^\s*(?P<number>[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?)\s*(?P<unit>[a-z]*)\s*$")
_SECONDS = {"": 1.0, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_ORBITS = ("orbit", "orbits")
_ALLOWED = 'must be like "600s", "90min", "1.5h", "3d", "2orbits", or seconds as a number, and not negative'
_LONGEST_S = 1e9
"""The longest span that a message's `Seconds` holds."""


def parse_duration_s(text: str | float, orbit_s: float) -> float:
    """Seconds in a span; an orbit is `orbit_s` long. Raises ConfigError: anything else, negative, NaN, too long."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ConfigError(f"duration = {text!r}: {_ALLOWED}")
    if isinstance(text, str):
        match = _SPAN.match(text)
        if match is None or match["unit"] not in (*_SECONDS, *_ORBITS):
            raise ConfigError(f"duration = {text!r}: {_ALLOWED}")
        span_s = float(match["number"]) * (orbit_s if match["unit"] in _ORBITS else _SECONDS[match["unit"]])
    elif abs(text) > _LONGEST_S:  # before float(), which a huge integer overflows
        raise ConfigError(f"duration = {text!r}: must be at most {_LONGEST_S:.0f} s")
    else:
        span_s = float(text)
    if math.isnan(span_s) or span_s < 0.0:
        raise ConfigError(f"duration = {text!r}: {_ALLOWED}")
    if span_s > _LONGEST_S:
        raise ConfigError(f"duration = {text!r}: must be at most {_LONGEST_S:.0f} s")
    return span_s
