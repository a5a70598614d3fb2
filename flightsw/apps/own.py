"""What every application's section of a scenario may say of a user's own code: a law, or a whole application.

Left out, they are not in the resolved scenario either: a node without users' parts keeps its log and its hash.
The code itself is found and checked by `node.parts`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class AppConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of the applications' sections."""

    law: str | UnsetType = UNSET
    """another of the shipped laws, by its name, or a law of one's own, as package.module:Class"""
    law_config: dict[str, Any] | UnsetType = UNSET
    """what that law is told: its `Config`"""
    app: str | UnsetType = UNSET
    """an application of one's own in place of the shipped one, as package.module:Class"""
    app_config: dict[str, Any] | UnsetType = UNSET
    """what that application is told: its `Config`"""
