"""Baselines: what they hold to, what they say of a change, and that only an update with a reason changes them."""

from __future__ import annotations

import resource
import signal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from flightsw.cli import main
from flightsw.errors import ConfigError
from flightsw.node.scenario import load_scenario, shipped_scenarios
from flightsw.regress.baseline import Baseline, compare, seal_of, taken, why_not
from flightsw.regress.baselinefile import baseline_path, load_baseline, save_baseline, told
from flightsw.regress.check import sampled
from tests.regress.columns import columns, conditions

ACCEPT = 'flightsw baseline update toy --reason "..."'
HOT = np.interp(np.arange(400), [0, 200, 399], [30.0, 72.0, 71.0])


def accepted() -> Baseline:
    return taken(columns(hw__device__chip_c=HOT), conditions(), "first figures", "0.1.0")


def test_the_same_run_is_as_in_the_baseline() -> None:
    comparison = compare(accepted(), columns(hw__device__chip_c=HOT), ACCEPT)
    assert comparison.compared >= 25
    assert comparison.same
    assert told(comparison) == [f"toy: {comparison.compared} figures as in the baseline"]


def test_a_failure_names_metric_signal_tick_size_and_the_accept_command() -> None:
    hotter = np.where(np.arange(400) < 160, HOT, HOT + 3.0)
    comparison = compare(accepted(), columns(hw__device__chip_c=hotter), ACCEPT)
    assert [deviation.metric for deviation in comparison.deviations] == ["chip_overshoot", "chip_max"]
    said = "\n".join(told(comparison))
    assert "chip_overshoot 2 -> 5 K: +3, tolerance 0.5" in said
    assert "moved first: hw.device.chip_c at tick 160: " in said
    assert f"accept with: {ACCEPT}" in said


def test_a_change_within_tolerance_is_none() -> None:
    assert compare(accepted(), columns(hw__device__chip_c=HOT + 0.4), ACCEPT).same
    assert not compare(accepted(), columns(hw__device__chip_c=HOT + 0.6), ACCEPT).same


def test_an_improvement_is_a_change_too() -> None:
    comparison = compare(accepted(), columns(hw__device__chip_c=HOT - 1.5), ACCEPT)
    assert [deviation.metric for deviation in comparison.deviations] == ["chip_overshoot", "chip_max"]


def test_a_metric_that_appears_or_is_gone_is_a_change_and_an_unknown_one_is_told() -> None:
    before = accepted()
    lacking = msgspec.structs.replace(before, metrics={k: v for k, v in before.metrics.items() if k != "chip_max"})
    comparison = compare(lacking, columns(hw__device__chip_c=HOT), ACCEPT)
    assert comparison.same
    assert comparison.new == ("chip_max",)
    working = columns(hw__device__chip_c=HOT, infer__status__busy_fraction=1.0)
    assert [d.metric for d in compare(before, working, ACCEPT).deviations] == ["cap_excess"], "none before"
    assert [
        d.metric
        for d in compare(taken(working, conditions(), "x", "0"), columns(hw__device__chip_c=HOT), "").deviations
    ] == ["cap_excess"]


def test_a_longer_run_is_compared_over_the_baselines_ticks_and_a_shorter_one_is_refused() -> None:
    longer = columns(500, hw__device__chip_c=np.append(HOT, np.full(100, 90.0)), events={("plant", "x"): [450] * 9})
    assert compare(accepted(), longer, ACCEPT).same
    with pytest.raises(ConfigError, match="300 ticks: the baseline holds for 400"):
        compare(accepted(), columns(300), ACCEPT)


def test_a_run_under_other_conditions_is_not_held_to_it() -> None:
    baseline = accepted()
    assert why_not(baseline, conditions(500)) is None
    assert why_not(baseline, conditions(execute="every")) == "execute = every: the baseline holds for none"
    assert why_not(baseline, conditions(seed=2)) == "seed = 2: the baseline holds for 1"
    assert why_not(baseline, conditions(dt_s=0.5)) == "dt_s = 0.5: the baseline holds for 1.0"
    assert why_not(baseline, conditions(399)) == "399 ticks: the baseline holds for 400"


