"""The pictures of a page, and the list of events under them: made once, drawn anew when there is something new."""

from __future__ import annotations

from typing import Any

from flightsw.live.browser import charts, figures
from flightsw.live.browser.charts import DARK, LIGHT, Line
from flightsw.live.browser.session import Session
from flightsw.live.history import eclipses
from flightsw.live.limits import Limits
from flightsw.live.state import LiveState
from flightsw.messages.health import Mode
from flightsw.messages.plant import IN_ECLIPSE

TITLES = {
    "charge": "charge, %",
    "power": "power, W",
    "thermal": "temperatures, °C",
    "track": "ground track",
    "queue": "queue, scenes; throughput, scenes/s",
    "caps": "payload's power and caps, W",
}


class Pictures:
    """Of one page."""

    def __init__(self, session: Session) -> None:
        from nicegui import ui

        self._session = session
        self._charts: dict[str, Any] = {}
        with ui.element("div").classes("pictures"):
            for name, title in TITLES.items():
                self._charts[name] = self._picture(title, "picture")
            with ui.element("section").classes("panel wide"):
                ui.html("<h2>mode</h2>", sanitize=False)
                self._charts["mode"] = ui.echart({}).classes("picture low")
            with ui.element("section").classes("panel wide"):
                ui.html("<h2>events, the newest first</h2>", sanitize=False)
                self._events = ui.html("", sanitize=False).classes("scroll at-events")

    def _picture(self, title: str, kind: str) -> Any:
        from nicegui import ui

        with ui.element("section").classes("panel"):
            ui.html(f"<h2>{title}</h2>", sanitize=False)
            return ui.echart({}).classes(kind)

    def draw(self, shown: LiveState, *, cursor: bool, dark: bool) -> None:
        """All of them, as of now; `cursor`: with a line at the moment that is shown."""
        session = self._session
        assert session.state is not None
        self._events.content = figures.events(shown.happenings, shown.dt_s)
        for name, options in picture_options(session, shown.time_s if cursor else None, dark=dark).items():
            chart = self._charts[name]
            chart.options.clear()
            chart.options.update(options)
            chart.update()


def picture_options(session: Session, cursor_s: float | None, *, dark: bool) -> dict[str, dict[str, Any]]:
    """Options of every picture, by name."""
    history, facts, state = session.history, session.facts, session.state
    assert history is not None
    assert facts is not None
    assert state is not None
    palette = DARK if dark else LIGHT
    times_s, course = history.times_s(), history.course
    lit = course("sunlit")
    began_in_one = bool(lit) and lit[0] is not None and lit[0] < IN_ECLIPSE
    spans = eclipses(session.shadow_edges, state.dt_s, state.time_s, began_in_one=began_in_one)
    common: dict[str, Any] = {"spans": spans, "cursor_s": cursor_s}
    soc = [None if value is None else round(100.0 * value, 2) for value in course("soc")]
    reserve = [None if value is None else 100.0 * value for value in course("reserve")]
    chip, battery = (facts.limits_of("sensor.thermal", name) for name in ("chip_c", "battery_c"))
    charge = _in_percent(facts.limits_of("power.status", "soc"))
    lines = {name: Line(name, course(f"{name}_c")) for name in ("chip", "battery", "board", "radiator")}
    return {
        "charge": charts.courses(
            times_s,
            [Line("charge", soc), Line("reserve", reserve)],
            [(0.0, 100.0)],
            palette,
            limits=[("charge", charge)],
            **common,
        ),
        "power": charts.courses(
            times_s,
            [
                Line("array", course("array_w")),
                Line("loads", course("load_w")),
                Line("from battery", course("battery_w")),
            ],
            [(None, None)],
            palette,
            **common,
        ),
        "thermal": charts.courses(
            times_s,
            list(lines.values()),
            [(-20.0, 120.0)],
            palette,
            limits=[("chip", chip), ("battery", battery)],
            **common,
        ),
        "track": charts.ground_track(course("latitude"), course("longitude"), lit, facts.station_places, palette),
        "queue": charts.courses(
            times_s,
            [Line("queue", course("queue")), Line("throughput", session.throughputs_per_s(), axis=1)],
            [(0.0, None), (0.0, None)],
            palette,
            **common,
        ),
        "caps": charts.courses(
            times_s,
            [
                Line("drawn", course("device_w")),
                Line("power cap", course("power_cap_w"), step=True),
                Line("heat cap", course("heat_cap_w"), step=True),
            ],
            [(0.0, None)],
            palette,
            **common,
        ),
        "mode": charts.modes(times_s, _mode_numbers(course("mode")), [mode.name for mode in Mode], palette, **common),
    }


def _in_percent(limits: Limits) -> Limits:
    ends = [getattr(limits, end) for end in Limits.__struct_fields__]
    return Limits(*[None if end is None else 100.0 * end for end in ends])


def _mode_numbers(names: list[Any]) -> list[float | None]:
    return [Mode[name].value if name in Mode.__members__ else None for name in names]
