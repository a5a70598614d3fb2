"""Replay of a whole node: run from its log's scenario, seed and outside inputs, and compared with all that it said.

Called by `flightsw replay` and by tests. One application alone is `node.appreplay`'s, and is called from here as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flightsw.bus.compare import Comparison, Difference
from flightsw.bus.log import HashChain, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.errors import LogError
from flightsw.node.again import Build, NodeAgain, difference_of, overlooked, scenario_of, table_of
from flightsw.node.appreplay import AppReplay, replay_application
from flightsw.node.build import build_application
from flightsw.node.materials import check_as_flown

__all__ = ["AppReplay", "Replay", "replay_application", "replay_run", "scenario_of"]


@dataclass(frozen=True)
class Replay:
    """What a replay of a node showed."""

    ticks: int
    messages: int
    """compared"""
    complete: bool
    """the log was ended in order; otherwise it was cut, and was replayed to its last whole tick"""
    log_hash: str
    """recomputed from the log"""
    replay_hash: str
    """of the replay; up to the divergence, if there is one"""
    divergence: Difference | None
    upgraded: tuple[str, ...] = ()
    """topics of an older log that were brought to today's declarations: the hashes can't be equal then"""

    @property
    def same(self) -> bool:
        """Every message was the same, byte for byte."""
        return self.divergence is None and (bool(self.upgraded) or self.replay_hash == self.log_hash)


def replay_run(run_dir: Path, build: Build = build_application) -> Replay:
    """Run the whole node again, with the applications that `build` makes, up to the first difference.

    Raises LogError; also when there is nothing to compare. ConfigError: a model or profile of the user's own is gone or
    another.
    """
    reader = LogReader(run_dir)
    scenario = scenario_of(reader)
    check_as_flown(run_dir, scenario)
    table = table_of(scenario)
    reader.read_as(table.topics)
    again = NodeAgain(scenario, table, build)
    encode = RecordEncoder()
    chain = HashChain(reader.header.encode())
    comparison = Comparison(reader.schemas, reader.schemas, *overlooked(reader))
    divergence: Difference | None = None
    messages = 0
    logged = reader.ticks()
    for record in logged:
        told = again.run_tick(record)
        chain.add(encode(told))
        messages += len(record.entries)
        if encode(told) != encode(record):
            divergence = difference_of(record, told, comparison)
            if divergence is not None:
                break
    ticks = again.node.tick
    for _ in logged:  # behind a difference: to the end of this very pass, as a run under way has grown since
        pass
    if not messages:
        raise LogError(f"{run_dir}: {ticks} ticks and no message in it: there is nothing to compare")
    upgraded = () if reader.upgrade is None else tuple(reader.upgrade.changed)
    return Replay(ticks, messages, reader.complete, reader.log_hash, chain.hexdigest(), divergence, upgraded)
