"""A payload manager alone, fed by hand: a sunlit node, a board that obeys at once, wide caps unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hypothesis import strategies as st

from flightsw.apps.inference.app import InferenceApp
from flightsw.apps.inference.config import InferenceConfig
from flightsw.apps.inference.engine import Seen
from flightsw.apps.inference.interface import STANDARD, InferenceLaw
from flightsw.bus.application import Inbox, Now
from flightsw.devices.models import ModelCard, load_card
from flightsw.devices.profiles import load_profile
from flightsw.devices.silicon import PowerMode
from flightsw.devices.virtual import VirtualDevice
from flightsw.messages.base import Message
from flightsw.messages.health import Mode, ModeStatus
from flightsw.messages.inference import InferenceStatus
from flightsw.messages.plant import DeviceReadings, NavSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.thermal import ThermalStatus

SILICON = load_profile("orin-nano").silicon()
ROUND = replace(
    SILICON,
    modes=(PowerMode("low", 300.0, 3.0, 4.0), PowerMode("mid", 600.0, 5.0, 6.0), PowerMode("high", 900.0, 7.0, 13.0)),
    switched_w_per_mhz_v2=0.0,
    leakage_w=2.0,
    leakage_per_k=0.0,
    gated_w=0.5,
    boot_w=10.0,
    boot_s=20.0,
)
"""a device of round figures: works at 7, 11 or 20 W, and leaks 2 W at any temperature"""
CARD = load_card("cloudseg")
WORK_GOP = CARD.work_gop
SEED = 1
DAY = NavSensors((7000.0, 0.0, 0.0), (0.0, 7.5, 0.0), (1.0, 0.0, 0.0), 12.0, 3.0, True)
NIGHT = NavSensors((-7000.0, 0.0, 0.0), (0.0, 7.5, 0.0), (1.0, 0.0, 0.0), 12.0, 3.0, False)


class FakeEngine:
    """Sees one half of every scene as cloud, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, float, float]] = []
        self.variants: list[str | None] = []

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        self.asked.append((first_scene, scenes, cos_zenith, latitude_deg))
        self.variants.append(variant)
        return Seen((0.5,) * scenes, f"{first_scene:016x}")


class Payload:
    """The application and its clock. A new one after a restart continues at `tick`."""

    def __init__(
        self,
        config: InferenceConfig | None = None,
        *,
        dt_s: float = 1.0,
        tick: int = 0,
        law: InferenceLaw = STANDARD,
        card: ModelCard = CARD,
    ) -> None:
        self.engine = FakeEngine()
        self.config = config or InferenceConfig(frame_scenes=9, batch_scenes=4, execute="none", dwell_ticks=5)
        engine = self.engine if self.config.execute_stride else None
        self.app = InferenceApp(self.config, SILICON, card, VirtualDevice(SILICON), engine, SEED, law)
        self.dt_s = dt_s
        self.tick = tick
        self.sent: list[Message] = []

    def step(
        self,
        *extra: Message,
        mode: Mode = Mode.PAYLOAD,
        fix: NavSensors = DAY,
        power_w: float = 40.0,
        thermal_w: float = 40.0,
        board: DeviceReadings | None = None,
    ) -> list[Message]:
        """One tick with everything heard."""
        heard: list[tuple[str, Message]] = [
            ("plant", fix),
            ("plant", board_up() if board is None else board),
            ("power", PowerStatus(0.8, 0.01, 0.0, 30.0, 0, power_w, 0.3, False, None, 0.0, None)),
            ("thermal", ThermalStatus(thermal_w, 40.0, 80.0, 0.0, 0.0, False)),
            ("health", ModeStatus(mode, 0, "test", False, False, ())),
        ]
        return self.hear([*(("comms", message) for message in extra), *heard])

    def hear(self, items: Iterable[tuple[str, Message]]) -> list[Message]:
        """One tick with this inbox alone."""
        now = Now(self.tick, self.tick * round(self.dt_s * 1e9), self.dt_s)
        out = list(self.app.step(now, Inbox(items)))
        self.tick += 1
        self.sent += out
        return out

    def run(self, ticks: int, **heard) -> list[Message]:
        """Several ticks alike; all that was sent in them."""
        return [message for _ in range(ticks) for message in self.step(**heard)]

    @property
    def status(self) -> InferenceStatus:
        """The newest status."""
        return of(self.sent, InferenceStatus)[-1]


def board_up(mode: int = 1) -> DeviceReadings:
    """A board that runs in this mode."""
    return DeviceReadings(True, True, mode, SILICON.modes[mode].clock_mhz, 50.0, False, 10.0, 10.0, False, False, ())


def board_dark() -> DeviceReadings:
    """A board without power."""
    return DeviceReadings(False, False, 0, 0.0, 30.0, False, 0.3, 0.3, False, False, ())


def of(messages, kind):
    """Those of one type."""
    return [message for message in messages if type(message) is kind]


def balance(status: InferenceStatus) -> int:
    """Scenes that are unaccounted for."""
    return status.items_arrived - (
        status.items_done + status.items_dropped + status.queue_items + status.items_in_flight
    )


Stretch = tuple[Mode, float, int | None, int]
"""(mode, power cap in W, the board's mode or None for a dark one, ticks)"""


def stretches(least: int, most: int) -> st.SearchStrategy[list[Stretch]]:
    """So many stretches of a flight in which mode, cap and board change."""
    return st.lists(
        st.tuples(
            st.sampled_from([Mode.PAYLOAD, Mode.PAYLOAD, Mode.PAYLOAD, Mode.NOMINAL, Mode.SAFE]),
            st.floats(0.0, 40.0),
            st.sampled_from([0, 1, 2, 3, None]),
            st.integers(1, 10),
        ),
        min_size=least,
        max_size=most,
    )


def through(payload: Payload, flight: Iterable[Stretch]) -> Iterator[None]:
    """Step the payload through them, and stop to be looked at after each tick."""
    for mode, power_w, board, ticks in flight:
        readings = board_dark() if board is None else board_up(board)
        for _ in range(ticks):
            payload.step(mode=mode, power_w=power_w, board=readings)
            yield
