"""Follows a run's log while it is being written: tick records as they come, through closed segments, to the end mark.

An observer: it reads files and can neither slow nor change the run. Used by `flightsw log --tail` and `flightsw cmd`.
Only whole objects are consumed, and every read starts behind the last one, because a restarted bus cuts off a torn
tail and writes on from there.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgpack
import msgspec

from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import NO_OBJECT, decode_record
from flightsw.bus.records import TickRecord
from flightsw.bus.segments import TAIL_NAME
from flightsw.errors import LogError

_BLOCK_BYTES = 1 << 22


class LogTail:
    """`poll` gives the ticks written since the last call. Raises LogError: no log, or not one."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._segment = 0
        self._file: int | None = None
        self._offset = 0
        self.header: LogHeader | None = None
        """once it is written"""
        self.ended = False
        """the end mark was read: nothing more will come"""

    def poll(self) -> Iterator[TickRecord]:
        """New ticks, in order. Ends when there are no more for now."""
        return map(decode_record, self.poll_raw())

    def poll_raw(self) -> Iterator[bytes]:
        """The same, not decoded yet."""
        while not self.ended:
            if self._file is None and not self._open():
                return
            replaced = self._is_replaced()  # asked before reading: what is read then is all of a closed segment
            yield from self._records()
            if self.ended or not replaced:
                return
            self.close()
            self._segment += 1

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> bool:
        """Open the wanted segment: a closed one, or the file that is being written. False: not there yet."""
        closed = self._run_dir / f"bus.{self._segment:05d}.log"
        packed = closed.with_suffix(".log.gz")
        tail = self._run_dir / TAIL_NAME
        for path in (packed, closed, tail, packed, closed):  # again: it may have been closed between two looks
            try:
                file = _unpacked(path) if path == packed else os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
            except (OSError, EOFError, zlib.error) as error:
                raise LogError(f"{path}: can't be read: {error}") from None
            self.close()
            self._file, self._offset = file, 0
            if path != tail:
                return True
        return self._file is not None

    def _is_replaced(self) -> bool:
        """The file at hand is a closed segment: it will not grow."""
        assert self._file is not None
        try:
            tail = (self._run_dir / TAIL_NAME).stat()
        except FileNotFoundError:
            return False  # between two segments
        mine = os.fstat(self._file)
        return (tail.st_ino, tail.st_dev) != (mine.st_ino, mine.st_dev)

    def _records(self) -> Iterator[bytes]:
        assert self._file is not None
        while data := os.pread(self._file, _BLOCK_BYTES, self._offset):
            unpacker = msgpack.Unpacker(max_buffer_size=_BLOCK_BYTES)
            unpacker.feed(data)
            done = 0
            while done < len(data):
                try:
                    unpacker.skip()
                except msgpack.OutOfData:
                    break
                except (ValueError, msgpack.UnpackException) as error:
                    raise LogError(
                        f"{self._run_dir}: corrupt at byte {self._offset + done}: {str(error) or NO_OBJECT}"
                    ) from None
                item, done = data[done : unpacker.tell()], unpacker.tell()
                if item[0] & 0xF0 == 0x90:
                    self._offset += len(item)
                    yield item
                else:
                    self._mark(item)
                    self._offset += len(item)
            if done == 0:
                return  # the start of an object that isn't whole yet

    def _mark(self, item: bytes) -> None:
        try:
            mark = msgspec.msgpack.decode(item)
            if "flightsw_end" in mark:
                self.ended = True
            elif "flightsw_log" in mark:
                self.header = msgspec.msgpack.decode(item, type=LogHeader)
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError) as error:
            raise LogError(f"{self._run_dir}: neither a tick nor a mark in the log: {error}") from None


def _unpacked(path: Path) -> int:
    """A nameless file with the content of a compressed segment."""
    with gzip.open(path, "rb") as packed:
        data = packed.read()
    file = os.memfd_create(path.name)
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
    return file
