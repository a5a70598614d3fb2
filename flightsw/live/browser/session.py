"""One run as the console has it: followed, remembered, and asked to do things whose outcome is awaited in its log.

Shared by all who have the page open. Nothing here waits; `poll` is called a few times a second.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from flightsw.bus.log import LogHeader
from flightsw.bus.logreader import decode_record
from flightsw.bus.umbilical import UmbilicalRequest
from flightsw.errors import ConfigError, LogError
from flightsw.live.follower import Follower
from flightsw.live.forms import Form, Names, command_forms, fault_forms
from flightsw.live.history import History, value_reader
from flightsw.live.state import Happening, LiveState
from flightsw.messages.base import Scalar
from flightsw.messages.topics import OUTSIDE
from flightsw.record.folder import RUNNING, read_manifest
from flightsw.record.follow import is_over

MOST_TICKS = 4000
"""taken in at a time, so that a long log that is opened doesn't hold up the page"""
ORDERS_KEPT = 50
SMOOTHED = 12
"""moments that a throughput is taken over"""
WATCHED = {
    "soc": ("power.status", "soc"),
    "reserve": ("power.status", "reserve_soc"),
    "array_w": ("power.status", "array_power_w"),
    "battery_w": ("power.status", "battery_power_w"),
    "power_cap_w": ("power.status", "compute_cap_w"),
    "heat_cap_w": ("thermal.status", "chip_cap_w"),
    "device_w": ("hw.device", "power_w"),
    "queue": ("infer.status", "queue_items"),
    "done": ("infer.status", "items_done"),
    "latitude": ("truth.plant", "latitude_deg"),
    "longitude": ("truth.plant", "longitude_deg"),
    "sunlit": ("truth.plant", "sunlit_fraction"),
    "mode": ("health.mode", "mode"),
    **{f"{name}_c": ("sensor.thermal", f"{name}_c") for name in ("chip", "battery", "board", "radiator")},
}
"""Figures whose course is drawn: by a short name, topic and field."""


class Order(msgspec.Struct):
    """Something that was asked of the run, and what came of it."""

    what: str
    number: int | None = None
    """of the outside input; None: refused at once, or not answered yet"""
    tick: int | None = None
    """at which it comes in"""
    stage: str = "sent"
    """sent, waiting, refused; then a telecommand's last stage, or of a fault `acting`, and `over` when it has ended"""
    reason: str = ""
    over_tick: int | None = None
    """of a fault that acts: the first tick without it; None: it stays"""


