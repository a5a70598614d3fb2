"""The laws that margins obey, whatever the formula and the run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flightsw.regress.nodes import Always, And, Eventually, Formula, Implies, Not, Or
from tests.regress.strategies import NAMES, bounded, formulas, margins, numbers, traces, windows
from tests.regress.twin import a_signal, columns_of, ticks


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
