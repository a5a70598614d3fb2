"""Tables and the Python API: what they hold is what the log says, with units; what is wrong is refused, and nothing is
left half-written."""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import flightsw
from flightsw.errors import ConfigError, LogError
from flightsw.messages.health import Mode
from flightsw.record import columns as columns_module
from flightsw.record.columns import ColumnReader, joined, read_columns
from flightsw.record.tables import export
from tests.console import Cli
from tests.record import logs

SIGNALS = ("power.soc", "hw.chip_c", "health.mode", "truth.load_power_w[1]", "infer.scenes", "power.in_eclipse")


def written(run_dir: Path, ticks: int = 40, *, end: bool = True) -> Path:
    records = []
    for tick in range(ticks):
        said: list[tuple[str, object]] = [("truth.plant", logs.truth(load_power_w=(1.0, tick / 4.0)))]
        if tick >= 3 and tick % 3 == 0:
            soc = None if tick == 12 else 0.5 + tick / 1000.0
            said.append(("power.status", logs.power(soc=soc, in_eclipse=tick > 20)))
        if tick % 7 == 2:
            said.append(("health.mode", logs.mode(Mode.PAYLOAD if tick > 20 else Mode.SAFE)))
        if tick % 5 == 4:
            said += [("infer.result", logs.result(scenes=4)), ("infer.result", logs.result(scenes=tick))]
        records.append(logs.record(tick, said))  # type: ignore[arg-type]
    logs.write_log(run_dir, records, end=end)
    return run_dir


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return written(tmp_path / "run")


@pytest.mark.parametrize("block_ticks", [1, 2, 7, 39, 40, 41])
def test_blocks_put_together_are_the_whole(run_dir: Path, block_ticks: int) -> None:
    whole = read_columns(run_dir, SIGNALS)
    again = joined(ColumnReader(run_dir, SIGNALS).blocks(block_ticks))
    assert len(whole) == 40
    assert np.array_equal(again.time_s, whole.time_s)
    for name, values in whole.values.items():
        assert np.array_equal(again.values[name], values, equal_nan=True), name
    for topic, counts in whole.counts.items():
        assert np.array_equal(again.counts[topic], counts), topic


