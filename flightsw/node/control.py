"""The bench umbilical's client: speak to the bus of a run that is under way.

The socket lies in the run's private directory (mode 0700); the run folder's `control` file names it. Called by
`flightsw cmd` and `flightsw inject`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import zmq

from flightsw.bus.umbilical import UmbilicalRequest
from flightsw.errors import ConfigError
from flightsw.messages.base import Scalar
from flightsw.node.rundir import CONTROL_FILE

REPLY_GUARD_MS = 10_000


def ask(run_dir: Path, request: UmbilicalRequest) -> dict[str, Any]:
    """Send one request and wait for the bus's answer. Raises ConfigError: no such run, over, or refused."""
    try:
        address = Path((run_dir / CONTROL_FILE).read_text())
    except OSError:
        raise ConfigError(f"{run_dir}: no control file in it: not a run that can be commanded") from None
    if not address.exists():
        raise ConfigError(f"{run_dir}: this run is over")
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVTIMEO, REPLY_GUARD_MS)
        socket.connect(f"ipc://{address}")
        socket.send(msgspec.msgpack.encode(request))
        try:
            reply: dict[str, Any] = msgspec.msgpack.decode(socket.recv())
        except zmq.Again:
            raise ConfigError(f"{run_dir}: its bus doesn't answer") from None
    if not reply.pop("ok", False):
        raise ConfigError(str(reply.get("error", "refused")))
    return reply


def send_command(run_dir: Path, name: str, args: Mapping[str, Scalar], at_s: float | None = None) -> dict[str, Any]:
    """Send a telecommand: the tick it enters at, and its request number."""
    return ask(run_dir, UmbilicalRequest("command", name=name, args=dict(args), at_s=at_s))


def inject_fault(run_dir: Path, kind: str, fields: Mapping[str, Scalar], at_s: float | None = None) -> dict[str, Any]:
    """Inject a fault: the tick it begins at, and its number. Raises ConfigError for what can't happen in that node."""
    return ask(run_dir, UmbilicalRequest("inject", name=kind, args=dict(fields), at_s=at_s))
