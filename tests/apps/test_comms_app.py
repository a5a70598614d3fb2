"""Communications, message by message: passes, downlink, telecommands, restart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.apps.comms import law
from flightsw.apps.comms.app import CommsApp
from flightsw.apps.comms.config import CommsConfig
from flightsw.apps.comms.silence import StationRow
from flightsw.bus.application import Inbox, Now
from flightsw.bus.port import Codec, Port
from flightsw.messages.base import Message
from flightsw.messages.commands import CommsSetTransmitter
from flightsw.messages.comms import (
    CommsCriticalData,
    CommsStatus,
    DownlinkFrame,
    RadioCommand,
    TcDispatch,
    TcReport,
    TcRequest,
    TcStage,
    TcVerification,
)
from flightsw.messages.health import Event, Mode, ModeStatus
from flightsw.messages.inference import InferenceResult
from flightsw.messages.plant import LinkSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.topics import TopicTable, shipped_topics
from tests.apps.payload import of

CONFIG = CommsConfig(
    housekeeping_bytes_per_tick=100, clear_scene_bytes=1000, cloudy_scene_bytes=10, store_bytes=50_000, report_ticks=5
)
STATIONS = (StationRow("north", 78.0, 15.0, 5.0), StationRow("south", -72.0, 2.0, 5.0))
NO_LINK = LinkSensors(None, None, 0.0)
LINK = LinkSensors(1, 30.0, 8000.0)
"""1,000 bytes a tick of 1 s"""


class Comms:
    """The application and its clock."""

    def __init__(self, *, tick: int = 0, tier: int | None = None) -> None:
        self.app = CommsApp(CONFIG, STATIONS, 1.0, tier)
        self.tick = tick
        self.sent: list[Message] = []

    def step(
        self, *extra: Message, link: LinkSensors = NO_LINK, mode: Mode = Mode.PAYLOAD, shed_level: int = 0
    ) -> list[Message]:
        heard: list[tuple[str, Message]] = [
            ("plant", link),
            ("health", ModeStatus(mode, 0, "test", False, False, ())),
            ("power", PowerStatus(0.8, 0.01, 0.0, 30.0, shed_level, 20.0, 0.3, False, None, 0.0, None)),
        ]
        return self.hear([*heard, *((_source(message), message) for message in extra)])

    def hear(self, items) -> list[Message]:
        out = list(self.app.step(Now(self.tick, self.tick * 10**9, 1.0), Inbox(items)))
        self.tick += 1
        self.sent += out
        return out

    def run(self, ticks: int, **heard) -> list[Message]:
        return [message for _ in range(ticks) for message in self.step(**heard)]

    @property
    def status(self) -> CommsStatus:
        return of(self.sent, CommsStatus)[-1]


def _source(message: Message) -> str:
    return {TcRequest: "outside", TcReport: "power", InferenceResult: "inference"}[type(message)]


def result(batch: int, cloud_fraction: tuple[float, ...] = (0.0, 1.0)) -> InferenceResult:
    return InferenceResult(
        batch, "m", 0, len(cloud_fraction), 0.5, 10.0, 1, 0, 1, 0.0, cloud_fraction, "0" * 16, 0, 0, 0.0
    )


def test_what_is_stored_leaves_in_a_pass_at_the_link_s_rate_and_is_counted():
    comms = Comms()
    for batch in range(3):
        comms.step(result(batch))
    assert comms.status.queue_bytes == 3 * 100 + 3 * 1010
    assert of(comms.sent, DownlinkFrame) == []
    out = comms.run(5, link=LINK)
    frames = of(out, DownlinkFrame)
    assert frames[0] == DownlinkFrame(1, 400, 600, 0, None)
    assert all(one.housekeeping_bytes + one.product_bytes <= 1000 for one in frames)
    assert sum(one.products for one in frames) == 3
    assert frames[-1].last_batch in (2, None)
    assert comms.status.sent_bytes == 3 * 1010 + 8 * 100


def test_the_transmitter_is_on_in_a_pass_with_something_to_send_and_at_no_other_time():
    comms = Comms()
    assert of(comms.step(), RadioCommand) == [RadioCommand(False)]
    assert of(comms.step(link=LINK), RadioCommand) == [RadioCommand(True)]
    assert of(comms.step(link=LinkSensors(1, 5.0, 0.0)), RadioCommand) == [RadioCommand(False)]
    assert of(comms.step(), RadioCommand) == [], "it has been told"
    assert of(comms.run(10), RadioCommand) == [RadioCommand(False)], "and is told again now and then"


def test_before_the_mode_is_known_and_while_booting_the_radio_is_silent():
    comms = Comms()
    assert of(comms.hear([("plant", LINK)]), RadioCommand) == [RadioCommand(False)]
    comms.run(20, link=LINK, mode=Mode.BOOT)
    assert set(of(comms.sent, RadioCommand)) == {RadioCommand(False)}
    assert of(comms.sent, DownlinkFrame) == []


def test_in_safe_mode_housekeeping_goes_and_products_wait():
    comms = Comms()
    comms.step(result(0))
    frames = of(comms.run(3, link=LINK, mode=Mode.SAFE), DownlinkFrame)
    assert [one.housekeeping_bytes for one in frames] == [200, 100, 100]
    assert sum(one.product_bytes for one in frames) == 0
    assert comms.status.queue_bytes == 1010


def test_nothing_is_counted_as_sent_while_the_transmitter_is_shed():
    comms = Comms(tier=2)
    assert of(comms.step(link=LINK, shed_level=1), DownlinkFrame)
    sent_bytes = comms.status.sent_bytes
    assert of(comms.run(3, link=LINK, shed_level=2), DownlinkFrame) == []
    assert comms.status.sent_bytes == sent_bytes > 0


def test_a_pass_is_told_at_both_ends_with_what_it_carried():
    comms = Comms()
    comms.run(3)
    comms.run(4, link=LINK)
    comms.run(2)
    events = [(one.id, one.args) for one in of(comms.sent, Event)]
    assert events == [
        ("pass.start", {"station": "south"}),
        ("pass.end", {"station": "south", "sent_bytes": 700}),
    ]


def test_a_handover_ends_one_pass_and_begins_the_next():
    comms = Comms()
    comms.step(link=LINK)
    comms.step(link=LinkSensors(0, 20.0, 8000.0))
    assert [one.id for one in of(comms.sent, Event)] == ["pass.start", "pass.end", "pass.start"]
    assert of(comms.sent, Event)[1].args == {"station": "south", "sent_bytes": 100}


def test_a_full_store_is_told_once_and_drops_are_counted():
    comms = Comms()
    for batch in range(80):
        comms.step(result(batch))
    assert [one.id for one in of(comms.sent, Event)] == ["store.full"]
    assert comms.status.dropped_products > 0
    assert comms.status.queue_bytes <= CONFIG.store_bytes


def test_a_telecommand_goes_to_its_owner_and_its_report_back_to_ground():
    comms = Comms()
    out = comms.step(TcRequest(5, "power.set_reserve", {"soc": 0.4}))
    assert [one.stage for one in of(out, TcVerification)] == [TcStage.ACCEPTED]
    assert of(out, TcDispatch)[0].request == 5
    out = comms.step(TcReport(5, TcStage.FAILED, "no"))
    assert of(out, TcVerification) == [TcVerification(5, "power.set_reserve", TcStage.FAILED, "no")]
    assert (comms.status.tc_accepted, comms.status.tc_rejected) == (1, 0)


def test_an_owner_that_never_reports_has_failed():
    comms = Comms()
    comms.step(TcRequest(5, "power.set_reserve", {"soc": 0.4}))
    out = comms.run(CONFIG.report_ticks + 1)
    assert [one.reason for one in of(out, TcVerification)] == ["no report from power"]


def test_its_own_command_is_completed_in_the_same_tick_and_obeyed():
    comms = Comms()
    assert of(comms.step(link=LINK), RadioCommand) == [RadioCommand(True)]
    out = comms.step(TcRequest(8, "comms.set_transmitter", {"on": False}), link=LINK)
    assert [one.stage for one in of(out, TcVerification)] == [TcStage.ACCEPTED, TcStage.COMPLETED]
    assert of(out, TcDispatch) == [TcDispatch(8, CommsSetTransmitter(False))]
    assert of(out, RadioCommand) == [RadioCommand(False)]


def test_a_restart_keeps_counters_commands_and_ground_s_word_and_counts_the_store_as_dropped():
    before = Comms()
    before.step(TcRequest(1, "comms.set_transmitter", {"on": False}))
    for batch in range(4):
        before.step(result(batch))
    before.step(TcRequest(2, "power.set_reserve", {"soc": 0.4}))
    before.step(result(4))  # after the last critical data: found again as a gap in the numbering
    stored = of(before.sent, CommsCriticalData)[-1]
    assert stored.queued_products == 4
    after = Comms(tick=before.tick + 1)
    after.hear([("comms", stored)])
    assert after.status.dropped_products == 4
    assert "store.full" not in [one.id for one in of(after.sent, Event)]
    after.step(result(6), link=LINK)  # number 5 was sent while nobody listened
    assert after.status.dropped_products == 6
    assert of(after.sent, RadioCommand)[-1] == RadioCommand(False)
    again = of(after.step(TcRequest(2, "power.set_reserve", {"soc": 0.4})), TcVerification)
    assert [one.stage for one in again] == [TcStage.REJECTED]
    late = of(after.run(10), TcVerification)
    assert [(one.request, one.stage) for one in late] == [(2, TcStage.FAILED)]
    assert (after.status.tc_accepted, after.status.tc_rejected) == (2, 1)


def test_critical_data_comes_with_every_frame_and_command_and_at_least_every_ten_ticks():
    comms = Comms()
    comms.run(31)
    assert len(of(comms.sent, CommsCriticalData)) == 4
    assert len(of(comms.run(5, link=LINK), CommsCriticalData)) == 5
    assert len(of(comms.step(TcRequest(1, "health.ping", {})), CommsCriticalData)) == 1


def test_every_message_passes_its_own_port():
    port = Port("comms", Codec(TopicTable(shipped_topics())))
    comms = Comms()
    comms.step(TcRequest(1, "health.ping", {}), result(0), link=LINK)
    comms.step(TcRequest(2, "no.such", {}), result(1))
    assert {type(one) for one in comms.sent} >= {TcVerification, TcDispatch, DownlinkFrame, CommsCriticalData, Event}
    assert len(port.outbox(comms.sent)) == len(comms.sent)


@settings(max_examples=60, deadline=None)
@given(
    rate_bps=st.floats(1.0, 1e9),
    dt_s=st.sampled_from([1.0, 0.5, 0.1, 0.001]),
    ticks=st.integers(1, 200),
)
def test_the_budget_of_many_ticks_is_the_link_s_and_no_part_of_a_byte_is_lost(rate_bps, dt_s, ticks):
    state, total_bytes = law.State(), 0
    inputs = law.Inputs(0, rate_bps, Mode.PAYLOAD, rail_on=True, housekeeping_bytes=1, product_bytes=0)
    for _ in range(ticks):
        state, outputs = law.step(state, inputs, dt_s)
        assert outputs.transmit
        total_bytes += outputs.budget_bytes
    assert total_bytes == pytest.approx(rate_bps * dt_s * ticks / 8.0, abs=1.001)
