"""The summary: each figure from a log whose figures are known; one pass, and fast."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from flightsw.bus.records import LOST
from flightsw.errors import LogError
from flightsw.messages.comms import DownlinkFrame, TcStage, TcVerification
from flightsw.messages.health import BusEvent, BusEventKind, Event, Mode, Severity
from flightsw.messages.inference import Binding
from flightsw.record.summary import Summary, summarise
from flightsw.record.table import print_summary
from tests.record.logs import account, comms, device, infer, mode, power, record, result, truth, write_log


def known_run(run_dir: Path) -> str:
    """Six ticks: Sun, eclipse for two, Sun; each figure of the summary set to something of its own."""
    return write_log(
        run_dir,
        [
            record(
                0,
                [
                    ("truth.plant", truth(soc=0.6, electrical_residual_j=-2e-9, chip_power_w=3.0)),
                    ("hw.device", device(chip_c=40.0)),
                    ("power.status", power(compute_cap_w=15.0)),
                    ("infer.status", infer(demand_w=0.0, granted_w=5.0)),
                    ("health.mode", mode(Mode.BOOT)),
                    ("comms.status", comms()),
                ],
            ),
            record(
                1,
                [
                    ("truth.plant", truth(soc=0.55, sunlit_fraction=0.4, chip_power_w=100.0)),
                    ("power.status", power(compute_cap_w=20.0)),
                    ("infer.status", infer(granted_w=8.0, binding=Binding.POWER)),
                    (
                        "infer.result",
                        result(scenes=4, output_sha256="ab", cloud_fraction=(0.1,) * 4, value=3.2, variant=1),
                    ),
                    ("health.mode", mode(Mode.PAYLOAD)),
                    ("comms.status", comms(in_pass=True, sent_bytes=100)),
                    ("comms.frame", DownlinkFrame(0, 10, 90, 2, 1)),
                ],
                inputs=[(LOST, "thermal", 0)],
            ),
            record(
                2,
                [
                    ("bus.event", BusEvent(BusEventKind.APP_LOST, "thermal", 0)),
                    (
                        "truth.plant",
                        truth(soc=0.45, sunlit_fraction=0.0, chip_power_w=5.5),
                    ),  # 0.5 W over the 5 W of tick 0
                    ("hw.device", device(chip_c=71.0)),
                    ("power.status", power(compute_cap_w=6.0)),
                    ("infer.status", infer(granted_w=8.0, binding=Binding.THERMAL)),
                    ("event.power", Event(Severity.WARNING_LO, "LOW_SOC", {"soc": 0.45})),
                    ("health.mode", mode(Mode.PAYLOAD)),
                ],
            ),
            record(
                3,
                [
                    ("truth.plant", truth(soc=0.5, thermal_residual_j=3e-8, chip_power_w=8.0)),  # what tick 1 granted
                    ("power.status", power(compute_cap_w=18.0)),
                    ("infer.status", infer(binding=Binding.POWER)),
                    ("infer.result", result(scenes=3)),
                    ("event.health", Event(Severity.ACTIVITY_HI, "MODE", {})),
                    ("health.mode", mode(Mode.SAFE)),
                    ("comms.status", comms(in_pass=False, sent_bytes=250, tc_accepted=2, tc_rejected=1)),
                    ("tc.verification", TcVerification(1, "payload.stop", TcStage.REJECTED, "unknown")),
                    ("tc.verification", TcVerification(2, "payload.stop", TcStage.ACCEPTED, None)),
                    ("tc.verification", TcVerification(3, "payload.stop", TcStage.ACCEPTED, None)),
                    ("tc.verification", TcVerification(2, "payload.stop", TcStage.COMPLETED, None)),
                    ("tc.verification", TcVerification(3, "payload.stop", TcStage.FAILED, "no")),
                ],
            ),
            record(
                4,
                [
                    ("truth.plant", truth(soc=0.52)),
                    ("infer.status", infer(items_done=7, items_dropped=2)),
                    ("infer.account", account(refused=(5, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0))),
                ],
            ),
            record(5, [("truth.plant", truth(soc=0.53, payload_energy_j=7200.0))]),
        ],
    )


def test_every_figure_is_that_of_the_log(tmp_path: Path) -> None:
    log_hash = known_run(tmp_path)
    assert summarise(tmp_path) == Summary(
        scenario="toy",
        seed=1,
        exit="complete",
        ticks=6,
        simulated_s=6.0,
        wall_s=None,
        startup_s=None,
        running_s=None,
        ticks_per_s=None,
        log_hash=log_hash,
        soc_min=0.45,
        soc_end=0.53,
        chip_c_max=71.0,
        inferences=7,
        inferences_executed=4,
        inferences_dropped=2,
        inferences_in_time=4,
        inferences_by_variant={"0": 3, "1": 4},
        inferences_refused={"full": 5, "energy": 2},
        value=3.2,
        energy_each_j=1800.0,
        batches=2,
        batches_executed=1,
        energy_wh=2.0,
        eclipses=1,
        events=3,
        events_by_severity={"WARNING_HI": 1, "WARNING_LO": 1, "ACTIVITY_HI": 1},
        mode_changes=2,
        power_capped_fraction=0.5,
        thermal_capped_fraction=0.25,
        cap_min_eclipse_w=6.0,
        cap_max_sun_w=18.0,
        worst_excess_working_w=0.5,
        worst_excess_idle_w=None,
        passes=1,
        downlinked_bytes=250,
        products=2,
        electrical_residual_j=2e-9,
        thermal_residual_j=3e-8,
        tc_accepted=2,
        tc_rejected=1,
        tc_completed=1,
        tc_failed=1,
        lost=("thermal",),
        perturbed=None,
        slips=None,
        cpu_s={},
    )


def test_power_below_the_grant_is_no_excess_and_an_unheard_grant_is_no_figure(tmp_path: Path) -> None:
    write_log(
        tmp_path / "below",
        [
            record(0, [("infer.status", infer(granted_w=9.0, busy_fraction=0.5))]),
            record(1, []),
            record(2, [("truth.plant", truth(chip_power_w=1.0))]),
        ],
    )
    write_log(
        tmp_path / "early",
        [record(0, [("infer.status", infer())]), record(1, [("truth.plant", truth(chip_power_w=99.0))])],
    )
    assert summarise(tmp_path / "below").worst_excess_working_w == 0.0
    assert summarise(tmp_path / "early").worst_excess_working_w is None
    assert summarise(tmp_path / "early").worst_excess_idle_w is None


def test_what_idling_draws_beyond_the_grant_is_told_apart_from_work(tmp_path: Path) -> None:
    statuses = [infer(granted_w=8.0, busy_fraction=1.0), infer(granted_w=0.0, busy_fraction=0.0)]
    write_log(
        tmp_path,
        [
            *(record(tick, [("infer.status", status)]) for tick, status in enumerate(statuses)),
            record(2, [("truth.plant", truth(chip_power_w=8.25))]),
            record(3, [("truth.plant", truth(chip_power_w=3.5))]),
        ],
    )
    summary = summarise(tmp_path)
    assert (summary.worst_excess_working_w, summary.worst_excess_idle_w) == (0.25, 3.5)


def test_the_eclipse_that_a_run_begins_in_is_counted(tmp_path: Path) -> None:
    sun = [0.0, 0.0, 1.0, 0.5, 0.49, 1.0]
    write_log(
        tmp_path, [record(tick, [("truth.plant", truth(sunlit_fraction=share))]) for tick, share in enumerate(sun)]
    )
    assert summarise(tmp_path).eclipses == 2


def test_the_lowest_cap_in_eclipse_is_that_of_a_payload_that_wants_power(tmp_path: Path) -> None:
    ticks = [(0.5, 0.0), (1.0, 0.0), (7.0, 12.0), (6.0, 12.0), (8.0, 0.0), (0.0, 0.0)]  # the cap climbs after the start
    dark = ("truth.plant", truth(sunlit_fraction=0.0))
    records = [
        record(tick, [dark, ("power.status", power(compute_cap_w=cap_w)), ("infer.status", infer(demand_w=wanted_w))])
        for tick, (cap_w, wanted_w) in enumerate(ticks)
    ]
    write_log(tmp_path, records)
    assert summarise(tmp_path).cap_min_eclipse_w == 6.0


def test_the_events_are_lines_of_json_in_log_order(tmp_path: Path) -> None:
    known_run(tmp_path)
    summary = summarise(tmp_path)
    lines = [msgspec.json.decode(line) for line in (tmp_path / "events.jsonl").read_bytes().splitlines()]
    assert len(lines) == summary.events == 3
    assert lines[0] == {
        "tick": 2,
        "t_s": 2.0,
        "source": "bus",
        "severity": "WARNING_HI",
        "id": "APP_LOST",
        "args": {"process": "thermal", "incarnation": 0},
    }
    assert [line["source"] for line in lines] == ["bus", "power", "health"]
    assert lines[1]["args"] == {"soc": 0.45}


def test_a_log_that_was_cut_is_summarised_to_its_last_whole_tick(tmp_path: Path) -> None:
    write_log(tmp_path, [record(tick, [("truth.plant", truth())]) for tick in range(5)], end=False)
    data = (tmp_path / "bus.log").read_bytes()
    (tmp_path / "bus.log").write_bytes(data[:-7])
    summary = summarise(tmp_path)
    assert (summary.ticks, summary.exit) == (4, "cut")


def test_an_empty_folder_gives_a_log_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="not a run folder"):
        summarise(tmp_path)
    assert list(tmp_path.iterdir()) == []


@dataclass(frozen=True)
class Outcome:
    """As `RunOutcome`, without importing the whole node."""

    ticks: int = 6
    wall_s: float = 0.5
    startup_s: float | None = 0.1
    running_s: float | None = 0.3
    exit: str = "interrupted"
    lost: tuple[str, ...] = ("bus", "thermal")
    perturbed: bool = True
    slips: int = 3
    cpu_s: dict[str, float] = field(default_factory=lambda: {"bus": 0.25, "plant": 0.5})


def test_the_host_s_figures_come_from_the_outcome(tmp_path: Path) -> None:
    known_run(tmp_path)
    summary = summarise(tmp_path, Outcome())  # type: ignore[arg-type]  # has the fields that are read
    assert (summary.exit, summary.ticks_per_s, summary.slips) == ("interrupted", 12.0, 3)
    assert summary.lost == ("bus", "thermal")


def test_the_table_fits_100_columns_and_has_no_figure_for_what_is_unknown(tmp_path: Path) -> None:
    known_run(tmp_path / "known")
    write_log(tmp_path / "bare", [record(0, [])])
    for name, columns in (("known", 160), ("known", 80), ("bare", 160)):
        out = io.StringIO()
        print_summary(summarise(tmp_path / name), "runs/x", Console(file=out, width=columns))
        lines = out.getvalue().splitlines()
        assert len(lines) > 12
        assert max(len(line) for line in lines) <= min(columns, 100)
        assert "None" not in out.getvalue()
        assert "…" not in out.getvalue()
