"""The language of requirements in Python: the functions that text has as words.

    from flightsw.regress import language as stl

    soc = stl.signal("power.soc")
    stl.always(soc >= 0.3)
    stl.after(stl.event("plant.eclipse.exit"), stl.eventually(stl.signal("infer.busy_fraction") > 0.5, 0, "15min"))
    stl.signal("health.mode").equals("PAYLOAD")

Times are in seconds, or text: "600s", "10min", "1.5h", "2orbits", "3ticks".
"""

from __future__ import annotations

from flightsw.errors import ConfigError
from flightsw.regress.lexer import tokens_of
from flightsw.regress.nodes import (
    TICKS,
    After,
    Always,
    Changed,
    Count,
    Delay,
    Event,
    Eventually,
    Expr,
    Formula,
    Historically,
    Holds,
    Known,
    Name,
    Not,
    Number,
    Once,
    Rate,
    Span,
    Truth,
    Until,
    Window,
)

Time = str | float | Span


def span(time: Time) -> Span:
    """A length of simulated time. Raises ConfigError: anything else."""
    if isinstance(time, Span):
        return time
    if isinstance(time, str):
        tokens = tokens_of(time)
        if len(tokens) == 2 and tokens[0].kind == "number" and tokens[0].unit:
            return Span(tokens[0].amount, tokens[0].unit)
    elif time >= 0:
        return Span(float(time))
    raise ConfigError(f'time {time!r}: must be like "600s", "10min", "1.5h", "2orbits", "3ticks", or seconds')


def signal(name: str) -> Expr:
    """A signal by its name."""
    return Name(name)


def flag(name: str) -> Formula:
    """A signal that is a flag, as a condition."""
    return Truth(Name(name))


def event(name: str) -> Formula:
    """An event occurs: `<source>.<id>` or `<id>`."""
    return Event(name)


def changed(of: Expr) -> Formula:
    """The value isn't that of the tick before."""
    return Changed(of)


def known(of: Expr) -> Formula:
    """There is a value."""
    return Known(of)


def holds(of: Formula) -> Formula:
    """Whether it holds, without its margin."""
    return Holds(of)


def always(of: Formula, first: Time | None = None, last: Time | None = None) -> Formula:
    """At every tick of the window ahead; without one, to the end of the run."""
    return Always(of, _window(first, last))


def never(of: Formula, first: Time | None = None, last: Time | None = None) -> Formula:
    """At no tick of the window ahead."""
    return Always(Not(of), _window(first, last))


def eventually(of: Formula, first: Time | None = None, last: Time | None = None) -> Formula:
    """At some tick of the window ahead."""
    return Eventually(of, _window(first, last))


def historically(of: Formula, first: Time | None = None, last: Time | None = None) -> Formula:
    """At every tick of the window behind."""
    return Historically(of, _window(first, last))


def once(of: Formula, first: Time | None = None, last: Time | None = None) -> Formula:
    """At some tick of the window behind."""
    return Once(of, _window(first, last))


def until(left: Formula, right: Formula, first: Time | None = None, last: Time | None = None) -> Formula:
    """The right one comes true in the window ahead, and the left one holds up to then."""
    return Until(left, right, _window(first, last))


def after(anchor: Formula, of: Formula, first: Time | None = None, last: Time | None = None) -> Formula:
    """At every occurrence of the anchor; with a window, at every tick of it."""
    window = _window(first, last)
    return After(anchor, of if window is None else Always(of, window))


def settles(of: Expr, target: Expr | float, tolerance: Expr | float, within: Time, for_: Time | None = None) -> Formula:
    """Comes within the tolerance of the target in that time, and stays there: so long, or to the end of the run."""
    near = abs(of - target) <= tolerance
    stays = Always(near, None if for_ is None else Window(Span(0), span(for_)))
    return Eventually(stays, Window(Span(0), span(within)))


def rate(of: Expr, over: Time | None = None) -> Expr:
    """Change a second, over the last tick or the last span."""
    return Rate(of, Span(1, TICKS) if over is None else span(over))


def delay(of: Expr, by: Time) -> Expr:
    """The value of a span ago."""
    return Delay(of, span(by))


def count(what: Expr | Formula | str, over: Time | None = None) -> Expr:
    """Messages of a topic, events, changes of a signal, rising edges of a condition."""
    return Count(Name(what) if isinstance(what, str) else what, None if over is None else span(over))


def number(value: float, unit: str = "") -> Expr:
    """A constant; in "s" it is a time, and takes the unit of what it is compared with. Raises ConfigError: another."""
    if unit not in ("", "s"):
        raise ConfigError(f"number in {unit!r}: must be in 's', or have no unit")
    return Number(float(value), unit)


def _window(first: Time | None, last: Time | None) -> Window | None:
    if last is None:
        if first is not None:
            raise ConfigError(f"window from {first!r}: must have an end too")
        return None
    return Window(Span(0) if first is None else span(first), span(last))
