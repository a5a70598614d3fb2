"""The report of a run: complete, equal to its log, the same bytes for the same log, safe against what a log holds."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from flightsw.bus.log import LogHeader, LogWriter, RecordEncoder
from flightsw.bus.logreader import LogReader
from flightsw.cli import main
from flightsw.errors import ConfigError
from flightsw.messages.health import Event, Mode, Severity
from flightsw.messages.inference import Refusal
from flightsw.messages.schema import PROTOCOL, topic_schemas
from flightsw.node.api import open_node
from flightsw.record.columns import read_columns
from flightsw.record.ledger import residuals_of
from flightsw.report import png
from flightsw.report.making import write_report
from flightsw.report.page import SECTIONS, SIGNALS, page
from flightsw.report.rundata import read_run
from tests.console import Cli
from tests.record import logs
from tests.report.pages import Page, figure

FLOWN = ("run", "--in-process", "--execute", "none", "--duration", "1800s", "--json", "--report")
HOSTILE = "</script><img src=x onerror=alert(1)>&\"'"


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir = tmp_path_factory.mktemp("flown") / "run"
    assert main([*FLOWN, "--out", str(run_dir)]) == 0
    return run_dir


@pytest.fixture(scope="module")
def shown(flown: Path) -> Page:
    return Page((flown / "report.html").read_text())


def test_every_section_is_there_with_an_anchor_and_summary_and_verdicts_come_first(shown: Page) -> None:
    assert len(shown.sections) == len(SECTIONS) - 1 == 12, "a board has a section where one flew"
    assert shown.anchors == shown.sections
    assert shown.sections[0] == "summary"
    assert re.search(r"run completed\s+\d+ of 18 requirements kept", shown.text)


def test_drawings_of_every_subject_are_there_and_named_once(shown: Page) -> None:
    wanted = {"track", "array", "loads", "soc", "shedding", "node-chip", "node-battery", "nodes", "throttle", "caps"}
    wanted |= {"queue", "rates", "binding", "latency", "latencies", "passes", "rate", "sent", "modes", "event-marks"}
    wanted |= {"flows", "residual-electrical", "cpu"}
    assert wanted <= set(shown.drawings)
    assert len(set(shown.drawings)) == len(shown.drawings)


def test_it_needs_no_network_and_says_nothing_of_now(flown: Path, shown: Page) -> None:
    text = (flown / "report.html").read_text()
    assert shown.fetched == []
    assert not re.findall(r"@import|url\((?!#)|fetch\(|XMLHttpRequest", text)
    assert set(re.findall(r"https?://[^\"'<> ]+", text)) <= {"http://www.w3.org/2000/svg"}


def test_the_same_log_gives_the_same_bytes(flown: Path, tmp_path: Path) -> None:
    again = write_report(flown, tmp_path / "again.html").read_bytes()
    assert len(again) > 200_000
    assert again == (flown / "report.html").read_bytes()


def test_its_figures_are_those_of_the_log(flown: Path, shown: Page) -> None:
    columns = read_columns(flown, ["truth.soc", "infer.items_done", "truth.payload_energy_j", "hw.power_w"])
    energy_wh = columns["truth.payload_energy_j"][-1] / 3600.0
    told = shown.pairs("energy-figures")
    assert figure(told["payload energy"]) == pytest.approx(energy_wh, abs=6e-4)
    assert figure(told["energy an inference"]) == pytest.approx(
        energy_wh * 3600.0 / columns["infer.items_done"][-1], abs=6e-4
    )
    assert figure(told["mean power"]) == pytest.approx(np.nanmean(columns["hw.power_w"]), abs=6e-3)
    lowest = float(np.nanmin(columns["truth.soc"]))
    assert f"{lowest:.3f}lowest state of charge" in shown.text


def test_its_results_are_those_of_the_log(flown: Path, shown: Page) -> None:
    latencies = []
    for _, _, one in LogReader(flown).messages(["infer.result"]):
        latencies.append(one.queued_s + (one.finished_ns - one.started_ns) / 1e9)
    assert len(latencies) > 100
    told = shown.pairs("latency-figures")
    for percent in (50, 90, 95, 99):
        assert figure(told[f"latency p{percent}"]) == pytest.approx(np.percentile(latencies, percent), abs=6e-3)
    heads, *rows = shown.tables["kinds"]
    assert sum(figure(row[heads.index("batches")]) for row in rows) == len(latencies)
    assert {row[heads.index("variant")] for row in rows} == {"medium"}, "by its name in the model's card"
    account = [one for _, _, one in LogReader(flown).messages(["infer.account"])][-1]
    heads, row = shown.tables["sources"]
    for name, total in (("arrived", account.arrived), ("done", account.done), ("in time", account.in_time)):
        assert figure(row[heads.index(name)]) == total[0] > 0


def test_faults_are_listed_whether_scripted_or_injected_and_work_is_missed_by_reason(tmp_path: Path) -> None:
    scripted = '{kind="sensor_bias", field="sensor.thermal.battery_c", offset=1.0, at="50s"}'
    overrides = ["apps.inference.execute=none", "apps.inference.queue_scenes=64", f"faults=[{scripted}]"]
    with open_node("cubesat-6u-orin-nano", overrides=overrides, out=tmp_path) as node:
        node.run_until("200s")
        node.inject("radiator_degradation", node="radiator", emissivity_share=0.6)
        node.inject("link_loss", lasts="30s")
        node.run_until("600s")
    write_report(tmp_path)
    shown = Page((tmp_path / "report.html").read_text())
    assert [row[:5] for row in shown.tables["faults-asked"][1:]] == [
        ["1", "sensor_bias", "scripted", "at 50s", "-"],
        ["2", "radiator_degradation", "injected", "at 200s", "-"],
        ["3", "link_loss", "injected", "at 200s", "30s"],
    ]
    assert [row[-1] for row in shown.tables["ledger-table"][1:]] == ["closed"] * 3
    heads, row = shown.tables["sources"]
    account = [one for _, _, one in LogReader(tmp_path).messages(["infer.account"])][-1]
    assert figure(row[heads.index("refused: full")]) == account.refused[Refusal.FULL] > 0
    assert "misses" in shown.drawings
    assert "Lines are drawn of every tick" in shown.text


def test_how_fine_the_plots_of_a_long_run_are_is_said(tmp_path: Path) -> None:
    with open_node("cubesat-6u-orin-nano", overrides=["apps.inference.execute=none"], out=tmp_path) as node:
        node.run_until("2500s")
    write_report(tmp_path)
    text = (tmp_path / "report.html").read_text()
    assert "the lowest and the highest value of every 2 s, areas are means of 3 s" in Page(text).text
    assert 'data-step="2"' in text, "so that the page stands out with it when it is zoomed in so far"


def test_its_verdicts_and_ledgers_are_those_of_the_judges(flown: Path, shown: Page) -> None:
    data = read_run(flown, SIGNALS)
    heads, *rows = shown.tables["margins"]
    assert heads[:3] == ["id", "requirement", "verdict"]
    assert [(row[0], row[2]) for row in rows] == [(one.id, one.outcome.value) for one in data.verdicts]
    assert len(rows) == 18
    ledger = residuals_of(flown)
    assert shown.tables["ledger-table"][1][1] == f"{ledger.bus_j + ledger.battery_j:.3g} J"
    assert [row[-1] for row in shown.tables["ledger-table"][1:]] == ["closed"] * 3


def test_what_flew_is_named_with_its_hash_and_versions(flown: Path, shown: Page) -> None:
    manifest = json.loads((flown / "manifest.json").read_text())
    assert shown.pairs("about")["log hash"] == manifest["log_hash"]
    assert shown.pairs("versions")["numpy"] == manifest["package_versions"]["numpy"]
    assert manifest["hashes"]["scenario"] in shown.text


def test_eclipses_lie_behind_every_plot_over_time(flown: Path) -> None:
    text = (flown / "report.html").read_text()
    plots = re.findall(r'<svg class="plot".*?(?=<svg class="|</section>)', text, re.DOTALL)
    assert len(plots) >= 20
    assert all('class="dark"' in one for one in plots)


def test_a_cut_run_is_reported_to_its_last_whole_tick_and_says_so(flown: Path, tmp_path: Path, cli: Cli) -> None:
    shutil.copytree(flown, tmp_path / "cut")
    log = tmp_path / "cut" / "bus.log"
    log.write_bytes(log.read_bytes()[:-400_000])
    (tmp_path / "cut" / "report.html").unlink()
    result = cli("report", "cut")
    assert (result.code, result.err) == (0, "")
    told = Page((tmp_path / "cut" / "report.html").read_text())
    last = len(read_columns(tmp_path / "cut", [])) - 1
    assert 1000 < last < 1799
    assert (
        f"This run was cut, or is under way: its log has no end mark. All here is up to its last whole tick, {last}."
        in told.text
    )
    assert "run cut" in told.text


def test_two_runs_are_compared_in_figures_verdicts_configuration_and_plots(
    flown: Path, tmp_path: Path, cli: Cli
) -> None:
    other = tmp_path / "other"
    changed = ("--duration", "400s", "--set", "apps.thermal.chip_limit_c=40.0")
    assert cli("run", "--in-process", "--execute", "none", "--json", *changed, "--out", str(other)).code == 0
    assert cli("report", str(flown), "--against", str(other), "--out", "both.html").code == 0
    text = (tmp_path / "both.html").read_text()
    both = Page(text)
    assert both.sections[1] == "comparison"
    rows = {row[0]: row[1:] for row in both.tables["compared-figures"]}
    mine, theirs = (read_columns(run, ["infer.items_done"])["infer.items_done"][-1] for run in (flown, other))
    assert [figure(text) for text in rows["inferences"][:2]] == [mine, theirs]
    assert rows["inferences"][2] == f"{mine - theirs:+,.0f}"
    assert ["scenario.apps.thermal.chip_limit_c", "65", "40"] in both.tables["compared-config"]
    assert text.count('class="l other"') > 10
    assert both.drawings[0] == "track"


def test_a_run_is_the_same_as_itself(cli: Cli, tmp_path: Path) -> None:
    toy(tmp_path / "run", {"name": "x"})
    assert cli("report", "run", "--against", "run", "--out", "self.html").code == 0
    assert "Both logs are the same, bit for bit." in Page((tmp_path / "self.html").read_text()).text


def toy(run_dir: Path, scenario: dict[str, object], *messages: tuple[str, object]) -> Path:
    run_dir.mkdir()
    writer = LogWriter(run_dir, LogHeader(PROTOCOL, scenario, 1, 10**9, topic_schemas(logs.TABLE), ()))
    for tick in range(3):
        writer.append(RecordEncoder()(logs.record(tick, [("truth.plant", logs.truth()), *messages])))  # type: ignore[list-item]
    writer.close()
    return run_dir


def test_hostile_texts_of_a_log_stay_texts(tmp_path: Path) -> None:
    run_dir = toy(
        tmp_path / "run&<b>",
        {"name": HOSTILE, "description": HOSTILE, "evidence": HOSTILE, "faults": [{"kind": HOSTILE, "at": "1s"}]},
        ("event.health", Event(Severity.WARNING_HI, HOSTILE, {HOSTILE[:20]: HOSTILE})),
        ("health.mode", msgspec.structs.replace(logs.mode(Mode.SAFE), reason=HOSTILE)),
        ("infer.result", logs.result(model=HOSTILE)),
        ("infer.status", logs.infer()),
    )
    (run_dir / "scenario.toml").write_text(f"# {HOSTILE}\n")
    (run_dir / "host.jsonl").write_text(json.dumps({"event": HOSTILE, "process": HOSTILE}) + "\nnot json\n")
    text = page(read_run(run_dir, SIGNALS))
    told = Page(text)
    assert told.text.count(HOSTILE) >= 6
    assert "<img" not in text
    assert text.count("</script>") == 1
    assert told.fetched == []


def test_a_press_derived_preset_says_so_at_the_top(tmp_path: Path) -> None:
    told = Page(page(read_run(toy(tmp_path / "run", {"name": "x", "evidence": "press-derived"}), SIGNALS)))
    assert "PRESS-DERIVED" in told.text[: told.text.index("Orbit") + 2000]


def test_a_log_of_little_and_one_of_nothing_still_make_a_report(tmp_path: Path) -> None:
    told = Page(page(read_run(toy(tmp_path / "little", {"name": "little"}), SIGNALS)))
    assert len(told.sections) == 12
    assert "no scenario.toml" in told.text
    logs.write_log(tmp_path / "nothing", [])
    told = Page(page(read_run(tmp_path / "nothing", SIGNALS)))
    assert "The log has no position." in told.text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nowhere",), "nowhere: no bus.log in it"),
        (("run", "--out", "file/report.html"), "can't be written"),
        (("run", "--against", "nowhere"), "nowhere: no bus.log in it"),
        (("run", "--against", "slow"), "they can't be compared"),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(
    cli: Cli, tmp_path: Path, args: tuple[str, ...], message: str
) -> None:
    toy(tmp_path / "run", {"name": "x"})
    (tmp_path / "slow").mkdir()
    LogWriter(tmp_path / "slow", LogHeader(PROTOCOL, {}, 1, 2 * 10**9, topic_schemas(logs.TABLE), ())).close()
    (tmp_path / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    result = cli("report", *args)
    assert result.code == 2
    assert message in result.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_corrupt_log_is_refused_and_the_report_before_it_stays(flown: Path, tmp_path: Path, cli: Cli) -> None:
    shutil.copytree(flown, tmp_path / "bent")
    log = tmp_path / "bent" / "bus.log"
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 0xFF
    log.write_bytes(bytes(data))
    result = cli("report", "bent")
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert (tmp_path / "bent" / "report.html").read_bytes() == (flown / "report.html").read_bytes()
    assert not list((tmp_path / "bent").glob("*.tmp"))


def test_pictures_are_of_every_drawing(tmp_path: Path) -> None:
    said = [("infer.status", logs.infer()), ("power.status", logs.power()), ("health.mode", logs.mode(Mode.SAFE))]
    data = read_run(toy(tmp_path / "run", {"name": "x"}, *said), SIGNALS)
    drawn = Page(page(data)).drawings
    assert {"track", "soc", "modes", "flows"} <= set(drawn)
    if not any(path.suffix in {".ttf", ".otf", ".ttc"} for path in Path("/usr/share/fonts").rglob("*")):
        pytest.skip("no font is installed here")
    written = png.write_pictures(data, tmp_path / "png")
    assert [path.stem for path in written] == drawn
    for path in written:
        head = path.read_bytes()[:24]
        assert head.startswith(b"\x89PNG")
        width, height = (int.from_bytes(head[place : place + 4]) for place in (16, 20))
        assert width == 2 * 1060
        assert 90 < height < 1100


def test_without_resvg_pictures_are_refused_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    data = read_run(toy(tmp_path / "run", {"name": "x"}), SIGNALS)
    with pytest.raises(ConfigError, match=r'pip install "flightsw\[report\]"'):
        png.write_pictures(data, tmp_path / "png")
    assert not (tmp_path / "png").exists()
