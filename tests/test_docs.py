"""What the documentation shows is true: the hash recomputation runs, and the pages name things that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from flightsw.devices.profiles import shipped_profiles
from flightsw.node.processes import process_table
from flightsw.node.scenario import load_scenario, shipped_scenarios
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


def test_pages_link_to_files_that_exist() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_satellite_of_its_page_flies_as_shown(tmp_path: Path) -> None:
    page = (ROOT / "docs/your-own-satellite.md").read_text()
    (tmp_path / "my-satellite.toml").write_text(re.findall(r"```toml\n(.*?)```", page, re.DOTALL)[0])
    shown = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    checks = (
        "assert len(series) == 17100\nassert series['soc'].min() > 0.3\nassert series['load_w.heater'].max() <= 4.0"
    )
    script = f"{shown}\n{checks}\nassert abs(series.totals['thermal_residual_j']) < 1e-3\n"
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
