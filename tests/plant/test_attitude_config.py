"""Attitude configuration: what is refused, and with which words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flightsw.errors import ConfigError
from flightsw.messages.health import Attitude
from flightsw.node.tomlfile import convert
from flightsw.plant.attitude_config import AXES, AttitudeConfig, axis_vector
from flightsw.plant.pointing import Pointing, pointing_of

UNIT = [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"sun": {"axis": [0, 0, 0]}}, ("attitude.sun.axis = [0.0, 0.0, 0.0]", "longer than")),
        ({"sun": {"axis": "+w"}}, ("attitude.sun.axis = '+w'", "+x, -x, +y, -y, +z, -z")),
        ({"nadir": {"axis": "+z", "second_axis": "-z"}}, ("nadir.second_axis = '-z'", "parallel", "axis = '+z'")),
        ({"target": {"second_axis": [0, 0, 2]}}, ("target.second_axis", "parallel")),
        ({"target": {"latitude_deg": 5.0}}, ("target.latitude_deg = 5.0, longitude_deg = None", "both or neither")),
        ({"target": {"latitude_deg": 91, "longitude_deg": 0}}, ("target.latitude_deg", "90")),
        ({"inertial": {"quaternion": [1, 1, 0, 0]}}, ("inertial.quaternion = [1.0, 1.0", "1.41421", "must be 1")),
        ({"inertial": {"quaternion": [1, 0, 0]}}, ("inertial.quaternion", "4")),
        ({"prescribed": [{"t_s": 0, "quaternion": [0.5, 0, 0, 0]}]}, ("prescribed.0.quaternion", "must be 1")),
        (
            {"prescribed": [{"t_s": t_s, "quaternion": UNIT} for t_s in (0, 5, 5)]},
            ("prescribed.2.t_s = 5.0", "above the row before's 5.0"),
        ),
        ({"initial": "prescribed"}, ("initial", "must have rows")),
        ({"initial": "target"}, ("initial", "target.latitude_deg")),
        ({"initial": "sideways"}, ("initial", "sideways")),
        ({"array": {"normal": [0, 0, 0]}}, ("array.normal", "longer than")),
        ({"array": {"drive": "one_axis", "axis": "y"}}, ("array.axis = 'y'", "+y")),
        ({"array": {"drive": "three_axis"}}, ("array.drive", "three_axis")),
        ({"slew": {"rate_deg_s": 0}}, ("slew.rate_deg_s",)),
        ({"pointing_error_deg": 90}, ("pointing_error_deg",)),
        ({"axes": "+x"}, ("axes",)),
    ],
)
def test_bad_input_is_refused_with_the_field_what_was_given_and_what_is_allowed(
    table: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as refused:
        convert(table, AttitudeConfig, "here.toml")
    assert [word for word in words if word not in str(refused.value)] == []


def test_the_defaults_and_a_full_table_are_good() -> None:
    assert AttitudeConfig().initial_attitude is Attitude.SUN
    full = {
        "initial": "prescribed",
        "sun": {"axis": [1, 1, 0], "second_axis": "+z"},
        "target": {"latitude_deg": 50.0, "longitude_deg": 5.0},
        "inertial": {"quaternion": [0.7071, 0.7071, 0.0, 0.0]},
        "prescribed": [{"t_s": 0, "quaternion": UNIT}, {"t_s": 10, "quaternion": [0, 1, 0, 0]}],
        "array": {"drive": "one_axis", "axis": "-y"},
    }
    assert msgspec.convert(full, AttitudeConfig).initial_attitude is Attitude.PRESCRIBED


def test_an_axis_by_name_is_the_vector_of_any_length() -> None:
    for name, vector in AXES.items():
        assert axis_vector("f", name) == vector
        assert axis_vector("f", tuple(3.0 * part for part in vector)) == pytest.approx(vector)  # type: ignore[arg-type]


def test_a_pointing_that_cannot_be_flown_is_refused() -> None:
    config = AttitudeConfig()
    with pytest.raises(ConfigError, match=r"attitude target: latitude_deg = None"):
        pointing_of(config, Attitude.TARGET)
    with pytest.raises(ConfigError, match=r"longitude_deg = None"):
        pointing_of(config, Attitude.TARGET, 10.0)
    with pytest.raises(ConfigError, match=r"attitude prescribed"):
        pointing_of(config, Attitude.PRESCRIBED)
    assert pointing_of(config, Attitude.TARGET, 10.0, 20.0) == Pointing(Attitude.TARGET, 10.0, 20.0)
    assert pointing_of(config, Attitude.NADIR, 10.0, 20.0) == Pointing(Attitude.NADIR), "no target: no new pointing"


def test_a_target_of_the_scenario_stands_in_where_the_command_names_none() -> None:
    config = msgspec.convert({"target": {"latitude_deg": 50.0, "longitude_deg": 5.0}}, AttitudeConfig)
    assert pointing_of(config, Attitude.TARGET) == Pointing(Attitude.TARGET, 50.0, 5.0)
    assert pointing_of(config, Attitude.TARGET, 1.0, 2.0) == Pointing(Attitude.TARGET, 1.0, 2.0)
