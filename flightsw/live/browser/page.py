"""The console's page: pictures, figures, events, and forms to command the run. One run, any number of people looking.

Each open page has a `Page` of its own, refreshed by a timer; what they look at is the one `Session`. NiceGUI is an
optional part and is imported when a page is made. Classes that begin with `at-` are where tests and scripts look.
"""

from __future__ import annotations

from html import escape
from typing import Any

from flightsw.bus.umbilical import UmbilicalRequest
from flightsw.errors import ConfigError
from flightsw.live.browser import figures
from flightsw.live.browser.pictures import Pictures
from flightsw.live.browser.session import Session
from flightsw.live.browser.style import CSS
from flightsw.live.forms import Form, FormField, Kind
from flightsw.live.remote import SPEEDS
from flightsw.live.state import LiveState
from flightsw.live.text import clock
from flightsw.record.folder import RUNNING

REFRESH_S = 0.5
FREE = 0.0
"""of the speeds to pick: as fast as possible"""
_BAD_MODES = ("SURVIVAL", "SAFE", "OFF")


class Page:
    """One open page."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._look_at: int | None = None
        """tick that is looked at; None: the newest"""
        self._drawn: tuple[Any, ...] = ()
        """what the pictures show already"""

    def build(self, *, dark: bool) -> None:
        """Make the page's elements. Within a page function of NiceGUI."""
        from nicegui import ui

        ui.add_css(CSS)
        self._dark = ui.dark_mode(value=dark)
        with ui.element("main").classes("console"):
            with ui.element("header").classes("bar"):
                self._build_bar()
            with ui.element("nav").classes("bar time"):
                self._build_time()
            self._pictures = Pictures(self._session)
            with ui.element("div").classes("side"):
                self._build_side()
        self._timer = ui.timer(REFRESH_S, self.refresh)

    # -- making it ------------------------------------------------------------------------------------------------

    def _build_bar(self) -> None:
        from nicegui import ui

        self._title = ui.html("", sanitize=False)
        self._mode = ui.label().classes("mode at-mode")
        self._time = ui.label().classes("at-time")
        self._state = ui.label().classes("faint at-state")
        ui.element("div").classes("spring")
        self._pause = ui.button("pause", on_click=self._toggle_pause).props("dense outline no-caps").classes("at-pause")
        self._step = ui.button("step", on_click=self._one_tick).props("dense outline no-caps").classes("at-step")
        speeds = {FREE: "as fast as possible", **{speed: f"{speed:g} x real time" for speed in SPEEDS}}
        self._speed = ui.select(speeds, value=None, label="speed", on_change=self._set_speed)
        self._speed.props("dense outlined options-dense").classes("at-speed").style("width: 170px")
        ui.button(icon="contrast", on_click=self._toggle_dark).props("dense flat").tooltip("dark / light")

    def _build_time(self) -> None:
        from nicegui import ui

        self._slider = ui.slider(min=0, max=1, value=1).props("dense").classes("at-scrub")
        self._slider.on("update:model-value", self._scrub, throttle=0.2)
        ui.button("newest", on_click=self._follow).props("dense flat no-caps").classes("at-newest")

    def _build_side(self) -> None:
        from nicegui import ui

        self._tables = {}
        with ui.element("div").classes("pairs"):
            for name in ("power", "thermal", "inference", "link"):
                with ui.element("section").classes("panel"):
                    ui.html(f"<h2>{name}</h2>", sanitize=False)
                    self._tables[name] = ui.html("", sanitize=False).mark(name)
        with ui.element("section").classes("panel"):
            with ui.tabs().props("dense align=left") as tabs:
                commands, faults = ui.tab("command").classes("at-command-tab"), ui.tab("fault").classes("at-fault-tab")
            with ui.tab_panels(tabs, value=commands, animated=False).style("background: transparent"):
                with ui.tab_panel(commands):
                    self._commands = Asking(self._session, "command")
                with ui.tab_panel(faults):
                    self._faults = Asking(self._session, "fault")
            self._orders = ui.html("", sanitize=False).classes("scroll at-orders")

    # -- keeping it up to date ------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what is new."""
        session = self._session
        state = session.state
        self._tell_state()
        self._orders.content = figures.orders(session.orders)
        if state is None or session.facts is None or session.history is None or state.tick is None:
            return
        facts = session.facts
        shown = state if self._look_at is None else session.history.at(self._look_at) or state
        self._commands.offer(session.commands)
        self._faults.offer(session.faults)
        self._title.content = f"<h1>{escape(facts.name)} <span class=faint>seed {facts.seed}</span></h1>"
        mode = str(shown.value("health.mode", "mode") or "-")
        self._mode.text = mode
        self._mode.classes(replace="at-mode mode alarm" if mode in _BAD_MODES else "at-mode mode")
        orbit = "" if facts.orbit_s is None else f", orbit {shown.time_s / facts.orbit_s:.2f}"
        self._time.text = f"T+ {clock(shown.time_s)}{orbit}"
        self._tables["power"].content = figures.table(figures.power(facts, shown))
        self._tables["thermal"].content = figures.table(figures.thermal(facts, shown))
        rate_per_s = session.throughput_per_s(shown.tick)
        self._tables["inference"].content = figures.table(figures.inference(facts, shown, rate_per_s))
        self._tables["link"].content = figures.table(figures.link(facts, shown))
        self._move_slider(state)
        drawn = (len(session.history.moments), session.history.moments[-1].tick, self._look_at, self._dark.value)
        if drawn != self._drawn:
            self._drawn = drawn
            self._pictures.draw(shown, cursor=self._look_at is not None, dark=bool(self._dark.value))

    def _tell_state(self) -> None:
        session = self._session
        pace = session.remote.pace
        live = not session.is_over
        for element in (self._pause, self._step, self._speed):
            element.set_enabled(live)
        words = []
        if session.error:
            words.append(session.error)
        elif not live:
            words.append(session.outcome if session.outcome != RUNNING else "cut: nobody writes this log any more")
        elif session.state is None:
            words.append("waiting for the log")
        elif pace is not None and pace.paused:
            words.append("paused")
        elif session.factor is not None:
            words.append(f"{session.factor:,.0f} x real time")
        if session.is_perturbed:
            words.append("perturbed")
        if self._look_at is not None:
            words.append("looking back")
        self._state.text = ", ".join(words)
        self._pause.text = "go on" if pace is not None and pace.paused else "pause"

    def _move_slider(self, state: LiveState) -> None:
        assert state.tick is not None
        self._slider.props(f"max={max(1, state.tick)}")
        if self._look_at is None:
            self._slider.value = state.tick

    # -- what people do -------------------------------------------------------------------------------------------

    def _toggle_pause(self) -> None:
        pace = self._session.remote.pace
        self._session.pace(UmbilicalRequest("resume" if pace is not None and pace.paused else "pause"))

    def _one_tick(self) -> None:
        self._session.pace(UmbilicalRequest("step"))

    def _set_speed(self, event: Any) -> None:
        if event.value is not None:
            self._session.pace(UmbilicalRequest("speed", speed=None if event.value == FREE else float(event.value)))

    def _scrub(self, event: Any) -> None:
        self._look_at = int(event.args)

    def _follow(self) -> None:
        self._look_at = None

    def _toggle_dark(self) -> None:
        self._dark.value = not self._dark.value


