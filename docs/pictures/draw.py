"""Draws the pictures of docs/report.md anew: two orbits of the default scenario, its report, and its look in Chromium.

Called by `make pictures`. Chromium is the system's (Debian: chromium); two drawings come from `flightsw report --png`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from flightsw.cli import main
from flightsw.report import png

HERE = Path(__file__).resolve().parent
DRAWINGS = ("soc", "caps")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --window-size=1280,900"
)


def screenshot(page: Path, picture: Path, profile: Path) -> None:
    """The beginning of a page, as Chromium shows it."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"pictures: needs one of {', '.join(BROWSERS)}")
    command = [browser, *FLAGS.split(), f"--user-data-dir={profile}", f"--screenshot={picture}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def draw() -> None:
    """All of them."""
    with tempfile.TemporaryDirectory(prefix="flightsw-pictures-", ignore_cleanup_errors=True) as scratch:
        run_dir = Path(scratch) / "two-orbits"
        png.ZOOM = 1.0
        main(["run", "--in-process", "--execute", "sample:20", "--out", str(run_dir)])
        main(["report", str(run_dir), "--png", str(run_dir / "png")])
        for name in DRAWINGS:
            shutil.copyfile(run_dir / "png" / f"{name}.png", HERE / f"{name}.png")
        screenshot(run_dir / "report.html", HERE / "report.png", Path(scratch) / "profile")
    for picture in sorted(HERE.glob("*.png")):
        print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    draw()
