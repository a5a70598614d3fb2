"""Engine: the card's model and no other, deterministic, and loaded only by runs that compute."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from flightsw.apps.inference.engine import OnnxEngine
from flightsw.devices.camera import VirtualCamera
from flightsw.devices.models import load_card, verified_model_path
from flightsw.devices.onnxsessions import check_provider, session_of
from flightsw.errors import ConfigError, InputRefused

CARD = load_card("cloudseg")


@pytest.fixture(scope="module")
def engine():
    return OnnxEngine(CARD, seed=5)


def test_what_was_seen_is_found_again_from_what_a_result_logs(engine):
    import onnxruntime as ort

    seen = engine.look(1234, 6, 0.8, 45.0)
    assert len(seen.cloud_fraction) == 6
    assert seen == OnnxEngine(CARD, seed=5).look(1234, 6, 0.8, 45.0)
    plain = ort.InferenceSession(str(verified_model_path(CARD)), providers=["CPUExecutionProvider"])
    tiles = VirtualCamera(5).tiles(1234, 6, 0.8, 45.0)
    (output,) = plain.run([CARD.output_name], {CARD.input_name: tiles})
    shares = (output.reshape(6, -1) > 0.5).mean(axis=1)
    assert seen.cloud_fraction == pytest.approx(shares, abs=0.0006)


def test_a_provider_that_onnxruntime_has_not_or_falls_back_from_in_silence_is_refused(monkeypatch):
    import onnxruntime as ort

    with pytest.raises(ConfigError, match="provider = 'abacus': this machine's onnxruntime has cpu"):
        check_provider("abacus")
    fallen_back = SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(ort, "InferenceSession", lambda *_, **__: fallen_back)
    assert session_of(b"", "here") is fallen_back
    with pytest.raises(ConfigError, match="here: provider cuda wasn't taken up: CPUExecutionProvider"):
        session_of(b"", "here", "cuda")


def test_another_seed_or_scene_gives_another_hash(engine):
    hashes = {engine.look(scene, 2, 0.8, 45.0).output_sha256 for scene in (0, 2, 4)}
    hashes.add(OnnxEngine(CARD, seed=6).look(0, 2, 0.8, 45.0).output_sha256)
    assert len(hashes) == 4
    assert all(len(one) == 16 for one in hashes)


@pytest.mark.parametrize(
    "tiles",
    [
        np.zeros((1, 4, 32, 32), np.float32),
        np.zeros((5, 32, 32), np.float32),
        np.zeros((0, 5, 32, 32), np.float32),
        np.zeros((1, 5, 32, 32), np.float64),
        np.full((1, 5, 32, 32), np.nan, np.float32),
    ],
    ids=["bands", "rank", "empty", "type", "not finite"],
)
def test_tiles_that_are_not_the_model_s_are_refused(engine, tiles):
    with pytest.raises(InputRefused, match=r"^tiles"):
        engine.run(tiles)


def test_tiles_whose_squares_are_too_large_for_their_type_are_finite_all_the_same(engine):
    tiles = np.full((1, 5, 32, 32), 1e25, np.float32)
    assert engine.network().infer(tiles).shape == (1, 32, 32)
    tiles[0, 4, 31, 31] = np.inf
    with pytest.raises(InputRefused, match="not finite"):
        engine.run(tiles)


def test_a_model_file_that_is_not_the_card_s_is_refused(tmp_path):
    for path in Path(CARD.folder).glob("c*.*"):
        shutil.copy(path, tmp_path / path.name)
    data = bytearray((tmp_path / CARD.file).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / CARD.file).write_bytes(data)
    with pytest.raises(ConfigError, match="its card says"):
        OnnxEngine(load_card(str(tmp_path)), seed=1)


@pytest.mark.parametrize("change", [{"input_name": "image"}, {"output_name": "mask"}])
def test_a_card_that_does_not_describe_its_model_is_refused(change):
    with pytest.raises(ConfigError, match="its card says"):
        OnnxEngine(msgspec.structs.replace(CARD, **change), seed=1)


def test_a_run_without_execution_never_imports_onnxruntime():
    script = (
        "import sys\n"
        "from flightsw.node.inprocess import InProcessNode\n"
        "from flightsw.node.scenario import load_scenario\n"
        "off = ['apps.inference.execute=none', 'apps.health.anomaly.enabled=false']\n"
        "s = load_scenario('cubesat-6u-orin-nano', off)\n"
        "node = InProcessNode(s)\n"
        "[node.run_tick() for _ in range(200)]\n"
        "assert node.latest['infer.status'].batches_done > 0\n"
        "assert 'onnxruntime' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
