"""What a bench makes of its figures: verdicts, ratios, and how much of a gap a floor has."""

from __future__ import annotations

import pytest

from benchmarks.measures import MEASURES, RATIOS
from benchmarks.rows import Measure, Off, Ratio, off_usual, ratio_row, row_of, share_of_gap, side_by_side

SAMPLES = {"barrier": [4000.0, 5000.0, 4500.0], "floor": [2200.0, 2600.0, 2400.0], "node": [2000.0, 2500.0, 2300.0]}


def measure(goal: float, *, floor: str | None = "floor", by_wall_clock: bool = True) -> Measure:
    return Measure(lambda: 0.0, "ticks/s", goal, more_is_better=True, by_wall_clock=by_wall_clock, floor=floor)


def verdict(goal: float, off: float = 0.0, **how: object) -> str:
    return row_of("node", measure(goal, **how), SAMPLES, off=Off(off, 0.0)).verdict  # type: ignore[arg-type]


def test_a_figure_is_the_median_of_its_rounds() -> None:
    row = row_of("node", measure(2000.0), SAMPLES, off=Off(0.0, 0.0))
    assert (row.median, row.lowest, row.highest, row.ratio, row.verdict) == (2300.0, 2000.0, 2500.0, 1.15, "met")


def test_a_missed_goal_is_explained_where_the_floor_has_nine_tenths_of_the_gap() -> None:
    assert verdict(10_000.0) == "explained: 99% of the gap is floor, 2400"
    assert verdict(2500.0) == "missed: 50% of the gap is floor, 2400"
    assert verdict(10_000.0, floor=None) == "missed"


def test_only_a_slow_machine_voids_a_row_and_only_one_by_the_wall_clock() -> None:
    assert verdict(10_000.0, -0.31) == "void: the machine is busy"
    assert verdict(10_000.0, 0.31).startswith("explained")
    assert verdict(10_000.0, -0.31, by_wall_clock=False).startswith("explained")


def test_a_row_in_microseconds_is_void_where_python_runs_slowly_and_missed_where_it_does_not() -> None:
    samples = {"line": [5.0, 6.0, 5.5]}
    line = Measure(lambda: 0.0, "us", 4.0, by_processor=True)
    assert row_of("line", line, samples, off=Off(0.0, 0.85)).verdict == "void, Python +85% off the usual"
    assert row_of("line", line, samples, off=Off(-0.5, 0.29)).verdict == "missed"
    assert row_of("line", Measure(lambda: 0.0, "us", 4.0), samples, off=Off(0.0, 0.85)).verdict == "missed"


def test_what_is_usual_is_told_by_the_raw_rows_of_the_same_run() -> None:
    off = off_usual([1950.0, 3900.0, 5850.0], [2.82, 2.82, 1.41])
    assert (off.barrier, off.codec) == (pytest.approx(0.0), pytest.approx(1.0))


@pytest.mark.parametrize(
    ("goal", "floors", "share"),
    [
        (3000.0, [2500.0] * 3, 0.5),
        (3000.0, [3100.0] * 3, 0.0),  # the floor reaches it: nothing is explained
        (1500.0, [2500.0] * 3, 1.0),  # nothing is missing
    ],
)
def test_the_share_of_a_gap_is_what_the_floor_lacks_of_what_the_node_lacks(
    goal: float, floors: list[float], share: float
) -> None:
    assert share_of_gap(goal, [2000.0] * 3, floors) == pytest.approx(share)


def test_a_machine_whose_speed_drifts_between_rounds_leaves_the_share_as_it_is() -> None:
    steady = share_of_gap(10_000.0, [2000.0] * 3, [2500.0] * 3)
    assert share_of_gap(10_000.0, [1000.0, 2000.0, 3000.0], [1250.0, 2500.0, 3750.0]) == pytest.approx(steady)


def test_a_ratio_is_of_the_same_round_and_a_machine_unlike_the_usual_voids_it() -> None:
    ratio = Ratio("node", "barrier", 0.85, "floor")
    row = ratio_row("over", ratio, SAMPLES, off=Off(0.1, 0.0))
    assert (row.median, row.lowest, row.highest) == (0.5, 0.5, pytest.approx(2300.0 / 4500.0))
    assert row.verdict == "explained: 93% of the gap is floor, 0.5333"
    void = ratio_row("over", ratio, SAMPLES, off=Off(0.4, 0.0)).verdict
    assert void.startswith("void, barrier +40% off the usual: 93%")
    assert ratio_row("over", Ratio("node", "barrier", 0.4), SAMPLES, off=Off(0.4, 0.0)).verdict == "met"


def test_each_row_is_measured_right_behind_its_floor_and_every_name_is_a_row() -> None:
    order = side_by_side(MEASURES)
    assert sorted(order) == sorted(MEASURES)
    for name, one in MEASURES.items():
        if one.floor is not None:
            between = order[order.index(one.floor) + 1 : order.index(name)]
            assert all(MEASURES[other].floor == one.floor for other in between), name
    named = {row for ratio in RATIOS.values() for row in (ratio.of, ratio.over, ratio.floor) if row is not None}
    assert named <= set(MEASURES)
