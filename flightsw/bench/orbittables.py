"""The orbit bench as people read it: a table a spacecraft, for a terminal or for a page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from flightsw.bench.orbit import OrbitResult, PolicyRow
from flightsw.bench.orbitcases import OrbitCase, OrbitTuned

MARKS = ("<!-- bench orbit: begin -->\n", "<!-- bench orbit: end -->\n")
COLUMNS = (
    "policy",
    "value",
    "of oracle %",
    "useful",
    "quality",
    "J each",
    "p50 s",
    "p99 s",
    "missed",
    "lowest soc",
    "chip degC",
)
NOTE = (
    "Value is quality x priority weight, over scenes done before their deadline; of the oracle: mean, and in brackets "
    "the least of all seeds. Missed by reason, in scenes, open being what neither was done nor missed at the end. "
    "Chip: the most of all seeds; all else are means. The oracle is a bound, not a flight."
)


def cells(row: PolicyRow) -> tuple[str, ...]:
    """A row's texts, by `COLUMNS`."""
    missed = ", ".join(f"{reason} {count:.0f}" for reason, count in row.missed.items() if count >= 0.5)
    return (
        row.policy,
        f"{row.value:.0f}",
        f"{100.0 * row.of_oracle:.1f} [{100.0 * row.least_of_oracle:.1f}]",
        f"{row.useful:.0f}",
        f"{row.quality:.3f}",
        f"{row.j_each:.3g}",
        f"{row.p50_s:.3g}",
        f"{row.p99_s:.4g}",
        missed or "none",
        f"{row.soc_min:.3f}",
        f"{row.chip_c_max:.1f}",
    )


def oracle_cells(case: OrbitCase, result: OrbitResult) -> tuple[str, ...]:
    """The bound's row."""
    return ("oracle", f"{fmean(result.oracle[case.name]):.0f}", "100", *("-",) * (len(COLUMNS) - 3))


def verdicts(case: OrbitCase, result: OrbitResult) -> list[str]:
    """Ours against each baseline, in words."""
    return [
        f"budget against {one.baseline}: value {100.0 * one.value.mean:+.2f} % "
        f"[{100.0 * one.value.low:+.2f}, {100.0 * one.value.high:+.2f}], lowest soc {one.soc_gain:+.4f}"
        for one in result.ahead
        if one.case == case.name
    ]


def orbit_text(cases: Sequence[OrbitCase], result: OrbitResult) -> str:
    """For a terminal."""
    lines: list[str] = []
    for case in cases:
        table = [COLUMNS, *(cells(row) for row in result.rows if row.case == case.name), oracle_cells(case, result)]
        widths = [max(len(row[place]) for row in table) for place in range(len(COLUMNS))]
        lines.append(f"{case.name}: {case.why} ({case.duration}, {len(result.seeds)} seeds)")
        for row in table:
            first, *rest = zip(row, widths, strict=True)
            lines.append("  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]))
        lines += [*verdicts(case, result), ""]
    return "\n".join([*lines, NOTE])


def orbit_markdown(cases: Sequence[OrbitCase], tuned: Sequence[OrbitTuned], result: OrbitResult) -> str:
    """For a page."""
    parts: list[str] = []
    for case in cases:
        parts.append(f"### {case.name}\n\nFlown: {case.why}; {case.duration}, {len(result.seeds)} seeds.\n")
        rows = [cells(row) for row in result.rows if row.case == case.name]
        table = [
            COLUMNS,
            ("---",) + ("---:",) * (len(COLUMNS) - 1),
            *rows,
            oracle_cells(case, result),
        ]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in table) + "\n")
        parts.append("\n".join(f"- {text}" for text in verdicts(case, result)) + "\n")
        for one in tuned:
            if one.case == case.name:
                told = ", ".join(f"`{name} = {value}`" for name, value in one.figures.items())
                parts.append(f"Tuned {one.policy}: {told} ({one.source}).\n")
    return "\n".join([*parts, f"{NOTE} Behind a difference: its 95 % bootstrap interval over pairs of equal seeds.\n"])
