"""What an agent imports keeps to Python 3.10, stock JetPack's: its syntax and its library."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = (
    "import sys, hil.agent, hil.detect, hil.keys\n"
    "for name, module in sorted(sys.modules.items()):\n"
    "    if name.partition('.')[0] in ('flightsw', 'hil'): print(module.__file__)"
)
NEWER = re.compile(
    r"^\s*import (tomllib)\b|\b(?:datetime|dt)\.(UTC)\b|\bimport [^\n]*\b(UTC)\b"
    r"|\b(StrEnum|add_note|ExceptionGroup|LiteralString|assert_never|assert_type|TaskGroup|file_digest)\b"
    r"|from typing import [^\n]*\b(Self|Never|Unpack|override)\b",
    re.MULTILINE,
)
"""Of the standard library since 3.11 (its What's New)."""


def newer_names(source: str) -> set[str]:
    return {name for found in NEWER.finditer(source) for name in found.groups() if name}


def test_the_agent_imports_nothing_that_python_3_10_has_not() -> None:
    listed = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True, cwd=ROOT)
    files = [Path(line) for line in listed.stdout.split()]
    assert len(files) > 100
    found: dict[str, set[str]] = {}
    for file in files:
        source = file.read_text()
        ast.parse(source, str(file), feature_version=(3, 10))
        if newer := newer_names(re.sub(r'(?s)""".*?"""', "", source)):
            found[file.relative_to(ROOT).as_posix()] = newer
    assert found == {"flightsw/backports.py": {"tomllib"}}, "which has another for 3.10"
    assert newer_names("import tomllib\nfrom typing import Any, Self\ndt.UTC") == {"tomllib", "Self", "UTC"}
