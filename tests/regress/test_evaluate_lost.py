"""The evaluator on a run with a value lost: what it says holds for any value in its place."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from flightsw.record.columns import Columns
from flightsw.regress.evaluate import Evaluator
from flightsw.regress.expressions import NothingToJudge
from flightsw.regress.nodes import After, Count, Formula
from tests.regress.strategies import atoms, bounded, formulas, oracle_traces, traces
from tests.regress.twin import Twin, columns_of


def lost_at(tick: int, trace: dict[str, list[float]]) -> Columns:
    return columns_of(**dict(trace, a=[math.nan if at == tick else value for at, value in enumerate(trace["a"])]))


@given(formulas(bounded), traces, st.data())
def test_margins_with_a_value_lost_enclose_that_with_any_value_in_its_place(
    formula: Formula, trace: dict[str, list[float]], data: st.DataObject
) -> None:
    lost = data.draw(st.integers(0, len(trace["a"]) - 1))
    try:
        band = Evaluator(lost_at(lost, trace)).band(formula)
    except NothingToJudge:
        return
    whole = Twin(columns_of(**trace)).margins(formula)
    assert all(low <= margin <= high for low, margin, high in zip(band.cut().low, whole, band.cut().high, strict=True))


@given(atoms(), formulas(bounded), oracle_traces, st.data())
def test_margins_after_an_anchor_with_a_value_lost_enclose_that_with_any_value_in_its_place(
    anchor: Formula, of: Formula, trace: dict[str, list[float]], data: st.DataObject
) -> None:
    lost = data.draw(st.integers(1, len(trace["a"]) - 1))
    try:
        band = Evaluator(lost_at(lost, trace)).band(After(anchor, of)).cut()
    except NothingToJudge:
        return
    whole = Twin(columns_of(**trace)).margins(After(anchor, of))
    assert all(low <= margin <= high for low, margin, high in zip(band.low, whole, band.high, strict=True))


@given(atoms(), oracle_traces, st.data())
def test_a_count_with_a_value_lost_is_the_one_with_any_value_in_its_place_or_not_known_and_no_less_than_was_seen(
    counted: Formula, trace: dict[str, list[float]], data: st.DataObject
) -> None:
    lost = data.draw(st.integers(1, len(trace["a"]) - 1))
    count = Count(counted, None)
    numbers = Evaluator(lost_at(lost, trace)).numbers
    twin = Twin(columns_of(**trace))
    true = sum(twin.rises(counted, tick) for tick in range(len(trace["a"])))
    assert numbers.at_least(count)[-1] <= true
    assert math.isnan(numbers.of(count)[-1]) or numbers.of(count)[-1] == true
