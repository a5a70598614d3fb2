"""What the declarations say of each field in words: the docstring under it, read from the module's own source.

A message's fields are described where they are declared and nowhere else. Read from source with `ast`, because Python
drops the strings that stand under fields. Where there is no source, or nothing is said, the field's name is spelt out.
Called by the signal catalogue, and by the schema of scenarios for what is declared in the same manner.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from itertools import pairwise

from flightsw.messages.schema import split_unit

_WORDS = {
    "soc": "state of charge",
    "rc": "RC",
    "tc": "telecommands",
    "lcl": "LCL",
    "sel": "SEL",
    "sefi": "SEFI",
    "utc": "UTC",
}
"""of names that stand for more than one word"""


def field_descriptions(kind: type) -> dict[str, str]:
    """Field -> the docstring under it, of a class and what it inherits from; fields that have none are left out."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        found |= _of_module(base.__module__).get(base.__qualname__, {})
    return found


def spelt_out(field: str) -> str:
    """A field's name in words, without its unit: `battery_voltage_v`: battery voltage; `soc`: state of charge."""
    stem, unit = split_unit(field)
    words = " ".join(_WORDS.get(part, part) for part in stem.split("_"))
    return f"{words} temperature" if unit == "degC" else words


@functools.cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Class -> field -> docstring, of one module; empty where its source can't be had."""
    module = sys.modules.get(name)
    try:
        tree = ast.parse(inspect.getsource(module)) if module is not None else ast.Module([], [])
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, dict[str, str]] = {}
    _collect(tree.body, "", found)
    return found


def _collect(body: list[ast.stmt], prefix: str, found: dict[str, dict[str, str]]) -> None:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            qualified = f"{prefix}{statement.name}"
            found[qualified] = _fields(statement.body)
            _collect(statement.body, f"{qualified}.", found)


def _fields(body: list[ast.stmt]) -> dict[str, str]:
    """The string right behind an annotated field is its docstring."""
    docs: dict[str, str] = {}
    for field, said in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(said, ast.Expr)
            and isinstance(said.value, ast.Constant)
            and isinstance(said.value.value, str)
        ):
            docs[field.target.id] = " ".join(said.value.value.split())
    return docs
