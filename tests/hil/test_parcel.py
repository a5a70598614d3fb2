"""A profile or a model of a user's own travels to the agent, and nothing lands anywhere else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flightsw.devices.models import load_card, verified_model_path
from flightsw.devices.profiles import load_profile
from flightsw.errors import ConfigError
from hil.benchfile import bench_scenario, load_bench
from hil.parcel import packed, unpacked

ROOT = Path(__file__).resolve().parents[2]


def test_what_ships_with_flightsw_is_not_sent() -> None:
    assert packed(bench_scenario(load_bench("linux-host"))) == {}


def test_a_profile_and_a_model_of_one_s_own_are_found_where_they_were_unpacked(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models" / "cloudseg", tmp_path / "net")
    profile = tmp_path / "mine.toml"
    profile.write_text((ROOT / "flightsw/scenarios/profiles/linux-host.toml").read_text().replace("linux-host", "mine"))
    bench = load_bench("linux-host", [f"profile={profile}", f'set={{"apps.inference.model"="{tmp_path / "net"}"}}'])
    scenario = bench_scenario(bench)
    files = packed(scenario)
    assert sorted(files) == ["card.toml", "cloudseg.onnx", "profile.toml"]
    there = tmp_path / "there"
    there.mkdir()
    shutil.rmtree(tmp_path / "net")
    profile.unlink()
    again = unpacked(scenario, files, there)
    assert load_profile(again.plant.profile).name == "mine"
    assert verified_model_path(load_card(again.apps.inference.model)).parent == there


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/b", ""])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="must be a plain name"):
        unpacked(bench_scenario(load_bench("linux-host")), {name: b"x"}, tmp_path)
    assert list(tmp_path.iterdir()) == []
