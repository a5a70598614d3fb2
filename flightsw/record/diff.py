"""Two runs compared: where they first part, and what differs after that, topic by topic and field by field.

Both logs are streamed tick by tick, so that length costs time and no memory. Topics and fields meet by name, so that
runs of two versions, scenarios or seeds can be compared in what they share. Called by `flightsw diff`.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path

import msgspec

from flightsw.bus.compare import EXACT, NOTHING, Comparison, Difference, TopicTally
from flightsw.bus.headers import HeaderDifference, header_differences
from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import LogReader
from flightsw.bus.records import MESSAGE, TickRecord
from flightsw.errors import ConfigError, LogError
from flightsw.messages.schema import TopicSchema
from flightsw.node.rules import RulesOf
from flightsw.record.folder import read_manifest

INPUTS = "bus.inputs"
"""stands for outside inputs that are no messages, where a topic would stand"""


class RunDiff(msgspec.Struct, frozen=True):
    """What came of it."""

    same: bool
    """every message that counts and every outside input is the same, and so is the length"""
    inputs: Difference | None
    """the first between what came from outside: processes lost and back, changes of the configuration"""
    first: Difference | None
    """between messages; where there is none, between the lengths"""
    ticks: int
    """in both"""
    more_ticks: tuple[int, int]
    """that only the one, or the other, has"""
    messages: int
    """compared, and those that one side has alone"""
    reordered: int
    """ticks in which the order of topics alone differs"""
    header: list[HeaderDifference]
    topics: list[TopicTally]
    """that occur"""


def diff_runs(
    one_dir: Path, other_dir: Path, patterns: Sequence[str] = (), rules: RulesOf = lambda _: EXACT
) -> RunDiff:
    """Compare two runs. `patterns`: of topics; none: all.

    Raises LogError: not runs, or nothing to compare. ConfigError: rules or patterns that fit nothing.
    """
    one, other = LogReader(one_dir), LogReader(other_dir)
    if one.header.dt_ns != other.header.dt_ns:
        raise LogError(
            f"{one_dir}, {other_dir}: ticks of {one.header.dt_ns} and {other.header.dt_ns} ns: they can't be compared"
        )
    wanted = _wanted(one.header, other.header, patterns)
    left, right = one.header.topics, other.header.topics
    comparison = Comparison(left, right, rules(_union(left, right)), wanted)
    if not comparison.topics:
        raise LogError(f"{one_dir}, {other_dir}: no topic in common: they can't be compared")
    inputs_first: Difference | None = None
    ticks, more = 0, [0, 0]
    for ours, theirs in zip_longest(one.ticks(), other.ticks()):
        if ours is None or theirs is None:
            more[ours is None] += 1
            continue
        ticks += 1
        if not patterns and inputs_first is None:
            inputs_first = _inputs_differ(ours, theirs)
        comparison.add(ours.tick, _messages(ours), _messages(theirs))
    if comparison.compared == 0:
        raise LogError(f"{one_dir}, {other_dir}: {ticks} ticks in both, no message to compare")
    first = comparison.first or _length(ticks, more)
    return RunDiff(
        same=first is None and inputs_first is None,
        inputs=inputs_first,
        first=first,
        ticks=ticks,
        more_ticks=(more[0], more[1]),
        messages=comparison.compared,
        reordered=comparison.reordered,
        header=[*_versions(one_dir, other_dir), *header_differences(one.header, other.header)],
        topics=[tally for tally in comparison.topics if tally.compared or not tally.same],
    )


def _wanted(one: LogHeader, other: LogHeader, patterns: Sequence[str]) -> Callable[[str], bool]:
    names = sorted({topic.name for topic in (*one.topics, *other.topics)})
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            raise ConfigError(f"topic {pattern!r}: in neither log: must be one of {', '.join(names)}")
    return lambda name: not patterns or any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _union(left: Sequence[TopicSchema], right: Sequence[TopicSchema]) -> list[TopicSchema]:
    known = {topic.name for topic in left}
    return [*left, *(topic for topic in right if topic.name not in known)]


def _messages(record: TickRecord) -> list[tuple[int, msgspec.Raw]]:
    """Those from outside first, as they were delivered."""
    return [item[1] for item in record.inputs if item[0] == MESSAGE] + list(record.entries)


def _inputs_differ(one: TickRecord, other: TickRecord) -> Difference | None:
    ours, theirs = ([item for item in record.inputs if item[0] != MESSAGE] for record in (one, other))
    if ours == theirs:
        return None
    return Difference(one.tick, INPUTS, "", str(ours) if ours else NOTHING, str(theirs) if theirs else NOTHING)


def _length(ticks: int, more: Sequence[int]) -> Difference | None:
    if not any(more):
        return None
    words = [f"{count} more ticks" if count else "its end" for count in more]
    return Difference(ticks, INPUTS, "", words[0], words[1])


def _versions(one_dir: Path, other_dir: Path) -> list[HeaderDifference]:
    """What the manifests say of the software, where both runs have one."""
    try:
        one, other = read_manifest(one_dir), read_manifest(other_dir)
    except LogError:
        return []
    packages = sorted(one.package_versions.keys() | other.package_versions.keys())
    found = [
        ("flightsw", one.flightsw_version, other.flightsw_version),
        ("machine", one.machine, other.machine),
        *((name, one.package_versions.get(name), other.package_versions.get(name)) for name in packages),
    ]
    return [HeaderDifference(f"versions.{name}", ours, theirs) for name, ours, theirs in found if ours != theirs]
