"""The reference page of scenario files: every key of every table, with type, unit, default, what is allowed and meant.

Made from the JSON Schema, which is made from the declarations that scenarios are decoded with. Tables stand in the
order in which a file would have them; one that occurs at several places stands at the first. Called by
`flightsw schema --page`; a test keeps docs/scenario.md as it should be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from flightsw.messages.schema import unit_of
from flightsw.node.laws import BY_NAME
from flightsw.node.scenario import Scenario
from flightsw.node.schema import described_components

LONGEST_DEFAULT = 60
"""of what is written out; a longer one is called by what it is"""
_REF = "#/$defs/"
_TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "object": "table", "null": "none"}
_BOUNDS = (("minimum", ">="), ("exclusiveMinimum", ">"), ("exclusiveMaximum", "<"), ("maximum", "<="))
_SIZES = (
    ("minLength", "length at least"),
    ("maxLength", "length at most"),
    ("minItems", "at least"),
    ("maxItems", "at most"),
)
_HEAD = """# Scenario files

Every key of a scenario, which is a TOML file: `flightsw validate FILE` checks one, `flightsw run FILE` flies it, and
`--set plant.battery.strings=2` changes a key without a file. Made by `flightsw schema --page` from the declarations
that files are decoded with; a test fails when it is stale. A key without a default must be given; what is `left out`
when it isn't given is not there at all. What concerns several keys together, `flightsw validate` says.
`flightsw schema` prints the same for editors, as JSON Schema."""


def scenario_page() -> str:
    """The page, as docs/scenario.md has it."""
    lines = [_HEAD, *_sections(Scenario)]
    for app, laws in BY_NAME.items():
        for law, kind in sorted(laws.items()):
            config = getattr(kind, "Config", None)
            if isinstance(config, type) and issubclass(config, msgspec.Struct):
                lines += _sections(config, f"apps.{app}.law_config", f' of `law = "{law}"`')
    return "\n".join(lines) + "\n"


def _sections(kind: type[msgspec.Struct], path: str = "", whose: str = "") -> Iterator[str]:
    """Lines about a table that stands at this path, and about all in it, each once, where it occurs first."""
    _, definitions = described_components(kind)
    met = {kind.__name__}
    ahead = [(kind.__name__, path, f"[{path}]")]
    while ahead:
        name, path, heading = ahead.pop()
        yield from _section(f"`{heading}`{whose}" if path else "Top level", definitions, name)
        inside = []
        for key, value in definitions[name]["properties"].items():
            for found, many in _references(value):
                if found not in met and "properties" in definitions[found]:
                    met.add(found)
                    place = f"{path}.{key}" if path else key
                    inside.append((found, place, _heading(definitions[found], place, many=many)))
        ahead += reversed(inside)


def _heading(definition: dict[str, Any], path: str, *, many: bool) -> str:
    heading = f"[[{path}]]" if many else f"[{path}]"
    for key, value in definition["properties"].items():
        if "const" in value or len(value.get("enum", ())) == 1:  # one of several tables that may stand there
            return f'{heading} {key} = "{value.get("const") or value["enum"][0]}"'
    return heading


def _references(value: dict[str, Any], *, many: bool = False) -> Iterator[tuple[str, bool]]:
    """(definition, whether there may be several) of each table that a value may be."""
    if "$ref" in value:
        yield value["$ref"].removeprefix(_REF), many
    for one in value.get("anyOf", ()):
        yield from _references(one, many=many)
    for key in ("items", "additionalProperties"):
        if isinstance(value.get(key), dict):
            yield from _references(value[key], many=many or key == "items")
    for one in value.get("prefixItems", ()):
        yield from _references(one, many=True)


def _section(title: str, definitions: dict[str, Any], name: str) -> list[str]:
    definition = definitions[name]
    about = definition.get("description", "").split("\n")[0]
    lines = ["", f"## {title}", "", *([about, ""] if about else [])]
    lines += ["| key | type | unit | default | allowed | what it is |", "| --- | --- | --- | --- | --- | --- |"]
    required = definition.get("required", ())
    for key, declared in definition["properties"].items():
        value = declared | _words(declared, definitions)
        default = "" if key in required else _default(value)
        cells = [f"`{key}`", _type(value), unit_of(key), default, _allowed(value), value.get("description", "")]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return lines


def _words(value: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What may stand where a declared choice of words is referred to."""
    found = definitions.get(value.get("$ref", "").removeprefix(_REF), {})
    return {"enum": found["enum"]} if "enum" in found else {}


def _type(value: dict[str, Any]) -> str:
    if "enum" in value or "const" in value:
        return "word"
    if "$ref" in value:
        return "table"
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_type(one) for one in value["anyOf"]))
    if value.get("type") == "array":
        each = _type(_each(value) or {})
        return f"list of {each}" + ("s" if each == "table" else "")
    return _TYPES.get(value.get("type", ""), "any")


def _default(value: dict[str, Any]) -> str:
    if "default" not in value:
        return "left out"
    default = value["default"]
    if default is None:
        return "none"
    text = msgspec.json.encode(default).decode()
    if isinstance(default, dict):
        return "its own"
    return f"`{text}`" if len(text) <= LONGEST_DEFAULT else f"a list of {len(default)}"


def _allowed(value: dict[str, Any]) -> str:
    """Of a value itself; of those in a list, what holds for each."""
    if "anyOf" in value:
        return "; ".join(filter(None, dict.fromkeys(_allowed(one) for one in value["anyOf"])))
    if "enum" in value:
        return ", ".join(f"`{word}`" for word in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    said = [f"{sign} {_number(value[key])}" for key, sign in _BOUNDS if key in value]
    if "pattern" in value:
        said.append(f"like `{value['pattern']}`")
    said += [f"{words} {value[key]}" for key, words in _SIZES if key in value]
    each = _each(value)
    if each is not None and (allowed := _allowed(each)):
        said.append(f"each {allowed}")
    return ", ".join(said)


def _each(value: dict[str, Any]) -> dict[str, Any] | None:
    """What a list holds; None: it is none, or it may hold anything."""
    one = value.get("items") or next(iter(value.get("prefixItems", ())), None)
    return one if isinstance(one, dict) else None


def _number(value: float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
