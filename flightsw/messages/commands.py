"""The telecommand dictionary: every command, its arguments with type and range, and the application that owns it.

Read by comms (checks and dispatches), by the owners (execute), by the command line and scenarios (check before
anything starts). A command's name is `<owner>.<verb>`; it is the tag of its type.
"""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from flightsw.messages.base import Label, Scalar, Text


class _Command(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Root of all commands."""


class PowerSetReserve(_Command, frozen=True, tag="power.set_reserve"):
    """Set the state of charge that no eclipse may end below."""

    soc: Annotated[float, Meta(ge=0.05, le=0.95)]


class PowerSetLoad(_Command, frozen=True, tag="power.set_load"):
    """Switch a load on or off; shedding still overrules."""

    load: Label
    on: bool


class PowerClearShed(_Command, frozen=True, tag="power.clear_shed"):
    """Release the latched load-shed tiers; refused while the state of charge is still low."""


class ThermalSetChipLimit(_Command, frozen=True, tag="thermal.set_chip_limit"):
    """Set the chip temperature that the thermal cap holds to."""

    limit_c: Annotated[float, Meta(ge=0.0, le=110.0)]


class InferSetPayload(_Command, frozen=True, tag="infer.set_payload"):
    """Enable or disable the payload's work."""

    on: bool


class ModelLoad(_Command, frozen=True, tag="model.load"):
    """Fetch a model's card by its hash, and its networks by theirs, into a slot; nothing of it flies yet."""

    slot: Literal["a", "b"]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class ModelVerify(_Command, frozen=True, tag="model.verify"):
    """Check a slot's image as one is checked before a run: card, ports, golden answers."""

    slot: Literal["a", "b"]


class ModelCanary(_Command, frozen=True, tag="model.canary"):
    """Let a slot's image look at so many batches beside the active one; nothing of it is told."""

    slot: Literal["a", "b"]
    batches: Annotated[int, Meta(ge=1, le=100_000)]


class ModelActivate(_Command, frozen=True, tag="model.activate"):
    """Let a slot's image fly; the one before it is kept to come back to."""

    slot: Literal["a", "b"]


class ModelRollback(_Command, frozen=True, tag="model.rollback"):
    """Leave the active image for the one before it."""


class CommsSetTransmitter(_Command, frozen=True, tag="comms.set_transmitter"):
    """Allow or forbid the transmitter."""

    on: bool


class HealthSetMode(_Command, frozen=True, tag="health.set_mode"):
    """Ask for a mode; the mode machine may refuse."""

    mode: Literal["SURVIVAL", "SAFE", "STANDBY", "NOMINAL", "PAYLOAD"]


class HealthPoint(_Command, frozen=True, tag="health.point"):
    """Hold an attitude; SAFE points at the Sun all the same."""

    attitude: Literal["sun", "nadir", "inertial", "prescribed"]


class HealthPointAt(_Command, frozen=True, tag="health.point_at"):
    """Point at a place on the ground; SAFE points at the Sun all the same."""

    latitude_deg: Annotated[float, Meta(ge=-90.0, le=90.0)]
    longitude_deg: Annotated[float, Meta(ge=-180.0, le=180.0)]


class HealthRestart(_Command, frozen=True, tag="health.restart"):
    """Restart a flight application; a lock-out ends, and its earlier losses are forgotten."""

    app: Label


class HealthArm(_Command, frozen=True, tag="health.arm"):
    """Arm a monitor or an actionpoint anew; what its recovery holds is released."""

    monitor: Label


class HealthPing(_Command, frozen=True, tag="health.ping"):
    """Are you alive (PUS service 17)."""


class SequenceLoad(_Command, frozen=True, tag="sequence.load"):
    """One part of a sequence's file; with the last one the whole is checked, and stored or refused."""

    name: Label
    part: Annotated[int, Meta(ge=1, le=256)]
    parts: Annotated[int, Meta(ge=1, le=256)]
    text: Text


class SequenceStart(_Command, frozen=True, tag="sequence.start"):
    """Start a stored sequence; an absolute one then waits for its times."""

    name: Label


class SequenceStop(_Command, frozen=True, tag="sequence.stop"):
    """Stop a sequence that runs, before its next step."""

    name: Label


class SequenceEnable(_Command, frozen=True, tag="sequence.enable"):
    """Let a sequence be started."""

    name: Label


class SequenceDisable(_Command, frozen=True, tag="sequence.disable"):
    """Keep a sequence from being started; one that runs goes on."""

    name: Label


class TimeSetCorrelation(_Command, frozen=True, tag="time.set_correlation"):
    """Ground's time correlation: at MET `met_ns` it is UTC `utc_ns`, and UTC gains `rate_ppb` on MET."""

    met_ns: Annotated[int, Meta(ge=0, le=2**62)]
    utc_ns: Annotated[int, Meta(ge=0, le=2**62)]
    rate_ppb: Annotated[float, Meta(ge=-200_000.0, le=200_000.0)]


TableOwner = Literal["power", "thermal", "inference", "comms", "health"]


class TableLoad(_Command, frozen=True, tag="table.load"):
    """Put one value into the staging copy of an application's parameter table; nothing changes yet."""

    app: TableOwner
    path: Label
    value: Scalar


class TableValidate(_Command, frozen=True, tag="table.validate"):
    """Check the staging copy whole: types, ranges, values against each other."""

    app: TableOwner


class TableActivate(_Command, frozen=True, tag="table.activate"):
    """Make the validated staging copy the active table, at the owner's next tick."""

    app: TableOwner


class TableAbort(_Command, frozen=True, tag="table.abort"):
    """Drop the staging copy."""

    app: TableOwner


class TableDump(_Command, frozen=True, tag="table.dump"):
    """Report a table, value by value."""

    app: TableOwner
    which: Literal["active", "staged"]


Command = (
    PowerSetReserve
    | PowerSetLoad
    | PowerClearShed
    | ThermalSetChipLimit
    | InferSetPayload
    | ModelLoad
    | ModelVerify
    | ModelCanary
    | ModelActivate
    | ModelRollback
    | CommsSetTransmitter
    | HealthSetMode
    | HealthPoint
    | HealthPointAt
    | HealthPing
    | HealthRestart
    | HealthArm
    | SequenceLoad
    | SequenceStart
    | SequenceStop
    | SequenceEnable
    | SequenceDisable
    | TimeSetCorrelation
    | TableLoad
    | TableValidate
    | TableActivate
    | TableAbort
    | TableDump
)

COMMANDS: dict[str, type[_Command]] = {str(kind.__struct_config__.tag): kind for kind in get_args(Command)}
"""Every command type by its name. Read only."""


_OWNERS = {"infer": "inference", "model": "inference", "sequence": "health", "time": "health"}
_TABLES = "table."
"""Commands that go to the application they name; all others belong to one."""


def addressed(command: Command) -> str:
    """The command's name, with its owner behind it where the name alone doesn't say: `table.load:power`."""
    name = str(command.__struct_config__.tag)
    return f"{name}:{getattr(command, 'app')}" if name.startswith(_TABLES) else name  # noqa: B009  of a union


def plain(name: str) -> str:
    """The name alone of an addressed one."""
    return name.partition(":")[0]


def owner_of(name: str) -> str:
    """Process that executes a command of this (addressed) name: mostly the part before the dot."""
    name, _, app = name.partition(":")
    prefix = name.partition(".")[0]
    return app or _OWNERS.get(prefix, prefix)


def parse_command(name: str, args: dict[str, Scalar]) -> Command:
    """The typed command, or ValueError that says what is wrong: unknown name, missing, unknown or bad argument."""
    kind = COMMANDS.get(name)
    if kind is None:
        raise ValueError(f"unknown command {name!r}: must be one of {', '.join(COMMANDS)}")
    fields = msgspec.structs.fields(kind)
    known = [field.name for field in fields]
    for key in args:
        if key not in known:
            raise ValueError(f"{name}: unknown argument {key!r}: must be one of {', '.join(known) or '(none)'}")
    values: list[object] = [name]
    for field in fields:
        if field.name not in args:
            raise ValueError(f"{name}: argument {field.name!r} is missing")
        try:
            values.append(msgspec.convert(args[field.name], field.type))
        except msgspec.ValidationError as error:
            raise ValueError(f"{name}: {field.name} = {args[field.name]!r}: {error}") from None
    return msgspec.convert(values, kind)  # type: ignore[return-value]  # kind is one of the union's members
