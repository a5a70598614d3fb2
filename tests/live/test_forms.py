"""Forms: every telecommand and every kind of fault has one, with the types and ranges of its declaration."""

from __future__ import annotations

import pytest

from flightsw.errors import ConfigError
from flightsw.live.forms import Kind, command_forms, fault_forms
from flightsw.messages.commands import COMMANDS
from flightsw.node.faults import KINDS

NAMES = {"load": ("avionics", "payload"), "process": ("power",)}
COMMAND, FAULT = command_forms(NAMES), fault_forms(NAMES)


def test_there_is_a_form_for_each_and_it_says_what_it_does() -> None:
    assert COMMAND.keys() == COMMANDS.keys()
    assert FAULT.keys() == KINDS.keys()
    assert all(form.text for form in (*COMMAND.values(), *FAULT.values()))


def test_fields_have_the_type_and_range_of_their_declaration() -> None:
    (soc,) = COMMAND["power.set_reserve"].fields
    assert (soc.kind, soc.required, soc.low, soc.high, soc.hint) == (Kind.NUMBER, True, 0.05, 0.95, "0.05 to 0.95")
    load, on = COMMAND["power.set_load"].fields
    assert (load.kind, load.choices, on.kind) == (Kind.TEXT, NAMES["load"], Kind.FLAG)
    (mode,) = COMMAND["health.set_mode"].fields
    assert (mode.kind, mode.choices[0]) == (Kind.CHOICE, "SURVIVAL")
    (limit,) = COMMAND["thermal.set_chip_limit"].fields
    assert limit.hint == "0 to 110 degC"
    value = COMMAND["table.load"].fields[-1]
    assert value.kind is Kind.ANY
    ticks = next(field for field in FAULT["slow"].fields if field.name == "ticks")
    assert (ticks.kind, ticks.hint) == (Kind.WHOLE, "from 1")


def test_a_fault_asks_how_long_last_of_all_where_it_lasts_and_never_when() -> None:
    names = {kind: [field.name for field in form.fields] for kind, form in FAULT.items()}
    assert names["sensor_bias"] == ["field", "offset", "lasts"]
    assert names["lcl_trip"] == ["load", "lasts"]
    assert names["crash"] == ["process"]
    assert names["device_sefi"] == []
    assert not [name for fields in names.values() for name in fields if name in ("at", "when", "per_day")]


def test_what_stands_in_a_form_becomes_arguments() -> None:
    assert COMMAND["power.set_load"].arguments({"load": " payload ", "on": True}) == {"load": "payload", "on": True}
    assert FAULT["slow"].arguments({"process": "power", "ticks": "5", "lasts": ""}) == {"process": "power", "ticks": 5}
    assert FAULT["sensor_bias"].arguments({"field": "sensor.thermal.chip_c", "offset": "1.5"})["offset"] == 1.5
    given = {"app": "power", "path": "reserve_soc"}
    values = [COMMAND["table.load"].arguments({**given, "value": text})["value"] for text in ("0.4", "true", "x y")]
    assert values == [0.4, True, "x y"]


@pytest.mark.parametrize(
    ("form", "given", "message"),
    [
        (COMMAND["power.set_reserve"], {}, "power.set_reserve: soc is missing"),
        (COMMAND["power.set_reserve"], {"soc": "half"}, "soc = 'half': must be a number"),
        (FAULT["slow"], {"process": "power", "ticks": "1.5"}, "ticks = 1.5: must be a whole number"),
        (FAULT["slow"], {"process": " ", "ticks": "1"}, "slow: process is missing"),
    ],
)
def test_what_no_argument_can_be_made_of_is_refused(form: object, given: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        form.arguments(given)  # type: ignore[attr-defined]
    assert message in str(refused.value)
