"""Tables, badges and notes as safe markup: every text that comes from a run is escaped here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from flightsw.report.drawing import Html

UNKNOWN = "-"


def number(value: float | None, digits: int = 2, unit: str = "") -> str:
    """A figure with its unit; a dash where it isn't known."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:,.{digits}f}{f' {unit}' if unit else ''}"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 pass`, `2 passes`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def plain(value: object) -> str:
    """Anything, as short as it can be said."""
    if value is None:
        return UNKNOWN
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(plain(one) for one in value) or UNKNOWN
    if isinstance(value, dict):
        return ", ".join(f"{key} = {plain(one)}" for key, one in value.items() if one is not None) or UNKNOWN
    return str(value)


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    numeric: Sequence[int] = (),
    key: str = "",
    wide: Sequence[int] = (),
) -> Html:
    """A table. `numeric` columns are aligned right; those of `wide` may break."""
    kinds = [" class=n" if place in numeric else (" class=w" if place in wide else "") for place in range(len(heads))]
    head = "".join(f"<th{kind}>{escape(one)}</th>" for one, kind in zip(heads, kinds, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell(one)}</td>' for one, kind in zip(row, kinds, strict=True))}</tr>"
        for row in rows
    )
    name = f' id="{escape(key)}"' if key else ""
    return Html(f"<div class=scroll><table{name}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")


def cell(one: object) -> str:
    """A table's cell: markup stays, all else is escaped."""
    return one.text if isinstance(one, Html) else escape(str(one))


def pairs(rows: Iterable[tuple[str, object]], key: str = "") -> Html:
    """Names and values in two columns."""
    body = "".join(f"<tr><th>{escape(name)}</th><td>{cell(value)}</td></tr>" for name, value in rows)
    name = f' id="{escape(key)}"' if key else ""
    return Html(f'<table class="pairs"{name}><tbody>{body}</tbody></table>')


def flow(heading: str, rows: Iterable[tuple[str, object]], key: str = "", kind: str = "") -> Html:
    """Many names and values, in as many columns as there is room for; `wide` ones are fewer."""
    body = "".join(f"<div><span>{escape(name)}</span><b>{cell(value)}</b></div>" for name, value in rows)
    name = f' id="{escape(key)}"' if key else ""
    return Html(f'<h3>{escape(heading)}</h3><div class="flow {kind}"{name}>{body}</div>')


def side_by_side(*parts: Html) -> Html:
    """Next to each other, where there is room."""
    return Html(f'<div class="side">{"".join(f"<div>{part.text}</div>" for part in parts)}</div>')


def cards(figures: Iterable[tuple[str, str, str]]) -> Html:
    """(name, value, remark) as a grid of figures."""
    body = "".join(
        f"<div class=card><b>{escape(value)}</b><span>{escape(name)}</span><i>{escape(remark)}</i></div>"
        for name, value, remark in figures
    )
    return Html(f'<div class="cards">{body}</div>')


def badge(text: str, kind: str) -> Html:
    """`good`, `bad`, `warn` or `plain`."""
    return Html(f'<span class="badge {kind}">{escape(text)}</span>')


def note(text: str, kind: str = "plain") -> Html:
    """A paragraph that stands out; `warn` and `bad` more so."""
    return Html(f'<p class="note {kind}">{escape(text)}</p>')


def details(summary: str, body: str, *, mono: bool = True) -> Html:
    """Folded away."""
    inside = f"<pre>{escape(body)}</pre>" if mono else body
    return Html(f"<details><summary>{escape(summary)}</summary>{inside}</details>")


def code(text: str) -> Html:
    """As it was written."""
    return Html(f"<code>{escape(text)}</code>")
