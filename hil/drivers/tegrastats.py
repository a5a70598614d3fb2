"""tegrastats: a line of text an interval, in a form that every release changes a little. The last resort for power.

The parser takes every form known: clocks as `10%@1300`, `12%@[1300,1300]` or bare `0%`; rails with and without `mW`;
zones in any case; with and without a date; -256C for a zone that is off. A tool that has ended, or is silent for
`STALE_S`, gives no value: its last line is no measurement any more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flightsw.bus.pacing import monotonic_s
from flightsw.devices.board import Capability, Reading, Standing, missing
from flightsw.messages.board import Quality
from hil.drivers.ina3221 import INPUT_RAILS, UNUSED
from hil.drivers.thermal import HIGH_C, LOW_C
from hil.drivers.window import Clock
from hil.tree import Runner, Stream, Unavailable

INTERVAL_MS = "100"
STALE_S = 3.0
"""thirty intervals: no loaded board holds the tool up for so long"""
_CLOCK = re.compile(r"GR3D_FREQ (?P<load>\d+)%(?:@\[?(?P<mhz>\d+)[\d,]*\]?)?")
_ZONE = re.compile(r"(?P<name>[A-Za-z]\w*)@(?P<c>-?\d+(?:\.\d+)?)C\b")
_RAIL = re.compile(r"(?P<name>[A-Z][A-Z0-9_]*) (?P<now>\d+)(?:mW)?/(?P<mean>\d+)(?:mW)?(?= |$)")


@dataclass(frozen=True)
class Stats:
    """What a line says."""

    rails_mw: dict[str, int]
    """now"""
    zones_c: dict[str, float]
    """those that are on"""
    gpu_load: float | None
    """share"""
    gpu_mhz: float | None


def parse(line: str) -> Stats:
    """One line. What isn't in it is left out, or None."""
    rails = {found["name"]: int(found["now"]) for found in _RAIL.finditer(line) if found["name"] not in UNUSED}
    zones = {found["name"]: float(found["c"]) for found in _ZONE.finditer(line)}
    clock = _CLOCK.search(line)
    return Stats(
        rails,
        {name: value for name, value in zones.items() if LOW_C <= value <= HIGH_C},
        None if clock is None else int(clock["load"]) / 100.0,
        None if clock is None or clock["mhz"] is None else float(clock["mhz"]),
    )


class Tegrastats:
    """The tool, left running from the first question on."""

    def __init__(self, run: Runner, now_s: Clock = monotonic_s) -> None:
        self._run = run
        self._now_s = now_s
        self._stream: Stream | None = None
        self._asked_s = 0.0

    def capability(self) -> Capability:
        try:
            self._line()
        except Unavailable as error:
            return Capability("power.tegrastats", Standing.ABSENT, "tegrastats", str(error))
        return Capability("power.tegrastats", Standing.DEGRADED, "tegrastats", f"a line every {INTERVAL_MS} ms")

    def power(self) -> Reading:
        """Of the input rail, else of all rails together."""
        try:
            line = self._line()
        except Unavailable as error:
            return missing("tegrastats", str(error))
        if line is None:
            return missing("tegrastats", "no line yet")
        rails = parse(line).rails_mw
        if not rails:
            return missing("tegrastats", "no rail in its line")
        total = next((rails[name] for name in INPUT_RAILS if name in rails), None)
        source = "tegrastats" if total is not None else f"tegrastats: {' + '.join(rails)}"
        return Reading((sum(rails.values()) if total is None else total) * 1e-3, Quality.MEASURED, source, age_s=0.1)

    def close(self) -> None:
        """End the tool, if it was started."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _line(self) -> str | None:
        """What it last said; None: nothing yet. Raises Unavailable."""
        if self._stream is None:
            self._stream = self._run.stream("tegrastats", "--interval", INTERVAL_MS)
            self._asked_s = self._now_s()
        line = self._stream.latest()
        if self._stream.ended:
            raise Unavailable("tegrastats: has ended")
        since_s = self._now_s() - (self._stream.heard_s or self._asked_s)
        if since_s > STALE_S:
            raise Unavailable(f"tegrastats: silent for {since_s:.0f} s")
        return line
