"""Device profiles: every shipped one loads, every figure has a source, a wrong figure is refused by name."""

from __future__ import annotations

import re
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from flightsw.devices.profiles import DeviceProfile, Figure, load_profile, shipped_profiles
from flightsw.errors import ConfigError

SHIPPED = (resources.files("flightsw.scenarios") / "profiles" / "orin-nano.toml").read_text()
FIGURES = [field.name for field in msgspec.structs.fields(DeviceProfile) if field.type is Figure]


def without_source(text: str, figure: str) -> str:
    """The profile with one figure's source blanked out."""
    lines, changed = [], 0
    table = ""
    for line in text.splitlines():
        if line.startswith("["):
            table = line.strip("[] ")
        if table == figure or line.startswith(f"{figure} "):
            blanked, count = re.subn(r'source = "[^"]*"', 'source = ""', line)
            changed += count
            lines.append(blanked)
        else:
            lines.append(line)
    assert changed == 1, f"{figure} not found"
    return "\n".join(lines)


@pytest.mark.parametrize("name", shipped_profiles())
def test_every_shipped_profile_loads_with_a_source_for_every_figure(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    rows = [*profile.modes, *profile.dvfs, *(getattr(profile, figure) for figure in FIGURES)]
    rows += [] if profile.throttle_full_c is None else [profile.throttle_full_c]
    assert len(rows) >= len(FIGURES) + 3
    assert all(len(row.source) >= 8 for row in rows)


@pytest.mark.parametrize("name", shipped_profiles())
def test_the_silicon_of_a_profile_has_its_figures(name: str) -> None:
    profile, chip = load_profile(name), load_profile(name).silicon()
    assert [mode.name for mode in chip.modes] == [row.name for row in profile.modes]
    assert all(getattr(chip, figure) == getattr(profile, figure).value for figure in FIGURES)


MODES = [(name, mode) for name in shipped_profiles() for mode in range(len(load_profile(name).modes))]


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_a_mode_at_full_load_and_60_c_draws_no_more_than_its_cap(name: str, mode: int) -> None:
    profile = load_profile(name)
    assert profile.silicon().full_load_w(mode, 60.0) <= profile.modes[mode].cap_w


class Measured(NamedTuple):
    """A published reading: what the board drew in a mode, at a chip temperature, with this share of work."""

    profile: str
    mode: str
    chip_c: float
    activity: float
    watts: float
    tolerance: float


READINGS = [
    # ARK docs/power.md
    Measured("orin-nx", "25W", 58.0, 0.0, 4.6, 0.03),
    Measured("orin-nx", "25W", 71.0, 1.0, 16.9, 0.03),
    Measured("orin-nx", "40W", 86.0, 1.0, 27.6, 0.03),
    Measured("orin-nx", "MAXN_SUPER", 92.0, 1.0, 29.4, 0.03),
    Measured("orin-nx", "MAXN_SUPER", 92.0, 1.0, 29.0, 0.03),
    # BUPT-1 in orbit (TianSuan, MobiCom'24): idle 2.1 to 2.4 W, four cores 4.8 W on average
    Measured("raspberry-pi-4", "1800MHz", 45.0, 0.0, 2.25, 0.07),
    Measured("raspberry-pi-4", "1800MHz", 70.0, 0.0, 2.25, 0.07),
    Measured("raspberry-pi-4", "1800MHz", 60.0, 1.0, 4.8, 0.03),
    # arXiv 2604.11391: idle, TDP and the caps
    Measured("h100-sxm", "200W", 35.0, 0.0, 93.0, 0.03),
    *(Measured("h100-sxm", f"{cap_w}W", 65.0, 1.0, cap_w, 0.03) for cap_w in (200, 300, 400, 500, 600, 700)),
]


@pytest.mark.parametrize("reading", READINGS, ids=lambda r: f"{r.profile} {r.mode} {r.watts:g} W")
def test_modelled_watts_are_those_measured(reading: Measured) -> None:
    chip = load_profile(reading.profile).silicon()
    mode = [row.name for row in chip.modes].index(reading.mode)
    modelled_w = chip.power_w(mode, chip.modes[mode].clock_mhz, reading.chip_c, reading.activity)
    assert modelled_w == pytest.approx(reading.watts, rel=reading.tolerance)


def test_a_pi_4_never_draws_more_than_was_seen_in_orbit_below_its_throttle() -> None:
    chip = load_profile("raspberry-pi-4").silicon()
    assert 4.8 < chip.full_load_w(2, chip.throttle_c) < 6.2


def test_a_pi_4_in_its_throttling_band_runs_at_the_clocks_seen_in_orbit() -> None:
    chip = load_profile("raspberry-pi-4").silicon()
    assert chip.ceiling_mhz(80.0) == 1800.0
    assert chip.ceiling_mhz(80.6) == pytest.approx(1654.0, rel=0.01)
    assert chip.ceiling_mhz(85.0) == chip.ceiling_mhz(99.0) == 600.0


def test_an_aggregate_is_its_accelerators_and_their_hosts() -> None:
    rack, one = load_profile("datacentre-aggregate").silicon(), load_profile("h100-sxm").silicon()
    assert rack.full_load_w(7, 65.0) == pytest.approx(100e3, rel=0.01)
    for mode in range(len(one.modes)):
        hosts_w = rack.full_load_w(mode + 2, 65.0) - 88 * one.full_load_w(mode, 65.0)
        assert 11 * 1500.0 < hosts_w < 11 * 3501.0
        rate = rack.items_per_s(mode + 2, 48.0, 88_000) / one.items_per_s(mode, 48.0, 1000)
        assert rate == pytest.approx(88.0, rel=0.01)


@pytest.mark.parametrize("name", shipped_profiles())
def test_power_rises_and_throughput_never_falls_from_mode_to_mode(name: str) -> None:
    chip = load_profile(name).silicon()
    assert len(chip.modes) >= 3
    for low, high in pairwise(range(len(chip.modes))):
        assert chip.full_load_w(low, 60.0) < chip.full_load_w(high, 60.0)
        assert chip.idle_w(low, 60.0) <= chip.idle_w(high, 60.0)
        assert chip.items_per_s(low, 48.0, 64) <= chip.items_per_s(high, 48.0, 64)


def test_a_figure_whose_source_is_left_out_is_named(tmp_path: Path) -> None:
    path = tmp_path / "board.toml"
    path.write_text(re.sub(r'(\[boot_w\]\nvalue = 6.0)\nsource = "[^"]*"', r"\1", SHIPPED))
    with pytest.raises(ConfigError, match=r"missing required field `source` - at `\$.boot_w`"):
        load_profile(str(path))


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_without_a_source_is_refused(tmp_path: Path, figure: str) -> None:
    path = tmp_path / "board.toml"
    path.write_text(without_source(SHIPPED, figure))
    with pytest.raises(ConfigError, match=rf"length >= 8.*{figure}\.source"):
        load_profile(str(path))


def test_a_profile_file_of_ones_own_loads_by_path(tmp_path: Path) -> None:
    path = tmp_path / "board.toml"
    path.write_text(SHIPPED.replace('name = "orin-nano"', 'name = "mine"', 1))
    assert load_profile(str(path)).name == "mine"


def with_value(figure: str, value: float) -> str:
    """The shipped profile with one figure's value changed."""
    before, heading, after = SHIPPED.partition(f"[{figure}]\n")
    assert heading
    return before + heading + re.sub(r"value = [-0-9.e]+", f"value = {value}", after, count=1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (with_value("throttle_c", 104.5), "throttle_c = 104.5: must be below shutdown_c"),
        (with_value("gop_per_s_mhz", 0.0), "gop_per_s_mhz = 0.0: must be above 0"),
        (with_value("boot_s", -5.0), "boot_s = -5.0: must be at least 0"),
        (with_value("leakage_w", -0.5), "leakage_w = -0.5: must be at least 0"),
        (SHIPPED.replace("volts = 0.88", "volts = 0.70"), "dvfs: volts = .* must not fall"),
        (SHIPPED.replace("clock_mhz = 408.0", "clock_mhz = 613.0"), "modes: clock_mhz = .* must not fall"),
        (
            SHIPPED.replace("base_w = 4.8", "base_w = 0.0").replace("base_w = 4.2", "base_w = 20.0"),
            "modes: draw .* W at work: each must draw more",
        ),
        (
            SHIPPED + '\n[throttle_full_c]\nvalue = 99.0\nsource = "no band at all"\n',
            "throttle_c = 99.0: must be below throttle_full_c = 99.0",
        ),
        (SHIPPED.replace("clock_mhz = 306.0\nvolts", "clock_mhz = 612.0\nvolts"), "dvfs: clock_mhz = .* must ascend"),
    ],
    ids=["throttle", "throughput", "boot", "leakage", "volts", "modes", "modes draw", "band", "dvfs"],
)
def test_figures_that_contradict_each_other_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "board.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_profile(str(path))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "missing required field"),
        ("name = ", "device profile"),
        (SHIPPED + '\n[fan]\nvalue = 1.0\nsource = "a fan on a satellite"\n', "unknown field"),
    ],
    ids=["empty", "no TOML", "unknown figure"],
)
def test_a_file_that_is_no_profile_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "board.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_profile(str(path))


def test_a_profile_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"device\.profile = 'toaster': .*shipped: .*orin-nano"):
        load_profile("toaster")
