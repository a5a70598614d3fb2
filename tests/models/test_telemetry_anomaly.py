"""The shipped telemetry network: its card tells the truth, and it was measured on what it had not seen."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path

import numpy as np
import onnx
import pytest
from msgspec.structs import replace

from flightsw.apps.health.channels import channel_of
from flightsw.apps.health.scorer import OnnxScorer
from flightsw.devices.models import load_card, verified_model_path
from flightsw.devices.telemetry_model import TelemetryCard, channels_of
from flightsw.errors import ConfigError
from flightsw.messages.topics import TopicTable, shipped_topics

CARD = load_card("telemetry-anomaly", TelemetryCard)
FOLDER = Path(CARD.folder)
ROWS = channels_of(CARD, "cubesat-6u-orin-nano")


@pytest.fixture(scope="module")
def measure():
    """The measuring script as a module; its folder holds what it imports."""
    path = list(sys.path)
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module("measure")
    sys.path[:] = path
    del sys.modules["measure"]


def stated_wrongly(measure, measured):
    stated = tomllib.loads((FOLDER / "card.toml").read_text())
    return [
        (table, name, value)
        for table, rows in measured.items()
        for name, value in rows.items()
        if not measure.agrees((stated[table] if table else stated)[name], value)
    ]


def test_the_card_states_what_the_file_is(measure):
    measured = measure.file_figures()
    assert sum(len(rows) for rows in measured.values()) >= 5
    assert stated_wrongly(measure, measured) == []
    assert measured["size"]["file_bytes"] < 150_000


@pytest.mark.long
def test_the_card_states_what_flights_show(measure):
    measured = measure.flown_figures()
    assert len(measured["faults"]) >= 10
    assert stated_wrongly(measure, measured) == []


def test_the_card_promises_no_false_alarm_and_finds_most_faults():
    stated = tomllib.loads((FOLDER / "card.toml").read_text())
    quality = stated["quality"]
    assert quality["hours_held_out_seeds"] > 50.0
    assert quality["hours_held_out_season"] > 50.0
    assert quality["false_alarms_held_out_seeds"] == quality["false_alarms_held_out_season"] == 0
    assert quality["detected_share"] > 0.7
    assert {name for name, row in stated["faults"].items() if row["of"] != 3} == set()


@pytest.mark.parametrize(
    ("old", "new"), [("parameters = ", "parameters = 1"), ("first_residuals = [", "first_residuals = [9.0, ")]
)
def test_a_card_that_states_another_figure_fails_the_check(measure, monkeypatch, tmp_path, capsys, old, new):
    text, measured = (FOLDER / "card.toml").read_text(), measure.file_figures()
    assert old in text
    altered = tmp_path / "card.toml"
    monkeypatch.setattr(measure, "figures", lambda: measured)
    monkeypatch.setattr(measure, "CARD", altered)
    monkeypatch.setattr(sys, "argv", ["measure.py", "--check"])
    altered.write_text(text)
    assert measure.main() == 0
    altered.write_text(text.replace(old, new, 1))
    assert measure.main() == 1
    assert old.split()[0] in capsys.readouterr().err


def test_no_seed_is_in_two_sets_and_the_held_out_season_in_no_other(measure):
    campaign = sys.modules["campaign"]
    sets = [campaign.TRAINING, campaign.VALIDATION, campaign.HELD_OUT_SEEDS, campaign.HELD_OUT_SEASONS]
    seeds = [flight.seed for flights in sets for flight in flights] + list(campaign.FAULT_SEEDS)
    assert len(seeds) > 40
    assert len(set(seeds)) == len(seeds)
    months = {flight.epoch[:7] for flights in sets[:3] for flight in flights}
    assert not months & {flight.epoch[:7] for flight in campaign.HELD_OUT_SEASONS}
    assert {flight.case for flight in campaign.TRAINING} >= {None, "hot-eol", "cold-bol", "hot-bol", "cold-eol"}


def test_operations_reach_the_flight_that_is_learnt(measure):
    flights, season = sys.modules["flights"], sys.modules["campaign"].SEASONS[0]
    flight = flights.Flight(338, season, orbits=0.4)  # its first telecommand: STANDBY, at 2029 s
    calm, operated = flights.fly(flight), flights.fly(flight._replace(operated=True))
    assert calm.shape == operated.shape
    assert np.array_equal(calm[:100], operated[:100], equal_nan=True)
    assert not np.array_equal(calm, operated, equal_nan=True)


@pytest.mark.parametrize("kind", ["bias", "drift", "stuck", "heater", "radiator", "string"])
def test_every_kind_of_fault_shows_once_it_has_begun(measure, kind):
    campaign, flights = sys.modules["campaign"], sys.modules["flights"]
    flight, fault = next((flight, fault) for flight, fault in campaign.fault_flights() if fault.kind == kind)
    short = flight._replace(orbits=0.1)
    whole, faulty = flights.fly(short), flights.fly(short, fault._replace(at_s=200.0))
    assert np.array_equal(whole[:20], faulty[:20], equal_nan=True)
    assert not np.array_equal(whole[20:], faulty[20:])


def test_takes_and_gives_what_its_card_says(measure):
    model = onnx.load(verified_model_path(CARD))
    onnx.checker.check_model(model, full_check=True)
    taken = [d.dim_value or d.dim_param for d in model.graph.input[0].type.tensor_type.shape.dim]
    given = [d.dim_value or d.dim_param for d in model.graph.output[0].type.tensor_type.shape.dim]
    assert (model.graph.input[0].name, taken) == (CARD.input_name, ["n", CARD.samples, len(ROWS)])
    assert (model.graph.output[0].name, given) == (CARD.output_name, ["n", len(ROWS)])
    looks = sys.modules["looks"]
    assert (CARD.samples, CARD.stride) == (looks.SAMPLES, looks.STRIDE)
    assert (CARD.settle, CARD.persistence) == (looks.SETTLE, looks.PERSISTENCE)
    for row in ROWS:
        channel_of(row, TopicTable(shipped_topics()))


def test_flight_software_s_session_gives_the_golden_answer(measure):
    window = measure.golden_window(CARD.samples, len(ROWS))
    unscaled = [replace(row, center=0.0, scale=1.0) for row in ROWS]
    residuals = OnnxScorer(CARD, unscaled).residuals(window[0].tolist())
    stated = tomllib.loads((FOLDER / "card.toml").read_text())["golden"]["first_residuals"]
    assert len(stated) == 8
    assert residuals[:8] == pytest.approx(stated, abs=5e-4)
    assert residuals == measure.golden_residuals().tolist()


def test_a_network_of_other_channels_than_the_card_says_is_refused():
    with pytest.raises(ConfigError, match="model telemetry-anomaly: inputs and outputs"):
        OnnxScorer(CARD, ROWS[1:])
