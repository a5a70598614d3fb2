"""TOML files: every wrong one gives one clear ConfigError; what is written reads back equal."""

from __future__ import annotations

import enum
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Meta

from flightsw.errors import ConfigError
from flightsw.node.tomlfile import MAX_BYTES, apply_overrides, convert, load_toml, to_toml


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Battery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    capacity_ah: Annotated[float, Meta(ge=0.01, le=1e4)] = 10.0
    cells: Annotated[int, Meta(gt=0)] | None = None

    def __post_init__(self) -> None:
        if self.cells == 99:
            raise ConfigError("battery.cells = 99: must be anything else")
        if self.cells == 98:
            raise ConfigError("cells = 98: must be anything else")
        if self.cells == 97:
            raise ConfigError("ninety-seven won't do")


class Load(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=8)]
    power_w: Annotated[float, Meta(gt=0.0)] = 1.0
    reserve_soc: float = 0.3
    colour: Colour = Colour.RED
    span: tuple[float, float] = (0.0, 1.0)
    policy: Literal["every", "none"] = "every"


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seed: int = 0
    on: bool = True
    battery: Battery = Battery()
    spare: Battery | None = None
    loads: tuple[Load, ...] = ()
    by_name: dict[str, Load] = {}
    args: dict[str, float | bool | str] = {}
    packs: dict[str, tuple[Battery, ...]] = {}


