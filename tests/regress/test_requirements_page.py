"""docs/requirements.md is true: every formula on it is kept by a real orbit, its Python runs, its scenario checks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from flightsw.cli import main
from flightsw.regress.calls import ANCHORS, CALLS
from flightsw.regress.pytest_plugin import Fly
from flightsw.regress.verdict import judge_log

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/requirements.md").read_text()
FORMULAS = [line for block in re.findall(r"```stl\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture(scope="module")
def orbit(fly: Fly) -> Path:
    return fly("cubesat-6u-orin-nano", duration="1orbits").run_dir


def test_the_page_shows_every_function_and_every_named_anchor() -> None:
    assert len(FORMULAS) > 20
    for name in [*CALLS, *ANCHORS, "always", "eventually", "never", "until", "historically", "once"]:
        assert re.search(rf"\b{name}\b", PAGE), name


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_example_is_kept_by_an_orbit(orbit: Path, formula: str) -> None:
    verdict = judge_log(orbit, formula)
    assert verdict.passed, f"{verdict.outcome}: {verdict.reason or verdict}"


def test_the_python_of_the_page_runs() -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_scenario_of_the_page_checks(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tables = "\n".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
    shipped = (ROOT / "flightsw/scenarios/cubesat-6u-orin-nano.toml").read_text()
    (tmp_path / "my.toml").write_text(shipped.partition("[[requirements]]")[0] + tables)
    assert main(["check", str(tmp_path / "my.toml"), "--duration", "1orbits", "--execute", "none"]) == 0
    assert "3 judged: all passed" in capfd.readouterr().out
