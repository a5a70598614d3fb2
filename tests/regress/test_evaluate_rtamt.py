"""The evaluator against rtamt, another evaluator of the same logic."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings

from flightsw.regress.nodes import (
    Always,
    And,
    Compare,
    Eventually,
    Formula,
    Historically,
    Implies,
    Not,
    Number,
    Once,
    Or,
    Until,
)
from tests.regress.strategies import NAMES, atoms, bounded, formulas, margins, oracle_traces
from tests.regress.twin import columns_of, reach


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
