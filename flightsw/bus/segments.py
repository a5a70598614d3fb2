"""The files of a run's log: the one that is being written, and closed ones, which are compressed.

`bus.log` is the tail; segment N becomes `bus.NNNNN.log`, then `bus.NNNNN.log.gz`. Called by the log's writer, by its
readers, and by those who wait for it to grow.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import BinaryIO

import structlog

from flightsw.bus.processor import work_beside
from flightsw.errors import LogError

TAIL_NAME = "bus.log"
_COMPRESSION_LEVEL = 1  # zlib 1 takes about 12 ms a MB here and still shrinks a tick to a third


def closed_name(segment: int) -> str:
    """Of a segment that has been closed and is to be compressed."""
    return f"bus.{segment:05d}.log"


def compress(closed: Path, cores: Collection[int]) -> None:
    """Replace a closed segment by its compressed form; at every moment one whole copy exists.

    Where there is no room for the second one, the segment stays as it is, and reads as well.
    """
    if cores:
        work_beside(cores)
    temporary = closed.with_suffix(".log.gz.tmp")
    try:
        with closed.open("rb") as source, temporary.open("wb") as sink:
            _pack(source, sink)
        temporary.rename(closed.with_suffix(".log.gz"))
        closed.unlink()
    except OSError as error:
        temporary.unlink(missing_ok=True)
        structlog.get_logger().warning("segment.not_compressed", segment=closed.name, error=error.strerror)


def _pack(source: BinaryIO, sink: BinaryIO) -> None:
    with gzip.GzipFile(filename="", mode="wb", compresslevel=_COMPRESSION_LEVEL, fileobj=sink, mtime=0) as packed:
        while block := source.read(1 << 20):
            packed.write(block)
    sink.flush()
    os.fsync(sink.fileno())


def segment_files(run_dir: Path) -> list[Path]:
    """The log's files in order, each segment once. Raises LogError when there are none."""
    closed: dict[int, Path] = {}
    for path in sorted(run_dir.glob("bus.*.log")) + sorted(run_dir.glob("bus.*.log.gz")):
        number = path.name.split(".")[1]
        if number.isdigit():
            closed[int(number)] = path
    if sorted(closed) != list(range(len(closed))):
        raise LogError(f"{run_dir}: segments {_missing(closed)} of the log are missing")
    tail = run_dir / TAIL_NAME
    files = [closed[number] for number in sorted(closed)] + ([tail] if tail.is_file() else [])
    if not files:
        raise LogError(f"{run_dir}: no {TAIL_NAME} in it: not a run folder")
    return files


def _missing(present: Iterable[int]) -> str:
    have = set(present)
    return ", ".join(str(number) for number in range(max(have)) if number not in have)
