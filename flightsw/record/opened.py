"""The Python API of a finished run, or of one that is under way or was cut: its signals as numpy arrays.

    run = flightsw.open("runs/cubesat-6u-orin-nano-20260103T100000Z-s1")
    time_s, soc = run["power.soc"]
    run["power.soc"].unit, run["health.mode"].words
    soc, chip_c = run.read("power.soc", "hw.chip_c")          # one pass over the log for both
    for block in run.blocks("power.soc", ticks=4096): ...     # a week in little memory

The log is read when a signal is asked for, and nothing else of it is kept: a signal of a week at 1 s ticks takes 10 MB.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import LogReader
from flightsw.errors import ConfigError
from flightsw.record.catalogue import SignalEntry, catalogue
from flightsw.record.columns import ColumnReader, Columns, FloatArray, read_columns
from flightsw.record.selection import TableColumn, select


@dataclass(frozen=True)
class Column:
    """One signal of a run, a value a tick. `time_s, values = column`; numpy takes it for its values."""

    name: str
    time_s: FloatArray
    """(n,) s: start of each tick"""
    values: FloatArray
    """(n,): held from message to message; NaN: not known"""
    unit: str
    words: dict[int, str]
    """of an enumeration, by number; empty for all else"""

    def __iter__(self) -> Iterator[FloatArray]:
        yield self.time_s
        yield self.values

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[np.generic]:
        return np.array(self.values, dtype=dtype) if copy or dtype is not None else self.values

    def __len__(self) -> int:
        return len(self.values)


class OpenedRun:
    """A run folder, for reading. Names are as everywhere: `power.soc`, `truth.plant.node_c[2]`."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.header: LogHeader = LogReader(run_dir).header

    @property
    def signals(self) -> list[SignalEntry]:
        """What the log declares."""
        return catalogue(self.header.topics, self.header.scenario)

    def __getitem__(self, name: str) -> Column:
        """One signal. Raises ConfigError: unknown, no number, or a list without an element picked."""
        (column,) = self.read(name)
        return column

    def read(self, *names: str) -> list[Column]:
        """Several, in one pass over the log."""
        for name in names:
            if len(select(self.header, [name])) != 1:
                raise ConfigError(f"signal {name!r}: is a list: must pick an element, {name}[0]")
        columns = read_columns(self.run_dir, names)
        return [_column(select(self.header, [name])[0], columns) for name in names]

    def blocks(self, *names: str, ticks: int = 8192) -> Iterator[Columns]:
        """Block after block of ticks, for runs that are longer than memory."""
        return ColumnReader(self.run_dir, names).blocks(ticks)

    @property
    def complete(self) -> bool:
        """The log was ended in order. Reads all of it."""
        reader = LogReader(self.run_dir)
        for _ in reader.raw_ticks():
            pass
        return reader.complete


def _column(found: TableColumn, columns: Columns) -> Column:
    words = {number: word for word, number in columns.members.get(found.name, {}).items()}
    return Column(found.name, columns.time_s, columns.values[found.name], found.unit, words)


def open_run(run: str | Path) -> OpenedRun:
    """A run folder. Raises LogError: there is no log in it."""
    return OpenedRun(Path(run))
