"""A sequence that comes up by telecommand, in parts: its file's text, and what it says once it is whole. Pure.

The text is what `*.seq.toml` files hold; it is checked on board by the declarations that checked it on the ground.
Called by `sequencer`. What is half-way up does not survive a restart: ground is told, and sends it again.
"""

from __future__ import annotations

import msgspec

from flightsw.backports import tomllib
from flightsw.errors import ConfigError
from flightsw.messages.commands import SequenceLoad
from flightsw.messages.sequences import Sequence


class Upload(msgspec.Struct, frozen=True, gc=False):
    """What has come so far."""

    name: str = ""
    parts: int = 0
    text: tuple[str, ...] = ()


NOTHING = Upload()


def received(upload: Upload, command: SequenceLoad) -> Upload | str:
    """With one part more; or why not, and then nothing of it is kept."""
    if not 1 <= command.part <= command.parts:
        return f"part = {command.part}: must be from 1 to parts = {command.parts}"
    if command.part == 1:
        return Upload(command.name, command.parts, (command.text,))
    want = len(upload.text) + 1
    if (upload.name, upload.parts) != (command.name, command.parts) or command.part != want:
        under_way = f"part {want} of {upload.parts} of {upload.name!r}" if upload.text else "part 1"
        return f"part {command.part} of {command.parts} of {command.name!r}: must be {under_way}"
    return Upload(upload.name, upload.parts, (*upload.text, command.text))


def sequence_of(upload: Upload) -> Sequence | str:
    """The whole text as a sequence; or what is wrong with it."""
    try:
        sequence = msgspec.convert(tomllib.loads("".join(upload.text)), Sequence)
    except (ValueError, RecursionError, ConfigError) as error:  # msgspec's and tomllib's are ValueErrors
        return f"{upload.name}: {' '.join(str(error).split()) or 'nested too deeply'}"[:256]
    if sequence.name != upload.name:
        return f"{upload.name}: name = {sequence.name!r} in its text: must be the name it is loaded under"
    return sequence
