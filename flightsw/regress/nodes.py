"""What a formula is made of: expressions (numbers a tick) and formulas (a margin a tick), as frozen trees.

The parser builds them from text; in Python the same trees come from operators and the functions of `language`:

    signal("power.soc") >= 0.3                                  Compare
    always((signal("sensor.chip_c") <= 95) & ~event("power.load.shed"))

`binding` gives names their signals and spans their ticks; `evaluate` gives a bound tree its margins. Trees compare by
content, so that what occurs twice in a formula is worked out once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

TICKS = "ticks"
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
"""in a unit of time; orbits, cycles and ticks are the scenario's"""
INFINITE = float("inf")


@dataclass(frozen=True)
class Span:
    """A length of simulated time: in s, min, h, d, orbits or ticks; bound: in ticks."""

    amount: float
    unit: str = "s"

    @property
    def ticks(self) -> int:
        """Of a bound span."""
        assert self.unit == TICKS
        return int(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:g}{self.unit}"


@dataclass(frozen=True)
class Window:
    """From `first` to `last`, both included."""

    first: Span
    last: Span


class Node:
    """Anything in a tree."""

    def below(self) -> Iterator[Node]:
        """The nodes that this one is made of."""
        for one in fields(self):  # type: ignore[arg-type]  # every kind of node is a dataclass
            value = getattr(self, one.name)
            if isinstance(value, Node):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Node))

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for node in self.below():
            yield from node.walk()


class Expr(Node):
    """A number a tick; NaN: unknown."""

    def __ge__(self, other: Expr | float) -> Compare:
        return Compare(">=", self, as_expr(other))

    def __gt__(self, other: Expr | float) -> Compare:
        return Compare(">", self, as_expr(other))

    def __le__(self, other: Expr | float) -> Compare:
        return Compare("<=", self, as_expr(other))

    def __lt__(self, other: Expr | float) -> Compare:
        return Compare("<", self, as_expr(other))

    def equals(self, other: Expr | float | str) -> Compare:
        """A word is the name of an enumeration's member."""
        return Compare("==", self, Name(other) if isinstance(other, str) else as_expr(other))

    def differs(self, other: Expr | float | str) -> Compare:
        """The opposite of `equals`."""
        return Compare("!=", self, Name(other) if isinstance(other, str) else as_expr(other))

    def __add__(self, other: Expr | float) -> Apply:
        return Apply("+", (self, as_expr(other)))

    def __radd__(self, other: float) -> Apply:
        return Apply("+", (as_expr(other), self))

    def __sub__(self, other: Expr | float) -> Apply:
        return Apply("-", (self, as_expr(other)))

    def __rsub__(self, other: float) -> Apply:
        return Apply("-", (as_expr(other), self))

    def __mul__(self, other: Expr | float) -> Apply:
        return Apply("*", (self, as_expr(other)))

    def __rmul__(self, other: float) -> Apply:
        return Apply("*", (as_expr(other), self))

    def __truediv__(self, other: Expr | float) -> Apply:
        return Apply("/", (self, as_expr(other)))

    def __rtruediv__(self, other: float) -> Apply:
        return Apply("/", (as_expr(other), self))

    def __neg__(self) -> Apply:
        return Apply("neg", (self,))

    def __abs__(self) -> Apply:
        return Apply("abs", (self,))


class Formula(Node):
    """A margin a tick: above nought where it holds, below where it doesn't."""

    def __and__(self, other: Formula) -> And:
        return And(self, other)

    def __or__(self, other: Formula) -> Or:
        return Or(self, other)

    def __invert__(self) -> Not:
        return Not(self)

    def implies(self, other: Formula) -> Implies:
        """Where this holds, the other does. This must hold at least once, else the requirement is vacuous."""
        return Implies(self, other)


def as_expr(value: Expr | float) -> Expr:
    """A number is an expression."""
    return value if isinstance(value, Expr) else Number(float(value))


@dataclass(frozen=True)
class Number(Expr):
    """A constant."""

    value: float
    unit: str = ""
    """s: it was given as a time. `binding` brings it to the unit of what it is compared with"""


@dataclass(frozen=True)
class Name(Expr):
    """A signal's name, or that of an enumeration's member; in a count also a topic's. Not in a bound tree."""

    text: str


@dataclass(frozen=True)
class Logged(Expr):
    """A signal of the log. Bound."""

    name: str
    unit: str
    kind: str
    """number, bool or enum"""


@dataclass(frozen=True)
class Messages(Expr):
    """Messages of a topic in each tick. Bound."""

    topic: str


@dataclass(frozen=True)
class Apply(Expr):
    """Arithmetic, tick by tick: + - * / neg abs min max."""

    function: str
    args: tuple[Expr, ...]


@dataclass(frozen=True)
class Rate(Expr):
    """Change a second, over the last tick or the last span."""

    of: Expr
    over: Span


@dataclass(frozen=True)
class Delay(Expr):
    """The value of a span ago."""

    of: Expr
    by: Span


@dataclass(frozen=True)
class Count(Expr):
    """How often: messages of a topic, events, changes of a signal, rising edges of a formula.

    With a span: in the span that ends with the tick; without: in the whole run.
    """

    what: Node
    over: Span | None = None


@dataclass(frozen=True)
class Compare(Formula):
    """One of < <= > >= == !=. The margin is the distance to where it would turn."""

    relation: str
    left: Expr
    right: Expr
    crisp: bool = False
    """between names or flags: holds or doesn't, without a margin. Bound"""


@dataclass(frozen=True)
class Truth(Formula):
    """A flag, as it is."""

    of: Expr


@dataclass(frozen=True)
class Known(Formula):
    """The expression has a value."""

    of: Expr


@dataclass(frozen=True)
class Changed(Formula):
    """The expression's value isn't that of the tick before."""

    of: Expr


@dataclass(frozen=True)
class Event(Formula):
    """An event occurred in the tick: `<source>.<id>` or `<id>`; bound: by its source."""

    name: str
    source: str = ""


@dataclass(frozen=True)
class Not(Formula):
    """Holds where the other doesn't."""

    of: Formula


@dataclass(frozen=True)
class Holds(Formula):
    """Whether the other holds, without its margin: so that the margin of what stands beside it shows through."""

    of: Formula


@dataclass(frozen=True)
class And(Formula):
    """Both hold."""

    left: Formula
    right: Formula


@dataclass(frozen=True)
class Or(Formula):
    """One holds."""

    left: Formula
    right: Formula


@dataclass(frozen=True)
class Implies(Formula):
    """Where the left one holds, the right one does."""

    left: Formula
    right: Formula


@dataclass(frozen=True)
class Always(Formula):
    """At every tick of the window ahead; without one: from here to the end of the run."""

    of: Formula
    window: Window | None = None


@dataclass(frozen=True)
class Eventually(Formula):
    """At some tick of the window ahead."""

    of: Formula
    window: Window | None = None


@dataclass(frozen=True)
class Historically(Formula):
    """At every tick of the window behind; what lies before the run is left out."""

    of: Formula
    window: Window | None = None


@dataclass(frozen=True)
class Once(Formula):
    """At some tick of the window behind."""

    of: Formula
    window: Window | None = None


@dataclass(frozen=True)
class Until(Formula):
    """The right one comes true in the window ahead, and up to then, that tick left out, the left one holds."""

    left: Formula
    right: Formula
    window: Window | None = None


@dataclass(frozen=True)
class After(Formula):
    """Holds at every occurrence of the anchor: an event, a change, or the tick in which a formula comes true."""

    anchor: Formula
    of: Formula
