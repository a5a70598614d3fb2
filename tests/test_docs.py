"""What the documentation shows is true: the hash recomputation runs, and the pages name things that exist."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np

import flightsw
from flightsw.apps.thermal.interface import Inputs, ThermalConfig
from flightsw.devices.profiles import shipped_profiles
from flightsw.node.processes import process_table
from flightsw.node.scenario import load_scenario, shipped_scenarios
from flightsw.regress.baselinefile import baseline_path, load_baseline
from tests.console import Cli
from tests.loop.runs import fly

ROOT = Path(__file__).resolve().parent.parent


def code_block(page: str) -> str:
    match = re.search(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    assert match is not None
    return match[1]


def test_the_twenty_lines_recompute_a_real_runs_hash(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    summary = fly(run_dir, "--in-process", ticks=120)
    script = code_block("docs/log-format.md")
    assert len(script.splitlines()) <= 24
    done = subprocess.run([sys.executable, "-c", script, str(run_dir)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == summary["log_hash"]


def test_the_architecture_page_names_every_process() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    for row in process_table().rows:
        assert f"| {row.name} |" in page


def test_the_presets_page_has_a_row_for_every_scenario_with_its_evidence_and_for_every_profile() -> None:
    page = (ROOT / "docs/presets.md").read_text()
    stated = {name: load_scenario(name).evidence for name in shipped_scenarios()}
    assert len(stated) >= 6
    for name, evidence in stated.items():
        if evidence is not None:
            assert f"| [{name}](../flightsw/scenarios/{name}.toml) | {evidence} |" in page
    for name in shipped_profiles():
        assert f"| [{name}](../flightsw/scenarios/profiles/{name}.toml) |" in page


def test_every_command_of_the_replay_page_runs_as_shown_and_says_what_is_printed_there(
    tmp_path: Path, cli: Cli
) -> None:
    page = (ROOT / "docs/replay.md").read_text()
    (tmp_path / "rules.toml").write_text(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0])
    lines = "".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL)).splitlines()
    assert len(lines) >= 10
    said = []
    for line in lines:
        command, *args = shlex.split(line, comments=True)
        assert command == "flightsw"
        done = cli(*args)
        assert done.code == (1 if line.endswith("# exit 1") else 0), f"{line}: {done.out}{done.err}"
        said.append(done.out)
    (printed,) = re.findall(r"```\n(diverged at .*?)```", page, re.DOTALL)
    assert printed in said
    hashes = [json.loads((tmp_path / run / "manifest.json").read_text())["log_hash"] for run in ("before", "again")]
    assert hashes[0] == hashes[1]


def test_pages_link_to_files_that_exist() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_scenario_of_bring_your_own_is_the_example_it_shows() -> None:
    page = (ROOT / "docs/bring-your-own.md").read_text()
    example = (ROOT / "docs/examples/my_controller/my-node.toml").read_text()
    shown = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert len(shown) == 2
    for block in shown:
        assert block in example
    law = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    names: dict[str, type] = {}
    exec(law, names)
    config = ThermalConfig()
    bang_bang = names["BangBang"]()
    assert bang_bang.step(bang_bang.initial(config), Inputs(99.0, 20.0), config, 1.0)[1].chip_cap_w == config.cap_min_w


def test_the_satellite_of_its_page_flies_as_shown(tmp_path: Path) -> None:
    page = (ROOT / "docs/your-own-satellite.md").read_text()
    (tmp_path / "my-satellite.toml").write_text(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0])
    shown = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    checks = (
        "assert len(series) == 17100\nassert series['soc'].min() > 0.3\nassert series['load_w.heater'].max() <= 4.0"
    )
    script = f"{shown}\n{checks}\nassert abs(series.totals['thermal_residual_j']) < 1e-3\n"
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)


def test_the_cells_on_the_body_of_that_page_fly_with_it(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/your-own-satellite.md").read_text(), re.DOTALL)
    (tmp_path / "my-satellite.toml").write_text("\n".join(blocks[:2]))
    series = flightsw.satellite(tmp_path / "my-satellite.toml").run("1orbits")
    assert series["panel_w.back"].max() > 4.0, "it comes round to the Sun"
    assert 0.0 < np.ptp(series["panel_w.belt"][series["sunlit"] == 1.0]) < 1.0, "it turns nowhere, the Earth does"


def test_the_baselines_page_has_a_row_for_every_metric() -> None:
    page = (ROOT / "docs/baselines.md").read_text()
    rows = re.findall(r"^\| ([a-z0-9_., ]+) \|", page, re.MULTILINE)
    patterns = [name.strip().replace("...", "") for row in rows for name in row.split(",")]
    metrics = load_baseline(baseline_path("cubesat-6u-orin-nano")).metrics
    assert len(metrics) >= 30
    for metric in metrics:
        assert any(metric.startswith(part) or metric.endswith(part) for part in patterns if part), metric
