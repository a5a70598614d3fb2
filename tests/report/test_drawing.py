"""Fewer points, the same picture: extremes and gaps stay; axes are round; texts don't overlap."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from flightsw.report import axes, decimate
from flightsw.report.drawing import Limit, Line, Panel, Row, Span, Strip
from flightsw.report.frame import LEFT, PLOT, TOP, Frame
from flightsw.report.panels import panel_svg
from flightsw.report.strips import strip_svg

VALUES = arrays.arrays(np.float64, st.integers(1, 400), elements=st.floats(-1e6, 1e6) | st.just(float("nan")))


@settings(max_examples=40)
@given(VALUES, st.integers(1, 20))
def test_decimation_keeps_the_extremes_of_all_and_every_gap(values: np.ndarray, buckets: int) -> None:
    places = decimate.kept(values, buckets)
    assert np.all(np.diff(places) > 0)
    assert (places[0], places[-1]) == (0, len(values) - 1)
    if np.isfinite(values).any():
        assert np.nanmin(values[places]) == np.nanmin(values)
        assert np.nanmax(values[places]) == np.nanmax(values)
    edges = np.flatnonzero(np.isnan(values[1:]) != np.isnan(values[:-1]))
    assert set(edges) | set(edges + 1) <= set(places.tolist())
    assert len(places) <= max(2 * buckets, 2 * buckets + 2 + 2 * len(edges))


@settings(max_examples=40)
@given(VALUES, st.integers(1, 20))
def test_the_envelope_holds_every_value_and_its_mean(values: np.ndarray, buckets: int) -> None:
    low, high, mean, width = decimate.envelope(values, buckets)
    for place, value in enumerate(values):
        if not np.isnan(value):
            assert low[place // width] <= value <= high[place // width]
    known = ~np.isnan(mean)
    assert np.all(mean[known] >= low[known] - 1e-6)
    assert np.all(mean[known] <= high[known] + 1e-6)


@settings(max_examples=40)
@given(arrays.arrays(np.float64, st.integers(2, 300), elements=st.floats(0, 300)))
def test_straightening_drops_no_extreme_and_stays_near_the_line(y: np.ndarray) -> None:
    x = np.arange(len(y), dtype=np.float64)
    keep = decimate.straightened(x, y, 0.12)
    assert keep[0]
    assert keep[-1]
    assert y[keep].min() == y.min()
    assert y[keep].max() == y.max()
    assert np.max(np.abs(np.interp(x, x[keep], y[keep]) - y)) <= 10 * 0.12


def test_a_straight_line_needs_two_points_or_few() -> None:
    x = np.arange(1000.0)
    assert decimate.straightened(x, 2.0 * x, 0.1).sum() < 50


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(1, 12))
def test_ticks_are_round_within_the_range_and_not_too_many(low: float, span: float, most: int) -> None:
    found = axes.ticks(low, low + span, most)
    assert 2 <= len(found) <= max(most, 4) + 1
    assert all(low - 1e-6 * span <= value <= low + span * (1 + 1e-6) for value in found)
    assert len(set(axes.labels(found))) == len(found) or span < 1e-6 * abs(low) + 1e-2


def frame(ticks: int = 600) -> Frame:
    return Frame(np.arange(ticks, dtype=np.float64), float(ticks), ((100.0, 200.0),))


def test_values_can_be_read_back_from_a_panels_pixels() -> None:
    values = np.sin(np.arange(600) / 50.0) * 7.0 + 20.0
    root = ET.fromstring(panel_svg(Panel("p", "Title", "W", (Line("a line", values),)), frame()))
    low, high, height = (float(root.attrib[f"data-{name}"]) for name in ("low", "high", "height"))
    (path,) = (one for one in root.iter() if one.get("class") == "l mine")
    points = np.array(
        [[float(part) for part in pair] for pair in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", path.get("d"))]
    )
    time_s = (points[:, 0] - LEFT) / PLOT * 600.0
    read = low + (high - low) * (TOP + height - points[:, 1]) / height
    assert len(points) > 20
    assert np.max(np.abs(np.interp(np.arange(600), time_s, read) - values)) < 0.02 * (high - low)
    assert abs(read.max() - values.max()) < 1e-3 * (high - low)


def test_a_line_that_swings_within_buckets_gets_a_band_from_lowest_to_highest() -> None:
    ticks = 4 * decimate.BUCKETS
    values = np.where(np.arange(ticks) % 2 == 0, 5.0, 25.0)
    root = ET.fromstring(panel_svg(Panel("p", "Title", "W", (Line("a line", values),)), frame(ticks)))
    assert [one.get("class") for one in root.iter() if one.get("data-line") == "a line" and one.get("d")] == [
        "band mine",
        "l mine",
    ]


def test_limits_far_away_are_named_and_don_t_flatten_the_picture_and_names_stand_apart() -> None:
    limits = tuple(Limit(value, f"limit {value}") for value in (10.0, 10.2, 10.4, -500.0, 900.0))
    line = Line("a", np.linspace(5.0, 11.0, 600))
    root = ET.fromstring(panel_svg(Panel("p", "T", "W", (line,), limits), frame()))
    assert float(root.attrib["data-low"]) > -20.0
    texts = {one.text: float(one.attrib["y"]) for one in root.iter() if one.get("class") == "lt"}
    assert set(texts) == {"limit 10.0", "limit 10.2", "limit 10.4", "↓ limit -500.0 -500", "↑ limit 900.0 900"}
    ys = sorted(texts.values())
    assert min(np.diff(ys)) > 10.0


def test_a_span_s_text_is_hidden_where_it_has_no_room_and_is_legible_on_its_colour() -> None:
    row = Row("r", (Span(0.0, 300.0, "ROOMY", "#0072b2"), Span(300.0, 303.0, "TIGHT", "#d5d8dc")))
    root = ET.fromstring(strip_svg(Strip("s", "S", (row,)), frame()))
    roomy, tight = (one for one in root.iter() if one.get("class") == "st")
    assert (roomy.text, roomy.get("style"), roomy.get("fill")) == ("ROOMY", None, "#ffffff")
    assert (tight.text, tight.get("style"), tight.get("fill")) == ("TIGHT", "display:none", "#1f2430")


def test_capitals_are_given_the_room_that_they_take() -> None:
    rows = tuple(Row("r", (Span(0.0, 50.0, text, "#0072b2"),)) for text in ("COMMANDED", "commanded"))
    root = ET.fromstring(strip_svg(Strip("s", "S", rows), frame()))
    styles = {one.text: one.get("style") for one in root.iter() if one.get("class") == "st"}
    assert styles == {"COMMANDED": "display:none", "commanded": None}
