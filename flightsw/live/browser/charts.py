"""The console's pictures as options of ECharts: courses with their limits, shadow as bands, the ground track.

Pure: columns of a `History` in, plain data out. Times are since the start, as far as the history goes, in the unit
that suits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flightsw.live.history import Spans
from flightsw.live.limits import Limits
from flightsw.messages.plant import IN_ECLIPSE
from flightsw.record.coast import LAND

Options = dict[str, Any]
Course = Sequence[float | None]


class Palette(NamedTuple):
    """Colours of lines and paper; those of levels mean what they mean everywhere."""

    ink: str
    faint: str
    shadow: str
    night: str
    land: str
    lines: tuple[str, ...]
    warning: str
    alarm: str


DARK = Palette(
    ink="#c9d3dd",
    faint="#2b3541",
    shadow="rgba(96,125,168,0.20)",
    night="#55687f",
    land="#46525f",
    lines=("#7db8e8", "#b9a5e0", "#7fc8a9", "#9aa7b4"),
    warning="#e3b341",
    alarm="#f0655a",
)
LIGHT = Palette(
    ink="#33404d",
    faint="#dfe5eb",
    shadow="rgba(70,96,140,0.13)",
    night="#a9b6c6",
    land="#c3ccd6",
    lines=("#1f6fb2", "#7253b8", "#1f8a5f", "#6b7884"),
    warning="#a86f00",
    alarm="#c2271b",
)


_LABELS = {
    "red_low": "insideEndBottom",
    "yellow_low": "insideEndTop",
    "yellow_high": "insideEndBottom",
    "red_high": "insideEndTop",
}
"""Where the name of a limit stands, so that red and yellow keep apart."""


class Line(NamedTuple):
    """One course of a picture."""

    name: str
    values: Course
    axis: int = 0
    step: bool = False


class Unit(NamedTuple):
    """Of a time axis."""

    sign: str
    seconds: float

    def of(self, time_s: float) -> float:
        """A time in it."""
        return round(time_s / self.seconds, 5)


def _unit(times_s: Sequence[float]) -> Unit:
    """As a report's axes have it."""
    span_s = times_s[-1] - times_s[0] if times_s else 0.0
    units = ((300.0, Unit("s", 1.0)), (14400.0, Unit("min", 60.0)), (360000.0, Unit("h", 3600.0)))
    return next((unit for most_s, unit in units if span_s <= most_s), Unit("d", 86400.0))


def _short(value: float | None) -> float | None:
    """No more digits than a picture shows."""
    return None if value is None else round(value, 3)


def _axis(palette: Palette, **more: Any) -> Options:
    return {
        "type": "value",
        "axisLabel": {"color": palette.ink, "fontSize": 11},
        "splitLine": {"lineStyle": {"color": palette.faint}},
        **more,
    }


def _frame(palette: Palette, lines: Sequence[str], y_axes: list[Options], sign: str = "") -> Options:
    return {
        "animation": False,
        "color": list(palette.lines),
        "grid": {"left": 48, "right": 48 if len(y_axes) > 1 else 16, "top": 28, "bottom": 24},
        "legend": {
            "data": list(lines),
            "right": 8,
            "top": 2,
            "icon": "roundRect",
            "itemHeight": 4,
            "itemWidth": 14,
            "textStyle": {"color": palette.ink, "fontSize": 11},
        },
        "tooltip": {"trigger": "axis", "confine": True},
        "xAxis": {
            "type": "value",
            "min": "dataMin",
            "max": "dataMax",
            "axisLabel": {
                "color": palette.ink,
                "fontSize": 11,
                "formatter": f"{{value}} {sign}",
                "showMaxLabel": False,
            },
            "splitLine": {"show": False},
            "axisLine": {"lineStyle": {"color": palette.ink}},
        },
        "yAxis": y_axes,
    }


def _bands(spans: Spans, unit: Unit, palette: Palette) -> Options:
    areas = [[{"xAxis": unit.of(begin)}, {"xAxis": unit.of(end)}] for begin, end in spans]
    return {"silent": True, "itemStyle": {"color": palette.shadow}, "data": areas}


def _marks(limits: Sequence[tuple[str, Limits]], cursor_s: float | None, unit: Unit, palette: Palette) -> Options:
    """Limits as lines across, and the moment that is looked at as one down."""
    data: list[Options] = []
    for name, limit in limits:
        for end in Limits.__struct_fields__:
            value = getattr(limit, end)
            if value is not None:
                colour = palette.alarm if end.startswith("red") else palette.warning
                label = {"formatter": f"{name} {value:g}", "position": _LABELS[end], "color": colour, "fontSize": 10}
                data.append({"yAxis": value, "label": label, "lineStyle": {"color": colour, "type": "dashed"}})
    if cursor_s is not None:
        data.append(
            {"xAxis": unit.of(cursor_s), "label": {"show": False}, "lineStyle": {"color": palette.ink, "type": "solid"}}
        )
    return {"silent": True, "symbol": "none", "data": data}


