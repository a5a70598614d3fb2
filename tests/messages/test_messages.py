"""The declarations: every message survives the wire, nothing out of its range does, and names say their units."""

from __future__ import annotations

import enum
import math
from typing import Any, Literal, get_args, get_origin

import msgspec
import pytest

from flightsw.bus.port import Codec, Port
from flightsw.errors import ConfigError, MessageError, TableError
from flightsw.messages.base import Message
from flightsw.messages.commands import COMMANDS, addressed, owner_of, parse_command
from flightsw.messages.health import Mode, ModeStatus
from flightsw.messages.plant import ThermalSensors
from flightsw.messages.power import PowerStatus, SwitchCommand
from flightsw.messages.schema import topic_schemas, unit_of
from flightsw.messages.sequences import Sequence, SequenceStep
from flightsw.messages.signals import find_signal
from flightsw.messages.topics import FLIGHT_APPS, Topic, TopicTable, shipped_topics

TABLE = TopicTable(shipped_topics())
SHA256 = "^[0-9a-f]{64}$"
KINDS = sorted({topic.kind for topic in TABLE.topics}, key=lambda kind: kind.__name__)


def example(kind: Any) -> Any:
    """Some value of a declared type: within its range, and not None where it needn't be."""
    if kind is Sequence:  # its fields make sense together or not at all
        return Sequence(name="word", kind="relative", steps=(SequenceStep(at="3s", command="health.ping"),))
    origin, args = get_origin(kind), get_args(kind)
    if hasattr(kind, "__metadata__"):
        meta = next((m for m in kind.__metadata__ if isinstance(m, msgspec.Meta)), None)
        if args[0] is float and meta is not None and meta.ge is not None and meta.le is not None:
            return min(max(0.5, meta.ge), meta.le)
        if meta is not None and meta.pattern == SHA256:
            return "0" * 64
        return example(args[0])
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return list(kind)[-1]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(*[example(field.type) for field in msgspec.structs.fields(kind)])
    if origin is Literal:
        return args[0]
    if origin is tuple:
        return tuple(example(arg) for arg in args if arg is not Ellipsis)
    if origin is dict:
        return {"key": example(args[1])}
    if args:
        return example(next(arg for arg in args if arg is not type(None)))
    return {bool: True, int: 3, float: 0.5, str: "word"}[kind]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_message_survives_the_wire(kind: type[Message]) -> None:
    message = example(kind)
    data = msgspec.msgpack.encode(message)
    assert msgspec.msgpack.decode(data, type=kind) == message
    assert isinstance(msgspec.msgpack.decode(data), list), "an array: names live in the schema"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_float_has_bounds_and_none_takes_a_nan(kind: type[Message]) -> None:
    fields = msgspec.structs.fields(kind)
    message = example(kind)
    for field in fields:
        if isinstance(getattr(message, field.name), float):
            poisoned = msgspec.structs.replace(message, **{field.name: math.nan})
            with pytest.raises(msgspec.ValidationError):
                msgspec.msgpack.decode(msgspec.msgpack.encode(poisoned), type=kind)


def test_no_element_of_a_tuple_or_map_takes_a_nan_either() -> None:
    refused = []
    for kind in KINDS:
        message = example(kind)
        for field in msgspec.structs.fields(kind):
            value = getattr(message, field.name)
            if isinstance(value, tuple) and isinstance(value[0], float):
                poison: object = (math.nan, *value[1:])
            elif isinstance(value, dict):
                poison = {"key": math.nan}
            else:
                continue
            poisoned = msgspec.structs.replace(message, **{field.name: poison})
            with pytest.raises(msgspec.ValidationError):
                msgspec.msgpack.decode(msgspec.msgpack.encode(poisoned), type=kind)
            refused.append(f"{kind.__name__}.{field.name}")
    assert {"NavSensors.position_km", "Truth.node_c", "Event.args", "TcRequest.args"} <= set(refused)


def test_the_sender_is_told_what_is_out_of_its_range() -> None:
    port = Port("power", Codec(TABLE))
    good = PowerStatus(0.5, 0.01, 1.0, 1.0, 0, 10.0, 0.3, False, None, 0.0, None)
    assert port.entry(good)[2:] == ("power", good)
    with pytest.raises(MessageError, match=r"PowerStatus.*<= 1\.0"):
        port.entry(msgspec.structs.replace(good, soc=1.5))
    with pytest.raises(MessageError, match="may not publish ThermalSensors"):
        port.entry(ThermalSensors(None, None, None, None, None, None))


