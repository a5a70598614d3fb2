"""A real board in the payload's place: its watts draw and heat while fresh, and the silicon law's when stale."""

from __future__ import annotations

import pytest

from flightsw.bus.application import Inbox, Now
from flightsw.devices.board import BoardConfig
from flightsw.messages.base import Message
from flightsw.messages.board import BoardReading, BoardUse, Quality
from flightsw.messages.health import Event
from flightsw.messages.inference import DeviceActivity
from flightsw.messages.plant import DeviceReadings, PowerSensors, Truth
from flightsw.node.scenario import load_scenario
from flightsw.plant.board import BoardState, step
from flightsw.plant.process import PlantProcess

CONFIG = BoardConfig(hold_ticks=3)
SCENARIO = load_scenario("cubesat-6u-orin-nano", ["plant.profile=linux-host"])


def reading(tick: int, power_w: float | None, quality: Quality = Quality.MEASURED) -> BoardReading:
    return BoardReading(
        tick, True, power_w, quality, 0.0, None, 45.0, Quality.MEASURED, 900.0, Quality.MEASURED,
        1.0, 1.0, 1.0, False, (), Quality.MEASURED, (), (), (), 0.0, 0.0, 0.0, 0.0,
    )  # fmt: skip


class Craft:
    """A plant with a board that is on."""

    def __init__(self) -> None:
        self.plant = PlantProcess(SCENARIO.plant, 1, 1.0, board=CONFIG)
        self.tick = 0

    def run(self, power_w: float | None = None, of_tick: int | None = None) -> dict[type, Message]:
        heard: list[Message] = [DeviceActivity(True, 0, 0.0)]
        if power_w is not None:
            heard.append(reading(self.tick - 1 if of_tick is None else of_tick, power_w))
        out = self.plant.step(Now(self.tick, self.tick * 10**9, 1.0), Inbox([("inference", one) for one in heard]))
        self.tick += 1
        self.events = [one for one in out if isinstance(one, Event)]
        return {type(one): one for one in out}


def test_what_the_board_draws_is_drawn_from_the_battery_and_heats_the_chip() -> None:
    chips = {}
    for power_w in (4.0, 17.0):
        craft = Craft()
        for _ in range(30):
            said = craft.run(power_w)
        readings, truth = said[DeviceReadings], said[Truth]
        assert isinstance(readings, DeviceReadings)
        assert isinstance(truth, Truth)
        assert readings.ready
        assert readings.power_w == truth.chip_power_w == pytest.approx(power_w)
        assert abs(truth.electrical_residual_j) < 1e-6 * truth.load_energy_j
        chips[power_w] = readings.chip_c
    assert chips[17.0] > chips[4.0] + 1.0


def test_a_measurement_is_held_then_stale_and_the_payload_is_not_ready_until_it_is_back() -> None:
    craft = Craft()
    for _ in range(10):
        craft.run(9.0)
    qualities, ready, drawn, told = [], [], [], []
    for _ in range(6):
        said = craft.run()
        use, readings = said[BoardUse], said[DeviceReadings]
        assert isinstance(use, BoardUse)
        assert isinstance(readings, DeviceReadings)
        qualities.append(use.quality)
        ready.append(readings.ready)
        drawn.append(readings.power_w)
        told += [event.id for event in craft.events if event.id.startswith("board.")]
    assert qualities == [Quality.HELD, Quality.HELD, *[Quality.STALE] * 4]
    assert ready == [True, True, *[False] * 4]
    assert drawn[1] == pytest.approx(9.0)
    assert drawn[-1] == pytest.approx(craft.plant.craft.silicon.idle_w(0, 15.0), rel=0.1)
    said = craft.run(8.0)
    assert said[DeviceReadings].ready  # type: ignore[attr-defined]
    assert [*told, *(event.id for event in craft.events)].count("board.back") == 1
    assert told == ["board.stale"]


def test_without_power_on_its_rail_the_emulated_board_draws_nothing_whatever_the_real_one_says() -> None:
    craft = Craft()
    for _ in range(5):
        craft.run(9.0)
    payload = [load.name for load in SCENARIO.plant.loads].index("payload")
    off = tuple(place != payload for place in range(len(SCENARIO.plant.loads)))
    craft.plant._orders.load_on = off
    sensors = craft.run(9.0)[PowerSensors]
    assert isinstance(sensors, PowerSensors)
    assert sensors.load_power_w[payload] == 0.0


def test_a_plant_without_a_board_says_nothing_of_one() -> None:
    plant = PlantProcess(SCENARIO.plant, 1, 1.0)
    assert BoardUse not in {type(one) for one in plant.step(Now(0, 0, 1.0), Inbox())}


@pytest.mark.parametrize(
    ("age", "quality"),
    [(1, Quality.MODELLED), (2, Quality.HELD), (3, Quality.HELD), (4, Quality.STALE)],
)
def test_age_decides_how_far_a_value_is_believed(age: int, quality: Quality) -> None:
    _, use = step(BoardState(), reading(10, 5.0, Quality.MODELLED), 10 + age, CONFIG)
    assert (use.quality, use.age_ticks) == (quality, age)
    assert (use.power_w is None) is (quality is Quality.STALE)


def test_a_board_without_a_power_sensor_is_counted_by_the_silicon_law() -> None:
    state, use = step(BoardState(), reading(10, None, Quality.MISSING), 11, CONFIG)
    assert (use.power_w, use.quality) == (None, Quality.MISSING)
    assert step(state, None, 12, CONFIG)[1].quality is Quality.MISSING
