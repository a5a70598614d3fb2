"""What an agent imports keeps to Python 3.10's syntax; what of the library stands between it and stock JetPack."""

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
    r"\b(tomllib|StrEnum|UTC|add_note|ExceptionGroup|LiteralString|assert_never|assert_type|TaskGroup)\b"
    r"|from typing import [^\n]*\b(Self|Never|Unpack|override)\b"
)
"""Of the standard library since 3.11 (its What's New)."""


def newer_names(source: str) -> set[str]:
    return {name for found in NEWER.finditer(source) for name in found.groups() if name}


def test_the_agent_s_imports_use_no_syntax_and_two_names_that_python_3_10_has_not() -> None:
    listed = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True, cwd=ROOT)
    files = [Path(line) for line in listed.stdout.split()]
    assert len(files) > 100
    found: dict[str, set[str]] = {}
    for file in files:
        source = file.read_text()
        ast.parse(source, str(file), feature_version=(3, 10))
        if newer := newer_names(re.sub(r'(?s)""".*?"""', "", source)):
            found[file.relative_to(ROOT).as_posix()] = newer
    assert set().union(*found.values()) == {"tomllib", "UTC"}, found
    assert newer_names("import tomllib\nfrom typing import Any, Self") == {"tomllib", "Self"}
