"""Two runs side by side: figures with their difference, verdicts of both, and what was configured otherwise."""

from __future__ import annotations

from flightsw.bus.headers import header_differences
from flightsw.regress.shown import margin_text
from flightsw.report.drawing import Html, Part, Section
from flightsw.report.rundata import RunData
from flightsw.report.sections.markup import badge, note, number, plain, table
from flightsw.report.sections.summary import figures, kept, outcome

MOST_DIFFERENCES = 60


def section(data: RunData, against: RunData) -> Section:
    """Comparison."""
    parts: list[Part] = [
        _heads(data, against),
        _figures(data, against),
        _verdicts(data, against),
        _config(data, against),
    ]
    return Section("comparison", f"Against {against.name}", tuple(parts))


def _heads(data: RunData, against: RunData) -> Html:
    if data.summary.log_hash == against.summary.log_hash:
        return note("Both logs are the same, bit for bit.")
    words = [f"{one.name}: {outcome(one)[0]}, {kept(one)}" for one in (data, against)]
    return note(f"{words[0]}; {words[1]}. In the plots the other run is pale and dotted.")


def _figures(data: RunData, against: RunData) -> Html:
    rows = []
    for (name, mine, digits, unit, _), (_, other, *_rest) in zip(figures(data), figures(against), strict=True):
        change = None if mine is None or other is None else mine - other
        shown = "" if change is None else f"{change:+,.{digits}f}"
        rows.append((name, number(mine, digits, unit), number(other, digits, unit), shown))
    heads = ("figure", "this run", "the other", "difference")
    return table(heads, rows, numeric=(1, 2, 3), key="compared-figures")


def _verdicts(data: RunData, against: RunData) -> Html:
    others = {one.id: one for one in against.verdicts}
    rows = []
    for one in data.verdicts:
        other = others.get(one.id)
        rows.append(
            (
                one.id,
                one.text,
                badge(one.outcome.value, "good" if one.passed else "bad"),
                "" if other is None else badge(other.outcome.value, "good" if other.passed else "bad"),
                margin_text(one),
                "" if other is None else margin_text(other),
            )
        )
    heads = ("id", "requirement", "this run", "the other", "margin", "its margin")
    return table(heads, rows, numeric=(4, 5), key="compared-verdicts", wide=(1,)) if rows else Html("")


def _config(data: RunData, against: RunData) -> Html:
    found = header_differences(data.header, against.header)
    if not found:
        return note("Scenario, seed and messages are the same.")
    rows = [(one.field, plain(one.one), plain(one.other)) for one in found[:MOST_DIFFERENCES]]
    return table(("configured otherwise", "this run", "the other"), rows, key="compared-config", wide=(1, 2))
