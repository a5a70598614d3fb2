"""Telemetry watched as a whole: readings to windows, residuals to a score, scores to an alarm that is only advice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.apps.health.anomaly import (
    CLEAR,
    KINDS,
    WORST,
    Alarm,
    alarmed,
    readings,
    windowed,
    worst_of,
)
from flightsw.apps.health.app import HealthApp
from flightsw.apps.health.channels import channel_of
from flightsw.apps.health.config import HealthConfig
from flightsw.apps.health.monitor import TelemetryMonitor
from flightsw.apps.health.scorer import OnnxScorer
from flightsw.bus.application import Inbox, Now
from flightsw.devices.models import load_card
from flightsw.devices.telemetry_model import ChannelRow, TelemetryCard, channels_of, sample_ticks
from flightsw.errors import ConfigError
from flightsw.messages.base import Message
from flightsw.messages.health import AnomalyStatus, Event, HealthCriticalData, ModeStatus, Severity
from flightsw.messages.plant import LclState, PowerSensors, ThermalSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.topics import TopicTable, shipped_topics
from tests.apps.telemetry import plain_residuals

TOPICS = TopicTable(shipped_topics())
ROWS = (
    ChannelRow("sensor.thermal.chip_c", 40.0, 10.0, 0.5),
    ChannelRow("sensor.power.load_power_w[1]", 4.0, 2.0, 0.25),
    ChannelRow("power.status.in_eclipse", 0.0, 1.0, 1.0),
)
CHANNELS = [channel_of(row, TOPICS) for row in ROWS]
CARD = TelemetryCard(
    name="toy",
    task="",
    file="toy.onnx",
    sha256="0" * 64,
    input_name="window",
    output_name="residuals",
    sample_s=10.0,
    samples=4,
    stride=2,
    settle=5,
    threshold=2.0,
    persistence=3,
    channels={"toy": ROWS},
)


def heard(chip_c: float | None = 60.0, load_w: Sequence[float] = (7.0, 5.0), *, eclipse: bool = True) -> Inbox:
    items: list[tuple[str, Message]] = [
        ("plant", PowerSensors(15.0, 0.0, 20.0, 0.0, tuple(load_w), (LclState.ON,) * len(load_w), False)),
        ("plant", ThermalSensors(chip_c, 30.0, 20.0, 20.0, 10.0, 0.0)),
        ("power", PowerStatus(0.7, 0.01, 0.0, 0.0, 0, 10.0, 0.3, eclipse, None, 0.0, None)),
    ]
    return Inbox(items)


def messages(inbox: Inbox) -> tuple[Message | None, ...]:
    return tuple(inbox.last(kind) for kind in KINDS)


class Teller:
    """A network that says what the test wants, and remembers what it was shown."""

    def __init__(self) -> None:
        self.say = [0.0, 0.0, 0.0]
        self.shown: list[Sequence[Sequence[float]]] = []

    def residuals(self, window: Sequence[Sequence[float]]) -> list[float]:
        self.shown.append(window)
        return self.say


def test_a_window_holds_the_newest_samples() -> None:
    assert readings(messages(heard()), CHANNELS) == (60.0, 5.0, True)
    window: tuple[tuple[float, ...], ...] = ()
    for value in range(6):
        window = windowed(window, [(float(value),)], 4)
        assert len(window) == min(value + 1, 4)
    assert window == windowed((), [(float(value),) for value in range(6)], 4) == ((2.0,), (3.0,), (4.0,), (5.0,))
    assert windowed(((1.0,),), [(2.0,)], 1) == ((2.0,),)


@pytest.mark.parametrize("gap", [heard(None), heard(load_w=(7.0,)), Inbox([])])
def test_a_missing_reading_empties_the_window(gap: Inbox) -> None:
    assert readings(messages(gap), CHANNELS) is None
    assert windowed(((1.0,), (2.0,)), [(3.0,), None, (4.0,)], 4) == ((4.0,),)


def test_the_score_is_the_largest_share_and_names_its_channel() -> None:
    assert worst_of([0.5, 0.5, 0.5], [0.5, 0.25, 1.0]) == (2.0, 1)
    assert worst_of([0.5, 0.25, 1.0], [0.5, 0.25, 1.0]) == (1.0, 0)
    assert worst_of([1e9], [1e-3]) == (WORST, 0)


def test_a_decision_does_not_hang_on_the_last_bits_of_the_network() -> None:
    score, _ = worst_of([2.0 + 1e-9], [1.0])
    assert score == 2.0
    assert alarmed(Alarm(False, 2), score, 2.0, 3) == Alarm()
    assert alarmed(Alarm(False, 2), worst_of([2.001], [1.0])[0], 2.0, 3) == Alarm(raised=True)


@pytest.mark.parametrize(("score", "raised"), [(1.6, True), (1.599, False)])
def test_an_alarm_ends_below_four_fifths_of_its_threshold(score: float, raised: bool) -> None:
    assert alarmed(Alarm(True, 2), score, 2.0, 3) == Alarm(raised)


def test_a_look_without_news_leaves_the_same_object() -> None:
    calm = Alarm()
    assert alarmed(calm, 1.0, 2.0, 3) is calm


def test_a_score_is_told_to_a_thousandth_and_at_most_a_million() -> None:
    assert worst_of([1.23456], [1.0]) == (1.235, 0)
    assert worst_of([2e6], [1.0]) == (1e6, 0)


SHIPPED = load_card("telemetry-anomaly", TelemetryCard)
SPACECRAFT = next(iter(SHIPPED.channels))


def test_the_scorer_shows_the_network_scaled_readings_as_a_plain_session_would() -> None:
    rows = channels_of(SHIPPED, SPACECRAFT)
    scorer, plain = OnnxScorer(SHIPPED, rows), plain_residuals(SHIPPED, rows)
    centers, scales = np.array([row.center for row in rows]), np.array([row.scale for row in rows])
    for spread in (0.5, 30.0):  # most of the latter beyond what the network tells apart
        noise = np.random.default_rng(5).normal(0.0, spread, (SHIPPED.samples, len(rows)))
        window = centers + scales * noise
        assert scorer.residuals(window.tolist()) == pytest.approx(plain(window), rel=1e-5, abs=1e-7)


def test_a_card_of_other_channels_than_its_network_s_is_refused() -> None:
    rows = channels_of(SHIPPED, SPACECRAFT)
    with pytest.raises(ConfigError, match="inputs and outputs"):
        OnnxScorer(SHIPPED, rows[:-1])


def after(scores: Sequence[float], alarm: Alarm | None = None) -> list[bool]:
    alarm, raised = alarm or Alarm(), []
    for score in scores:
        alarm = alarmed(alarm, score, 2.0, 3)
        raised.append(alarm.raised)
    return raised


def test_an_alarm_needs_its_persistence_and_ends_only_well_below_the_threshold() -> None:
    assert after([2.1, 2.1, 1.9, 2.1, 2.1]) == [False] * 5
    assert after([2.1, 2.1, 2.1, 1.9, 1.9, 1.9, 1.9]) == [False, False, True, True, True, True, True]
    calm = CLEAR * 2.0 - 0.001
    assert after([calm, calm, calm + 0.001, calm, calm, calm], Alarm(raised=True)) == [True] * 5 + [False]


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=60))
def test_whatever_comes_an_alarm_was_held_for_its_persistence(scores: list[float]) -> None:
    raised = after(scores)
    for place, (was, now) in enumerate(zip([False, *raised], raised, strict=False)):
        if now and not was:
            assert min(scores[place - 2 : place + 1]) > 2.0
        if was and not now:
            assert max(scores[place - 2 : place + 1]) < CLEAR * 2.0


def test_the_monitor_looks_every_stride_once_its_window_is_whole() -> None:
    teller = Teller()
    monitor = TelemetryMonitor(CARD, ROWS, teller, 1.0)
    assert monitor.sample_ticks == 10
    said = [bool(monitor.sample(heard(40.0 + place))) for place in range(9)]
    assert said == [False] * 4 + [True, False, True, False, True]
    assert [sample[0] for sample in teller.shown[1]] == [43.0, 44.0, 45.0, 46.0]
    monitor.sample(heard(None))
    assert [bool(monitor.sample(heard())) for _ in range(7)] == [False] * 4 + [True, False, True]


def test_an_anomaly_is_told_once_as_advice_with_score_and_channel_and_once_when_it_is_over() -> None:
    teller = Teller()
    monitor = TelemetryMonitor(CARD, ROWS, teller, 1.0)
    out: list[Message] = []
    for say in ([0.1, 0.0, 0.0], [0.1, 0.9, 0.0], [0.1, 0.1, 0.0]):
        teller.say = say
        for _ in range(20):
            out += monitor.sample(heard())
    events = [message for message in out if isinstance(message, Event)]
    assert [(event.severity, event.id) for event in events] == [
        (Severity.WARNING_LO, "anomaly.detected"),
        (Severity.ACTIVITY_HI, "anomaly.cleared"),
    ]
    assert events[0].args == {"score": 3.6, "channel": "sensor.power.load_power_w[1]", "threshold": 2.0}
    told = [message for message in out if isinstance(message, AnomalyStatus)]
    assert len(told) == len(teller.shown) == 28
    assert {status.alarm for status in told} == {False, True}


def test_an_anomaly_changes_neither_mode_nor_what_is_stored() -> None:
    def fly(monitor: TelemetryMonitor | None) -> list[list[Message]]:
        app = HealthApp(HealthConfig(), (), 1.0, monitor=monitor)
        return [list(app.step(Now(tick, tick * 10**9, 1.0), heard())) for tick in range(400)]

    teller = Teller()
    teller.say = [0.0, 0.0, 50.0]
    watched, alone = fly(TelemetryMonitor(CARD, ROWS, teller, 1.0)), fly(None)
    events = [message for out in watched for message in out if isinstance(message, Event)]
    assert "anomaly.detected" in [event.id for event in events]
    assert [message for out in alone for message in out if isinstance(message, ModeStatus | HealthCriticalData)]
    for with_it, without in zip(watched, alone, strict=True):
        kept = [m for m in with_it if not (isinstance(m, AnomalyStatus) or getattr(m, "id", "").startswith("anomaly."))]
        assert kept == without


def test_a_spacecraft_a_signal_or_a_step_that_the_card_does_not_fit_is_refused() -> None:
    assert channels_of(CARD, "toy") == ROWS
    with pytest.raises(ConfigError, match=r'spacecraft = "mine": model toy knows toy'):
        channels_of(CARD, "mine")
    with pytest.raises(ConfigError, match=r"channel truth.plant.soc: topic truth.plant: must be one of sensor.power, "):
        channel_of(ChannelRow("truth.plant.soc", 0.0, 1.0, 1.0), TOPICS)
    assert sample_ticks(CARD, 0.5) == 20
    with pytest.raises(ConfigError, match=r"a cycle of 3.0 s .*: must divide the 10.0 s"):
        sample_ticks(CARD, 3.0)


def test_a_node_that_does_not_watch_its_telemetry_never_imports_onnxruntime() -> None:
    code = (
        "import sys\n"
        "from flightsw.node.build import build_application\n"
        "from flightsw.node.scenario import load_scenario\n"
        "off = ['apps.health.anomaly.enabled=false'] if sys.argv[1] == 'off' else []\n"
        "build_application('health', load_scenario('cubesat-6u-orin-nano', off))\n"
        "print('onnxruntime' in sys.modules)\n"
    )
    for wanted, said in (("off", "False"), ("on", "True")):
        done = subprocess.run([sys.executable, "-c", code, wanted], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == said
