"""What an agent imports keeps to Python 3.10's syntax; what of the library stands between it and stock JetPack."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = (
    "import sys, hil.agent, hil.detect, hil.keys\n"
    "for name, module in sorted(sys.modules.items()):\n"
    "    if name.partition('.')[0] in ('flightsw', 'hil'): print(module.__file__)"
)
NEWER = {
    "tomllib": None,
    "typing": {"Self", "Never", "LiteralString", "assert_never", "assert_type", "Unpack", "override", "reveal_type"},
    "enum": {"StrEnum", "verify", "member", "nonmember"},
    "datetime": {"UTC"},
    "contextlib": {"chdir"},
    "asyncio": {"TaskGroup", "timeout"},
    "wsgiref.types": None,
}
"""Of the standard library since 3.11 (its What's New), by module; None: the whole module."""


def newer_imports(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in NEWER and NEWER[alias.name] is None}
        elif isinstance(node, ast.ImportFrom) and node.module in NEWER:
            names = NEWER[node.module]
            found |= {node.module} if names is None else {a.name for a in node.names if a.name in names}
        elif isinstance(node, ast.Attribute) and node.attr in ("UTC", "StrEnum", "add_note"):
            found.add(node.attr)
    return found


def test_the_agent_s_imports_use_no_syntax_and_two_names_that_python_3_10_has_not() -> None:
    listed = subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=True, cwd=ROOT)
    files = [Path(line) for line in listed.stdout.split()]
    assert len(files) > 100
    found: dict[str, set[str]] = {}
    for file in files:
        tree = ast.parse(file.read_text(), str(file), feature_version=(3, 10))
        if newer := newer_imports(tree):
            found[file.relative_to(ROOT).as_posix()] = newer
    assert set().union(*found.values()) == {"tomllib", "UTC"}, found
    assert newer_imports(ast.parse("import tomllib\nfrom typing import Self")) == {"tomllib", "Self"}