LOAD = {"name": "heater"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"battery": {"capacity_ah": -1.0}}, "my.toml: battery.capacity_ah = -1.0: must be at least 0.01"),
        ({"battery": {"capacity_ah": float("nan")}}, "my.toml: battery.capacity_ah = nan: must be at least 0.01"),
        ({"spare": {"capacity_ah": 1e9}}, "my.toml: spare.capacity_ah = 1000000000.0: must be at most 10000.0"),
        ({"battery": {"cells": 0}}, "my.toml: battery.cells = 0: must be at least 1"),
        ({"battery": {"cells": 1.5}}, "my.toml: battery.cells = 1.5: must be an integer or left out"),
        ({"battery": {"cells": 99}}, "my.toml: battery.cells = 99: must be anything else"),
        ({"spare": {"cells": 98}}, "my.toml: spare.cells = 98: must be anything else"),
        ({"battery": {"cells": 98}}, "my.toml: battery.cells = 98: must be anything else"),
        ({"packs": {"a": [{"cells": 1}, {"cells": 98}]}}, "my.toml: packs.a[1].cells = 98: must be anything else"),
        ({"packs": {"a": [{"cells": 97}]}}, "my.toml: packs.a[0]: ninety-seven won't do"),
        ({"battery": {"capacity": 5}}, "my.toml: battery.capacity: unknown key; did you mean capacity_ah?"),
        ({"battery": 3}, "my.toml: battery = 3: must be a table"),
        ({"seed": "abc"}, 'my.toml: seed = "abc": must be an integer'),
        ({"on": 1}, "my.toml: on = 1: must be true or false"),
        ({"sead": 1}, "my.toml: sead: unknown key; did you mean seed?"),
        ({"qqq": 1}, "my.toml: qqq: unknown key; must be one of seed, on, battery, spare, loads, by_name, args, packs"),
        (
            {"loads": [LOAD, LOAD | {"reserv_soc": 1}]},
            "my.toml: loads[1].reserv_soc: unknown key; did you mean reserve_soc?",
        ),
        ({"loads": [{}]}, "my.toml: loads[0].name: missing: must be given"),
        ({"loads": [{"name": ""}]}, 'my.toml: loads[0].name = "": must have at least 1 characters'),
        ({"loads": [LOAD | {"power_w": 0}]}, "my.toml: loads[0].power_w = 0: must be above 0.0"),
        ({"loads": [LOAD | {"colour": "pink"}]}, 'my.toml: loads[0].colour = "pink": must be one of red, blue'),
        ({"loads": [LOAD | {"policy": "all"}]}, 'my.toml: loads[0].policy = "all": must be one of every, none'),
        ({"loads": [LOAD | {"span": [1.0]}]}, "my.toml: loads[0].span = [1.0]: must have exactly 2 entries"),
        ({"loads": [LOAD | {"span": [1.0, "x"]}]}, 'my.toml: loads[0].span[1] = "x": must be a number'),
        ({"by_name": {"a": LOAD | {"powr_w": 1}}}, "my.toml: by_name[...].powr_w: unknown key; did you mean power_w?"),
        ({"args": {"a": []}}, "must be true or false, a number or text in quotes"),
        ({"battery": {"capacity_ah": 10**400}}, "must be a number that fits 64 bits"),
        ({"seed": "x" * 500}, "...: must be an integer"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_given_and_what_is_allowed(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        convert(table, Config, "my.toml")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_a_good_table_becomes_the_struct() -> None:
    config = convert({"seed": 3, "loads": [LOAD | {"power_w": 2}]}, Config, "my.toml")
    assert config == Config(seed=3, loads=(Load("heater", 2.0),))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"seed = ", "not TOML: Invalid value"),
        (b"a = 1\na = 2\n", "not TOML: Cannot overwrite"),
        (b"\x7fELF\x02\x01\x00\xff\xfe", "not UTF-8 text"),
        (b"\x00\x01", "not TOML"),
        (b"a = " + b"[" * 200_000, "not TOML: nested too deeply"),
        (b"a = " + b"9" * 5000, "not TOML"),
        (b"# " + b"x" * MAX_BYTES, f"longer than {MAX_BYTES} bytes"),
    ],
)
def test_an_unreadable_file_gives_one_error_that_names_it(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "my.toml"
    file.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load_toml(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_toml(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load_toml(tmp_path)
    with pytest.raises(ConfigError, match="can't be read"):
        load_toml(Path("a\0b"))


def test_overrides_reach_tables_arrays_by_index_and_by_name_and_leave_the_original_alone() -> None:
    table = {"seed": 1, "battery": {"cells": 2}, "loads": [{"name": "heater"}, {"name": "radio"}]}
    result = apply_overrides(
        table,
        [
            "seed=7",
            "battery.cells = 4",
            "loads.radio.power_w=2.5",
            "loads[0].on=false",
            "loads.1.policy=every",
            "new.deep=[1, 2]",
        ],
    )
    assert result == {
        "seed": 7,
        "battery": {"cells": 4},
        "loads": [{"name": "heater", "on": False}, {"name": "radio", "power_w": 2.5, "policy": "every"}],
        "new": {"deep": [1, 2]},
    }
    assert table == {"seed": 1, "battery": {"cells": 2}, "loads": [{"name": "heater"}, {"name": "radio"}]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("true", True),
        ('"3"', "3"),
        ("sample:5", "sample:5"),
        ("2orbits", "2orbits"),
        ("", ""),
        ("a=b", "a=b"),
        ("2026-01-03T12:00:00Z", "2026-01-03T12:00:00Z"),
        ("1\nother = 2", "1\nother = 2"),
        ("{x = 1}", {"x": 1}),
    ],
)
def test_an_overriding_value_is_toml_or_else_text(text: str, value: object) -> None:
    assert apply_overrides({}, [f"a.b={text}"]) == {"a": {"b": value}}


@pytest.mark.parametrize("override", ["seed", "=3", ".a=3", "a..b=3", ""])
def test_an_override_without_path_or_value_is_refused(override: str) -> None:
    with pytest.raises(ConfigError, match="must be like"):
        apply_overrides({}, [override])


def test_an_override_into_what_is_not_there_says_what_is() -> None:
    with pytest.raises(ConfigError, match=r"loads has no entry 'x': must be an index below 1 or one of heater"):
        apply_overrides({"loads": [LOAD]}, ["loads.x.power_w=1"])
    with pytest.raises(ConfigError, match=r"seed = 3: must be a table to have a 'x' in it"):
        apply_overrides({"seed": 3}, ["seed.x=1"])


VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@example({"line end\n": {}, "also\n": []})
@given(st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES, max_size=5))
def test_what_is_written_reads_back_equal(table: dict[str, Any]) -> None:
    assert tomllib.loads(to_toml(table)) == table


def test_none_is_left_out_and_the_unsayable_is_refused() -> None:
    table = {"a": None, "b": {"c": None, "d": 1}, "e": [{"f": None, "g": 2}]}
    assert tomllib.loads(to_toml(table)) == {"b": {"d": 1}, "e": [{"g": 2}]}
    with pytest.raises(ConfigError, match=r"a.b = \[?.*can't be written"):
        to_toml({"a": {"b": [None]}})
