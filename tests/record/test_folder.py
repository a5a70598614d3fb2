"""The run folder: made only where it can't hurt, and a manifest that is always whole."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from flightsw.errors import ConfigError, LogError
from flightsw.record.folder import (
    broken_manifest,
    create_run_folder,
    default_run_dir,
    first_manifest,
    read_manifest,
    write_manifest,
)

STARTED = dt.datetime(2026, 1, 3, 12, 0, 5, tzinfo=dt.UTC)


def test_the_default_name_tells_scenario_time_and_seed_and_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = default_run_dir("cube sat/../x", 7, STARTED)
    assert first == Path("runs/cube-sat-..-x-20260103T120005Z-s7")
    create_run_folder(first)
    second = default_run_dir("cube sat/../x", 7, STARTED)
    assert second.name == first.name + "-2"


def test_a_new_and_an_empty_folder_are_taken(tmp_path: Path) -> None:
    assert create_run_folder(tmp_path / "a" / "b").is_dir()
    assert create_run_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"


def test_a_folder_with_something_in_it_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(ConfigError, match=r"isn't empty \(mine.txt is in it\)"):
        create_run_folder(tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "precious"


@pytest.mark.parametrize("name", ["file", "file/below", "a\0b", "x" * 300])
def test_what_can_not_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="can't be a run folder"):
        create_run_folder(tmp_path / name)


def test_a_manifest_reads_back_equal_and_says_what_the_run_depends_on(tmp_path: Path) -> None:
    manifest = first_manifest("toy", 3, ticks=10, speed=None, in_process=True, started=STARTED)
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest
    assert manifest.outcome == "running"
    assert manifest.started_utc == "2026-01-03T12:00:05Z"
    assert set(manifest.package_versions) >= {"numpy", "onnxruntime", "pyzmq", "msgspec"}
    assert "not installed" not in manifest.package_versions.values()
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


@pytest.mark.parametrize(
    ("error", "outcome", "said"),
    [(KeyboardInterrupt(), "interrupted", None), (OSError("no space"), "failed", "OSError: no space")],
)
def test_a_run_that_broke_off_before_its_outcome_is_not_left_running(
    error: BaseException, outcome: str, said: str | None
) -> None:
    first = first_manifest("toy", 3, ticks=10, speed=None, in_process=True, started=STARTED)
    last = broken_manifest(first, error, STARTED)
    assert first.outcome == "running"
    assert (last.outcome, last.error, last.ended_utc) == (outcome, said, "2026-01-03T12:00:05Z")


def test_a_missing_or_broken_manifest_is_a_log_error(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"manifest.json: can't be read"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(LogError, match=r"manifest.json: can't be read"):
        read_manifest(tmp_path)
