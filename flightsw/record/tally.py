"""The counters behind a run's summary: fed with encoded messages in log order, a handler a topic.

Used by `record.summary`. A topic without a handler is never decoded; payloads that repeat byte for byte are decoded
once where only their change matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

import msgspec

from flightsw.messages.comms import CommsStatus, DownlinkFrame, TcStage, TcVerification
from flightsw.messages.health import BusEvent, BusEventKind, Event, ModeStatus, Severity
from flightsw.messages.inference import Binding, InferenceAccount, InferenceResult, InferenceStatus
from flightsw.messages.plant import IN_ECLIPSE, DeviceReadings, Truth
from flightsw.messages.power import PowerStatus
from flightsw.messages.topics import TopicTable
from flightsw.record.excess import Excess

BUS_SEVERITY = {
    BusEventKind.APP_LOST: Severity.WARNING_HI,
    BusEventKind.REJOIN: Severity.ACTIVITY_HI,
    BusEventKind.LOCKED_OUT: Severity.WARNING_HI,
}

Handler = Callable[[int, msgspec.Raw], None]


class Tally:
    """Figures so far. `events` takes one JSON line an event."""

    def __init__(self, dt_s: float, events: BinaryIO, topics: TopicTable, cycle_ticks: int = 1) -> None:
        """`cycle_ticks`: of flight software."""
        self.truth: Truth | None = None
        self.infer: InferenceStatus | None = None
        self.comms: CommsStatus | None = None
        self.soc_min: float | None = None
        self.chip_c_max: float | None = None
        self.electrical_residual_j: float | None = None
        self.thermal_residual_j: float | None = None
        self.eclipses = 0
        self.demand_ticks = self.power_capped_ticks = self.thermal_capped_ticks = 0
        self.cap_min_eclipse_w: float | None = None
        self.cap_max_sun_w: float | None = None
        self.excess = Excess(cycle_ticks)
        self.scenes_executed = 0
        self.batches = self.batches_executed = 0
        self.scenes_in_time = 0
        self.value = 0.0
        self.scenes_by_variant: dict[int, int] = {}
        self.account: InferenceAccount | None = None
        self.passes = 0
        self.products = 0
        self.verdicts: dict[TcStage, int] = {}
        """on telecommands, as the ground was told"""
        self.mode_changes = 0
        self.events_by_severity: dict[str, int] = {}
        self._dt_s = dt_s
        self._events = events
        self._eclipsed: bool | None = None
        self._in_pass = False
        self._mode: ModeStatus | None = None
        self._mode_bytes = self._comms_bytes = b""
        self._to_json = msgspec.json.Encoder().encode
        decoder = msgspec.msgpack.Decoder
        self._decode_truth = decoder(Truth).decode
        self._decode_power = decoder(PowerStatus).decode
        self._decode_infer = decoder(InferenceStatus).decode
        self._decode_device = decoder(DeviceReadings).decode
        self._decode_result = decoder(InferenceResult).decode
        self._decode_account = decoder(InferenceAccount).decode
        self._decode_comms = decoder(CommsStatus).decode
        self._decode_frame = decoder(DownlinkFrame).decode
        self._decode_verification = decoder(TcVerification).decode
        self._decode_mode = decoder(ModeStatus).decode
        self._decode_event = decoder(Event).decode
        self._decode_bus_event = decoder(BusEvent).decode
        self.handlers: dict[str, Handler] = {
            "truth.plant": self._truth,
            "power.status": self._power,
            "infer.status": self._infer,
            "infer.result": self._result,
            "infer.account": self._told_account,
            "hw.device": self._device,
            "comms.status": self._comms,
            "comms.frame": self._frame,
            "tc.verification": self._verification,
            "health.mode": self._health,
            "bus.event": self._bus_event,
        }
        """by topic; messages of one tick come in log order, then `end_tick`"""
        for topic in topics.topics:
            if topic.kind is Event:
                self.handlers[topic.name] = self._event_of(topic.producer)

    def end_tick(self) -> None:
        """Close a tick."""
        self.excess.end_tick()

    def _truth(self, _tick: int, payload: msgspec.Raw) -> None:
        truth = self.truth = self._decode_truth(payload)
        self.excess.drawn_w = truth.chip_power_w
        if self.soc_min is None or truth.soc < self.soc_min:
            self.soc_min = truth.soc
        if self.electrical_residual_j is None or abs(truth.electrical_residual_j) > self.electrical_residual_j:
            self.electrical_residual_j = abs(truth.electrical_residual_j)
        if self.thermal_residual_j is None or abs(truth.thermal_residual_j) > self.thermal_residual_j:
            self.thermal_residual_j = abs(truth.thermal_residual_j)
        eclipsed = truth.sunlit_fraction < IN_ECLIPSE
        if eclipsed and not self._eclipsed:
            self.eclipses += 1
        self._eclipsed = eclipsed

    def _power(self, _tick: int, payload: msgspec.Raw) -> None:
        if self.infer is None or self.infer.demand_w <= 0.0:
            return  # a cap that climbs after the start, or a mode without payload, held nothing back
        cap_w = self._decode_power(payload).compute_cap_w
        if self._eclipsed:
            if self.cap_min_eclipse_w is None or cap_w < self.cap_min_eclipse_w:
                self.cap_min_eclipse_w = cap_w
        elif self._eclipsed is False and (self.cap_max_sun_w is None or cap_w > self.cap_max_sun_w):
            self.cap_max_sun_w = cap_w

    def _infer(self, _tick: int, payload: msgspec.Raw) -> None:
        status = self.infer = self._decode_infer(payload)
        self.excess.grant(status.granted_w, working=status.busy_fraction > 0.0)
        if status.demand_w > 0.0:
            self.demand_ticks += 1
            self.power_capped_ticks += status.binding is Binding.POWER
            self.thermal_capped_ticks += status.binding is Binding.THERMAL

    def _device(self, _tick: int, payload: msgspec.Raw) -> None:
        device = self._decode_device(payload)
        if self.chip_c_max is None or device.chip_c > self.chip_c_max:
            self.chip_c_max = device.chip_c

    def _result(self, _tick: int, payload: msgspec.Raw) -> None:
        result = self._decode_result(payload)
        self.batches += 1
        if result.output_sha256 is not None:
            self.scenes_executed += result.scenes
            self.batches_executed += 1
        if result.value > 0.0:
            self.value += result.value
            self.scenes_in_time += result.scenes
        self.scenes_by_variant[result.variant] = self.scenes_by_variant.get(result.variant, 0) + result.scenes

    def _told_account(self, _tick: int, payload: msgspec.Raw) -> None:
        self.account = self._decode_account(payload)

    def _comms(self, _tick: int, payload: msgspec.Raw) -> None:
        data = bytes(payload)
        if data == self._comms_bytes:
            return
        self._comms_bytes = data
        self.comms = self._decode_comms(data)
        self.passes += self.comms.in_pass and not self._in_pass
        self._in_pass = self.comms.in_pass

    def _frame(self, _tick: int, payload: msgspec.Raw) -> None:
        self.products += self._decode_frame(payload).products

    def _verification(self, _tick: int, payload: msgspec.Raw) -> None:
        stage = self._decode_verification(payload).stage
        self.verdicts[stage] = self.verdicts.get(stage, 0) + 1

    def _health(self, _tick: int, payload: msgspec.Raw) -> None:
        data = bytes(payload)
        if data == self._mode_bytes:
            return
        self._mode_bytes = data
        status = self._decode_mode(data)
        self.mode_changes += self._mode is not None and status.mode is not self._mode.mode
        self._mode = status

    def _event_of(self, source: str) -> Handler:
        def handle(tick: int, payload: msgspec.Raw) -> None:
            event = self._decode_event(payload)
            self._write_event(tick, source, event.severity, event.id, dict(event.args))

        return handle

    def _bus_event(self, tick: int, payload: msgspec.Raw) -> None:
        event = self._decode_bus_event(payload)
        args: dict[str, object] = {"process": event.process, "incarnation": event.incarnation}
        self._write_event(tick, "bus", BUS_SEVERITY[event.kind], event.kind.name, args)

    def _write_event(self, tick: int, source: str, severity: Severity, name: str, args: dict[str, object]) -> None:
        self.events_by_severity[severity.name] = self.events_by_severity.get(severity.name, 0) + 1
        line = {
            "tick": tick,
            "t_s": round(tick * self._dt_s, 9),
            "source": source,
            "severity": severity.name,
            "id": name,
            "args": args,
        }
        self._events.write(self._to_json(line) + b"\n")
