"""Requirement tables of the applications: every id once, verified by a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| ([A-Z]{3}-\d{2}) \| (.+?) \| (.+?) \| (test_\w+\.py)::(test_\w+) \|$")


@pytest.mark.parametrize("app", ["power", "thermal", "inference", "comms", "health"])
def test_every_requirement_is_verified_by_a_test_that_exists(app):
    lines = (ROOT / "flightsw" / "apps" / app / "requirements.md").read_text().splitlines()
    table = [line for line in lines if line.startswith("|")][2:]
    rows = [ROW.match(line) for line in table]
    assert len(rows) >= 7
    assert all(rows), [line for line, row in zip(table, rows, strict=True) if row is None]
    assert len({row[1] for row in rows if row}) == len(rows)
    for row in rows:
        assert row is not None
        assert f"def {row[5]}(" in (Path(__file__).parent / row[4]).read_text(), row[5]


def test_every_application_has_a_table_and_no_id_stands_twice():
    folders = [path.parent for path in (ROOT / "flightsw" / "apps").glob("*/app.py")]
    assert len(folders) >= 5
    tables = [(folder / "requirements.md").read_text().splitlines() for folder in folders]
    ids = [row[1] for table in tables for line in table if (row := ROW.match(line))]
    assert len(ids) >= 7 * len(folders)
    assert len(set(ids)) == len(ids)
