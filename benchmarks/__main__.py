"""`python -m benchmarks`: the node's speed and cost beside raw limits, interleaved in the same run, medians of rounds.

Every figure comes from a fresh process. A row has a goal, or is a raw limit that another is a multiple of; a barrier
far off what these machines usually give says that the machine was busy, and what is missed by the wall clock then
proves nothing. Beneath the figures stand their ratios: a goal that is one is held against figures of the same rounds.
What a goal is missed by is set against a floor where there is one: a raw row that nothing of ours could beat.
Prints tables, writes `results.json` with --out and brings a page up to date with --page. Exit code 0 whatever the
figures are: speed is reported here, never asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path

from benchmarks.measures import BARRIER_OF_FIVE, CODEC, GROWTH, MEASURES, RATIOS, basilisk, growth, real_time
from benchmarks.rows import Row, off_usual, ratio_row, row_of, sampled
from flightsw.bench.tables import read_page, renewed, write_page
from flightsw.errors import ConfigError

MARKS = "<!-- bench: begin -->\n", "<!-- bench: end -->\n"


def rows(rounds: int, real_time_s: int, peer: Path | None) -> list[Row]:
    """Of all figures, their ratios behind them, and behind these what is measured once. `peer`: Basilisk's Python."""
    peers, over = ({}, {}) if peer is None else basilisk(peer)
    measures, ratios, once = MEASURES | peers, RATIOS | over, real_time(real_time_s)
    samples = sampled(measures, rounds)
    off = off_usual(samples[BARRIER_OF_FIVE], samples[CODEC])
    table = [row_of(name, measure, samples, off=off) for name, measure in measures.items()]
    table += [ratio_row(name, ratio, samples, off=off) for name, ratio in ratios.items()]
    held = sampled(once, 1)
    return [*table, *[row_of(name, measure, held, off=off) for name, measure in once.items()]]


def printed(table: list[Row], grown: dict[str, dict[str, float]]) -> str:
    """As text, the machine named."""
    lines = [f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.release()}"]
    lines.append(f"{'':42}{'median':>11}{'lowest':>11}{'highest':>11}  {'unit':8}{'goal':>8}{'ratio':>7}  verdict")
    for row in table:
        figures = f"{row.median:>11.4g}{row.lowest:>11.4g}{row.highest:>11.4g}"
        goal = " " * 15 if row.goal is None else f"{row.goal:>8g}{row.ratio:>7.2f}"
        lines.append(f"{row.name:42}{figures}  {row.unit:8}{goal}  {row.verdict}".rstrip())
    for kind, figures_us in grown.items():
        costs = "  ".join(f"{size}: {cost_us:.4g}" for size, cost_us in figures_us.items())
        lines.append(f"{GROWTH[kind]:42}{costs}")
    return "\n".join(lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--real-time", type=int, default=600, metavar="SECONDS", help="how long 100 Hz are held")
    parser.add_argument(
        "--basilisk", type=Path, metavar="PYTHON", help="fly the same orbit by Basilisk, installed there"
    )
    parser.add_argument("--out", type=Path, help="folder for results.json")
    parser.add_argument("--page", type=Path, help="page to bring up to date: docs/speed.md")
    asked = parser.parse_args()
    try:
        page = None if asked.page is None else read_page(asked.page, MARKS)
    except ConfigError as error:
        parser.error(str(error))
    table, grown = rows(asked.rounds, asked.real_time, asked.basilisk), growth()
    text = printed(table, grown)
    print(text)
    if asked.out is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        results = {"rows": [asdict(row) for row in table], "growth_us": grown}
        (asked.out / "results.json").write_text(json.dumps(results, indent=1))
    if page is not None:
        write_page(asked.page, renewed(page, f"```\n{text}\n```", MARKS))


if __name__ == "__main__":
    main()
