"""host.jsonl: what the hosts (never the applications) have to say of the wall-clock world, as JSON lines.

Processes started and lost, refusals, faults with their traceback. It never feeds back into a run. Every process of
a run appends to the same file, each line in one write.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from flightsw.errors import RunError

HOST_LOG = "host.jsonl"
_ENCODE = msgspec.json.Encoder(enc_hook=str).encode


@contextmanager
def host_log(run_dir: Path, process: str) -> Iterator[None]:
    """Send this process's structlog lines to the run's host.jsonl, until the end of the block."""
    try:
        opened = (run_dir / HOST_LOG).open("ab", buffering=0)
    except OSError as error:
        raise RunError(f"{run_dir / HOST_LOG}: can't be written: {error.strerror}") from None
    with opened as file:
        _send_to(_Sink(file), process)
        try:
            yield
        finally:
            structlog.reset_defaults()


class _Sink:
    """The file; once it takes no more, stderr: what a host has to say is never worth ending a process for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, line: bytes) -> int:
        """One line."""
        try:
            return self._file.write(line)
        except OSError:
            with suppress(OSError):
                os.write(sys.stderr.fileno(), line)
            return len(line)

    def flush(self) -> None:
        """Nothing is held back."""


def _send_to(file: _Sink, process: str) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _Stamp(process),
            structlog.processors.format_exc_info,
            _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(cast("BinaryIO", file)),
        cache_logger_on_first_use=False,
    )


class _Stamp:
    """Says in each line which process it is from, and when it was written."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["process"] = self._process
        line["timestamp"] = datetime.now(timezone.utc)  # noqa: UP017  boards have 3.10; msgspec writes it fast
        return line


def _as_json(_logger: WrappedLogger, _method: str, line: EventDict) -> bytes:
    return _ENCODE(line)
