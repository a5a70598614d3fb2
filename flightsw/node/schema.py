"""JSON Schema of scenario files, for editors that complete and check while one types.

Made from the declarations that scenarios are decoded with, so that it can't say anything else: types, ranges, what must
be there, and each field's own docstring. What concerns several fields together is checked by `flightsw validate` alone.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect

from flightsw.devices.profiles import shipped_profiles
from flightsw.messages.descriptions import field_descriptions
from flightsw.node.scenario import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema(version: str) -> dict[str, Any]:
    """The schema, draft 2020-12, of this version of flightsw."""
    reference, definitions = described_components(Scenario)
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


def described_components(kind: type[msgspec.Struct]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(reference to it, definitions by name) of a declared table and all that may be in it, each key described."""
    (reference,), definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    kinds = _structs_in(inspect.type_info(kind))
    for name, definition in definitions.items():
        if kinds.get(name) is Scenario:
            del definition["properties"]["code_folders"]  # it follows from where the file is
        if name in kinds:
            _describe(definition, kinds[name])
    return reference, definitions


def _structs_in(kind: inspect.Type) -> dict[str, type[msgspec.Struct]]:
    """The declared Structs that a value of this kind may hold, by name; itself among them."""
    found: dict[str, type[msgspec.Struct]] = {}
    ahead = [kind]
    while ahead:
        match ahead.pop():
            case inspect.StructType(cls=cls, fields=fields) if cls.__name__ not in found:
                found[cls.__name__] = cls
                ahead += [field.type for field in fields]
            case inspect.UnionType(types=kinds) | inspect.TupleType(item_types=kinds):
                ahead += kinds
            case inspect.VarTupleType(item_type=one) | inspect.ListType(item_type=one):
                ahead.append(one)
            case inspect.DictType(value_type=one):
                ahead.append(one)
    return found


def _describe(definition: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Each property gets its field's docstring."""
    for name, text in field_descriptions(kind).items():
        # A chain's `from` is `from_node` in Python.
        encoded = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}.get(name, name)
        if encoded in definition.get("properties", {}):
            definition["properties"][encoded]["description"] = text
