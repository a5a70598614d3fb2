"""Communications: messages in, messages out. The decisions are in `ingest`, `law` (or a user's own law) and `store`.

Reads `tc.request`, `tc.request.health`, `tc.report.*`, `sensor.link`, `sensor.nav`, `infer.result`, `power.status`,
`health.mode`, `time.status`. Gives `comms.status`, `comms.radio`, `comms.frame`, `comms.frame_time`, `tc.verification`,
`tc.dispatch`, `event.comms`, `cds.comms`.
"""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.comms.config import CommsConfig
from flightsw.apps.comms.ingest import IngestState, OpenRequest, conclude, receive, time_out
from flightsw.apps.comms.interface import STANDARD, CommsLaw
from flightsw.apps.comms.law import Inputs
from flightsw.apps.comms.silence import Listener, StationRow, station_name
from flightsw.apps.comms.store import Store, product_bytes
from flightsw.apps.repeating import Repeating
from flightsw.apps.tables import ParameterTable
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message, Scalar
from flightsw.messages.commands import CommsSetTransmitter
from flightsw.messages.comms import (
    CommsCriticalData,
    CommsStatus,
    DownlinkFrame,
    FrameTime,
    RadioCommand,
    TcDispatch,
    TcReport,
    TcRequest,
)
from flightsw.messages.health import Event, Mode, ModeStatus, Severity
from flightsw.messages.inference import InferenceResult
from flightsw.messages.plant import LinkSensors, NavSensors
from flightsw.messages.power import PowerStatus
from flightsw.messages.time import TimeStatus

STORE_TICKS = 10
NO_LINK = LinkSensors(None, None, 0.0)


