"""Charts are well-formed SVG with round ticks that hold all points."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from hil.plot import HEIGHT, WIDTH, Series, chart

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("scale", [1e-3, 1.0, 7.3e4])
def test_points_lie_within_the_frame_and_ticks_are_round(scale: float) -> None:
    root = ET.fromstring(
        chart(
            "A & B", "s", "W", [Series("seen", [0.0, 2.5 * scale], [1.0, 4.7], dots=True), Series("fit", [0.0], [9.9])]
        )
    )
    dots = [(float(dot.get("cx", "")), float(dot.get("cy", ""))) for dot in root.iter(f"{SVG}circle")]
    assert len(dots) == 2
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in dots)
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert {"A & B", "s", "W", "seen", "fit"} <= set(texts)
    ticks = [text for text in texts if text.replace(".", "").replace("e-", "").replace("e+", "").isdigit()]
    assert len(ticks) >= 5
    assert all(len(tick) <= 7 for tick in ticks)


def test_a_chart_of_nothing_is_its_title() -> None:
    root = ET.fromstring(chart("Nothing", "s", "W", [Series("seen", [], [])]))
    assert [text.text for text in root.iter(f"{SVG}text")] == ["Nothing"]


def test_points_at_one_place_are_shown() -> None:
    root = ET.fromstring(chart("One", "s", "W", [Series("seen", [3.0, 3.0], [5.0, 5.0], dots=True)]))
    assert len(list(root.iter(f"{SVG}circle"))) == 2
