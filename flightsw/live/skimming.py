"""Which records of many a view has to decode: the last few, and those that hold what these don't.

A view draws once for thousands of ticks of a free run. Of what is said in every tick the last word counts; what is
said seldom (events, verdicts, what came from outside) is found by the bytes that an entry begins with: a pair of topic
and message, which is an array itself. A payload may hold a copy of them: then a record is decoded for nothing. Pure;
called by `LiveState`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from flightsw.bus.logreader import decode_record
from flightsw.bus.records import TickRecord

_BEGIN = rb"\x93(?:[\x00-\x7f]|\xcc.|\xcd.{2}|\xce.{4}|\xcf.{8})"
"""a record's array of three, and its tick"""
_WITH_INPUTS = re.compile(_BEGIN + rb"[^\x90]", re.DOTALL)
"""anything but an empty list behind them"""
_PAIR, _MESSAGE = rb"\x92", rb"[\x90-\x9f\xdc]"
"""an entry: an array of two, of which the second is one of fields"""
_SMALL, _WIDE = 0x80, (rb"\xcc.", rb"\xcd..")
"""topics' numbers below this are a byte, from there on one of these"""
LAST = 10
"""Records that are decoded whatever is in them: some topics are said every other tick, or in cycles."""


class Skimmer:
    """Of one log with so many topics; those of `always` are never passed over."""

    def __init__(self, topics: int, always: Collection[int]) -> None:
        self._topics = topics
        self._always = frozenset(always)
        self._pattern = lru_cache(maxsize=64)(self._compiled)

    def split(self, records: list[bytes]) -> tuple[list[bytes], list[TickRecord]]:
        """(those before the last few that hold something these don't tell anew, the last few). Raises LogError."""
        last = [decode_record(data) for data in records[-LAST:]]
        seldom = self._pattern(frozenset([number for record in last for number, _ in record.entries])).search
        from_outside = _WITH_INPUTS.match
        return [data for data in records[:-LAST] if seldom(data) or from_outside(data)], last

    def _compiled(self, usual: frozenset[int]) -> re.Pattern[bytes]:
        seldom = (self._always | set(range(self._topics))) - (usual - self._always)
        small = b"".join(re.escape(bytes([number])) for number in sorted(seldom) if number < _SMALL)
        choices = [b"[" + small + b"]"] if small else []
        if any(number >= _SMALL for number in seldom):
            choices += _WIDE
        return re.compile(_PAIR + b"(?:" + b"|".join(choices) + b")" + _MESSAGE if choices else rb"(?!)", re.DOTALL)