class CommsApp:
    """The application.

    `stations`: by the number that the radio gives. `transmitter_tier`: the load-shed level at which the EPS
    takes the transmitter's rail; None: never. `timed`: a clock is fitted, and frames bear its time.
    """

    name = "comms"

    def __init__(
        self,
        config: CommsConfig,
        stations: tuple[StationRow, ...],
        dt_s: float,
        transmitter_tier: int | None = None,
        law: CommsLaw = STANDARD,
        *,
        timed: bool = False,
    ) -> None:
        self._config = config
        self._stations = stations
        self._listener = Listener(stations, dt_s)
        self._dt_s = dt_s
        self._transmitter_tier = transmitter_tier
        self._ingest = IngestState()
        self._store = Store(config.store_bytes)
        self._link = NO_LINK
        self._law = law
        self._critical_data = law.CriticalData
        self._state = law.initial()
        self._mode = Mode.BOOT
        self._shed_level = 0
        self._timed = timed
        self._time: TimeStatus | None = None
        self._sent_bytes = 0
        self._radio = Repeating()
        self._kept: tuple[int, bool, IngestState] | None = None
        """what changed last when critical data was stored"""
        self._parameters = ParameterTable("comms", config, self._apply)
        self._handlers: Handlers = {**self._parameters.handlers, CommsSetTransmitter: self._set_transmitter}

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if (stored := inbox.last(self._critical_data)) is not None:
            self._parameters.restore(inbox)
            self._restore(stored)
        if (mode := inbox.last(ModeStatus)) is not None:
            self._mode = mode.mode
        if (power := inbox.last(PowerStatus)) is not None:
            self._shed_level = power.load_shed_level
        if self._timed:
            self._time = inbox.last(TimeStatus) or self._time
        out = self._telecommands(now, inbox)
        self._link = link = inbox.last(LinkSensors) or self._link
        heard, wait_s = link.station is not None, self._config.carrier_wait_s
        out += self._listener.step(inbox.last(NavSensors), heard=heard, wait_s=wait_s)
        store = self._store
        store.add_housekeeping(self._config.housekeeping_bytes_per_tick)
        was_full = store.full
        for result in inbox.all(InferenceResult):
            store.add_product(result.batch, product_bytes(result, self._config))
        if store.full and not was_full:
            out.append(Event(Severity.WARNING_LO, "store.full", {"waiting_bytes": store.waiting_bytes}))
        transmitting = self._downlink(now, out)
        out.append(
            CommsStatus(
                in_pass=link.station is not None,
                station=link.station,
                rate_bps=link.rate_bps,
                queue_bytes=store.waiting_bytes,
                sent_bytes=self._sent_bytes,
                dropped_products=store.dropped,
                tc_accepted=self._ingest.accepted,
                tc_rejected=self._ingest.rejected,
            )
        )
        self._radio.send(RadioCommand(transmitting), now.tick, out)
        self._store_critical_data(now, out)
        return out

    def reconfigure(self, config: CommsConfig) -> None:
        """Go on with another configuration; what a table activated stands where that says nothing new."""
        self._apply(self._parameters.rebased(config))

    def _apply(self, config: CommsConfig) -> None:
        """What is stored already stays."""
        self._config = config
        self._store.limit(config.store_bytes)

    def _telecommands(self, now: Now, inbox: Inbox) -> list[Message]:
        out: list[Message] = []
        state = self._ingest
        for request in inbox.all(TcRequest):
            state, answers = receive(state, request, self._mode, now.tick, self._config.report_ticks)
            out += answers
        own = Inbox([("comms", message) for message in out if type(message) is TcDispatch])
        reports = inbox.of(TcReport)
        if own:
            done = execute_own(own, self._handlers)
            reports += [("comms", report) for report in done if isinstance(report, TcReport)]
            out += [message for message in done if not isinstance(message, TcReport)]
        for source, report in reports:
            state, answers = conclude(state, source, report)
            out += answers
        if state.open:
            state, answers = time_out(state, now.tick)
            out += answers
        self._ingest = state
        return out

    def _downlink(self, now: Now, out: list[Message]) -> bool:
        """Send what this tick has room for; whether the transmitter is wanted on."""
        link, store, tier = self._link, self._store, self._transmitter_tier
        inputs = Inputs(
            link.station,
            link.rate_bps,
            self._mode,
            tier is None or self._shed_level < tier,
            store.housekeeping_bytes,
            store.product_bytes,
        )
        before = self._state
        self._state, outputs = self._law.step(before, inputs, self._dt_s)
        if outputs.ended is not None:
            self._tell_pass("pass.end", outputs.ended, {"sent_bytes": before.pass_bytes}, out)
        if outputs.began is not None:
            self._tell_pass("pass.start", outputs.began, {}, out)
        if not outputs.transmit or link.station is None:
            return False
        sent = store.send(outputs.budget_bytes, products=outputs.products)
        size_bytes = sent.housekeeping_bytes + sent.product_bytes
        if size_bytes:
            self._state = self._law.counted(self._state, size_bytes)
            self._sent_bytes += size_bytes
            out.append(
                DownlinkFrame(link.station, sent.housekeeping_bytes, sent.product_bytes, sent.products, sent.last_batch)
            )
            if (time := self._time) is not None:  # carried on by ticks from health's last word
                since_ns = now.t_ns - round(time.tick * now.dt_s * 1e9)
                utc_ns = None if time.utc_ns is None else time.utc_ns + since_ns
                out.append(FrameTime(time.met_ns + since_ns, utc_ns, time.sync))
        return True

    def _tell_pass(self, event: str, station: int, args: dict[str, Scalar], out: list[Message]) -> None:
        out.append(Event(Severity.ACTIVITY_LO, event, {"station": station_name(self._stations, station), **args}))

    def _store_critical_data(self, now: Now, out: list[Message]) -> None:
        ingest, store = self._ingest, self._store
        kept = (self._sent_bytes, self._state.allowed, ingest)
        if now.tick % STORE_TICKS and self._kept is not None and kept == self._kept:
            return
        self._kept = kept
        standard = CommsCriticalData(
            sent_bytes=self._sent_bytes,
            dropped_products=store.dropped,
            queued_products=store.products,
            next_batch=store.next_batch,
            transmitter_allowed=self._state.allowed,
            tc_accepted=ingest.accepted,
            tc_rejected=ingest.rejected,
            seen_requests=ingest.seen,
            open_requests=tuple([one.request for one in ingest.open]),
            open_names=tuple([one.name for one in ingest.open]),
            open_due_ticks=tuple([one.due_tick for one in ingest.open]),
        )
        out.append(self._law.stored(self._state, standard))

    def _restore(self, stored: CommsCriticalData) -> None:
        """The store itself was volatile: what was in it counts as dropped."""
        self._sent_bytes = stored.sent_bytes
        self._store.dropped = stored.dropped_products + stored.queued_products
        self._store.next_batch = stored.next_batch
        self._state = self._law.restored(self._state, stored)
        opened = zip(stored.open_requests, stored.open_names, stored.open_due_ticks, strict=True)
        self._ingest = IngestState(
            tuple([OpenRequest(*one) for one in opened]), stored.seen_requests, stored.tc_accepted, stored.tc_rejected
        )

    def _set_transmitter(self, command: CommsSetTransmitter) -> str | None:
        self._state = self._law.with_transmitter(self._state, allowed=command.on)
        return None
