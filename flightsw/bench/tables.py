"""The comparison as people read it: a table a case, for a terminal or for a page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flightsw.bench.cases import BASELINE, Bench, BenchCase, Tuned
from flightsw.bench.control import LawRow, Result
from flightsw.errors import ConfigError

BEGIN, END = "<!-- bench control: begin -->\n", "<!-- bench control: end -->\n"
COLUMNS = (
    "law",
    "overshoot K",
    "settling s",
    "at limit s",
    "over s",
    "switches",
    "inferences",
    "GOP",
    "against hysteresis %",
    "limit",
)


def cells(row: LawRow) -> tuple[str, ...]:
    """A row's texts, by `COLUMNS`."""
    ahead = row.against
    against = f"{100.0 * ahead.mean:+.2f} [{100.0 * ahead.low:+.2f}, {100.0 * ahead.high:+.2f}]"
    return (
        row.law,
        f"{row.overshoot_k:+.2f}",
        f"{row.settling_s:.0f}",
        f"{row.at_limit_s:.0f}",
        f"{row.over_s:.1f}",
        f"{row.switches:.1f}",
        f"{row.inferences:.0f}",
        f"{row.gop:.0f}",
        "-" if row.law == BASELINE else against,
        "held" if row.holds else "exceeded",
    )


def as_text(bench: Bench, cases: Sequence[BenchCase], result: Result) -> str:
    """For a terminal."""
    lines: list[str] = []
    for case in cases:
        table = [COLUMNS, *(cells(row) for row in result.rows if row.case == case.name)]
        widths = [max(len(row[place]) for row in table) for place in range(len(COLUMNS))]
        lines.append(f"{case.name}: {case.why} ({case.duration}, {len(result.seeds)} seeds)")
        for row in table:
            first, *rest = zip(row, widths, strict=True)
            lines.append("  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]))
        lines.append("")
    lines.append(f"overshoot: the most of all seeds; held: by {bench.allowed_over_k} K; all others: means")
    return "\n".join(lines)


def as_markdown(bench: Bench, cases: Sequence[BenchCase], tuned: Sequence[Tuned], result: Result) -> str:
    """For a page."""
    parts: list[str] = []
    for case in cases:
        rows = [row for row in result.rows if row.case == case.name]
        parts.append(f"### {case.name}\n\nFlown: {case.why}; {case.duration}, {len(result.seeds)} seeds.\n")
        table = [COLUMNS, ("---",) + ("---:",) * (len(COLUMNS) - 1), *(cells(row) for row in rows)]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in table) + "\n")
        for one in tuned:
            if one.case == case.name:
                told = ", ".join(f"`{name} = {value}`" for name, value in one.figures.items())
                parts.append(f"Tuned {one.law}: {told} ({one.source}).\n")
    parts.append(
        f"Overshoot is the most of all seeds, and a limit is held by {bench.allowed_over_k} K; all else are means. In "
        "brackets: 95 % bootstrap interval of the mean over pairs of equal seeds.\n"
    )
    return "\n".join(parts)


def read_page(page: Path, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """A page that has a place for the tables, between two lines. Raises ConfigError."""
    begin, end = marks
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"page = {page}: can't be read: {error}") from None
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ConfigError(f"page = {page}: must have one line {begin.strip()!r} and below it one {end.strip()!r}")
    return text


def renewed(page: str, tables: str, marks: tuple[str, str] = (BEGIN, END)) -> str:
    """The page with these tables."""
    begin, end = marks
    head, tail = page.split(begin, maxsplit=1)[0], page.split(end)[1]
    return f"{head}{begin}\n{tables}\n{end}{tail}"


def write_page(page: Path, text: str) -> None:
    """Raises ConfigError: it can't be written."""
    try:
        page.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{page}: can't be written: {error.strerror}") from None