class Asking:
    """A choice of what may be asked, and the form of the one that is chosen."""

    def __init__(self, session: Session, what: str) -> None:
        from nicegui import ui

        self._session = session
        self._what = what
        self._forms: dict[str, Form] = {}
        self._inputs: dict[str, Any] = {}
        self._choice = ui.select([], label=what, on_change=self._chosen, with_input=True).props("dense options-dense")
        self._choice.classes("w-full").style("width: 100%").classes(f"at-{what}-name")
        self._body = ui.element("div").classes("form")

    def offer(self, forms: dict[str, Form]) -> None:
        """What there is to choose from; the first time the first one is chosen."""
        if forms.keys() != self._forms.keys():
            self._forms = forms
            self._choice.set_options(list(forms), value=next(iter(forms)))

    def _chosen(self) -> None:
        from nicegui import ui

        self._body.clear()
        self._inputs = {}
        form = self._forms.get(str(self._choice.value))
        if form is None:
            return
        with self._body:
            ui.html(f"<p>{escape(form.text)}</p>", sanitize=False)
            for field in form.fields:
                self._inputs[field.name] = _input(field).classes(f"at-{self._what}-{field.name}")
            words = "send" if self._what == "command" else "inject"
            ui.button(words, on_click=self._ask).props("dense no-caps").classes(f"at-{self._what}-send")

    def _ask(self) -> None:
        from nicegui import ui

        given = {name: one.value for name, one in self._inputs.items()}
        send = self._session.command if self._what == "command" else self._session.inject
        try:
            send(str(self._choice.value), given)
        except ConfigError as error:
            ui.notify(str(error), type="warning", position="bottom-right")


def _input(field: FormField) -> Any:
    """The element that asks for a field."""
    from nicegui import ui

    label = field.name + (f" ({field.hint})" if field.hint else "") + ("" if field.required else ", may be left out")
    if field.kind is Kind.FLAG:
        return ui.switch(label, value=bool(field.default))
    if field.kind is Kind.CHOICE:
        return ui.select(list(field.choices), value=field.choices[0], label=label).props("dense options-dense")
    default = "" if field.default is None else str(field.default)
    suggestions = list(field.choices)
    return ui.input(label, value=default, autocomplete=suggestions).props("dense")
