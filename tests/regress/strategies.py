"""Formulas, and runs to judge them on, drawn at random for the evaluator's tests."""

from __future__ import annotations

from hypothesis import strategies as st

from flightsw.record.columns import Columns
from flightsw.regress.evaluate import Evaluator
from flightsw.regress.expressions import NothingToJudge
from flightsw.regress.nodes import (
    Always,
    And,
    Compare,
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
from tests.regress.twin import a_signal, ticks

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