def test_a_csv_row_a_tick_says_what_the_columns_say(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flightsw.record.tables.BLOCK_TICKS", 9)
    done = export(run_dir, "csv", None, ["power.*", "health.mode", "truth.load_power_w[1]"])
    assert (done.rows, done.complete) == (40, True)
    rows = list(csv.DictReader(Path(done.file).read_text().splitlines()))
    whole = read_columns(run_dir, ["power.soc", "truth.load_power_w[1]"])
    for row, time_s, soc, load_w in zip(
        rows, whole.time_s, whole["power.soc"], whole["truth.load_power_w[1]"], strict=True
    ):
        assert float(row["time_s"]) == time_s
        assert row["power.status.soc"] == ("" if np.isnan(soc) else repr(float(soc)))
        assert float(row["truth.plant.load_power_w[1]"]) == load_w
    assert [row["health.mode.mode"] for row in rows[1:3] + rows[30:31]] == ["", "SAFE", "PAYLOAD"]


def test_a_csv_goes_to_stdout_alone_and_in_whole(run_dir: Path, cli: Cli) -> None:
    wanted = ("--signals", "power.*", "--out")
    assert cli("export", str(run_dir), *wanted, "table.csv").code == 0
    done = cli("export", str(run_dir), *wanted, "-")
    assert (done.code, done.out) == (0, Path("table.csv").read_text())
    assert not Path("-").exists()
    for more in (("--json",), ("--format", "parquet")):
        refused = cli("export", str(run_dir), *wanted, "-", *more)
        assert refused.code == 2
        assert "stdout takes CSV alone" in refused.err


def test_units_and_descriptions_stand_beside_a_csv(run_dir: Path) -> None:
    done = export(run_dir, "csv", run_dir / "here.csv", ["power.compute_cap_w", "truth.load_power_w[0]"])
    told = json.loads((run_dir / "here.columns.json").read_text())
    assert [one["name"] for one in told] == (run_dir / "here.csv").read_text().splitlines()[0].split(",")
    assert done.columns == len(told) == 2 + 1
    (cap,) = (one for one in told if one["name"] == "power.status.compute_cap_w")
    assert cap["unit"] == "W"
    assert cap["description"].endswith("power the payload computer may draw")


def test_without_wishes_every_number_is_a_column_but_critical_data(run_dir: Path) -> None:
    done = export(run_dir, "csv")
    head = Path(done.file).read_text().splitlines()[0].split(",")
    assert {"time_s", "power.status.soc", "infer.result.scenes", "sensor.nav.position_km[2]"} <= set(head)
    assert not [name for name in head if name.startswith("cds.")]
    assert len(head) == len(set(head)) == done.columns


def test_parquet_carries_units_words_and_nulls(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("flightsw.record.tables.BLOCK_TICKS", 9)
    done = export(run_dir, "parquet", None, ["power.*", "health.mode", "infer.scenes"])
    table = parquet.read_table(done.file)
    assert table.num_rows == 40
    assert table.schema.field("power.status.compute_cap_w").metadata[b"unit"] == b"W"
    assert table.schema.field("power.status.in_eclipse").type == "bool"
    values = table.to_pydict()
    soc = read_columns(run_dir, ["power.soc"])["power.soc"]
    assert [float("nan") if one is None else one for one in values["power.status.soc"]] == pytest.approx(
        soc, nan_ok=True
    )
    assert values["health.mode.mode"][2] == "SAFE"
    assert values["health.mode.mode"][0] is None
    assert values["infer.result.scenes"][4:6] == [4, 4]


def test_without_pyarrow_parquet_is_refused_with_the_way_to_get_it(
    run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r'pip install "flightsw\[tables\]"'):
        export(run_dir, "parquet")
    assert not (run_dir / "tables").exists()


def test_a_cut_run_exports_to_its_last_whole_tick_and_says_so(tmp_path: Path, cli: Cli) -> None:
    written(tmp_path / "cut", 10, end=False)
    with (tmp_path / "cut" / "bus.log").open("ab") as log:
        log.write(b"\x93\x0a\x90")
    result = cli("export", "cut", "--signals", "power.soc")
    assert result.code == 0
    assert "10 rows" in result.out
    assert "the log was cut" in result.out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--signals", "power.sok"), "did you mean"),
        (("--signals", "nothing.*"), "no number of the log is called like that"),
        (("--signals", "health.silent"), "must"),
        (("--format", "xlsx"), "must be one of parquet, csv"),
        (("--out", "file/inside.csv"), "can't be written"),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(
    cli: Cli, tmp_path: Path, args: tuple[str, ...], message: str
) -> None:
    written(tmp_path / "run", 5)
    (tmp_path / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    result = cli("export", "run", *args)
    assert result.code == 2
    assert message in result.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_corrupt_log_leaves_no_table(run_dir: Path, cli: Cli) -> None:
    data = bytearray((run_dir / "bus.log").read_bytes())
    data[-200] ^= 0xFF
    (run_dir / "bus.log").write_bytes(bytes(data))
    result = cli("export", "run")
    assert result.code == 2
    assert not list(run_dir.glob("tables/*"))


def test_a_signal_of_an_opened_run_is_arrays_with_time_and_unit(run_dir: Path) -> None:
    run = flightsw.open(run_dir)
    time_s, chip = run["truth.load_power_w[1]"]
    assert time_s[:3].tolist() == [0.0, 1.0, 2.0]
    assert chip[8] == 2.0
    assert run["power.compute_cap_w"].unit == "W"
    assert run["health.mode"].words[Mode.SAFE] == "SAFE"
    assert np.nanmax(run["power.soc"]) == pytest.approx(0.539)
    assert run.complete


def test_several_signals_take_one_pass(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []
    ticks = columns_module.LogReader.ticks
    monkeypatch.setattr(columns_module.LogReader, "ticks", lambda self: passes.append(1) or ticks(self))
    soc, mode = flightsw.open(run_dir).read("power.soc", "health.mode")
    assert (len(soc), len(mode), len(passes)) == (40, 40, 1)


def test_an_opened_run_refuses_lists_unknown_names_and_folders_without_a_log(run_dir: Path, tmp_path: Path) -> None:
    run = flightsw.open(run_dir)
    with pytest.raises(ConfigError, match="did you mean"):
        run["power.sok"]
    with pytest.raises(ConfigError, match="pick an element"):
        run["sensor.nav.position_km"]
    with pytest.raises(LogError, match="not a run folder"):
        flightsw.open(tmp_path)


def test_the_lines_of_the_page_run_as_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text()
    (lines,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "runs").mkdir()
    written(tmp_path / "runs" / "my-run")
    monkeypatch.chdir(tmp_path)
    exec(lines, {})
    assert "PAYLOAD" in capsys.readouterr().out
