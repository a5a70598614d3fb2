"""What of Python 3.11's library the node uses, for boards whose system has 3.10, as stock JetPack does."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):  # noqa: UP036  the linter checks the code of 3.11
    import tomllib
else:
    import tomli as tomllib

__all__ = ["tomllib"]
