"""Communications: messages in, messages out. The decisions are in `ingest` and `store`."""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.apps.comms.config import CommsConfig
from flightsw.apps.comms.ingest import Ingest
from flightsw.apps.comms.store import Sent, Store, product_bytes
from flightsw.apps.telecommands import Handlers, execute_own
from flightsw.bus.application import Inbox, Now
from flightsw.messages.base import Message, Scalar
from flightsw.messages.commands import CommsSetTransmitter
from flightsw.messages.comms import (
    CommsCriticalData,
    CommsStatus,
    DownlinkFrame,
    RadioCommand,
    TcDispatch,
    TcReport,
    TcRequest,
)
from flightsw.messages.health import Event, Severity
from flightsw.messages.inference import InferenceResult
from flightsw.messages.plant import LinkSensors

STORE_TICKS = 10
NO_LINK = LinkSensors(None, None, 0.0)


class CommsApp:
    """The application. `stations`: names, by the number that the radio gives."""

    name = "comms"

    def __init__(self, config: CommsConfig, stations: tuple[str, ...], dt_s: float) -> None:
        self._config = config
        self._stations = stations
        self._dt_s = dt_s
        self._ingest = Ingest(config.report_ticks)
        self._store = Store(config.store_bytes)
        self._link = NO_LINK
        self._allowed = True
        self._sent_bytes = 0
        self._pass_bytes = 0
        self._full = False
        self._handlers: Handlers = {CommsSetTransmitter: self._set_transmitter}

    def step(self, now: Now, inbox: Inbox) -> Sequence[Message]:
        """One tick."""
        if (stored := inbox.last(CommsCriticalData)) is not None:
            self._restore(stored)
        out = self._telecommands(now, inbox)
        before = self._link
        self._link = inbox.last(LinkSensors) or self._link
        out += self._pass_events(before)
        self._store.add_housekeeping(self._config.housekeeping_bytes_per_tick)
        for result in inbox.all(InferenceResult):
            self._store.add_product(result.batch, product_bytes(result, self._config))
        out += self._store_events()
        out += self._downlink()
        link = self._link
        out.append(
            CommsStatus(
                in_pass=link.station is not None,
                station=link.station,
                rate_bps=link.rate_bps,
                queue_bytes=self._store.waiting_bytes,
                sent_bytes=self._sent_bytes,
                dropped_products=self._store.dropped,
                tc_accepted=self._ingest.accepted,
                tc_rejected=self._ingest.rejected,
            )
        )
        out.append(RadioCommand(self._sending))
        if now.tick % STORE_TICKS == 0:
            out.append(
                CommsCriticalData(
                    self._sent_bytes,
                    self._store.dropped,
                    self._ingest.accepted,
                    self._ingest.rejected,
                    self._store.products,
                )
            )
        return out

    @property
    def _sending(self) -> bool:
        return self._allowed and self._link.station is not None and self._link.rate_bps > 0.0

    def _telecommands(self, now: Now, inbox: Inbox) -> list[Message]:
        out: list[Message] = []
        for request in inbox.all(TcRequest):
            out += self._ingest.request(request, now.tick)
        own = Inbox([("comms", message) for message in out if isinstance(message, TcDispatch)])
        for report in (*execute_own(own, self._handlers), *inbox.all(TcReport)):
            if isinstance(report, TcReport):
                out += self._ingest.report(report)
        return out + self._ingest.overdue(now.tick)

    def _downlink(self) -> list[Message]:
        station = self._link.station
        if not self._sending or station is None:
            return []
        sent: Sent = self._store.send(int(self._link.rate_bps * self._dt_s / 8.0))
        size_bytes = sent.housekeeping_bytes + sent.product_bytes
        if size_bytes == 0:
            return []
        self._sent_bytes += size_bytes
        self._pass_bytes += size_bytes
        return [DownlinkFrame(station, sent.housekeeping_bytes, sent.product_bytes, sent.products, sent.last_batch)]

    def _pass_events(self, before: LinkSensors) -> list[Message]:
        if self._link.station == before.station:
            return []
        events: list[Message] = []
        if before.station is not None:
            args: dict[str, Scalar] = {"station": self._stations[before.station], "sent_bytes": self._pass_bytes}
            events.append(Event(Severity.ACTIVITY_LO, "pass.end", args))
        if self._link.station is not None:
            self._pass_bytes = 0
            events.append(Event(Severity.ACTIVITY_LO, "pass.start", {"station": self._stations[self._link.station]}))
        return events

    def _store_events(self) -> list[Message]:
        full = self._store.dropped > 0
        if full == self._full:
            return []
        self._full = full
        return [Event(Severity.WARNING_LO, "store.full", {"waiting_bytes": self._store.waiting_bytes})]

    def _restore(self, stored: CommsCriticalData) -> None:
        """The store itself was volatile: what was in it counts as dropped."""
        self._sent_bytes = stored.sent_bytes
        self._store.dropped = stored.dropped_products + stored.queued_products
        self._ingest.accepted, self._ingest.rejected = stored.tc_accepted, stored.tc_rejected

    def _set_transmitter(self, command: CommsSetTransmitter) -> str | None:
        self._allowed = command.on
        return None
