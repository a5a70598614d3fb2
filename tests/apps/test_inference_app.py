"""Payload manager, message by message: imaging, results, accounting, restart, power loss, telecommands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.inference.config import InferenceConfig
from flightsw.bus.port import Codec, Port
from flightsw.errors import ConfigError
from flightsw.messages.commands import InferSetPayload
from flightsw.messages.comms import TcDispatch, TcReport, TcStage
from flightsw.messages.health import Event, Mode
from flightsw.messages.inference import (
    Binding,
    DeviceActivity,
    InferenceCriticalData,
    InferenceResult,
    InferenceStatus,
)
from flightsw.messages.topics import TopicTable, shipped_topics
from tests.apps.payload import NIGHT, SILICON, WORK_GOP, Payload, balance, board_dark, of, stretches, through


def test_images_by_day_become_results_numbered_without_a_gap():
    payload = Payload()
    payload.run(60)
    results = of(payload.sent, InferenceResult)
    assert len(results) > 20
    assert [one.batch for one in results] == list(range(len(results)))
    first, second, third = results[:3]
    assert (first.first_scene, first.scenes, second.first_scene, third.first_scene) == (0, 4, 4, 8)
    assert third.scenes == 1, "a batch never spans two images"
    assert (first.cos_zenith, first.latitude_deg) == (1.0, 12.0)
    whole_s = SILICON.batch_s(4, WORK_GOP, SILICON.modes[1].clock_mhz)
    assert (first.finished_ns - first.started_ns) * 1e-9 == pytest.approx(whole_s, abs=1e-8)
    assert payload.status.items_done == sum(one.scenes for one in results)


def test_nothing_is_imaged_at_night_nor_outside_payload_mode():
    for heard in ({"fix": NIGHT}, {"mode": Mode.NOMINAL}, {"mode": Mode.SAFE}):
        payload = Payload()
        payload.run(20, **heard)
        assert (payload.status.items_arrived, payload.status.demand_w) == (0, 0.0)
        assert of(payload.sent, InferenceResult) == []


def test_outside_payload_mode_what_is_queued_waits_and_is_not_worked_on():
    payload = Payload()
    payload.run(10)
    assert payload.status.queue_items > 0
    payload.run(20, mode=Mode.NOMINAL)
    assert (payload.status.power_on, payload.status.binding) == (True, Binding.COMMANDED)
    assert payload.status.items_in_flight == 0, "the batch under way is finished, and no other begun"
    done = payload.status.items_done
    payload.run(10, mode=Mode.NOMINAL)
    assert payload.status.items_done == done
    payload.run(2, mode=Mode.SAFE)
    assert payload.status.power_on is False


def test_every_message_passes_its_own_port():
    port = Port("inference", Codec(TopicTable(shipped_topics())))
    payload = Payload(InferenceConfig(frame_scenes=9, batch_scenes=4))
    payload.run(30)
    assert of(payload.sent, InferenceResult)
    assert len(port.outbox(payload.sent)) == len(payload.sent)


@settings(max_examples=40, deadline=None)
@given(
    ticks=stretches(1, 25),
    limit=st.integers(8, 60),
)
def test_no_scene_is_lost_uncounted_whatever_happens_to_mode_caps_and_board(ticks, limit):
    payload = Payload(
        InferenceConfig(frame_scenes=9, batch_scenes=4, queue_scenes=limit, deadline_s=8.0, execute="none")
    )
    for _ in through(payload, ticks):
        assert balance(payload.status) == 0
        assert payload.status.queue_items <= limit
        assert 0.0 <= payload.status.busy_fraction <= 1.0
    batches = [one.batch for one in of(payload.sent, InferenceResult)]
    assert batches == list(range(len(batches)))


def test_the_length_of_a_tick_changes_no_result_where_nothing_else_changes():
    def results(dt_s: float) -> list[InferenceResult]:
        config = InferenceConfig(
            frame_scenes=9, batch_scenes=4, queue_scenes=40, deadline_s=15.0, execute="none", dwell_ticks=1
        )
        payload = Payload(config, dt_s=dt_s)
        payload.run(round(2.0 / dt_s), mode=Mode.NOMINAL)
        payload.run(round(60.0 / dt_s))
        assert payload.status.dropped_refused > 0
        return of(payload.sent, InferenceResult)

    whole, half = results(1.0), results(0.5)
    assert len(whole) > 20
    assert half[: len(whole)] == whole


def test_a_batch_lost_with_the_board_s_power_is_tried_again_under_the_same_number():
    payload = Payload()
    payload.run(8)
    assert payload.status.items_in_flight == 4
    before = payload.status.batches_done
    payload.run(3, board=board_dark())
    assert payload.status.items_in_flight == 0
    assert payload.status.items_dropped == 0
    assert "device.lost" in [event.id for event in of(payload.sent, Event)]
    payload.run(20)
    results = of(payload.sent, InferenceResult)
    assert results[before].batch == before
    scenes = [one.first_scene for one in results]
    assert scenes == sorted(scenes)
    assert len(set(scenes)) == len(scenes)


def test_a_restart_goes_on_from_critical_data_and_counts_what_was_in_memory_as_lost():
    before = Payload()
    before.run(33)
    last = before.status
    assert last.queue_items > 0
    assert last.items_in_flight > 0
    stored = of(before.sent, InferenceCriticalData)[-1]
    after = Payload(tick=43)
    after.hear([("inference", stored)])
    assert balance(after.status) == 0
    assert after.status.items_arrived == last.items_arrived
    assert after.status.items_done == last.items_done
    assert after.status.dropped_lost == last.queue_items + last.items_in_flight
    assert of(after.sent, DeviceActivity) == [], "the board is left as it is until the node's mode is known"
    after.run(30)
    assert after.status.power_on is True
    numbers = [one.batch for one in of(before.sent + after.sent, InferenceResult)]
    assert numbers == list(range(len(numbers)))
    scenes = [one.first_scene for one in of(before.sent + after.sent, InferenceResult)]
    assert len(set(scenes)) == len(scenes), "no scene bears a number twice"


def test_a_restart_keeps_ground_s_word():
    before = Payload()
    before.run(5)
    before.step(TcDispatch(7, InferSetPayload(False)))
    stored = of(before.sent, InferenceCriticalData)[-1]
    assert stored.enabled is False
    after = Payload(tick=20)
    after.hear([("inference", stored)])
    after.run(5)
    assert (after.status.enabled, after.status.power_on) == (False, False)


def test_critical_data_comes_at_every_change_and_at_least_every_ten_ticks():
    payload = Payload()
    payload.run(41, mode=Mode.STANDBY)
    assert len(of(payload.sent, InferenceCriticalData)) == 5
    out = payload.step(TcDispatch(1, InferSetPayload(False)), mode=Mode.STANDBY)
    assert of(out, InferenceCriticalData)[0].enabled is False


def test_the_payload_command_is_reported_on_and_obeyed():
    payload = Payload()
    payload.run(5)
    out = payload.step(TcDispatch(12, InferSetPayload(False)))
    assert of(out, TcReport) == [TcReport(12, TcStage.COMPLETED, None)]
    assert payload.status.power_on is False
    payload.step(TcDispatch(13, InferSetPayload(True)))
    assert payload.status.power_on is True


@pytest.mark.parametrize(("execute", "every"), [("every", 1), ("sample:3", 3), ("none", None)])
def test_the_policy_says_which_batches_are_computed_and_changes_no_timing(execute, every):
    payload = Payload(InferenceConfig(frame_scenes=9, batch_scenes=4, execute=execute))
    plain = Payload(InferenceConfig(frame_scenes=9, batch_scenes=4, execute="none"))
    payload.run(30)
    plain.run(30)
    results = of(payload.sent, InferenceResult)
    assert len(results) > 10
    computed = [one.batch for one in results if one.output_sha256 is not None]
    assert computed == [one.batch for one in results if every and one.batch % every == 0]
    assert payload.status.batches_executed == len(computed)
    times = [(one.started_ns, one.finished_ns) for one in results]
    assert times == [(one.started_ns, one.finished_ns) for one in of(plain.sent, InferenceResult)]


def test_a_result_logs_all_that_the_camera_was_asked():
    payload = Payload(InferenceConfig(frame_scenes=9, batch_scenes=4))
    payload.run(20)
    results = of(payload.sent, InferenceResult)
    assert len(payload.engine.asked) == len(results) > 5
    assert payload.engine.asked == [(one.first_scene, one.scenes, one.cos_zenith, one.latitude_deg) for one in results]


def test_events_tell_edges_once():
    payload = Payload(InferenceConfig(frame_scenes=9, batch_scenes=4, queue_scenes=18, execute="none", dwell_ticks=5))
    payload.run(40)
    payload.run(20, power_w=12.0)
    ids = [event.id for event in of(payload.sent, Event)]
    assert payload.status.dropped_refused > 9
    assert ids.count("queue.full") == 1
    assert ids.count("device.on") == 1
    assert ids.count("device.ready") == 1
    assert "power_mode.changed" in ids


def test_readings_of_the_hardware_reach_the_laws_only_through_the_device():
    """Without `hw.device` the application knows nothing of temperature and clock, and starts nothing."""
    payload = Payload()
    payload.run(20, board=board_dark())
    assert of(payload.sent, InferenceResult) == []
    assert payload.status.queue_items == payload.status.items_arrived > 0


@pytest.mark.parametrize("execute", ["sometimes", "sample:0", "sample:", "sample:-2"])
def test_an_unknown_execute_policy_is_refused(execute):
    with pytest.raises(ConfigError, match=r"apps\.inference\.execute"):
        InferenceConfig(execute=execute)


def test_a_batch_larger_than_the_queue_is_refused():
    with pytest.raises(ConfigError, match=r"batch_scenes = 16: must be at most queue_scenes = 8"):
        InferenceConfig(batch_scenes=16, queue_scenes=8)


def test_status_is_sent_every_tick_with_demand_above_what_is_granted_when_a_cap_binds():
    payload = Payload()
    payload.run(30)
    payload.run(10, power_w=12.0)
    assert len(of(payload.sent, InferenceStatus)) == 40
    status = payload.status
    assert (status.binding, status.granted_w) == (Binding.POWER, 12.0)
    assert status.demand_w > status.granted_w >= status.predicted_w
