"""What the tests of whole runs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loop.runs import fly


@pytest.fixture(scope="session")
def unharmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 600 ticks in one process that nothing befalls; only to be read."""
    run_dir = tmp_path_factory.mktemp("unharmed") / "unharmed"
    fly(run_dir, "--in-process")
    return run_dir
