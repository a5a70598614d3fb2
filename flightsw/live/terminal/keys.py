"""Keys of the live view: what a terminal sends when one is pressed, and what it asks of the run. Pure.

Pace is all that a key can touch, and the end: neither changes a tick (see `bus.pacing`).
"""

from __future__ import annotations

import enum

from flightsw.bus.umbilical import UmbilicalRequest
from flightsw.live.remote import SPEEDS, Pace


class Key(enum.Enum):
    """What was meant."""

    PAUSE = "pause"
    STEP = "step"
    FASTER = "faster"
    SLOWER = "slower"
    QUIT = "quit"
    HELP = "help"


_KEYS = {
    b" ": Key.PAUSE,
    b"s": Key.STEP,
    b"S": Key.STEP,
    b"+": Key.FASTER,
    b"=": Key.FASTER,
    b"-": Key.SLOWER,
    b"_": Key.SLOWER,
    b"q": Key.QUIT,
    b"Q": Key.QUIT,
    b"?": Key.HELP,
    b"h": Key.HELP,
}
_SEQUENCES = {b"\x1b[C": Key.STEP, b"\x1bOC": Key.STEP}
"""of the arrow to the right, in both modes of a keypad"""
_INTRODUCERS = b"[O"


def pressed(data: bytes) -> list[Key]:
    """The keys in what was read; other ones, and other keys' escape sequences, are passed over."""
    keys = []
    place = 0
    while place < len(data):
        length = _sequence_length(data[place:])
        found = data[place : place + length]
        key = _SEQUENCES.get(found) if length > 1 else _KEYS.get(found)
        if key is not None:
            keys.append(key)
        place += length
    return keys


def _sequence_length(data: bytes) -> int:
    """Bytes of the key at the front: an escape sequence ends with a letter or a tilde."""
    if data[:1] != b"\x1b" or len(data) < 2 or data[1] not in _INTRODUCERS:
        return 1
    for length in range(3, len(data) + 1):
        if 0x40 <= data[length - 1] <= 0x7E:
            return length
    return len(data)


def faster(speed: float | None) -> float | None:
    """The next speed above; None: as fast as possible."""
    return None if speed is None else next((one for one in SPEEDS if one > speed), None)


def slower(speed: float | None, factor: float | None) -> float:
    """The next speed below; `factor`: how fast a run without a set speed is just now."""
    now = speed if speed is not None else factor if factor is not None else SPEEDS[-1]
    return next((one for one in reversed(SPEEDS) if one < now), SPEEDS[0])


def request_for(key: Key, pace: Pace, factor: float | None) -> UmbilicalRequest | None:
    """What a key asks of the run; None: nothing."""
    match key:
        case Key.PAUSE:
            return UmbilicalRequest("resume" if pace.paused else "pause")
        case Key.STEP:
            return UmbilicalRequest("step")
        case Key.FASTER:
            return UmbilicalRequest("speed", speed=faster(pace.speed))
        case Key.SLOWER:
            return UmbilicalRequest("speed", speed=slower(pace.speed, factor))
        case Key.QUIT:
            return UmbilicalRequest("stop")
    return None