def test_an_update_keeps_edited_tolerances_and_adds_to_the_history_what_it_changed() -> None:
    first = accepted()
    metrics = {**first.metrics, "chip_max": msgspec.structs.replace(first.metrics["chip_max"], abs=7.0)}
    second = taken(
        columns(hw__device__chip_c=HOT + 2.0),
        conditions(),
        "another radiator",
        "0.2.0",
        msgspec.structs.replace(first, metrics=metrics),
    )
    assert second.metrics["chip_max"].abs == 7.0
    assert second.metrics["chip_max"].value == pytest.approx(74.0)
    assert [entry.reason for entry in second.history] == ["first figures", "another radiator"]
    assert second.history[1].changed == ("chip_overshoot 2 -> 4 K: +2, tolerance 0.5",)


def test_a_disk_that_fills_during_an_update_leaves_the_accepted_baseline_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    save_baseline(path, "toy", accepted())
    kept = {one: one.read_bytes() for one in tmp_path.iterdir()}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(ConfigError, match=r"toy\..* can't be written: File too large"):
            save_baseline(path, "toy", taken(columns(hw__device__chip_c=HOT + 2.0), conditions(), "x", "0"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == kept
    assert load_baseline(path) == accepted()


def test_a_baseline_is_read_as_it_was_written_and_tolerances_may_be_edited_but_values_not(tmp_path: Path) -> None:
    path = tmp_path / "toy.toml"
    save_baseline(path, "toy", accepted())
    assert load_baseline(path) == accepted()
    text = path.read_text()
    assert "chip_overshoot         = { value = 2.0, " in text
    assert len(text) < 6000
    path.write_text(text.replace("abs = 0.5", "abs = 0.8"))
    assert load_baseline(path).metrics["chip_overshoot"].abs == 0.8
    path.write_text(text.replace("{ value = 2.0,", "{ value = 3.0,"))
    with pytest.raises(ConfigError, match=r"seal = .*: values, conditions, history and traces must be as an update"):
        load_baseline(path)
    path.write_text(text)
    (tmp_path / "toy.traces.json").write_text("[]")
    with pytest.raises(ConfigError, match="seal"):
        load_baseline(path)


def test_update_wants_a_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for reason in ([], ["--reason", "  "]):
        assert main(["baseline", "update", "validation-p25", "--file", str(tmp_path / "x.toml"), *reason]) == 2
        assert 'reason = "": must say why' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_users_baseline_lies_beside_the_scenario_and_is_shown_with_its_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "mine.toml"
    scenario.write_text(Path(str(baseline_path("validation-p25").parents[1] / "validation-p25.toml")).read_text())
    assert main(["baseline", "show", str(scenario)]) == 2
    assert "mine.baseline.toml: can't be read" in capsys.readouterr().err
    assert main(["baseline", "update", str(scenario), "--reason", "first flight", "--duration", "300s"]) == 0
    assert main(["baseline", "update", str(scenario), "--reason", "for longer", "--duration", "400s"]) == 0
    assert main(["baseline", "update", str(scenario), "--reason", "as long as before"]) == 0
    capsys.readouterr()
    assert main(["baseline", "show", str(scenario)]) == 0
    said = capsys.readouterr().out
    assert "400 ticks" in said
    assert all(reason in said for reason in ("first flight", "for longer", "as long as before"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine.baseline.toml",
        "mine.baseline.traces.json",
        "mine.toml",
    ]


@pytest.mark.parametrize("scenario", shipped_scenarios())
def test_every_shipped_scenario_has_a_small_sealed_baseline_with_a_reason(scenario: str) -> None:
    path = baseline_path(scenario)
    baseline = load_baseline(path)
    assert baseline.seal == seal_of(baseline)
    assert all(entry.reason for entry in baseline.history)
    assert len(baseline.traces) >= 15
    loaded = load_scenario(scenario)
    asked = conditions(
        10**9, scenario=loaded.name, seed=loaded.seed, dt_s=loaded.dt_s, execute=sampled(loaded).apps.inference.execute
    )
    assert why_not(baseline, asked) is None, "it holds for what `flightsw check` flies"
    assert path.stat().st_size + path.with_suffix(".traces.json").stat().st_size < 60_000
