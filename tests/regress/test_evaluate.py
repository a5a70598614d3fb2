"""The evaluator against a slow twin by the definition, against rtamt, and against the laws that margins obey."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flightsw.record.columns import Columns
from flightsw.regress.blame import Blame
from flightsw.regress.evaluate import Evaluator
from flightsw.regress.expressions import NothingToJudge
from flightsw.regress.nodes import (
    After,
    Always,
    And,
    Compare,
    Count,
    Eventually,
    Formula,
    Historically,
    Holds,
    Implies,
    Not,
    Number,
    Once,
    Or,
    Until,
)
from flightsw.regress.vacuity import Vacuity
from tests.regress.twin import Twin, a_signal, columns_of, reach, ticks

NAMES = ("a", "b")
RELATIONS = ("<", "<=", ">", ">=", "==", "!=")
SIZE = 24

# Quarters: sums and differences are exact, and ties are common.
numbers = st.integers(-8, 8).map(lambda quarters: quarters / 4.0)


def traces_from(least: int) -> st.SearchStrategy[dict[str, list[float]]]:
    return st.integers(least, SIZE).flatmap(
        lambda size: st.fixed_dictionaries({name: st.lists(numbers, min_size=size, max_size=size) for name in NAMES})
    )


traces = traces_from(1)
oracle_traces = traces_from(2)  # rtamt can't take a single sample
windows = st.none() | st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda w: ticks(w[0], w[0] + w[1]))
bounded = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda w: ticks(w[0], w[0] + w[1]))


def atoms(relations: tuple[str, ...] = RELATIONS) -> st.SearchStrategy[Formula]:
    return st.builds(Compare, st.sampled_from(relations), st.sampled_from(NAMES).map(a_signal), numbers.map(Number))


def formulas(
    window: st.SearchStrategy[object] = windows, *, past: bool = True, crisp: bool = True
) -> st.SearchStrategy[Formula]:
    unary = [Always, Eventually, *((Historically, Once) if past else ())]

    def grow(inner: st.SearchStrategy[Formula]) -> st.SearchStrategy[Formula]:
        return st.one_of(
            st.builds(Not, inner),
            *((st.builds(Holds, inner),) if crisp else ()),
            *(st.builds(kind, inner, inner) for kind in (And, Or, Implies)),
            *(st.builds(kind, inner, window) for kind in unary),
            st.builds(Until, inner, inner, window),
        )

    return st.recursive(atoms(), grow, max_leaves=5)


def margins(formula: Formula, columns: Columns) -> list[float] | None:
    """None: the run doesn't reach."""
    try:
        band = Evaluator(columns).band(formula)
    except NothingToJudge:
        return None
    assert band.low is band.high
    return list(band.low[: band.whole])


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


@given(formulas(), windows, traces)
def test_always_is_never_the_opposite(formula: Formula, window: object, trace: dict[str, list[float]]) -> None:
    columns = columns_of(**trace)
    assert margins(Always(formula, window), columns) == margins(Not(Eventually(Not(formula), window)), columns)


@given(formulas(), formulas(), traces)
def test_de_morgan_holds_of_margins(left: Formula, right: Formula, trace: dict[str, list[float]]) -> None:
    columns = columns_of(**trace)
    assert margins(And(left, right), columns) == margins(Not(Or(Not(left), Not(right))), columns)
    assert margins(Implies(left, right), columns) == margins(Or(Not(left), right), columns)


@given(formulas(bounded), formulas(bounded), traces)
def test_always_is_shared_out_over_and_and_eventually_over_or_to_the_runs_last_tick(
    left: Formula, right: Formula, trace: dict[str, list[float]]
) -> None:
    columns = columns_of(**trace)
    for kind, joined in ((Always, And), (Eventually, Or)):
        found = margins(kind(joined(left, right)), columns)
        assert (found or [None])[0] == (margins(joined(kind(left), kind(right)), columns) or [None])[0]


@given(st.sampled_from(NAMES), numbers, st.integers(0, 8), windows, traces)
def test_a_higher_threshold_never_raises_the_margin(
    name: str, low: float, more: int, window: object, trace: dict[str, list[float]]
) -> None:
    columns = columns_of(**trace)
    held = [margins(Always(a_signal(name) >= bar, window), columns) for bar in (low, low + more / 4.0)]
    for easy, hard in zip(*(found or [] for found in held), strict=True):
        assert hard <= easy


@given(formulas(bounded), st.integers(0, 3), st.integers(0, 3), traces)
def test_a_longer_window_never_raises_always_and_never_lowers_eventually(
    formula: Formula, first: int, more: int, trace: dict[str, list[float]]
) -> None:
    columns = columns_of(**trace)
    short, long = ticks(first, first + 1), ticks(first, first + 1 + more)
    for kind, sign in ((Always, 1.0), (Eventually, -1.0)):
        wide = margins(kind(formula, long), columns) or []
        for one, other in zip(margins(kind(formula, short), columns) or [], wide, strict=False):
            assert sign * other <= sign * one


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


