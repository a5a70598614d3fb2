"""JSON Schema of scenario files, for editors that complete and check while one types.

Made from the declarations that scenarios are decoded with, so that it can't say anything else: types, ranges, what must
be there, and each field's own docstring. What concerns several fields together is checked by `flightsw validate` alone.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from flightsw.devices.profiles import shipped_profiles
from flightsw.messages.descriptions import field_descriptions
from flightsw.node.scenario import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema(version: str) -> dict[str, Any]:
    """The schema, draft 2020-12, of this version of flightsw."""
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
        "title": f"flightsw scenario (flightsw {version})",
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
    for name, text in field_descriptions(kind).items():
        # A chain's `from` is `from_node` in Python.
        encoded = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}.get(name, name)
        if encoded in definition.get("properties", {}):
            definition["properties"][encoded]["description"] = text
