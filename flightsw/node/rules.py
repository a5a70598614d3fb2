"""What a comparison may overlook, as a user declares it: options of the command line, or a TOML file of them.

    ignore = ["thermal.status.integral_w", "event.thermal.*"]
    [tolerance]
    "thermal.status.chip_cap_w" = 0.01      # in the field's unit
    "thermal.status.chip_c" = "0.1%"        # of the logged value

Everything is checked against the topics that are compared: a rule that can't apply to anything is an error, not a
comfort. Called by `flightsw replay --app` and `flightsw diff`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from flightsw.bus.compare import WHOLE_TOPIC, Rules, Tolerance
from flightsw.errors import ConfigError
from flightsw.messages.schema import TopicSchema
from flightsw.node.tomlfile import convert, load_toml

RulesOf = Callable[[Sequence[TopicSchema]], Rules]
"""The rules for these topics. Raises ConfigError."""
_NUMBERS = ("float", "int")


class RulesFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    ignore: tuple[str, ...] = ()
    tolerance: dict[str, float | str] = {}


def read_rules(
    topics: Sequence[TopicSchema],
    whose: str,
    *,
    ignore: Sequence[str] = (),
    tolerance: Sequence[str] = (),
    file: Path | None = None,
) -> Rules:
    """The rules of a file and of options, which win. `whose` topics they are, for messages. Raises ConfigError."""
    given = RulesFile() if file is None else convert(load_toml(file), RulesFile, str(file))
    texts = dict(given.tolerance)
    for option in tolerance:
        place, equals, text = option.partition("=")
        if not equals:
            raise ConfigError(f'tolerance {option!r}: must be like topic.field=0.01 or topic.field="0.1%"')
        texts[place.strip()] = text.strip()
    fields = {topic.name: {field.name: field.type for field in topic.fields} for topic in topics}
    tolerances = {}
    for place, value in texts.items():
        topic, field = _find(place, "tolerance", fields, whose)
        if field == WHOLE_TOPIC or not _is_number(fields[topic][field]):
            kind = "all fields" if field == WHOLE_TOPIC else fields[topic][field]
            raise ConfigError(f"tolerance {place!r}: {kind}: must be a number's field, or be ignored instead")
        tolerances[topic, field] = _tolerance(place, value)
    ignored = frozenset(_find(place, "ignore", fields, whose) for place in (*given.ignore, *ignore))
    return Rules(ignored, tolerances)


def _find(place: str, what: str, fields: dict[str, dict[str, str]], whose: str) -> tuple[str, str]:
    topic, _, field = place.rpartition(".")
    if topic not in fields:
        raise ConfigError(f"{what} {place!r}: not a topic.field of {whose}: topic must be one of {', '.join(fields)}")
    if field != WHOLE_TOPIC and field not in fields[topic]:
        raise ConfigError(f"{what} {place!r}: {topic} has no {field!r}: must be one of {', '.join(fields[topic])} or *")
    return topic, field


def _is_number(kind: str) -> bool:
    """By the words of `messages.schema`: `float | null`, `int[]`, `float[3]`."""
    return any(part.strip().partition("[")[0] in _NUMBERS for part in kind.split("|"))


def _tolerance(place: str, value: float | str) -> Tolerance:
    text = str(value)
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = math.nan
    if not 0.0 <= number < math.inf:
        raise ConfigError(f"tolerance {place} = {value!r}: must be a number not below 0, or a share like 0.1%")
    return Tolerance(relative=number / 100.0) if text.endswith("%") else Tolerance(absolute=number)
