"""Faults as they are given on the command line, for tests."""

from __future__ import annotations

from typing import Any

import msgspec


def fault(kind: str, at: str | None = "60s", **fields: Any) -> str:
    told = {"kind": kind, "at": at, **fields}
    pairs = [f"{name} = {msgspec.json.encode(value).decode()}" for name, value in told.items() if value is not None]
    return f"{{{', '.join(pairs)}}}"


def faults(*texts: str) -> list[str]:
    return [f"faults=[{', '.join(texts)}]"]
