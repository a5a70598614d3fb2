"""host.jsonl: what the hosts (never the applications) have to say of the wall-clock world, as JSON lines.

Processes started and lost, refusals, faults with their traceback. It never feeds back into a run. Every process of
a run appends to the same file, each line in one write.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog

HOST_LOG = "host.jsonl"


@contextmanager
def host_log(run_dir: Path, process: str) -> Iterator[None]:
    """Send this process's structlog lines to the run's host.jsonl, until the end of the block."""
    with (run_dir / HOST_LOG).open("ab", buffering=0) as file:
        _send_to(file, process)
        try:
            yield
        finally:
            structlog.reset_defaults()


def _send_to(file: BinaryIO, process: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=lambda value, **_: msgspec.json.encode(value, enc_hook=str)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.BytesLoggerFactory(file),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(process=process)
