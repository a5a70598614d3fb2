"""The evaluator against a slow twin by the definition."""

from __future__ import annotations

import math

from hypothesis import given

from flightsw.regress.blame import Blame
from flightsw.regress.evaluate import Evaluator
from flightsw.regress.expressions import NothingToJudge
from flightsw.regress.nodes import After, Compare, Formula, Historically, Once
from flightsw.regress.vacuity import Vacuity
from tests.regress.strategies import atoms, formulas, margins, traces
from tests.regress.twin import Twin, columns_of, reach


@given(formulas(), traces)
def test_margins_equal_those_by_the_definition(formula: Formula, trace: dict[str, list[float]]) -> None:
    columns = columns_of(**trace)
    found = margins(formula, columns)
    if found is None:
        assert reach(formula) + _looks_back(formula) >= len(columns)
    else:
        assert found == Twin(columns).margins(formula)


def _looks_back(formula: Formula) -> int:
    return max(
        (
            node.window.last.ticks
            for node in formula.walk()
            if isinstance(node, Historically | Once) and node.window is not None
        ),
        default=0,
    )


@given(formulas(), traces)
def test_the_sign_of_a_margin_says_whether_the_formula_holds(formula: Formula, trace: dict[str, list[float]]) -> None:
    columns = columns_of(**trace)
    for tick, margin in enumerate(margins(formula, columns) or []):
        assert margin != 0.0
        assert bool(margin > 0.0) is Twin(columns).holds(formula, tick)


@given(atoms(), formulas(), traces)
def test_after_is_judged_where_its_anchor_comes_true(
    anchor: Formula, of: Formula, trace: dict[str, list[float]]
) -> None:
    columns = columns_of(**trace)
    evaluator = Evaluator(columns)
    try:
        found = list(evaluator.band(After(anchor, of)).cut().low)
    except NothingToJudge:
        return
    twin = Twin(columns)
    assert found == twin.margins(After(anchor, of))
    if not any(twin.rises(anchor, tick) for tick in range(len(found))):
        assert "the anchor" in Vacuity(evaluator).reasons(After(anchor, of))[0]


@given(formulas(), traces)
def test_blame_ends_at_the_comparison_whose_margin_it_is(formula: Formula, trace: dict[str, list[float]]) -> None:
    columns = columns_of(**trace)
    evaluator = Evaluator(columns)
    try:
        margin = float(evaluator.band(formula).low[0])
    except NothingToJudge:
        return
    if math.isinf(margin):  # a window behind the first tick: nothing there
        return
    place = Blame(evaluator, first=False).place(formula, 0, high=False)
    assert isinstance(place.condition, Compare)
    assert abs(float(evaluator.band(place.condition).low[place.tick])) == abs(margin)
