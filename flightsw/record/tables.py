"""A run as a table: one row a tick, one column a signal, written block by block as Parquet or CSV.

The first column is `time_s`, the start of the tick. A signal keeps its last value until the next one; before its first
message, and where it is unknown, a cell is empty (null). An enumeration stands by its words. Parquet carries unit, type
and description in each column's metadata; CSV has a `.columns.json` with the same beside it. Parquet needs the extra
`tables` (pyarrow). Called by `flightsw export`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

import msgspec
import numpy as np

from flightsw.errors import ConfigError
from flightsw.record.columns import ColumnReader, Columns, FloatArray
from flightsw.record.folder import replaced
from flightsw.record.selection import TableColumn, select

BLOCK_TICKS = 8192
"""a row group of Parquet; some 15 MB of all signals"""
TIME = TableColumn(name="time_s", unit="s", type="float", description="start of the tick, since the start of the run")
FORMATS = ("parquet", "csv")


class Exported(msgspec.Struct, frozen=True):
    """What was written."""

    file: str
    rows: int
    columns: int
    complete: bool
    """the log was ended in order; False: it was cut, and the table ends at its last whole tick"""


class _Sink(Protocol):
    """Takes blocks of columns."""

    def write(self, block: Columns) -> None:
        """One block behind the others."""

    def close(self) -> None:
        """No more will come."""


def export(run_dir: Path, form: str, out: Path | None = None, wishes: Sequence[str] = ()) -> Exported:
    """Write the table; the file appears when it is whole. Raises ConfigError: unknown signal or format, no pyarrow, a
    file that can't be written; LogError: no log, or a corrupt one."""
    if form not in FORMATS:
        raise ConfigError(f"format = {form!r}: must be one of {', '.join(FORMATS)}")
    sink_of = _parquet() if form == "parquet" else _Csv
    reader = ColumnReader(run_dir, [])
    columns = select(reader.log.header, wishes)
    reader = ColumnReader(run_dir, [one.name for one in columns])
    path = run_dir / "tables" / f"ticks.{form}" if out is None else out
    rows = 0
    with replaced(path) as temporary:
        path.parent.mkdir(parents=True, exist_ok=True)
        sink = sink_of(temporary, columns, reader)
        try:
            for block in reader.blocks(BLOCK_TICKS):
                sink.write(block)
                rows += len(block)
        finally:
            sink.close()
    if form == "csv":
        _describe(path.with_suffix(".columns.json"), columns)
    return Exported(str(path), rows, len(columns) + 1, reader.log.complete)


def write_csv(run_dir: Path, file: TextIO, wishes: Sequence[str] = ()) -> None:
    """Write the table to an open file, block by block. Raises ConfigError, LogError as `export` does."""
    columns = select(ColumnReader(run_dir, []).log.header, wishes)
    reader = ColumnReader(run_dir, [one.name for one in columns])
    sink = _CsvText(file, columns, reader)
    for block in reader.blocks(BLOCK_TICKS):
        sink.write(block)


def _describe(path: Path, columns: Sequence[TableColumn]) -> None:
    with replaced(path) as temporary:
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode([TIME, *columns]), indent=1) + b"\n")


def words_of(members: dict[str, int]) -> Callable[[float], str]:
    """Number -> word of an enumeration; a number that has none stands for itself."""
    words = {float(number): name for name, number in members.items()}
    return lambda value: words.get(value, f"{value:g}")


class _CsvText:
    """Comma-separated, with a head line."""

    def __init__(self, file: TextIO, columns: Sequence[TableColumn], reader: ColumnReader) -> None:
        self._columns = columns
        self._words = {name: words_of(members) for name, members in reader.members.items()}
        self._file = file
        self._file.write(",".join(one.name for one in (TIME, *columns)) + "\n")

    def write(self, block: Columns) -> None:
        texts = [_texts(block.time_s, float.__repr__)]
        texts += [_texts(block.values[one.name], self._text_of(one)) for one in self._columns]
        self._file.writelines(",".join(row) + "\n" for row in zip(*texts, strict=True))

    def _text_of(self, column: TableColumn) -> Callable[[float], str]:
        if column.name in self._words:
            return self._words[column.name]
        return float.__repr__ if column.type.startswith("float") else _whole_number


class _Csv(_CsvText):
    """The same in a file of its own."""

    def __init__(self, path: Path, columns: Sequence[TableColumn], reader: ColumnReader) -> None:
        super().__init__(path.open("w", encoding="utf-8", newline="\n"), columns, reader)

    def close(self) -> None:
        self._file.close()


def _whole_number(value: float) -> str:
    return str(int(value))


def _texts(values: FloatArray, text_of: Callable[[float], str]) -> list[str]:
    """A column as text; most of them hardly change within a block, and each value is spelt once."""
    known: dict[float, str] = {}
    texts = []
    for value in values.tolist():
        text = known.get(value)
        if text is None:
            text = known[value] = "" if value != value else text_of(value)  # noqa: PLR0124  NaN alone differs from itself
        texts.append(text)
    return texts


def _parquet() -> Callable[[Path, Sequence[TableColumn], ColumnReader], _Sink]:
    """The writer. Raises ConfigError where pyarrow isn't there."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ConfigError(
            'format = "parquet": needs pyarrow: pip install "flightsw[tables]"; csv needs nothing'
        ) from None

    def kind_of(column: TableColumn, members: dict[str, dict[str, int]]) -> Any:
        if column.name in members:
            return pa.dictionary(pa.int32(), pa.string())
        return {"bool": pa.bool_(), "int": pa.int64()}.get(column.type.split()[0].partition("[")[0], pa.float64())

    class Parquet:
        def __init__(self, path: Path, columns: Sequence[TableColumn], reader: ColumnReader) -> None:
            self._columns, self._members = columns, reader.members
            self._kinds = [kind_of(one, reader.members) for one in columns]
            fields = [pa.field(TIME.name, pa.float64(), metadata=_metadata(TIME))]
            fields += [
                pa.field(one.name, kind, metadata=_metadata(one))
                for one, kind in zip(columns, self._kinds, strict=True)
            ]
            header = reader.log.header
            about = {
                "flightsw": "one row a tick",
                "scenario": str(header.scenario.get("name", "")),
                "run_id": header.run_id,
            }
            self._schema = pa.schema(fields, metadata=about)
            self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

        def write(self, block: Columns) -> None:
            arrays = [pa.array(block.time_s)]
            for one, kind in zip(self._columns, self._kinds, strict=True):
                arrays.append(self._array(block.values[one.name], kind, self._members.get(one.name)))
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=BLOCK_TICKS)

        def close(self) -> None:
            self._writer.close()

        def _array(self, values: FloatArray, kind: Any, members: dict[str, int] | None) -> Any:
            unknown = np.isnan(values)
            if members is not None:
                numbers, places = np.unique(values[~unknown], return_inverse=True)
                indices = np.zeros(len(values), dtype=np.int32)
                indices[~unknown] = places
                words = [words_of(members)(number) for number in numbers.tolist()]
                return pa.DictionaryArray.from_arrays(
                    pa.array(indices, mask=unknown), pa.array(words, type=pa.string())
                )
            if kind == pa.float64():
                return pa.array(values, mask=unknown)
            return pa.array(np.where(unknown, 0.0, values).astype(np.int64), mask=unknown).cast(kind)

    return Parquet


def _metadata(column: TableColumn) -> dict[str, str]:
    told = {"unit": column.unit, "type": column.type, "description": column.description, "element": column.element}
    return {key: value for key, value in told.items() if value}
