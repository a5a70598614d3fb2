"""`flightsw bench upsets`: flown is what is stated, seeds reproduce it, and the verdict follows the intervals."""

from __future__ import annotations

from msgspec.structs import replace

from flightsw.bench import upsettables
from flightsw.bench.tables import read_page, renewed
from flightsw.bench.upsets import SeedFlights, fly_seed, result_of, scenario_of, shipped_upset_bench
from flightsw.record.silent import Audit
from tests.bench.test_control import ROOT

BENCH = shipped_upset_bench()
NOTHING = Audit(
    upsets=0,
    repaired_bits=0,
    rewritten_bits=0,
    by_scrub=0,
    by_golden=0,
    by_runtime=0,
    by_vote=0,
    judged=100,
    altered=0,
    wrong=0,
    retracted=0,
)


def test_the_rates_are_the_cited_ones_of_a_hundred_megabytes_accelerated_ten_thousand_times():
    assert BENCH.footprint_bytes == 100_000_000
    assert 55.0 < BENCH.upsets_per_day < 324.0
    assert BENCH.acceleration == 10_000.0
    assert BENCH.scenario == "datacentre-class"
    accelerated = scenario_of(BENCH, BENCH.guards[1], 4, BENCH.acceleration)
    assert accelerated.plant.radiation.upsets_per_day == BENCH.upsets_per_day * 10_000.0
    assert accelerated.apps.inference.memory.footprint_bytes == 100_000_000
    assert accelerated.apps.inference.memory.golden_s == BENCH.guards[1].golden_s
    assert accelerated.seed == 4
    assert scenario_of(BENCH, BENCH.guards[0], 4, 1.0).plant.radiation.upsets_per_day == BENCH.upsets_per_day


def test_scrubbing_and_golden_inputs_are_flown_each_alone_and_without_either():
    guards = {(guard.scrub_s is not None, guard.golden_s is not None) for guard in BENCH.guards}
    assert guards == {(False, False), (True, False), (False, True), (True, True)}
    assert {guard.copies for guard in BENCH.guards} == {1, 3}


def test_a_seed_flies_the_same_again_and_its_upsets_are_those_of_its_rate():
    pair = (BENCH.guards[0], BENCH.guards[2])
    short = replace(BENCH, duration="360s", guards=pair, model="cloudseg:small")
    flown = fly_seed(short, 3)
    none, scrubbed = flown.guarded
    assert none.upsets == scrubbed.upsets
    awake_s = 360.0 - 180.0  # the hosts boot first
    assert 0.7 < none.upsets / (BENCH.upsets_per_day * 10_000.0 * awake_s / 86_400.0) < 1.3
    assert (none.repaired_bits, none.rewritten_bits) == (0, 0)
    assert scrubbed.repaired_bits > 0
    assert scrubbed.rewritten_bits > 0.5 * scrubbed.upsets
    assert none.judged == scrubbed.judged > 10
    assert none.altered >= scrubbed.altered
    assert flown.cited.upsets < 5
    assert fly_seed(replace(short, guards=pair[:1]), 3).guarded[0] == none


def flights(*silent: int) -> SeedFlights:
    return SeedFlights(seed=1, guarded=tuple(replace(NOTHING, wrong=one) for one in silent), cited=NOTHING)


def test_a_guard_is_ahead_where_the_whole_interval_of_its_difference_is():
    bench = replace(BENCH, guards=BENCH.guards[:3])
    result = result_of(bench, [flights(40, 10, 42), flights(30, 12, 28), flights(50, 9, 49)])
    none, golden, scrub = result.rows
    assert none.silent == 120
    assert none.less_than_unguarded is None
    assert golden.less_than_unguarded.low > 0.1
    assert scrub.less_than_unguarded.low <= 0.0 < scrub.less_than_unguarded.high
    assert result.behind == ("scrub",)


def test_the_page_holds_a_row_for_every_guard_and_the_cited_rate():
    marks = (upsettables.BEGIN, upsettables.END)
    page = read_page(ROOT / "docs/models.md", marks)
    table = page.split(upsettables.BEGIN)[1].split(upsettables.END)[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert rows == ["guard", "---", *(guard.name for guard in BENCH.guards), "cited rate"]
    assert "20 seeds" in table
    assert renewed(page, "new\n", marks).count("new") == 1 + page.replace(table, "").count("new")