@pytest.mark.parametrize(
    ("name", "args", "words"),
    [
        ("fly", {}, ("unknown command 'fly'", "power.set_reserve")),
        ("power.set_reserve", {}, ("'soc' is missing",)),
        ("power.set_reserve", {"soc": 0.4, "x": 1}, ("unknown argument 'x'", "must be one of soc")),
        ("power.set_reserve", {"soc": 4.0}, ("soc = 4.0", "<= 0.95")),
        ("power.set_reserve", {"soc": math.nan}, ("soc = nan", ">= 0.05")),
        ("power.set_reserve", {"soc": "much"}, ("soc = 'much'", "float")),
        ("health.set_mode", {"mode": "OFF"}, ("mode = 'OFF'",)),
        ("health.ping", {"x": 1}, ("(none)",)),
    ],
)
def test_a_bad_command_is_refused_with_what_was_given_and_what_is_allowed(
    name: str, args: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r".+") as refused:
        parse_command(name, args)
    assert all(word in str(refused.value) for word in words)


def test_every_command_has_an_owner_among_the_applications() -> None:
    assert len(COMMANDS) > 10
    for name, kind in COMMANDS.items():
        fields = {field.name: example(field.type) for field in msgspec.structs.fields(kind)}
        command = parse_command(name, fields)
        assert type(command) is kind
        assert owner_of(addressed(command)) in FLIGHT_APPS


@pytest.mark.parametrize(
    ("field", "unit"),
    [("cap_w", "W"), ("velocity_km_s", "km/s"), ("solar_flux_w_m2", "W/m2"), ("started_ns", "ns"), ("soc", "1"),
     ("reserve_soc", "1"), ("mode", ""), ("w", "")],
)  # fmt: skip
def test_a_field_states_its_unit_in_its_name(field: str, unit: str) -> None:
    assert unit_of(field) == unit


def test_every_float_field_of_the_bus_states_a_unit_or_is_a_share() -> None:
    unitless = {
        f"{topic.name}.{field.name}"
        for topic in topic_schemas(TABLE)
        for field in topic.fields
        if field.type.startswith("float") and not field.unit
    }
    allowed = {"soc_sigma", "throttle_level", "cos_zenith", "sun_direction", "score", "value", "speed"}
    assert {name for name in unitless if name.rpartition(".")[2] not in allowed} == set()


def test_signals_are_found_by_full_short_and_indexed_name() -> None:
    assert find_signal("power.status.soc", TABLE).name == "power.status.soc"
    assert find_signal("power.soc", TABLE).name == "power.status.soc"
    indexed = find_signal("truth.plant.node_c[2]", TABLE)
    assert (indexed.index, indexed.unit) == (2, "degC")
    with pytest.raises(ConfigError, match=r"did you mean .*power\.status\.soc"):
        find_signal("power.state.soc", TABLE)
    with pytest.raises(ConfigError, match="ambiguous"):
        find_signal("sensor.battery_c", TABLE)


def test_a_signal_gives_its_value_or_says_that_there_is_no_such_element() -> None:
    switches = SwitchCommand((True, False))
    assert find_signal("power.load_on", TABLE).of(switches) == (True, False)
    assert find_signal("power.load_on[1]", TABLE).of(switches) is False
    with pytest.raises(ConfigError, match=r"power\.switches\.load_on\[2\]: no such element"):
        find_signal("power.load_on[2]", TABLE).of(switches)
    with pytest.raises(ConfigError, match=r"health\.mode\.mode\[0\]: no such element"):
        find_signal("health.mode.mode[0]", TABLE).of(ModeStatus(Mode.SAFE, 0, "", False, False, ()))


def test_one_topic_has_one_writer_and_one_type() -> None:
    with pytest.raises(TableError, match="declared twice"):
        TopicTable([Topic("a", PowerStatus, "power"), Topic("a", PowerStatus, "thermal")])
    with pytest.raises(TableError, match="already publishes PowerStatus"):
        TopicTable([Topic("a", PowerStatus, "power"), Topic("b", PowerStatus, "power")])
    with pytest.raises(TableError, match="unknown topic 'nothing'"):
        TABLE["nothing"]
