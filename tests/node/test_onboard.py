"""What becomes of a board is told once, as events; and a replay's device does what the log says, no more."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from flightsw.apps.inference.boardevents import board_changes
from flightsw.apps.inference.engine import Seen
from flightsw.devices.accelerator import Batch
from flightsw.devices.board_device import BoardDevice, RecalledHands
from flightsw.devices.profiles import load_profile
from flightsw.messages.board import BoardReading, Quality
from flightsw.messages.health import Event
from flightsw.messages.inference import InferenceResult
from flightsw.messages.plant import DeviceReadings
from flightsw.node.onboard import RecalledEngine

SOUND = BoardReading(
    4, True, 6.0, Quality.MEASURED, 0.0, None, 45.0, Quality.MEASURED, 900.0, Quality.MEASURED,
    1.0, 1.0, 1.0, False, (), Quality.MEASURED, (0.01,), (400, 450), ((400, 440),), 0.04, 0.0, 0.0, 0.0,
)  # fmt: skip


def told(before: BoardReading | None, now: BoardReading) -> list[tuple[str, object]]:
    events = board_changes(before, now)
    assert all(isinstance(event, Event) for event in events)
    return [(event.id, next(iter(event.args.values()))) for event in events if isinstance(event, Event)]


def test_nothing_is_told_of_a_board_that_is_as_it_was() -> None:
    assert told(SOUND, SOUND) == []
    assert told(None, SOUND) == []


def test_every_kind_of_trouble_is_an_event_when_it_begins_and_when_it_ends() -> None:
    held = replace(SOUND, limited=True, ready=False, chip_c=91.0)
    assert told(SOUND, held) == [("board.limited", 91.0)]
    assert told(held, SOUND) == [("board.released", 45.0)]
    assert told(None, held) == [("board.limited", 91.0)]
    flagged = replace(SOUND, flags=("under-voltage", "mode-not-taken"))
    assert told(SOUND, flagged) == [("board.flagged", "under-voltage"), ("board.flagged", "mode-not-taken")]
    assert told(flagged, replace(flagged, flags=("mode-not-taken",))) == []
    blind = replace(SOUND, chip_c=None, chip_quality=Quality.MISSING, power_w=None, power_quality=Quality.MISSING)
    assert told(SOUND, blind) == [("board.sensor_lost", "power"), ("board.sensor_lost", "chip")]
    assert told(blind, SOUND) == [("board.sensor_back", "power"), ("board.sensor_back", "chip")]


def test_a_replayed_device_asks_and_finishes_at_the_logged_instants() -> None:
    silicon, hands = load_profile("linux-host").silicon(), RecalledHands()
    device = BoardDevice(silicon, hands)
    hands.recall(SOUND)
    hands.begin(4)
    device.begin(400)
    device.observe(DeviceReadings(True, True, 2, 3200.0, 40.0, False, 5.0, 5.0, False, False, ()))
    device.command(power_on=True, mode=2)
    asked: list[int] = []

    def next_batch(free_ns: int) -> Batch:
        asked.append(free_ns)
        return Batch(len(asked), 0, 8, 0, 0, 1.0, 0.0, 0, 0, 1.0)

    done = device.advance(400, 1e-7, next_batch)
    assert asked == [400, 450]
    assert [(one.started_ns, one.finished_ns) for one in done] == [(400, 440)]
    assert device.in_flight is not None
    assert device.activity().busy_s == 0.04
    assert device.reading() is SOUND


def test_without_a_reading_in_the_log_nothing_is_made_up() -> None:
    hands = RecalledHands()
    hands.begin(4)
    assert not hands.ready(0)
    with pytest.raises(LookupError, match="no reading of the board"):
        hands.reading()


def test_what_was_seen_comes_from_the_log_and_what_is_not_in_it_is_computed() -> None:
    class Fresh:
        def look(
            self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
        ) -> Seen:
            return Seen((1.0,), "computed")

    engine = RecalledEngine(Fresh())
    engine.recall([InferenceResult(0, "cloudseg", 16, 1, 0.5, 10.0, 0, 0, 1, 0.0, (0.25,), "logged", 0, 0, 0.25)])
    assert engine.look(16, 1, 0.5, 10.0) == Seen((0.25,), "logged")
    assert engine.look(24, 1, 0.5, 10.0) == Seen((1.0,), "computed")