def courses(
    times_s: Sequence[float],
    lines: Sequence[Line],
    y_axes: Sequence[tuple[float | None, float | None]],
    palette: Palette,
    *,
    spans: Spans = [],  # noqa: B006  read only
    limits: Sequence[tuple[str, Limits]] = (),
    cursor_s: float | None = None,
) -> Options:
    """Lines over time. `y_axes`: (least, most); None: as the values are."""
    axes = [
        _axis(palette, min=low, max=high, **({"splitLine": {"show": False}} if place else {}))
        for place, (low, high) in enumerate(y_axes)
    ]
    unit = _unit(times_s)
    places = [unit.of(time_s) for time_s in times_s]
    options = _frame(palette, [line.name for line in lines], axes, unit.sign)
    options["series"] = [
        {
            "name": line.name,
            "type": "line",
            "showSymbol": False,
            "yAxisIndex": line.axis,
            "lineStyle": {"width": 1.5},
            "step": "end" if line.step else False,
            "data": [[place, _short(value)] for place, value in zip(places, line.values, strict=True)],
        }
        for line in lines
    ]
    if options["series"]:
        options["series"][0] |= {
            "markArea": _bands(spans, unit, palette),
            "markLine": _marks(limits, cursor_s, unit, palette),
        }
    return options


def modes(
    times_s: Sequence[float],
    numbers: Course,
    names: Sequence[str],
    palette: Palette,
    *,
    spans: Spans,
    cursor_s: float | None,
) -> Options:
    """The mode over time, by name."""
    options = courses(
        times_s, [Line("mode", numbers, step=True)], [(None, None)], palette, spans=spans, cursor_s=cursor_s
    )
    axis = options["yAxis"][0]
    options["yAxis"] = [
        axis | {"type": "category", "data": list(names), "axisLabel": {**axis["axisLabel"], "interval": 0}}
    ]
    options["grid"] = {"left": 76, "right": 16, "top": 8, "bottom": 24}
    options["legend"] = {"show": False}
    return options


def ground_track(
    latitudes: Course,
    longitudes: Course,
    sunlit: Course,
    stations: Sequence[tuple[str, float, float]],
    palette: Palette,
) -> Options:
    """Where the node was, in sunlight and in shadow, and where it is; stations by name."""
    places = [
        (round(longitude, 2), round(latitude, 2), lit is None or lit >= IN_ECLIPSE)
        for latitude, longitude, lit in zip(latitudes, longitudes, sunlit, strict=True)
        if latitude is not None and longitude is not None
    ]
    options = _frame(palette, ["sunlit", "in shadow", "node", "stations"], [])
    span: Options = {
        "axisTick": {"show": False},
        "splitLine": {"lineStyle": {"color": palette.faint}},
        "axisLine": {"show": False},
    }
    labels = {"color": palette.ink, "fontSize": 11, "formatter": "{value}°"}
    options["xAxis"] = {"type": "value", "min": -180, "max": 180, "interval": 60, "axisLabel": labels, **span}
    options["yAxis"] = {"type": "value", "min": -90, "max": 90, "interval": 30, "axisLabel": labels, **span}
    options["tooltip"] = {"trigger": "item", "confine": True}
    dots = {"type": "scatter", "symbolSize": 3, "silent": True}
    named = {"show": True, "formatter": "{b}", "position": "right", "color": palette.ink, "fontSize": 11}
    options["series"] = [
        {
            "name": "land",
            "type": "line",
            "showSymbol": False,
            "silent": True,
            "lineStyle": {"color": palette.land, "width": 1},
            "data": [place for outline in LAND for place in (*outline, outline[0], (None, None))],
        },
        {**dots, "name": "sunlit", "itemStyle": {"color": palette.lines[0]}, "data": [p[:2] for p in places if p[2]]},
        {
            **dots,
            "name": "in shadow",
            "itemStyle": {"color": palette.night},
            "data": [p[:2] for p in places if not p[2]],
        },
        {
            "name": "node",
            "type": "scatter",
            "symbolSize": 13,
            "itemStyle": {"color": palette.ink},
            "data": [place[:2] for place in places[-1:]],
        },
        {
            "name": "stations",
            "type": "scatter",
            "symbol": "triangle",
            "symbolSize": 9,
            "itemStyle": {"color": palette.lines[2]},
            "label": named,
            "data": [{"name": name, "value": [longitude, latitude]} for name, latitude, longitude in stations],
        },
    ]
    return options
