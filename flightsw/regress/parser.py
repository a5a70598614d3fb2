"""Formulas as text: a recursive descent over the tokens, one method a level of binding.

    formula    = or { "implies" or }               from the right
    or         = and { "or" and }
    and        = until { "and" until }
    until      = unary [ "until" [window] unary ]
    unary      = "not" unary | temporal [window] unary | comparison
    comparison = sum { relation sum }              0.3 <= power.soc <= 0.9 is two
    sum        = product { ("+" | "-") product },  product = factor { ("*" | "/") factor }
    factor     = "-" factor | number | name | call | "(" formula ")"
    window     = "[" span "," span "]"

Called by `requirement` and by tests; docs/requirements.md tells it to people.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from flightsw.errors import ConfigError
from flightsw.regress import calls
from flightsw.regress.lexer import Token, tokens_of
from flightsw.regress.nodes import (
    SECONDS,
    Always,
    And,
    Apply,
    Compare,
    Eventually,
    Expr,
    Formula,
    Historically,
    Implies,
    Name,
    Node,
    Not,
    Number,
    Once,
    Or,
    Span,
    Truth,
    Until,
    Window,
)

MAX_DEPTH = 40
RELATIONS = ("<", "<=", ">", ">=", "==", "!=")
_TEMPORAL: dict[str, Callable[[Formula, Window | None], Formula]] = {
    "always": Always,
    "eventually": Eventually,
    "historically": Historically,
    "once": Once,
    "never": lambda of, window: Always(Not(of), window),
}
_JOINING: dict[str, Callable[[Formula, Formula], Formula]] = {"or": Or, "and": And}
_WORDS = (*_TEMPORAL, *_JOINING, "not", "until", "implies", "true", "false")


def parse_formula(text: str) -> Formula:
    """The formula of this text. Raises ConfigError with the column, what was found and what is allowed."""
    parser = Parser(tokens_of(text))
    formula = as_formula(parser.formula())
    parser.expect("end", "the end, or and, or, implies, until")
    return formula


def as_formula(node: Node) -> Formula:
    """A flag standing alone is a condition; what else is a number must be compared: `binding` looks at that."""
    if isinstance(node, Expr):
        return Truth(node)
    assert isinstance(node, Formula)
    return node


class Parser:
    """Reads on from token to token."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        """The next one."""
        return self._tokens[self._place]

    def take(self, *texts: str) -> bool:
        """Read on if the next token is one of these."""
        found = self.token.kind != "end" and self.token.text in texts
        self._place += found
        return found

    def expect(self, text: str, allowed: str = "") -> None:
        """Read on; anything else raises ConfigError."""
        if self.token.kind == "end" == text:
            return
        if not self.take(text):
            raise self.wrong(allowed or text)

    def wrong(self, allowed: str) -> ConfigError:
        """What to say of the next token."""
        hint = " (equal is ==)" if self.token.text == "=" else ""
        return ConfigError(f"column {self.token.column}: {self.token.text}{hint}: must be {allowed}")

    def formula(self) -> Node:
        """A formula, or an expression: the caller says which it must be."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConfigError(f"column {self.token.column}: nested deeper than {MAX_DEPTH}")
        left = self._joined("or", lambda: self._joined("and", self._until))
        if self.take("implies", "->"):
            left = Implies(as_formula(left), as_formula(self.formula()))
        self._depth -= 1
        return left

    def expression(self) -> Expr:
        """A number a tick."""
        column = self.token.column
        node = self.formula()
        if not isinstance(node, Expr):
            raise ConfigError(f"column {column}: must be a number, not a condition")
        return node

    def span(self) -> Span:
        """A length of time. Raises ConfigError: no unit."""
        token = self.token
        if token.kind != "number" or not (token.unit or token.amount == 0.0):
            raise self.wrong('a time like "600s", "10min", "1.5h", "2orbits" or "3ticks"')
        self._place += 1
        return Span(token.amount, token.unit or "s")

    def window(self, opening: str = "[", between: str = ",", closing: str = "]") -> Window | None:
        """Two spans in brackets, where there are any."""
        if opening and not self.take(opening):
            return None
        column = self.token.column
        first = self.span()
        self.expect(between)
        window = Window(first, self.span())
        if closing:
            self.expect(closing)
        if window.first.unit == window.last.unit and window.first.amount > window.last.amount:
            raise ConfigError(f"column {column}: {window.first} to {window.last}: the first must not be above the last")
        return window

    def range_ahead(self) -> bool:
        """`0s..600s` comes next."""
        return self.token.kind == "number" and self._tokens[self._place + 1].text == ".."

    def _joined(self, word: str, below: Callable[[], Node]) -> Node:
        left = below()
        while self.take(word):
            left = _JOINING[word](as_formula(left), as_formula(below()))
        return left

    def _until(self) -> Node:
        left = self._unary()
        if not self.take("until"):
            return left
        window = self.window()
        return Until(as_formula(left), as_formula(self._unary()), window)

    def _unary(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConfigError(f"column {self.token.column}: nested deeper than {MAX_DEPTH}")
        try:
            if self.take("not"):
                return Not(as_formula(self._unary()))
            word = self.token.text
            if self.token.kind == "name" and word in _TEMPORAL:
                self._place += 1
                window = self.window()
                return _TEMPORAL[word](as_formula(self._unary()), window)
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Node:
        left: Node = self._sum()
        found: Formula | None = None
        while self.token.text in RELATIONS:
            relation = self.token.text
            self._place += 1
            right = self._sum()
            if not (isinstance(left, Expr) and isinstance(right, Expr)):
                raise self.wrong(f"{relation} between numbers: a condition stands on one side of it")
            compared = Compare(relation, left, right)
            found = compared if found is None else And(found, compared)
            left = right
        return left if found is None else found

    def _sum(self) -> Node:
        return self._arithmetic(("+", "-"), lambda: self._arithmetic(("*", "/"), self._factor))

    def _arithmetic(self, signs: tuple[str, ...], below: Callable[[], Node]) -> Node:
        left = below()
        while self.token.text in signs:
            sign, column = self.token.text, self.token.column
            self._place += 1
            right = below()
            if not (isinstance(left, Expr) and isinstance(right, Expr)):
                raise ConfigError(f"column {column}: {sign}: must stand between numbers")
            left = Apply(sign, (left, right))
        return left

    def _factor(self) -> Node:
        token = self.token
        if self.take("-"):
            self._depth += 1
            of = self._factor() if self._depth <= MAX_DEPTH else None
            self._depth -= 1
            if not isinstance(of, Expr):
                raise ConfigError(f"column {token.column}: -: must stand before a number")
            return Apply("neg", (of,))
        if self.take("("):
            inner = self.formula()
            self.expect(")")
            return inner
        if token.kind == "number":
            self._place += 1
            if token.unit and token.unit not in SECONDS:
                raise ConfigError(f"column {token.column}: {token.text}: a number's time must be in s, min, h or d")
            return Number(token.amount * SECONDS[token.unit], "s") if token.unit else Number(token.amount)
        if token.kind == "name":
            self._place += 1
            return self._named(token)
        raise self.wrong("a signal, a number, a condition or (")

    def _named(self, token: Token) -> Node:
        if token.text in ("true", "false"):
            return Number(float(token.text == "true"))
        if token.text in _WORDS:
            self._place -= 1
            raise self.wrong("a signal, a number or a condition")
        if self.take("("):
            if token.text not in calls.CALLS:
                raise _no_such_function(token)
            node = calls.CALLS[token.text](self)
            self.expect(")", f") after what {token.text} takes: {calls.TAKES[token.text]}")
            return node
        if token.text in calls.ANCHORS:
            return calls.ANCHORS[token.text]
        if self.take("["):
            index = self.token
            if index.kind != "number" or not index.text.isdigit():
                raise self.wrong("the number of an element")
            self._place += 1
            self.expect("]")
            return Name(f"{token.text}[{index.text}]")
        return Name(token.text)


def _no_such_function(token: Token) -> ConfigError:
    near = difflib.get_close_matches(token.text, [*calls.CALLS, *_TEMPORAL], n=2)
    hint = f": did you mean {' or '.join(near)}?" if near else f": must be one of {', '.join(calls.CALLS)}"
    return ConfigError(f"column {token.column}: {token.text}: no such function{hint}")
