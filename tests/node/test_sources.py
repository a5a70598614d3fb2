"""Sources of work in scenarios: every kind from TOML, a trace from its file, what is refused before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from flightsw.cli import main
from flightsw.errors import ConfigError
from flightsw.messages.inference import InferenceAccount, InferenceResult
from flightsw.node.inprocess import InProcessNode
from flightsw.node.reconfigure import reconfigured
from flightsw.node.scenario import Scenario, load_scenario, scenario_to_toml
from tests.node.own_code import flown, said, write

SOURCES = """
law = "budget"
admission = true

[[apps.inference.sources]]
kind = "imaging"
name = "fires"
scenes = 4
regions = [
    { shape = "box", south_deg = -60.0, north_deg = 60.0, west_deg = -180.0, east_deg = 180.0 },
    { shape = "circle", latitude_deg = 78.0, longitude_deg = 15.0, radius_km = 900.0 },
]

[[apps.inference.sources]]
kind = "tenant"
name = "alerts"
priority = 1
deadline_s = 120.0
quota_scenes = 50
rate_per_s = 0.2
scenes = 3

[[apps.inference.sources]]
kind = "periodic"
name = "job"
period_s = 60.0
scenes = 12

[[apps.inference.sources]]
kind = "trace"
name = "recorded"
file = "arrivals.csv"
"""


def scenario_with(tmp_path: Path, sources: str = SOURCES, trace: str = "t_s,scenes\n50.0,5\n200.5,7\n") -> Path:
    """The shipped scenario with these sources, in a folder with a trace."""
    file = write(tmp_path, "")
    (tmp_path / "arrivals.csv").write_text(trace)
    keys, _, tables = sources.partition("[[")
    head, marker, tail = file.read_text().partition("[apps.comms]")
    head = head.replace('[apps.inference]\nlaw = "budget"', f"[apps.inference]\n{keys}")
    file.write_text(f"{head}[[{tables}\n{marker}{tail}")
    return file


def load(file: Path, *overrides: str) -> Scenario:
    return load_scenario(str(file), ["apps.inference.execute=none", "duration=400s", *overrides])


def test_every_kind_comes_from_a_scenario_flies_and_is_told_by_source(tmp_path: Path) -> None:
    scenario = load(scenario_with(tmp_path))
    kinds = [type(source).__name__ for source in scenario.apps.inference.sources]
    assert kinds == ["Imaging", "Tenant", "Periodic", "Trace"]
    records = flown(scenario, 400)
    told = [message for _, message in said(records, "InferenceAccount")]
    assert told
    last = told[-1]
    assert isinstance(last, InferenceAccount)
    assert all(arrived > 0 for arrived in last.arrived)
    assert last.arrived[3] == 12
    results = [message for _, message in said(records, "InferenceResult")]
    assert {one.source for one in results if isinstance(one, InferenceResult)} == {0, 1, 2, 3}


def test_the_resolved_scenario_carries_the_trace_and_flies_alike_without_the_file(tmp_path: Path) -> None:
    scenario = load(scenario_with(tmp_path))
    (tmp_path / "arrivals.csv").unlink()
    resolved = tmp_path / "resolved.toml"
    resolved.write_text(scenario_to_toml(scenario))
    again = load_scenario(str(resolved))
    assert again.apps.inference.sources == scenario.apps.inference.sources
    assert [one.entries for one in flown(again, 60)] == [one.entries for one in flown(scenario, 60)]


def test_the_seed_changes_what_comes_by_chance_and_nothing_else(tmp_path: Path) -> None:
    def arrived(*overrides: str) -> tuple[int, ...]:
        node = InProcessNode(load(scenario_with(tmp_path), *overrides))
        for _ in range(400):
            node.run_tick()
        account = node.latest["infer.account"]
        assert isinstance(account, InferenceAccount)
        return account.arrived

    first, same, other = arrived(), arrived(), arrived("seed=5")
    assert first == same
    assert (first[0], first[2], first[3]) == (other[0], other[2], other[3])
    assert first[1] != other[1]


@pytest.mark.parametrize(
    ("change", "trace", "complaint"),
    [
        (('kind = "tenant"', 'kind = "crowd"'), None, 'apps.inference.sources[1].kind = "crowd"'),
        (
            ("rate_per_s = 0.2", "rate_per_s = -1.0"),
            None,
            "apps.inference.sources[1].rate_per_s = -1.0: must be above 0",
        ),
        (("priority = 1", "priority = 9"), None, "apps.inference.sources[1].priority = 9: must be at most 4"),
        (('file = "arrivals.csv"', 'file = "gone.csv"'), None, "gone.csv: can't be read"),
        (None, "t_s,scenes\n1.0,2\n0.5,2\n", "arrivals: must be in order of time"),
        (None, "t_s,scenes\n1.0;2\n", "line 2 = '1.0;2': must be seconds, comma, scenes"),
        (None, "time,scenes\n1.0,2\n", "line 1 = 'time,scenes': must be 't_s,scenes'"),
        (None, "t_s,scenes\n", "0 rows: must be 1 to 100000"),
    ],
)
def test_what_is_wrong_with_a_source_is_said_before_anything_runs(
    tmp_path: Path,
    change: tuple[str, str] | None,
    trace: str | None,
    complaint: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = SOURCES if change is None else SOURCES.replace(*change)
    file = scenario_with(tmp_path, text, *([] if trace is None else [trace]))
    assert main(["validate", str(file)]) == 2
    assert complaint in " ".join(capsys.readouterr().err.split())


def test_sources_can_not_change_under_way(tmp_path: Path) -> None:
    scenario = load(scenario_with(tmp_path))
    with pytest.raises(ConfigError, match="can't change in a run under way: what is counted by source"):
        reconfigured(scenario, {"apps.inference.sources.2.scenes": 13})
