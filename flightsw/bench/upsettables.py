"""The comparison of guards as people read it: for a terminal, and for a page of the documentation."""

from __future__ import annotations

from flightsw.bench.upsets import GuardResult, UpsetBench, UpsetResult

BEGIN, END = "<!-- bench upsets: begin -->\n", "<!-- bench upsets: end -->\n"
COLUMNS = (
    "guard",
    "upsets",
    "repaired",
    "of the rest",
    "scrub",
    "golden",
    "runtime",
    "vote",
    "judged",
    "altered",
    "wrong",
    "silent",
    "silent %",
    "less than none, % points",
)


def cells(row: GuardResult) -> tuple[str, ...]:
    """A row's texts, by `COLUMNS`."""
    share, less = row.silent_share, row.less_than_unguarded
    return (
        row.guard,
        str(row.upsets),
        str(row.repaired_bits),
        str(row.rewritten_bits),
        str(row.by_scrub),
        str(row.by_golden),
        str(row.by_runtime),
        str(row.by_vote),
        str(row.judged),
        str(row.altered),
        str(row.wrong),
        str(row.silent),
        f"{100.0 * share.mean:.2f} [{100.0 * share.low:.2f}, {100.0 * share.high:.2f}]",
        "-" if less is None else f"{100.0 * less.mean:.2f} [{100.0 * less.low:.2f}, {100.0 * less.high:.2f}]",
    )


def as_text(bench: UpsetBench, result: UpsetResult) -> str:
    """For a terminal."""
    table = [COLUMNS, *(cells(row) for row in (*result.rows, result.cited))]
    widths = [max(len(row[place]) for row in table) for place in range(len(COLUMNS))]
    lines = [_flown(bench, result)]
    for row in table:
        first, *rest = zip(row, widths, strict=True)
        lines.append("  ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]))
    return "\n".join([*lines, "", _legend(bench)])


def as_markdown(bench: UpsetBench, result: UpsetResult) -> str:
    """For a page."""
    lines = ("---",) + ("---:",) * (len(COLUMNS) - 1)
    table = [COLUMNS, lines, *(cells(row) for row in (*result.rows, result.cited))]
    whys = "\n".join(f"- {guard.name}: {guard.why}" for guard in bench.guards)
    rows = "\n".join(f"| {' | '.join(row)} |" for row in table)
    return f"{_flown(bench, result)}\n\n{rows}\n\n{whys}\n\n{_legend(bench)}\n"


def _flown(bench: UpsetBench, result: UpsetResult) -> str:
    a_day = bench.upsets_per_day
    return (
        f"{bench.scenario}, {bench.model}, {bench.duration}, {result.seeds} seeds: "
        f"{bench.footprint_bytes / 1e6:.0f} MB at {bench.upsets_per_bit_day:.1e} upsets a bit and day are {a_day:.0f} "
        f"a day; accelerated {bench.acceleration:,.0f} times, {a_day * bench.acceleration:,.0f} a day."
    )


def _legend(bench: UpsetBench) -> str:
    return (
        "Counts are sums over the seeds: bits flipped, bits repaired in the networks' weights and in the rest of the "
        "memory, repairs by what found the damage and those by vote; batches computed, and of them altered (any bit of "
        "the output), wrong (what is told is another answer), silent (wrong, and never called suspect). Brackets: 95 % "
        f"bootstrap intervals of means over seeds. Last row: the cited rate, guarded by '{bench.guards[-1].name}'."
    )
