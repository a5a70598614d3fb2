"""Models and profiles of the user's own: found beside the scenario, kept by the run, and missed when they are gone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flightsw.cli import main
from flightsw.devices.models import load_card
from flightsw.errors import ConfigError
from flightsw.node.scenario import load_scenario, scenario_to_toml
from flightsw.record.folder import read_manifest

PROFILES = Path(load_scenario.__code__.co_filename).parent.parent / "scenarios" / "profiles"
SHORT = ("--duration", "20s", "--execute", "none", "--in-process")


@pytest.fixture
def mission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario beside a model and a profile, all in a folder that is not the working one."""
    folder, elsewhere = tmp_path / "mission", tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    shutil.copytree(load_card("cloudseg").folder, folder / "mine")
    shutil.copy(PROFILES / "orin-nano.toml", folder / "board.toml")
    text = scenario_to_toml(load_scenario("cubesat-6u-orin-nano"))
    text = text.replace('profile = "orin-nano"', 'profile = "board.toml"').replace('"cloudseg"', '"mine:small"')
    (folder / "mission.toml").write_text(text)
    return folder


def test_a_path_is_looked_for_beside_the_scenario_and_kept_absolute(mission: Path) -> None:
    scenario = load_scenario(str(mission / "mission.toml"))
    assert scenario.plant.profile == str(mission / "board.toml")
    assert scenario.apps.inference.model == f"{mission / 'mine'}:small"


def test_a_path_given_by_hand_is_looked_for_in_the_working_folder_alone(mission: Path) -> None:
    with pytest.raises(ConfigError, match="no such model"):
        load_scenario(str(mission / "mission.toml"), ["apps.inference.model=mine"])
    shutil.copytree(mission / "mine", "mine")
    scenario = load_scenario(str(mission / "mission.toml"), ["apps.inference.model=mine"])
    assert scenario.apps.inference.model == str(Path("mine").resolve())


def test_the_working_folder_is_looked_in_behind_the_scenarios(mission: Path) -> None:
    shutil.move(mission / "board.toml", "board.toml")
    assert load_scenario(str(mission / "mission.toml")).plant.profile == str(Path("board.toml").resolve())


def test_a_run_replays_from_elsewhere_and_says_what_is_gone_or_another(
    mission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, new = str(tmp_path / "run"), tmp_path / "new"
    assert main(["run", str(mission / "mission.toml"), *SHORT, "--out", run]) == 0
    manifest = read_manifest(Path(run))
    assert len(manifest.hashes["profile"]) == 64
    monkeypatch.chdir(tmp_path)
    assert main(["replay", run]) == 0
    resume = ["resume", run, "--at", "10", "--in-process", "--out", str(new)]
    profile = mission / "board.toml"
    text = profile.read_text()
    profile.write_text(text + "# another\n")
    for command in (["replay", run], resume):
        capsys.readouterr()
        assert main(command) == 2
        assert "must be the one that" in capsys.readouterr().err
    profile.write_text(text)
    shutil.move(mission / "mine", mission / "gone")
    for command in (["replay", run], resume):
        capsys.readouterr()
        assert main(command) == 2
        assert "no such model" in capsys.readouterr().err
    assert not new.exists()
    shutil.move(mission / "gone", mission / "mine")
    assert main(resume) == 0


def test_the_message_about_a_wrong_model_offers_payload_models_alone() -> None:
    with pytest.raises(ConfigError, match=r"shipped: .*cloudseg") as refused:
        load_scenario("cubesat-6u-orin-nano", ["apps.inference.model=nope"])
    assert "telemetry-anomaly" not in str(refused.value)
