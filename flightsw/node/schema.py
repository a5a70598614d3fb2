"""JSON Schema of scenario files, for editors that complete and check while one types.

Made from the declarations that scenarios are decoded with, so that it can't say anything else: types, ranges, what must
be there, and each field's own docstring. What concerns several fields together is checked by `flightsw validate` alone.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from typing import Any

import msgspec

from flightsw import __version__
from flightsw.devices.profiles import shipped_profiles
from flightsw.node.scenario import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    (reference,), definitions = msgspec.json.schema_components([Scenario], ref_template="#/$defs/{name}")
    for name, definition in definitions.items():
        kind = _struct_of(name)
        if kind is not None:
            _describe(definition, kind)
    # an entry may stand for a file's content, which is put in its place before it is decoded
    of_file: dict[str, Any] = {"type": "object", "properties": {"file": {"type": "string"}}, "required": ["file"]}
    of_file["additionalProperties"] = False
    definitions["Sequence"] = {"anyOf": [of_file, definitions["Sequence"]]}
    profile = definitions["PlantConfig"]["properties"]["profile"]
    profile["examples"] = shipped_profiles()
    return {
        "$schema": DIALECT,
        "title": f"flightsw scenario (flightsw {__version__})",
        **reference,
        "$defs": definitions,
    }


def _struct_of(name: str) -> type[msgspec.Struct] | None:
    """The declared Struct of a definition's name."""
    found = [kind for kind in _structs(msgspec.Struct) if kind.__name__ == name and kind.__module__ in sys.modules]
    return found[0] if len(found) == 1 else None


def _structs(root: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    found = []
    for kind in root.__subclasses__():
        found += [kind, *_structs(kind)]
    return found


def _describe(definition: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Each property gets its field's docstring."""
    for name, text in _field_docs(kind).items():
        # A chain's `from` is `from_node` in Python.
        encoded = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}.get(name, name)
        if encoded in definition.get("properties", {}):
            definition["properties"][encoded]["description"] = " ".join(text.split())


def _field_docs(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Docstrings that stand under the fields of a class and of its bases."""
    docs: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if issubclass(base, msgspec.Struct) and base is not msgspec.Struct:
            docs |= _docs_in(base)
    return docs


def _docs_in(kind: type[msgspec.Struct]) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(tree, ast.ClassDef)
    docs: dict[str, str] = {}
    for statement, follower in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(follower, ast.Expr)
            and isinstance(follower.value, ast.Constant)
            and isinstance(follower.value.value, str)
        ):
            docs[statement.target.id] = follower.value.value
    return docs
