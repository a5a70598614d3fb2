"""A formula's text as tokens. Called by `parser`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flightsw.errors import ConfigError

MAX_LENGTH = 4000
UNITS = ("s", "min", "h", "d", "orbit", "orbits", "tick", "ticks", "cycle", "cycles")
_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<number>(?:\d+\.\d+|\d+|\.\d+)(?:[eE][+-]?\d+)?)(?P<unit>[A-Za-z_]*)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<symbol>\.\.|<=|>=|==|!=|->|[-+*/<>()\[\],=])"
    r")"
)


@dataclass(frozen=True)
class Token:
    """A number with its unit, a name or a symbol; `kind` "end" behind the last."""

    kind: str
    text: str
    column: int
    """counted from 1"""
    amount: float = 0.0
    unit: str = ""


def tokens_of(text: str) -> list[Token]:
    """The tokens, an end mark behind them. Raises ConfigError: too long, a character that has no meaning."""
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"longer than {MAX_LENGTH} characters")
    tokens: list[Token] = []
    place = 0
    body = text.rstrip()
    while place < len(body):
        match = _TOKEN.match(body, place)
        if match is None:
            start = place + len(body[place:]) - len(body[place:].lstrip())
            raise ConfigError(f"column {start + 1}: {body[start]!r} has no meaning here")
        tokens.append(_token(match))
        place = match.end()
    return [*tokens, Token("end", "the end", len(body) + 1)]


def _token(match: re.Match[str]) -> Token:
    kind = match.lastgroup or ""
    if match["number"] is None:
        return Token(kind, match[kind], match.start(kind) + 1)
    column, unit = match.start("number") + 1, match["unit"]
    if unit and unit not in UNITS:
        raise ConfigError(f"column {column}: {match['number']}{unit}: the unit must be one of {', '.join(UNITS)}")
    return Token("number", match["number"] + unit, column, float(match["number"]), unit)
