"""Faults of hardware as they act: what breaks, strikes or misreads in each tick. Flight software sees what follows.

Lasting faults add up to a `Damage` of the spacecraft, set when one begins or ends; a trip, a latch-up and a jump of the
clock strike once; sensors and link go wrong in the messages that leave. `Hardware` is what a fault can reach. Called by
the plant process, which has none of it where the scenario has no faults.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from flightsw.bus.occurrence import Occurrence, Trigger
from flightsw.messages.base import Message
from flightsw.messages.plant import LclState, LinkSensors, Truth
from flightsw.plant.damage import Damage, Surface
from flightsw.plant.fault_config import (
    ArrayStringLoss,
    BatteryCellShort,
    BatteryStringLoss,
    ClockJump,
    ConverterLoss,
    DeviceSefi,
    DeviceSel,
    HardwareFault,
    HeaterStuck,
    LastingFault,
    LclTrip,
    LinkLoss,
    PumpStop,
    RadiatorDegradation,
    SensorFault,
)
from flightsw.plant.sensor_faults import SensorDistortion
from flightsw.plant.sensors import NO_CARRIER
from flightsw.streams import Stream

ARRAY_CONVERTER = "array"


class Hardware(Protocol):
    """What a fault can reach."""

    loads: tuple[str, ...]
    """by place"""
    stations: tuple[str, ...]
    full_w: tuple[float, ...]
    """what each load draws when it is on; the payload's own model says more"""

    def suffer(self, damage: Damage) -> None:
        """Go on with this damage, and no other."""

    def trip(self, load: int) -> None:
        """Open a limiter that is closed."""

    def strike(self, *, sel: bool, sefi: bool) -> bool:
        """Hit the payload computer; False: it has no power, and takes no harm."""

    def jump_clock(self, jump_s: float) -> None:
        """Let the on-board clock jump."""


class HardwareFaults:
    """All hardware faults of one run."""

    def __init__(
        self, faults: Sequence[tuple[HardwareFault, Occurrence]], seed: int, dt_s: float, hardware: Hardware
    ) -> None:
        self._hardware = hardware
        self._seed, self._dt_s = seed, dt_s
        self._faults: list[tuple[HardwareFault, Trigger]] = []
        self._distortions: dict[int, SensorDistortion] = {}
        """by place among the faults"""
        self._strikes: list[DeviceSel | DeviceSefi] = []
        """waiting for the payload computer to have power"""
        self._misreading: list[int] = []
        """places of the faults of sensors and link that act in this tick"""
        self._tripping: list[int] = []
        """limiters that open whenever they are closed"""
        self._truth: Truth | None = None
        """of the tick before"""
        for fault, occurrence in faults:
            self.add(fault, occurrence)

    def add(self, fault: HardwareFault, occurrence: Occurrence) -> None:
        """One more, before its first tick begins."""
        if isinstance(fault, SensorFault):
            noise = Stream(self._seed, f"{occurrence.stream}.noise", 1)
            distortion = SensorDistortion(fault, self._hardware.loads, self._dt_s, noise)
            self._distortions[len(self._faults)] = distortion
        self._faults.append((fault, Trigger(occurrence, self._seed)))

    def begin(self, tick: int) -> None:
        """What acts from the beginning of this tick on."""
        changed = False
        self._misreading, self._tripping = [], []
        for place, (fault, trigger) in enumerate(self._faults):
            was = trigger.active
            now = trigger.step(tick, self._truth)
            if trigger.began or was is not now:
                changed = changed or isinstance(fault, LastingFault)
                if trigger.began:
                    self._strike(tick, place, fault)
            if now and isinstance(fault, LclTrip):
                self._tripping.append(self._hardware.loads.index(fault.load))
            if now and (place in self._distortions or isinstance(fault, LinkLoss)):
                self._misreading.append(place)
        self.settle()
        if changed:
            self._hardware.suffer(self._damage())
        if self._strikes:
            self._strikes = [one for one in self._strikes if not self._hit(one)]

    def settle(self) -> None:
        """Open the limiters that trip in this tick: when it begins, and again when flight software closed one in it."""
        for load in self._tripping:
            self._hardware.trip(load)

    def _strike(self, tick: int, place: int, fault: HardwareFault) -> None:
        if isinstance(fault, DeviceSel | DeviceSefi):
            self._strikes.append(fault)
        elif isinstance(fault, ClockJump):
            self._hardware.jump_clock(fault.seconds)
        elif place in self._distortions:
            self._distortions[place].begin(tick)

    def _hit(self, fault: DeviceSel | DeviceSefi) -> bool:
        return self._hardware.strike(sel=isinstance(fault, DeviceSel), sefi=isinstance(fault, DeviceSefi))

    def _damage(self) -> Damage:
        """Of all faults that act, together."""
        acting = [fault for fault, trigger in self._faults if trigger.active]
        share = cells = 1.0
        forced_w: dict[int, float] = {}
        surfaces: dict[str, Surface] = {}
        loads = self._hardware.loads
        for fault in acting:
            match fault:
                case HeaterStuck():
                    place = loads.index(fault.load)
                    forced_w.setdefault(place, self._hardware.full_w[place] if fault.state == "on" else 0.0)
                case ConverterLoss() if fault.of == ARRAY_CONVERTER:
                    share *= 1.0 - fault.share
                case ConverterLoss():
                    forced_w[loads.index(fault.of)] = 0.0
                case BatteryCellShort():
                    cells -= fault.count / fault.in_series
                case RadiatorDegradation():
                    before = surfaces.get(fault.node, Surface())
                    surfaces[fault.node] = Surface(
                        before.emissivity_share * fault.emissivity_share,
                        before.absorptance_added + fault.absorptance_added,
                    )
        return Damage(
            array_strings=sum(fault.count for fault in acting if isinstance(fault, ArrayStringLoss)),
            array_share=share,
            battery_strings=sum(fault.count for fault in acting if isinstance(fault, BatteryStringLoss)),
            cells_share=max(0.0, cells),
            forced_w=forced_w,
            pumps=frozenset(loads.index(fault.load) for fault in acting if isinstance(fault, PumpStop)),
            surfaces=surfaces,
        )

    def told(self, tick: int, messages: list[Message]) -> list[Message]:
        """The messages of the tick as its sensors and its radio tell them."""
        self._truth = next(message for message in messages if isinstance(message, Truth))
        for place in self._misreading:
            fault, _ = self._faults[place]
            if isinstance(fault, LinkLoss):
                messages = [self._heard(message, fault) for message in messages]
            else:
                messages = self._distortions[place].applied(tick, messages)
        return messages

    def _heard(self, message: Message, fault: LinkLoss) -> Message:
        if not isinstance(message, LinkSensors) or message.station is None:
            return message
        lost = fault.station is None or self._hardware.stations[message.station] == fault.station
        return NO_CARRIER if lost else message


def opened(states: tuple[LclState, ...], load: int) -> tuple[LclState, ...]:
    """States after one limiter, if it was closed, has tripped."""
    if states[load] not in (LclState.ON, LclState.LIMITING):
        return states
    return tuple([LclState.TRIPPED if place == load else state for place, state in enumerate(states)])
