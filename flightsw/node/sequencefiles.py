"""Files of stored command sequences, and how a scenario takes them in.

    [[sequences]]
    file = "imaging.seq.toml"       # beside the scenario

The file's content stands in the scenario from then on, so that a log, a replay and a resolved scenario carry it.
Called by `node.scenario` and by `flightsw sequence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flightsw.errors import ConfigError
from flightsw.messages.sequences import Sequence, SequenceTrigger
from flightsw.node.tomlfile import convert, load_toml

PART_CHARACTERS = 256
"""of a text in a telecommand"""


def read_sequence(path: Path) -> Sequence:
    """The file's sequence, checked. Raises ConfigError, naming file, step and field."""
    return convert(load_toml(path), Sequence, str(path))


def with_files(table: dict[str, Any], folder: Path, where: str) -> dict[str, Any]:
    """A scenario's table with the content of its sequence files in it. Raises ConfigError."""
    entries = table.get("sequences")
    if not isinstance(entries, list):
        return table
    whole = []
    for place, entry in enumerate(entries):
        if not (isinstance(entry, Mapping) and "file" in entry):
            whole.append(entry)
            continue
        field = f"{where}: sequences[{place}]"
        if len(entry) > 1:
            others = ", ".join(key for key in entry if key != "file")
            raise ConfigError(f"{field}.file: given beside {others}: must stand alone")
        if not isinstance(entry["file"], str):
            raise ConfigError(f"{field}.file = {entry['file']!r}: must be text")
        path = folder / entry["file"]
        content = load_toml(path)
        convert(content, Sequence, str(path))
        whole.append(content)
    return {**table, "sequences": whole}


def check_sequences(sequences: tuple[Sequence, ...], triggers: tuple[SequenceTrigger, ...]) -> None:
    """What concerns several of them together. Raises ConfigError."""
    names = [sequence.name for sequence in sequences]
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ConfigError(f'sequences[{place}].name = "{name}": taken by another of the sequences')
    for place, trigger in enumerate(triggers):
        if trigger.sequence not in names:
            raise ConfigError(
                f'sequence_triggers[{place}].sequence = "{trigger.sequence}": must be one of the sequences: '
                f"{', '.join(names) or '(none)'}"
            )


def parts_of(text: str) -> list[str]:
    """A file's text in the parts that telecommands carry it in."""
    return [text[start : start + PART_CHARACTERS] for start in range(0, len(text), PART_CHARACTERS)] or [""]
