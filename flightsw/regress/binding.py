"""Gives a formula's names their meaning: signals, members of enumerations, topics, events, and spans their ticks.

What a formula may name is what the scenario's processes declare, so everything that is wrong with it is found before
anything runs. Called by `requirement`.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from flightsw.errors import ConfigError
from flightsw.messages.events import EVENT_IDS
from flightsw.messages.schema import TopicSchema, is_event_topic, members_of
from flightsw.messages.signals import find_logged_signal
from flightsw.messages.topics import BUS
from flightsw.record.columns import field_of
from flightsw.regress.nodes import (
    SECONDS,
    TICKS,
    After,
    Apply,
    Changed,
    Compare,
    Count,
    Delay,
    Event,
    Expr,
    Formula,
    Logged,
    Messages,
    Name,
    Node,
    Number,
    Rate,
    Span,
    Truth,
    Window,
)

SLACK_TICKS = 1e-9
"""what a time in floating point may miss a tick by, and be at it"""


@dataclass(frozen=True)
class Vocabulary:
    """What a formula may name, and how long its spans are."""

    topics: Sequence[TopicSchema]
    dt_s: float
    orbit_s: float
    cycle_ticks: int = 1

    def bound(self, formula: Formula) -> Formula:
        """The formula with its meaning. Raises ConfigError: an unknown name, or one that is something else."""
        bound = self._formula(formula)
        if not _says_when(bound):
            raise ConfigError(
                "says nothing of when: wrap it in always(...), eventually[0s, 600s](...), never(...) or after(...)"
            )
        return bound

    def ticks(self, span: Span) -> Span:
        """The span in whole ticks, the nearest. Raises ConfigError where it is shorter than one."""
        return self._whole(span, round(self._ticks(span)))

    def window(self, window: Window) -> Window:
        """The ticks that lie in it: rounded inwards, so that no deadline gets longer. Raises ConfigError: none does."""
        first = Span(math.ceil(self._ticks(window.first) - SLACK_TICKS), TICKS)
        last = self._whole(window.last, math.floor(self._ticks(window.last) + SLACK_TICKS))
        if self._ticks(window.first) > self._ticks(window.last):
            raise ConfigError(f"window {window.first} to {window.last}: the first must not be above the last")
        if first.ticks > last.ticks:
            raise ConfigError(f"window {window.first} to {window.last}: no tick lies in it, each is {self.dt_s:g} s")
        return Window(first, last)

    def _ticks(self, span: Span) -> float:
        if not span.unit.startswith(("tick", "cycle")):
            unit_s = self.orbit_s if span.unit.startswith("orbit") else SECONDS[span.unit]
            return span.amount * unit_s / self.dt_s
        exact = span.amount * (self.cycle_ticks if span.unit.startswith("cycle") else 1)
        if exact != round(exact):
            raise ConfigError(f"{span}: must be a whole number of ticks")
        return exact

    def _whole(self, span: Span, ticks: int) -> Span:
        if span.amount > 0 and ticks == 0:
            raise ConfigError(f"{span}: is shorter than a tick, {self.dt_s:g} s")
        return Span(ticks, TICKS)

    def logged(self, name: str) -> Logged:
        """The signal of this name."""
        signal = find_logged_signal(name, self.topics)
        declared = field_of(signal, self.topics)
        kind = "enum" if members_of(declared) else "bool" if declared.type.startswith("bool") else "number"
        return Logged(signal.name, declared.unit, kind)

    def members(self, name: str) -> dict[str, int]:
        """Of a signal by its full name."""
        return members_of(field_of(find_logged_signal(name, self.topics), self.topics))

    def _formula(self, node: Formula) -> Formula:
        bound = self._node(node)
        assert isinstance(bound, Formula)
        return bound

    def _node(self, node: Node) -> Node:
        match node:
            case Name(text):
                return self._name(text)
            case Compare():
                return self._compare(node)
            case Count(what, over):
                return Count(self._counted(what), None if over is None else self._length(over))
            case Event(name):
                return self._event(name)
            case Truth(of):
                return self._truth(of)
        changed = {one.name: self._part(getattr(node, one.name)) for one in fields(node)}  # type: ignore[arg-type]
        bound: Node = replace(node, **changed)  # type: ignore[type-var]  # every kind of node is a dataclass
        return bound

    def _part(self, value: Any) -> Any:
        match value:
            case Node():
                return self._node(value)
            case Span():
                return self._length(value)
            case Window():
                return self.window(value)
            case tuple():
                return tuple(self._part(item) for item in value)
        return value

    def _length(self, span: Span) -> Span:
        """Of what must not be nought."""
        ticks = self.ticks(span)
        if ticks.ticks < 1:
            raise ConfigError(f"{span}: must be at least one tick, {self.dt_s:g} s")
        return ticks

    def _name(self, text: str) -> Logged:
        if "." not in text:
            raise ConfigError(
                f"{text}: no signal: a signal is like power.soc; a member's name must be compared with one"
            )
        return self.logged(text)

    def _compare(self, node: Compare) -> Compare:
        left, right = self._side(node.left, node.right), self._side(node.right, node.left)
        if any(isinstance(one, Number) and one.unit for one in (*left.walk(), *right.walk())):
            each = self._of_a_second(left, right)
            left, right = _scaled(left, each), _scaled(right, each)
        crisp = any(isinstance(side, Logged) and side.kind != "number" for side in (left, right))
        return Compare(node.relation, left, right, crisp)

    def _of_a_second(self, left: Expr, right: Expr) -> float:
        """How many of the unit in which both sides are a second has. Raises ConfigError: it isn't one of time."""
        units = {unit: name for name, unit in (*_measured(left), *_measured(right))}
        of_time = {"s": 1.0, "ns": 1e9, "tick": 1.0 / self.dt_s}
        times = [unit for unit in units if unit in of_time]
        strange = [unit for unit in units if unit not in (*times[:1], *(("", "1") if times else ()))]
        if strange:
            unit = strange[0]
            told = f"is in {unit}" if unit not in ("", "1") else "is no time"
            raise ConfigError(f"{units[unit]} {told}: a number in s, min, h or d goes with times alone, in one unit")
        return of_time[times[0]] if times else 1.0

    def _side(self, side: Expr, other: Expr) -> Expr:
        """One side of a comparison: a word without a dot is a member of the other side's enumeration."""
        if not (isinstance(side, Name) and "." not in side.text and isinstance(other, Name) and "." in other.text):
            bound = self._node(side)
            assert isinstance(bound, Expr)
            return bound
        signal = self.logged(other.text)
        members = self.members(signal.name)
        if not members:
            raise ConfigError(f"{side.text}: {signal.name} is no enumeration: must be compared with a number")
        if side.text not in members:
            near = difflib.get_close_matches(side.text.upper(), list(members), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{side.text}: not of {signal.name}: must be one of {', '.join(members)}{hint}")
        return Number(float(members[side.text]))

    def _truth(self, of: Expr) -> Truth:
        bound = self._node(of)
        assert isinstance(bound, Expr)
        if isinstance(bound, Number) and bound.value in (0.0, 1.0) and not bound.unit:
            return Truth(bound)
        if not (isinstance(bound, Logged) and bound.kind == "bool"):
            what = bound.name if isinstance(bound, Logged) else "a number"
            raise ConfigError(f"{what}: is no flag: must be compared, like power.soc >= 0.3")
        return Truth(bound)

    def _counted(self, what: Node) -> Node:
        if not isinstance(what, Name):
            inner = self._node(what.of) if isinstance(what, Truth) and isinstance(what.of, Name) else self._node(what)
            return Changed(inner) if isinstance(inner, Expr) else inner
        topics = [topic.name for topic in self.topics]
        try:
            return Changed(self.logged(what.text))
        except ConfigError as error:
            if what.text in topics:
                return Messages(what.text)
            near = difflib.get_close_matches(what.text, topics, n=2)
            raise ConfigError(f"{error}" + (f" (or a topic: {', '.join(near)})" if near else "")) from None

    def _event(self, name: str) -> Event:
        sources = [BUS, *(topic.producer for topic in self.topics if is_event_topic(topic))]
        source, _, rest = name.partition(".")
        if source in sources and (rest in EVENT_IDS.get(source, ()) or (rest and source not in EVENT_IDS)):
            return Event(rest, source)
        tellers = [one for one in sources if name in EVENT_IDS.get(one, ())]
        if len(tellers) == 1:
            return Event(name, tellers[0])
        if tellers:
            raise ConfigError(f"event {name}: ambiguous: {', '.join(f'{one}.{name}' for one in tellers)}")
        known = [f"{one}.{id_}" for one in sources for id_ in EVENT_IDS.get(one, ())]
        bare = [id_ for one in sources for id_ in EVENT_IDS.get(one, ())]
        near = difflib.get_close_matches(name, [*known, *bare], n=2)
        near = near or [one for one in known if one.startswith(f"{source}.")]
        hint = f": did you mean {', '.join(near)}?" if near else f": its source must be one of {', '.join(sources)}"
        raise ConfigError(f"event {name}: unknown{hint}")


def _measured(expr: Expr) -> Iterator[tuple[str, str]]:
    """What an expression is made of, with units."""
    match expr:
        case Logged(name, unit):
            yield name, unit
        case Count() | Messages():
            yield "a count", ""
        case Rate(of):
            yield from ((f"the rate of {name}", f"{unit}/s") for name, unit in _measured(of))
        case _:
            for one in expr.below():
                assert isinstance(one, Expr)
                yield from _measured(one)


def _scaled(expr: Expr, each: float) -> Expr:
    """With its times in a unit of which a second has so many."""
    match expr:
        case Number(value, unit):
            return Number(value * each) if unit else expr
        case Apply(function, args):
            return Apply(function, tuple(_scaled(one, each) for one in args))
        case Rate(of, over):
            return Rate(_scaled(of, each), over)
        case Delay(of, by):
            return Delay(_scaled(of, each), by)
    return expr


def _says_when(node: Node) -> bool:
    """A formula that holds of one tick alone is judged at the first, which nobody means."""
    match node:
        case Compare(_, left, right):
            return all(_is_total(side) for side in (left, right))
        case Truth(of):
            return isinstance(of, Number)
    if type(node).__name__ in ("Always", "Eventually", "Until", "After"):
        return True
    if type(node).__name__ in ("Not", "Holds", "And", "Or", "Implies"):
        return all(_says_when(one) for one in node.below())
    return False


def _is_total(node: Node) -> bool:
    """A figure of the whole run."""
    if isinstance(node, Count):
        return node.over is None
    if isinstance(node, Number):
        return True
    below = list(node.below())
    return bool(below) and all(_is_total(one) for one in below)


def anchors_of(formula: Formula) -> list[Formula]:
    """What its windows hang on."""
    return [node.anchor for node in formula.walk() if isinstance(node, After)]
