"""The comparison as people read it: a table a case, for a terminal or for a page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from flightsw.bench.cases import BASELINE, Bench, BenchCase, Tuned
from flightsw.bench.control import LawRow, Result
from flightsw.bench.pages import Marks

MARKS = Marks("bench control")
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
