"""Stand-ins that live in an orbit: heat throttles their clocks, what they draw follows, and nobody sees half a file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from flightsw.devices.profiles import load_profile
from flightsw.messages.plant import DeviceReadings
from hil.detect import open_board
from hil.fakes.jetson import ORIN_NANO, FakeJetson
from hil.fakes.live import KINDS, Orbiting, make_fake
from hil.fakes.raspberrypi import CAPPED_C, FakePi
from hil.fakes.tree import TreeBuilder


def hardware(chip_c: float, clock_mhz: float = 1020.0) -> DeviceReadings:
    return DeviceReadings(True, True, 3, clock_mhz, chip_c, False, 9.0, 0.9, False, False, ())


@pytest.mark.parametrize("kind", KINDS)
def test_every_stand_in_shows_the_orbit_s_temperature_to_the_same_driver(tmp_path: Path, kind: str) -> None:
    fake = make_fake(kind, tmp_path / "tree")
    orbiting = Orbiting(fake, load_profile("orin-nano").silicon(), 0.1)
    board = open_board("auto", tmp_path / "tree")
    for chip_c in (20.0, 71.0):
        orbiting.be(hardware(chip_c))
        assert board.sample().chip.value == pytest.approx(chip_c, abs=1.0)
    assert orbiting.shown == 2


def test_a_limited_clock_draws_less_of_the_same_work(tmp_path: Path) -> None:
    silicon = load_profile("orin-nano").silicon()
    fake = FakeJetson(tmp_path, ORIN_NANO)
    board = open_board("auto", tmp_path)
    board.set_mode("MAXN_SUPER")
    orbiting = Orbiting(fake, silicon, 0.1)
    orbiting._busy = 1.0
    drawn = []
    for share in (1.0, 0.6, 0.3):
        board.limit(share)
        orbiting.be(hardware(50.0))
        drawn.append(board.sample().power.value or 0.0)
    assert drawn[0] == pytest.approx(silicon.full_load_w(3, 50.0), rel=0.01)
    assert drawn == sorted(drawn, reverse=True)
    assert drawn[2] < 0.6 * drawn[0]


def test_the_orbit_s_heat_throttles_a_pi_s_clock_and_sets_its_sticky_bit(tmp_path: Path) -> None:
    fake = FakePi(tmp_path, "pi4")
    board = open_board("auto", tmp_path)
    fake.show(4.0, CAPPED_C - 5.0)
    assert board.sample().clock.value == 1800.0
    fake.show(4.0, CAPPED_C + 3.0)
    hot = board.sample()
    assert hot.clock.value == 600.0
    assert "throttled" in hot.flags
    fake.show(4.0, CAPPED_C - 5.0)
    cool = board.sample()
    assert cool.clock.value == 1800.0
    assert cool.flags == ("throttled-occurred",)


def test_a_value_is_never_seen_half_written(tmp_path: Path) -> None:
    tree = TreeBuilder(tmp_path)
    tree.put("/value", "1" * 2000)
    stop = threading.Event()

    def rewrite() -> None:
        while not stop.is_set():
            tree.put("/value", "1" * 2000)

    writer = threading.Thread(target=rewrite)
    writer.start()
    lengths = {len(tree.text("/value")) for _ in range(2000)}
    stop.set()
    writer.join()
    assert lengths == {2000}


def test_a_stand_in_is_made_in_a_new_folder_alone(tmp_path: Path) -> None:
    from flightsw.errors import ConfigError

    (tmp_path / "mine").write_text("precious")
    with pytest.raises(ConfigError, match="not empty"):
        make_fake("pi4", tmp_path)
