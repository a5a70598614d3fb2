"""Times as people write them, in integer nanoseconds: spans ("30s", "5min", "1.5h") and UTC ("2026-01-03T10:20:00Z").

UTC is counted from 1970-01-01T00:00:00Z in days of 86 400 s. Read by the declarations that have such a text in them;
whoever uses them gets integers. No clock is read here.
"""

from __future__ import annotations

import datetime
import re

NS = 10**9
_SPAN = re.compile(r"(?P<number>[0-9]{1,12}(?:\.[0-9]{1,9})?)\s?(?P<unit>s|min|h|d)")
_UNIT_S = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)  # noqa: UP017  boards have 3.10
_LONGEST_NS = 10**9 * NS


def parse_span_ns(text: str) -> int:
    """A span. Raises ValueError."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError('must be like "30s", "5min", "1.5h" or "2d"')
    whole, _, part = match["number"].partition(".")
    span_ns = (int(whole) * NS + int(part.ljust(9, "0"))) * _UNIT_S[match["unit"]]
    if span_ns > _LONGEST_NS:
        raise ValueError(f"must be at most {_LONGEST_NS // NS} s")
    return span_ns


def moment_of(text: str) -> datetime.datetime:
    """An ISO 8601 time; Python 3.10 reads no Z by itself. Raises ValueError."""
    return datetime.datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith("Z") else text)


def parse_utc_ns(text: str) -> int:
    """A UTC instant, to the microsecond. Raises ValueError."""
    allowed = 'must be UTC like "2026-01-03T10:20:00Z"'
    try:
        moment = moment_of(text)
    except ValueError:
        raise ValueError(allowed) from None
    if moment.utcoffset() != datetime.timedelta(0) or moment < _EPOCH:
        raise ValueError(f"{allowed}, from 1970 on")
    return (moment - _EPOCH) // datetime.timedelta(microseconds=1) * 1000


def utc_text(utc_ns: int) -> str:
    """The instant as text, to the millisecond."""
    moment = _EPOCH + datetime.timedelta(microseconds=utc_ns // 1000)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
