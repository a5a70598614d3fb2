"""`flightsw sequence`: files checked on the ground, and sent up to a run that is under way."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from flightsw.bus.logreader import LogReader
from flightsw.cli import main
from flightsw.messages.sequences import SequenceStatus
from flightsw.node.sequencefiles import parts_of, read_sequence
from tests.loop.runs import GUARD_S, flying, wait_for_tick

EXAMPLES = Path(__file__).parents[1] / "docs/examples/sequences"
PAUSE = EXAMPLES / "payload-pause.seq.toml"
LASTS_TICKS = 600


def test_the_examples_are_good(capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(str(path) for path in EXAMPLES.glob("*.seq.toml"))
    assert len(files) >= 2
    assert main(["sequence", "check", *files]) == 0
    assert "payload-pause, relative, 3 steps, 0s to 10min" in capsys.readouterr().out
    assert main(["sequence", "check", str(PAUSE), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == "payload-pause"


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ('"5s"', '"soon"', ("steps[1].at", "soon", "30s")),
        ("limit_c = 55.0", "limit_c = 555.0", ("steps[1].command", "limit_c = 555.0", "110")),
        ('command = "infer.set_payload"', 'comand = "infer.set_payload"', ("steps[0].comand", "did you mean command")),
        ('"relative"', '"absolute"', ("steps[0].at", "UTC")),
        ('"continue"', '"retry"', ("steps[1].on_failure", "stop, continue")),
    ],
)
def test_a_bad_file_exits_2_and_names_file_step_and_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], was: str, becomes: str, words: tuple[str, ...]
) -> None:
    text = PAUSE.read_text()
    assert was in text
    path = tmp_path / "bad.seq.toml"
    path.write_text(text.replace(was, becomes, 1))
    assert main(["sequence", "check", str(PAUSE), str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert all(word in err for word in ("bad.seq.toml", *words)), err


def test_a_text_goes_up_in_parts_that_a_telecommand_can_carry() -> None:
    text = "ä" * 600
    parts = parts_of(text)
    assert "".join(parts) == text
    assert max(map(len, parts)) <= 256


def test_a_sequence_is_sent_up_to_a_node_that_flies_and_started(tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    with flying(run_dir, "--speed", "400", ticks=40_000) as launcher:
        wait_for_tick(launcher, run_dir, 10)
        assert main(["sequence", "upload", str(run_dir), str(PAUSE), "--json"]) == 0
        assert main(["cmd", str(run_dir), "sequence.start", "name=payload-pause"]) == 0
        assert main(["cmd", str(run_dir), "sequence.start", "name=payload-pause"]) == 1
        started_tick = max(record.tick for record in LogReader(run_dir).ticks())
        wait_for_tick(launcher, run_dir, started_tick + LASTS_TICKS)
        launcher.send_signal(signal.SIGINT)
        launcher.communicate(timeout=GUARD_S)
        assert launcher.returncode == 130
    said = [message for _, _, message in LogReader(run_dir).messages(["sequence.status"])]
    assert all(isinstance(message, SequenceStatus) for message in said)
    assert said[-1].sequences == (read_sequence(PAUSE).name,)  # type: ignore[attr-defined]
    assert said[-1].completed == 1  # type: ignore[attr-defined]
