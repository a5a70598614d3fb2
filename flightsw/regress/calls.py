"""The functions of the language, each reading its own arguments. Called by `parser`, behind the opening bracket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from flightsw.errors import ConfigError
from flightsw.regress import language
from flightsw.regress.lexer import Token
from flightsw.regress.nodes import (
    TICKS,
    After,
    Always,
    Apply,
    Changed,
    Count,
    Delay,
    Event,
    Expr,
    Formula,
    Holds,
    Known,
    Name,
    Node,
    Rate,
    Span,
    Truth,
    Window,
)

ANCHORS: dict[str, Formula] = {
    "eclipse_entry": Event("plant.eclipse.entry"),
    "eclipse_exit": Event("plant.eclipse.exit"),
    "pass_start": Event("comms.pass.start"),
    "pass_end": Event("comms.pass.end"),
    "mode_change": Event("health.mode.changed"),
}
"""Conditions with a name of their own."""

TAKES = {
    "abs": "a number",
    "min": "two numbers or more",
    "max": "two numbers or more",
    "rate": "a number, and the time to take it over",
    "delay": "a number, and by how much",
    "count": "a topic, a signal, an event or a condition, and the time to count in",
    "changed": "a number",
    "known": "a number",
    "holds": "a condition",
    "event": "an event's id",
    "settles": "a number, a target, a tolerance, within which time, and for how long",
    "after": "an anchor, a window like 0s..600s, and a condition",
}
"""What each takes, for people."""


class Reader(Protocol):
    """What these need of the parser."""

    @property
    def token(self) -> Token: ...
    def take(self, *texts: str) -> bool: ...
    def expect(self, text: str, allowed: str = "") -> None: ...
    def wrong(self, allowed: str) -> ConfigError: ...
    def formula(self) -> Node: ...
    def expression(self) -> Expr: ...
    def span(self) -> Span: ...
    def window(self, opening: str = "[", between: str = ",", closing: str = "]") -> Window | None: ...
    def range_ahead(self) -> bool: ...


def _condition(reader: Reader) -> Formula:
    node = reader.formula()
    if isinstance(node, Expr):
        return Truth(node)
    assert isinstance(node, Formula)
    return node


def _numbers(reader: Reader, function: str) -> Node:
    args = [reader.expression()]
    while reader.take(","):
        args.append(reader.expression())
    if (len(args) > 1) is (function == "abs"):
        raise reader.wrong(f"what {function} takes: {TAKES[function]}")
    return Apply(function, tuple(args))


def _rate(reader: Reader) -> Node:
    of = reader.expression()
    return Rate(of, reader.span() if reader.take(",") else Span(1, TICKS))


def _delay(reader: Reader) -> Node:
    of = reader.expression()
    reader.expect(",", "a comma and by how much")
    return Delay(of, reader.span())


def _count(reader: Reader) -> Node:
    what = reader.formula()
    return Count(what, reader.span() if reader.take(",") else None)


def _event(reader: Reader) -> Node:
    node = reader.formula()
    if not isinstance(node, Name):
        raise reader.wrong("an event's id, like event(load.shed) or event(power.load.shed)")
    return Event(node.text)


def _settles(reader: Reader) -> Node:
    of = reader.expression()
    reader.expect(",", "a comma and the target")
    target = reader.expression()
    reader.expect(",", "a comma and the tolerance")
    tolerance = reader.expression()
    reader.expect(",", "a comma and within which time")
    within = reader.span()
    return language.settles(of, target, tolerance, within, reader.span() if reader.take(",") else None)


def _after(reader: Reader) -> Node:
    anchor = _condition(reader)
    reader.expect(",", "a comma, and what holds after the anchor")
    if not reader.range_ahead():
        return After(anchor, _condition(reader))
    window = reader.window("", "..", "")
    reader.expect(",", "a comma, and what holds in that window")
    return After(anchor, Always(_condition(reader), window))


CALLS: dict[str, Callable[[Reader], Node]] = {
    "abs": lambda reader: _numbers(reader, "abs"),
    "min": lambda reader: _numbers(reader, "min"),
    "max": lambda reader: _numbers(reader, "max"),
    "rate": _rate,
    "delay": _delay,
    "count": _count,
    "changed": lambda reader: Changed(reader.expression()),
    "known": lambda reader: Known(reader.expression()),
    "holds": lambda reader: Holds(_condition(reader)),
    "event": _event,
    "settles": _settles,
    "after": _after,
}
