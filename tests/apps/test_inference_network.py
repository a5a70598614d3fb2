"""A network's session: how it is set up, what its ports must be, what it may answer; with a runtime that says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from flightsw.apps.inference import network
from flightsw.apps.inference.network import FLOAT, Network
from flightsw.devices.models import load_card
from flightsw.devices.onnxsessions import check_provider, session_of
from flightsw.errors import ConfigError, InputRefused, OutputRefused

CARD = load_card("cloudseg")
TILE = [CARD.bands, CARD.cells, CARD.cells]


def port(name: str, shape: list[Any], kind: str = FLOAT) -> SimpleNamespace:
    return SimpleNamespace(name=name, type=kind, shape=shape)


class FakeSession:
    """Takes and gives what it is told to."""

    def __init__(self, inputs: list[Any] | None = None, outputs: list[Any] | None = None, gives: Any = None) -> None:
        self.get_inputs = lambda: [port(CARD.input_name, ["n", *TILE])] if inputs is None else inputs
        self.get_outputs = lambda: [port(CARD.output_name, ["n", *TILE[1:]])] if outputs is None else outputs
        self.gives = np.zeros((1, *TILE[1:]), np.float32) if gives is None else gives

    def run(self, _names: list[str], _given: dict[str, Any]) -> list[Any]:
        return [self.gives]


def made(monkeypatch: pytest.MonkeyPatch, session: FakeSession) -> Network:
    monkeypatch.setattr(network, "session_of", lambda *_: session)
    return Network(CARD, b"", "here")


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (FakeSession(inputs=[]), r"inputs \(none\): its card says"),
        (FakeSession(inputs=[port(CARD.input_name, [4, *TILE])]), r"inputs tiles: tensor\(float\) \[4, .*n free"),
        (FakeSession(inputs=[port(CARD.input_name, [])]), r"inputs tiles: tensor\(float\) \[\]"),
        (FakeSession(outputs=[]), r"outputs \(none\): its card says"),
        (FakeSession(gives=np.zeros((1, 2, 2), np.float32)), r"gives \(1, 2, 2\) for one tile: its card says \(1, "),
    ],
)
def test_ports_and_answers_that_are_not_the_card_s_are_refused(monkeypatch, session, said):
    with pytest.raises(ConfigError, match=said.replace("tiles", CARD.input_name)):
        made(monkeypatch, session)


def test_an_answer_that_is_not_finite_is_the_network_s_fault_and_tiles_that_are_not_are_the_caller_s(monkeypatch):
    session = FakeSession()
    one = made(monkeypatch, session)
    tiles = np.zeros((1, *TILE), np.float32)
    assert one.sound(tiles) is session.gives
    session.gives = np.full((1, *TILE[1:]), np.nan, np.float32)
    assert one.infer(tiles) is session.gives
    with pytest.raises(OutputRefused, match=f"model {CARD.name}: {CARD.output_name}: not finite"):
        one.sound(tiles)
    tiles[0, 0, 0, 0] = np.inf
    with pytest.raises(InputRefused, match="tiles: not finite"):
        one.sound(tiles)


def test_a_session_computes_in_one_thread_in_order_and_the_same_every_time(monkeypatch):
    import onnxruntime as ort

    asked = []
    gives = SimpleNamespace(get_providers=lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])

    def session(_data: bytes, options: Any, providers: list[Any]) -> Any:
        asked.append((options, providers))
        return gives

    monkeypatch.setattr(ort, "InferenceSession", session)
    assert session_of(b"", "here", "cuda") is gives, "what it may fall back to stands behind it"
    ((options, providers),) = asked
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.execution_mode == ort.ExecutionMode.ORT_SEQUENTIAL
    assert options.use_deterministic_compute
    assert providers == [("CUDAExecutionProvider", {"use_tf32": "0"})]


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "RuntimeError"), ("bad\nbecause", "bad"), ("x" * 500, "x" * 200)],
    ids=["silent", "two", "long"],
)
def test_what_the_runtime_says_is_told_in_a_line(monkeypatch, text, told):
    import onnxruntime as ort

    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(ort, "InferenceSession", refuse)
    with pytest.raises(ConfigError) as caught:
        session_of(b"", "here")
    assert str(caught.value) == f"here: not a model that onnxruntime loads: {told}"


def test_a_provider_that_is_there_is_taken():
    check_provider("cpu")
