"""kill -9 of any process: a flight application's loss is a flight event, infrastructure is rebuilt without a trace."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.bus.records import LOST, REJOIN
from flightsw.messages.power import PowerCriticalData, PowerStatus
from flightsw.node.appreplay import replay_application
from flightsw.node.replay import replay_run
from flightsw.record.folder import read_manifest
from tests.loop.runs import GUARD_S, arguments, children, flying, summary_of, wait_for_tick

APPS = ("power", "thermal", "inference", "comms", "health")


def killed_run(run_dir: Path, victim: str, *, ticks: int = 600) -> dict[str, object]:
    """A run in which `victim` is killed somewhere past tick 150."""
    with flying(run_dir, "--speed", "800", ticks=ticks) as launcher:
        wait_for_tick(launcher, run_dir, 150)
        os.kill(children(run_dir)[victim], signal.SIGKILL)
        summary = summary_of(launcher)
    assert summary["lost"] == [victim]
    assert summary["ticks"] == ticks
    return summary


# thermal and power are killed every day in other tests: in a branch, and with a charge estimate to come back with
@pytest.mark.parametrize(
    "app", [pytest.param(app, marks=[pytest.mark.long] if app in {"thermal", "power"} else []) for app in APPS]
)
def test_a_killed_application_is_silent_until_it_rejoins_and_the_run_replays(tmp_path: Path, app: str) -> None:
    run_dir = tmp_path / f"lost-{app}"
    summary = killed_run(run_dir, app)
    reader = LogReader(run_dir)
    mine = {number for number, topic in enumerate(reader.header.topics) if topic.producer == app}
    lost_tick = rejoin_tick = None
    for record in reader.ticks():
        kinds = {item[0] for item in record.inputs}
        lost_tick = record.tick if LOST in kinds else lost_tick
        rejoin_tick = record.tick if REJOIN in kinds else rejoin_tick
        speaks = any(number in mine for number, _ in record.entries)
        absent = lost_tick is not None and rejoin_tick is None
        assert speaks is not absent, f"tick {record.tick}"
    assert lost_tick is not None
    assert rejoin_tick == lost_tick + 10
    assert reader.log_hash == summary["log_hash"]
    again = replay_run(run_dir)
    assert again.same
    assert again.replay_hash == summary["log_hash"]


def test_power_comes_back_with_its_charge_estimate_and_shed_latch_as_last_stored(tmp_path: Path) -> None:
    run_dir = tmp_path / "lost-power-memory"
    # a reserve and a shed threshold that the first minutes already cross: tier 1 is latched before the kill
    overrides = ("--set", "apps.power.shed_soc=[0.7, 0.2]", "--set", "apps.power.release_soc=[0.9, 0.35]")
    with flying(run_dir, "--speed", "800", *overrides) as launcher:
        wait_for_tick(launcher, run_dir, 200)
        os.kill(children(run_dir)["power"], signal.SIGKILL)
        summary_of(launcher)
    stored: PowerCriticalData | None = None
    gone, after = False, None
    lost = {r.tick for r in LogReader(run_dir).ticks() for item in r.inputs if item[0] == LOST}
    assert len(lost) == 1
    for tick, _, message in LogReader(run_dir).messages(["cds.power", "power.status"]):
        gone = gone or tick >= min(lost)
        if isinstance(message, PowerCriticalData) and not gone:
            stored = message
        if isinstance(message, PowerStatus) and gone and after is None:
            after = message
    assert stored is not None
    assert after is not None
    assert stored.load_shed_level == 1
    assert after.load_shed_level == 1
    assert stored.soc is not None
    assert after.soc == pytest.approx(stored.soc, abs=0.01)


@pytest.mark.parametrize("victim", ["plant", "bus"])
def test_killed_infrastructure_leaves_the_hash_of_an_unharmed_run(tmp_path: Path, unharmed: Path, victim: str) -> None:
    assert killed_run(tmp_path / f"lost-{victim}", victim)["log_hash"] == read_manifest(unharmed).log_hash


def test_a_killed_launcher_takes_everybody_with_it_and_the_log_reads_to_the_last_whole_tick(tmp_path: Path) -> None:
    run_dir = tmp_path / "orphaned"
    with flying(run_dir, "--speed", "400") as launcher:
        wait_for_tick(launcher, run_dir, 100)
        family = children(run_dir)
        assert len(family) == 7
        handles = [os.pidfd_open(pid) for pid in family.values()]
        launcher.kill()
        launcher.wait()
        for handle in handles:
            ready, _, _ = select.select([handle], [], [], 30.0)
            assert ready, "a child outlived the launcher"
            os.close(handle)
    reader = LogReader(run_dir)
    assert len(list(reader.ticks())) >= 100
    assert not reader.complete
    assert replay_run(run_dir).same


@pytest.mark.parametrize("app", ["plant", *APPS])
def test_one_application_replays_alone_from_its_logged_inboxes(unharmed: Path, app: str) -> None:
    replay = replay_application(unharmed, app)
    assert replay.same
    assert replay.ticks == 600
    assert replay.messages >= 600


@pytest.mark.parametrize("host", [(), ("--in-process",)])
def test_a_full_disk_ends_the_run_with_a_reason_and_a_log_of_whole_ticks(tmp_path: Path, host: tuple[str, ...]) -> None:
    run_dir = tmp_path / "full"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)); "
    python, dash_c, program, *rest = arguments(run_dir, *host, ticks=2000)
    limited = [python, dash_c, limit + program, *rest]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=GUARD_S, check=False)
    assert done.returncode == 3
    assert "bus.log: can't be written: File too large" in done.stderr
    reader = LogReader(run_dir)
    assert len(list(reader.ticks())) > 50
    assert not reader.complete
    assert children(run_dir) == {}
