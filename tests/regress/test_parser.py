"""Formulas as text: what binds how, that Python says the same, and that what is wrong has its place told."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flightsw.errors import ConfigError
from flightsw.regress import language as stl
from flightsw.regress.nodes import TICKS, Formula, Not, Span, Until, Window
from flightsw.regress.parser import parse_formula

SOC, CHIP = stl.signal("power.soc"), stl.signal("sensor.chip_c")
MODE = stl.signal("health.mode")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("always(power.soc >= 0.3)", stl.always(SOC >= 0.3)),
        ("always[0s, 10min](power.soc > .3)", stl.always(SOC > 0.3, 0, "10min")),
        ("never(event(power.load.shed))", stl.never(stl.event("power.load.shed"))),
        ("eventually[1min,1.5h] health.mode == PAYLOAD", stl.eventually(MODE.equals("PAYLOAD"), "1min", "1.5h")),
        ("once[0s,3ticks](power.in_eclipse)", stl.once(stl.flag("power.in_eclipse"), 0, "3ticks")),
        ("historically(known(power.soc))", stl.historically(stl.known(SOC))),
        ("always(0.3 <= power.soc <= 0.9)", stl.always((stl.number(0.3) <= SOC) & (SOC <= 0.9))),
        ("always(rate(power.soc, 60s) < 1e-3)", stl.always(stl.rate(SOC, "60s") < 1e-3)),
        (
            "always(hw.power_w <= delay(infer.granted_w, 2ticks) + 0.5)",
            stl.always(stl.signal("hw.power_w") <= stl.delay(stl.signal("infer.granted_w"), "2ticks") + 0.5),
        ),
        ("count(infer.result) >= 100", stl.count("infer.result") >= 100),
        ("always(count(changed(health.mode), 1orbits) <= 4)", stl.always(stl.count(stl.changed(MODE), "1orbits") <= 4)),
        (
            "after(eclipse_exit, eventually[0s,15min](power.soc > 0.5))",
            stl.after(stl.event("plant.eclipse.exit"), stl.eventually(SOC > 0.5, 0, "15min")),
        ),
        (
            "after(sensor.chip_c > 90, 0s..600s, sensor.chip_c <= 95)",
            stl.after(CHIP > 90, CHIP <= 95, "0s", "600s"),
        ),
        ("always(holds(power.soc > 0.4) implies power.soc < 1)", stl.always(stl.holds(SOC > 0.4).implies(SOC < 1))),
        ("settles(sensor.chip_c, 60, 5, 20min)", stl.settles(CHIP, 60, 5, "20min")),
        ("settles(sensor.chip_c, 60, 5, 20min, 10min)", stl.settles(CHIP, 60, 5, "20min", "10min")),
        ("(power.soc < 1) until[0s,5s] (power.soc > 0)", stl.until(SOC < 1, SOC > 0, 0, "5s")),
        ("always(abs(power.soc - 0.5) <= 0.1)", stl.always(abs(SOC - 0.5) <= 0.1)),
        ("always(sensor.node_c[2] < 3)", stl.always(stl.signal("sensor.node_c[2]") < 3)),
        ("always(power.eclipse_in_s <= 10min)", stl.always(stl.signal("power.eclipse_in_s") <= stl.number(600, "s"))),
    ],
)
def test_text_and_python_say_the_same(text: str, same: Formula) -> None:
    assert parse_formula(text) == same


def test_and_binds_before_or_before_implies_and_until_before_all_of_them() -> None:
    a, b, c, d = (f"x.{name} > 0" for name in "abcd")
    fa, fb, fc, fd = (stl.signal(f"x.{name}") > 0 for name in "abcd")
    assert parse_formula(f"{a} or {b} and {c}") == fa | (fb & fc)
    assert parse_formula(f"{a} and {b} implies {c} or {d}") == (fa & fb).implies(fc | fd)
    assert parse_formula(f"{a} implies {b} implies {c}") == fa.implies(fb.implies(fc))
    assert parse_formula(f"{a} and {b} until {c}") == fa & Until(fb, fc)
    assert parse_formula(f"not {a} and {b}") == Not(fa) & fb
    assert parse_formula(f"always {a} and {b}") == stl.always(fa) & fb


def test_arithmetic_binds_as_in_arithmetic() -> None:
    a, b, c = (stl.signal(f"x.{name}") for name in "abc")
    assert parse_formula("x.a - x.b - x.c > 0") == ((a - b) - c > 0)
    assert parse_formula("x.a + x.b * x.c > 0") == (a + b * c > 0)
    assert parse_formula("(x.a + x.b) * -x.c / 2 > 0") == ((a + b) * -c / 2 > 0)


def test_a_formula_may_run_over_lines() -> None:
    assert parse_formula("always(\n  power.soc >= 0.3\n)\n") == stl.always(SOC >= 0.3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "column 1: the end: must be a signal"),
        ("always(power.soc >= 0.3", "column 24: the end: must be )"),
        ("always(power.soc = 0.3)", "column 18: = (equal is ==): must be )"),
        ("always(power.soc >= )", "column 21: ): must be a signal, a number"),
        ("allways(power.soc >= 0.3)", "column 1: allways: no such function: did you mean always?"),
        ("always(power.soc >= 0.3) power", "column 26: power: must be the end"),
        ("always[0s,600](power.soc >= 0.3)", 'column 11: 600: must be a time like "600s"'),
        ("always[600s,0s](power.soc >= 0.3)", "column 8: 600s to 0s: the first must not be above the last"),
        ("always[0s,5weeks](power.soc >= 0.3)", "column 11: 5weeks: the unit must be one of s, min"),
        ("always(power.soc >= 0.3 & power.soc < 1)", "column 25: '&' has no meaning here"),
        ("always((power.soc > 1) + 2 > 3)", "column 24: +: must stand between numbers"),
        ("always((power.soc > 1) > 3)", "between numbers: a condition stands on one side"),
        ("rate(power.soc > 1)", "column 6: must be a number, not a condition"),
        ("after(eclipse_exit)", "column 19: ): must be a comma, and what holds after the anchor"),
        ("settles(power.soc, 1, 2)", "column 24: ): must be a comma and within which time"),
        ("always(min(power.soc) > 1)", "must be what min takes: two numbers or more"),
        ("event(3)", "must be an event's id"),
        ("power.soc[x] > 1", "column 11: x: must be the number of an element"),
        ("not", "column 4: the end: must be a signal"),
        ("until", "column 1: until: must be a signal"),
        ("(" * 60 + "power.soc > 1" + ")" * 60, "nested deeper than 40"),
        ("not " * 60 + "power.soc > 1", "nested deeper than 40"),
        ("-" * 60 + "1 > 0", "must stand before a number"),
        ("power.soc > 1 and " * 400 + "true", "longer than 4000 characters"),
    ],
)
def test_what_is_wrong_is_said_with_its_column_and_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_formula(text)
    assert said in str(refused.value)


@given(st.text(alphabet="always(neounti[],.0159s<>=+-*/ power.soc_)", max_size=60))
def test_any_text_is_a_formula_or_refused(text: str) -> None:
    with suppress(ConfigError):
        assert isinstance(parse_formula(text), Formula)


def test_a_time_in_python_is_text_with_a_unit_or_seconds() -> None:
    assert stl.span("3ticks") == Span(3, TICKS)
    assert stl.span(90) == Span(90.0, "s")
    assert stl.always(SOC > 0, last="1orbits").window == Window(Span(0), Span(1.0, "orbits"))  # type: ignore[attr-defined]
    for wrong in ("90", "soon", -1):
        with pytest.raises(ConfigError, match="time"):
            stl.span(wrong)
    with pytest.raises(ConfigError, match="must have an end too"):
        stl.always(SOC > 0, "5s")