@given(formulas(bounded), traces, st.data())
def test_margins_with_a_value_lost_enclose_that_with_any_value_in_its_place(
    formula: Formula, trace: dict[str, list[float]], data: st.DataObject
) -> None:
    lost = data.draw(st.integers(0, len(trace["a"]) - 1))
    holed = dict(trace, a=[math.nan if tick == lost else value for tick, value in enumerate(trace["a"])])
    try:
        band = Evaluator(columns_of(**holed)).band(formula)
    except NothingToJudge:
        return
    whole = Twin(columns_of(**trace)).margins(formula)
    assert all(low <= margin <= high for low, margin, high in zip(band.cut().low, whole, band.cut().high, strict=True))


def _lost_at(tick: int, trace: dict[str, list[float]]) -> Columns:
    return columns_of(**dict(trace, a=[math.nan if at == tick else value for at, value in enumerate(trace["a"])]))


@given(atoms(), formulas(bounded), oracle_traces, st.data())
def test_margins_after_an_anchor_with_a_value_lost_enclose_that_with_any_value_in_its_place(
    anchor: Formula, of: Formula, trace: dict[str, list[float]], data: st.DataObject
) -> None:
    lost = data.draw(st.integers(1, len(trace["a"]) - 1))
    try:
        band = Evaluator(_lost_at(lost, trace)).band(After(anchor, of)).cut()
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
    numbers = Evaluator(_lost_at(lost, trace)).numbers
    twin = Twin(columns_of(**trace))
    true = sum(twin.rises(counted, tick) for tick in range(len(trace["a"])))
    assert numbers.at_least(count)[-1] <= true
    assert math.isnan(numbers.of(count)[-1]) or numbers.of(count)[-1] == true


@pytest.fixture(scope="module")
def rtamt_margins() -> Callable[[str, dict[str, list[float]]], list[float]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its parser runtime is older than this Python
        rtamt = pytest.importorskip("rtamt")

    def evaluate(text: str, trace: dict[str, list[float]]) -> list[float]:
        specification = rtamt.StlDiscreteTimeSpecification()
        for name in NAMES:
            specification.declare_var(name, "float")
        specification.spec = text
        specification.parse()
        told = specification.evaluate({"time": list(range(len(trace["a"])))} | trace)
        return [float(margin) for _, margin in told]

    return evaluate


_RTAMT_RELATION = {"!=": "!=="}
_RTAMT = {Always: "always", Eventually: "eventually", Historically: "historically", Once: "once"}


def as_rtamt(formula: Formula) -> str:
    match formula:
        case Compare(relation, left, Number(value)):
            name = getattr(left, "name", "")
            return f"({name} {_RTAMT_RELATION.get(relation, relation)} {value if value >= 0 else f'(0 - {-value})'})"
        case Not(of):
            return f"(not {as_rtamt(of)})"
        case And(left, right):
            return f"({as_rtamt(left)} and {as_rtamt(right)})"
        case Or(left, right):
            return f"({as_rtamt(left)} or {as_rtamt(right)})"
        case Implies(left, right):
            return f"({as_rtamt(left)} -> {as_rtamt(right)})"
        case Until(left, right, window):
            return f"({as_rtamt(left)} until{_interval(window)} {as_rtamt(right)})"
    window = getattr(formula, "window", None)
    of = getattr(formula, "of", None)
    assert isinstance(of, Formula)
    return f"({_RTAMT[type(formula)]}{_interval(window)} {as_rtamt(of)})"


def _interval(window: object) -> str:
    return "" if window is None else f"[{window.first.ticks}:{window.last.ticks}]"


@settings(max_examples=60)  # its parser takes most of the time
@given(formulas(bounded, crisp=False), oracle_traces)
def test_margins_equal_those_of_rtamt_where_every_window_is_whole(
    rtamt_margins: Callable[[str, dict[str, list[float]]], list[float]], formula: Formula, trace: dict[str, list[float]]
) -> None:
    found = margins(formula, columns_of(**trace))
    if found is None:
        return
    told = rtamt_margins(as_rtamt(formula), trace)[: len(found)]
    assert np.allclose(np.array(told), np.array(found), rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("kind", [Always, Eventually, Historically, Once])
@settings(max_examples=20)
@given(
    inner=formulas(bounded, past=False, crisp=False).filter(lambda formula: reach(formula) == 0), trace=oracle_traces
)
def test_unbounded_margins_equal_those_of_rtamt(
    rtamt_margins: Callable[[str, dict[str, list[float]]], list[float]],
    kind: type,
    inner: Formula,
    trace: dict[str, list[float]],
) -> None:
    formula = kind(inner)
    told = rtamt_margins(as_rtamt(formula), trace)
    assert np.allclose(np.array(told), np.array(margins(formula, columns_of(**trace))), rtol=0.0, atol=1e-12)


@settings(max_examples=20)
@given(atoms(), atoms(), oracle_traces)
def test_unbounded_until_equals_that_of_rtamt(
    rtamt_margins: Callable[[str, dict[str, list[float]]], list[float]],
    left: Formula,
    right: Formula,
    trace: dict[str, list[float]],
) -> None:
    told = rtamt_margins(as_rtamt(Until(left, right)), trace)
    assert np.allclose(np.array(told), np.array(margins(Until(left, right), columns_of(**trace))), atol=1e-12)
