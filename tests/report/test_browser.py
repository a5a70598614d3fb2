"""The report's script in a real browser: one zoom for all plots, values read off, lines hidden. Needs Chromium."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from flightsw.cli import main
from flightsw.record.opened import open_run
from flightsw.report.frame import LEFT, PLOT, WIDTH
from tests.report.pages import Page

pytestmark = pytest.mark.long

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --window-size=1400,3000 --virtual-time-budget=4000 --dump-dom"
)
DRIVER = Path(__file__).with_name("driver.js")


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if BROWSER is None:
        pytest.skip("no Chromium here")
    folder = tmp_path_factory.mktemp("browser")
    flight = ("run", "--in-process", "--execute", "none", "--duration", "2000s", "--json", "--report")
    assert main([*flight, "--out", str(folder / "run")]) == 0
    script = DRIVER.read_text().replace("LEFT", str(LEFT)).replace("PLOT", str(PLOT)).replace("WIDTH", str(WIDTH))
    page = folder / "driven.html"
    page.write_text(
        (folder / "run" / "report.html").read_text().replace("</body>", f"<script>{script}</script></body>")
    )
    command = [BROWSER, *FLAGS.split(), f"--user-data-dir={folder / 'profile'}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=110)
    found = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr
    said: dict[str, Any] = json.loads(html.unescape(found[1]))
    said["run"] = open_run(folder / "run")
    said["page"] = Page((folder / "run" / "report.html").read_text())
    return said


def test_a_drag_zooms_all_plots_to_the_same_time_and_a_click_shows_the_whole_again(driven: dict[str, Any]) -> None:
    (transform,) = driven["zoomed"]
    assert float(re.findall(r"[\d.]+", transform)[0]) == pytest.approx(4.0, rel=0.02)
    assert driven["range"] == "500 s to 1000 s"
    assert min(driven["ticks"]) * 60.0 >= 500.0 - 30.0
    assert max(driven["ticks"]) * 60.0 <= 1000.0 + 30.0
    assert driven["whole"] == [None]


def test_values_are_read_off_where_the_pointer_is(driven: dict[str, Any]) -> None:
    head, *rows = driven["read"].splitlines()
    assert head == "1000 s"
    values = {name: float(value) for name, value in (row.split(": ") for row in rows)}
    assert set(values) == {"truth", "estimate on board", "reserve"}
    soc, reserve = driven["run"].read("truth.soc", "power.status.reserve_soc")
    assert values["truth"] == pytest.approx(float(soc.values[1000]), abs=0.002)
    assert values["reserve"] == pytest.approx(float(reserve.values[1000]), abs=0.002)


def test_a_click_on_a_key_hides_its_line(driven: dict[str, Any]) -> None:
    assert driven["hidden"] == ["truth"]
