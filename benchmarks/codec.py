"""What fifty messages of fifteen fields cost to encode and decode as msgspec Structs: `python -m benchmarks.codec`, in
seconds a message. Nothing of ours is in it: it says how fast this machine runs Python and its libraries today.
Processor time, the best of many stretches.
"""

from __future__ import annotations

import msgspec

from benchmarks.loglines import best_s

FIELDS, MESSAGES = 15, 50
Message = msgspec.defstruct("Message", [(f"field_{number}", float) for number in range(FIELDS)])
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Message).decode


def round_trip() -> None:
    """Of each message, made anew."""
    for first in range(MESSAGES):
        _decode(_encode(Message(*[first + number + 0.5 for number in range(FIELDS)])))


if __name__ == "__main__":
    print(best_s(round_trip) / MESSAGES)
