"""What one run asks of the bus process. Made by the launcher's child, read by the broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flightsw.bus.faults import BusFault
from flightsw.bus.log import LogHeader
from flightsw.messages.comms import TcRequest


@dataclass(frozen=True)
class BrokerPlan:
    """What one run asks of the bus."""

    run_dir: Path
    endpoint: str
    header: LogHeader
    schema_hash: str
    ticks: int
    commands: Mapping[int, tuple[TcRequest, ...]]
    """the scenario's telecommands by tick"""
    faults: Sequence[BusFault] = ()
    """scripted"""
    resume: bool = False
    """the bus was lost: go on from the log"""
    peers: Mapping[str, bytes] = field(default_factory=dict)
    """with resume: routing ids of the processes that live on"""
    taken_up_tick: int | None = None
    """with resume: the run goes on here with new processes, which run themselves through the log first"""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """of the configuration, in that tick"""
    spare_cores: frozenset[int] = frozenset()
    """where the log's closed segments are compressed; none: where the bus is"""
    on_other_cores: frozenset[str] = frozenset()
    """processes that are kept on other cores than the bus, which stays awake while it waits for these alone"""