class Session(Follower):
    """A run on its way, or one that is over."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(run_dir)
        self.history: History | None = None
        self.orders: list[Order] = []
        """the newest first"""
        self.commands: dict[str, Form] = {}
        self.faults: dict[str, Form] = {}
        self.error = ""
        """why nothing more will come"""
        self.is_over = False
        """the run has ended, whichever way, and all of its log is taken in"""
        self._happened = 0
        self.shadow_edges: list[Happening] = []
        """events of entering and leaving shadow, all of them"""

    def begin(self, header: LogHeader) -> None:
        """The log has its header."""
        super().begin(header)
        assert self.state is not None
        names = self._names(header)
        self.commands, self.faults = command_forms(names), fault_forms(names)
        self.history = History(self.state)
        for name, (topic, field) in WATCHED.items():
            self.history.watch(name, value_reader(topic, field))
        self.history.watch("load_w", _load_w)

    def take_in(self, records: Iterator[bytes]) -> int:
        """All of them: the history has every tick."""
        count = 0
        for data in records:
            self.begun().feed(decode_record(data))
            self._remember()
            count += 1
        return count

    def _remember(self) -> None:
        assert self.history is not None
        assert self.state is not None
        if self.state.happened != self._happened:
            new = self.state.happened - self._happened
            self._happened = self.state.happened
            self.shadow_edges += [one for one in list(self.state.happenings)[-new:] if one.id.startswith("eclipse.")]
        self.history.take()

    def follow(self) -> int:
        """Take in what is new, and look what has become of the orders."""
        try:
            count = self.poll(MOST_TICKS)
        except LogError as error:
            self.error = str(error)
            return 0
        self._settle_orders()
        self.is_over = count == 0 and (self.ended or is_over(self.run_dir))
        return count

    @property
    def outcome(self) -> str:
        """What the manifest says: running, completed, interrupted, failed."""
        try:
            return read_manifest(self.run_dir).outcome
        except LogError:
            return RUNNING

    @property
    def is_perturbed(self) -> bool:
        """Something came from outside that the scenario doesn't plan."""
        return self.state is not None and self.facts is not None and self.state.last_input > self.facts.planned_inputs

    def throughputs_per_s(self) -> list[float | None]:
        """Scenes a simulated second, over the last few moments of each: batches make it uneven from one to the next."""
        assert self.history is not None
        times_s, done = self.history.times_s(), self.history.course("done")
        rates: list[float | None] = [None] * min(SMOOTHED, len(done))
        for place in range(SMOOTHED, len(done)):
            before, after = done[place - SMOOTHED], done[place]
            known = before is not None and after is not None
            span_s = times_s[place] - times_s[place - SMOOTHED]
            rates.append(round((after - before) / span_s, 3) if known else None)
        return rates

    def throughput_per_s(self, tick: int | None) -> float | None:
        """The last one up to this tick."""
        assert self.history is not None
        place = bisect_right(self.history.moments, -1 if tick is None else tick, key=lambda moment: moment.tick) - 1
        return None if place < 0 else self.throughputs_per_s()[place]

    def command(self, name: str, given: Mapping[str, Any]) -> Order:
        """Send a telecommand. Raises ConfigError for what the form can't take."""
        return self._send("command", self._form(self.commands, name), given)

    def inject(self, kind: str, given: Mapping[str, Any]) -> Order:
        """Let a fault begin. Raises ConfigError for what the form can't take."""
        return self._send("inject", self._form(self.faults, kind), given)

    def pace(self, request: UmbilicalRequest) -> None:
        """Pause, go on, step, change the speed."""
        self.remote.ask(request)

    def _form(self, forms: Mapping[str, Form], name: str) -> Form:
        if name not in forms:
            raise ConfigError(f"{name!r}: must be one of {', '.join(forms)}")
        return forms[name]

    def _send(self, op: str, form: Form, given: Mapping[str, Any]) -> Order:
        args: dict[str, Scalar] = form.arguments(given)
        order = Order(" ".join([form.name, *(f"{key}={value}" for key, value in args.items())]))

        def answered(answer: dict[str, Any]) -> None:
            if answer.get("ok"):
                order.number, order.tick, order.stage = answer["request"], answer["tick"], "waiting"
            else:
                order.stage, order.reason = "refused", str(answer.get("error", ""))

        if not self.remote.ask(UmbilicalRequest(op, name=form.name, args=args), answered):
            raise ConfigError("nobody listens: this run is over, or can't be commanded")
        self.orders.insert(0, order)
        del self.orders[ORDERS_KEPT:]
        return order

    def _settle_orders(self) -> None:
        """Give every order its last word, as the log has it."""
        state = self.state
        if state is None:
            return
        for order in self.orders:
            if order.stage == "acting" and order.over_tick is not None and (state.tick or 0) >= order.over_tick:
                order.stage = "over"
        if not any(order.stage == "waiting" for order in self.orders):
            return
        waiting = {order.number: order for order in self.orders if order.stage == "waiting"}
        for one in state.happenings:
            if one.source == OUTSIDE and "number" in one.args and one.args["number"] in waiting:
                order, lasts = waiting[one.args["number"]], one.args.get("lasts_ticks")
                order.stage, order.over_tick = "acting", None if lasts is None else one.tick + lasts
            elif "request" in one.args and one.args["request"] in waiting and one.source != OUTSIDE:
                order = waiting[one.args["request"]]
                order.stage, order.reason = one.id.rpartition(" ")[2], str(one.args.get("reason", ""))

    def _names(self, header: LogHeader) -> Names:
        """What things are called in this node, by the field of a form that names one."""
        assert self.facts is not None
        flight = [process.name for process in header.processes if process.role == "flight"]
        plant = header.scenario.get("plant", {})
        nodes = [node["name"] for node in plant.get("thermal", {}).get("nodes", ())]
        sensors = [
            f"{topic.name}.{field.name}"
            for topic in header.topics
            if topic.name.startswith("sensor.")
            for field in topic.fields
        ]
        topics = [
            topic.name for topic in header.topics if not topic.name.startswith(("truth.", "cds.")) and topic.producer
        ]
        return {
            "load": self.facts.loads,
            "of": ("array", *self.facts.loads),
            "process": flight,
            "app": flight,
            "station": self.facts.stations,
            "node": nodes,
            "field": sensors,
            "topic": topics,
            "lasts": ("30s", "2min", "10min"),
        }


def _load_w(state: LiveState) -> float | None:
    loads = state.value("sensor.power", "load_power_w")
    return None if loads is None else sum(loads)
