"""Measures the telemetry network on held-out flights and on faults, and compares with its card. Needs onnx, no torch.

python models/telemetry-anomaly/measure.py            print the figures; flies for some minutes
python models/telemetry-anomaly/measure.py --check    exit 1 when the card states others
python models/telemetry-anomaly/measure.py --write    put them into the card
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent.parent)]

from campaign import FAULTS, HELD_OUT_SEASONS, HELD_OUT_SEEDS, fault_flights, fly_all  # noqa: E402  beside this file
from common.cards import command, replaced  # noqa: E402
from faults import Fault  # noqa: E402
from flights import SPACECRAFT, Flight  # noqa: E402
from looks import Verdict, judged  # noqa: E402

from flightsw.devices.models import load_card  # noqa: E402  run from a checkout
from flightsw.devices.telemetry_model import TelemetryCard  # noqa: E402

MODEL = HERE / "telemetry-anomaly.onnx"
CARD = HERE / "card.toml"
GOLDEN_CHANNELS = 8
TOLERANCE = 5e-4
"""how far a measured figure may be off the card: processors sum in different orders"""
TOLERANCE_S = 180.0
"""how far a delay may be: one look"""


def figures() -> dict[str, dict[str, Any]]:
    """All that the card states and a machine can measure."""
    return {**file_figures(), **flown_figures()}


def file_figures() -> dict[str, dict[str, Any]]:
    """What the file alone tells."""
    data, model = MODEL.read_bytes(), onnx.load(MODEL)
    dense = [tuple(w.dims) for w in model.graph.initializer if w.name.endswith(".weight")]
    return {
        "": {"sha256": hashlib.sha256(data).hexdigest()},
        "size": {
            "file_bytes": len(data),
            "parameters": sum(int(np.prod(w.dims)) for w in model.graph.initializer if "." in w.name),
            "operations_per_look": sum(2 * rows * columns for rows, columns in dense),
        },
        "golden": {"first_residuals": [round(float(value), 4) for value in golden_residuals()[:GOLDEN_CHANNELS]]},
    }


def golden_window(samples: int, channels: int) -> np.ndarray:
    """A window that anyone can make: ((7 sample + 3 channel) mod 11 - 5) / 5."""
    sample, channel = np.mgrid[0:samples, 0:channels]
    return (((7 * sample + 3 * channel) % 11 - 5) / 5.0).astype(np.float32)[None]


def golden_residuals() -> np.ndarray:
    """What a plain session says of it."""
    session = ort.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    samples, channels = session.get_inputs()[0].shape[1:]
    residuals: np.ndarray = session.run(None, {"window": golden_window(samples, channels)})[0][0]
    return residuals


def flown_figures() -> dict[str, dict[str, Any]]:
    """What flights tell that no training saw: false alarms, and which faults are found."""
    card = load_card(str(HERE), TelemetryCard)
    nominal = (*HELD_OUT_SEEDS, *HELD_OUT_SEASONS)
    flights: list[tuple[Flight, Fault | None]] = [(flight, None) for flight in nominal]
    flights += fault_flights()
    verdicts = [judged(MODEL, card, SPACECRAFT, readings) for readings in fly_all(flights)]
    seeds, seasons = verdicts[: len(HELD_OUT_SEEDS)], verdicts[len(HELD_OUT_SEEDS) : len(nominal)]
    quality = {
        **{f"{name}_held_out_seeds": value for name, value in _nominal(seeds).items()},
        **{f"{name}_held_out_season": value for name, value in _nominal(seasons).items()},
        "worst_nominal_share": round(max(v.held_worst for v in (*seeds, *seasons)) / card.threshold, 3),
    }
    found: dict[str, list[tuple[float | None, str]]] = {}
    for (_, fault), verdict in zip(flights[len(nominal) :], verdicts[len(nominal) :], strict=True):
        assert fault is not None
        found.setdefault(fault.name, []).append(verdict.first_after(fault.at_s))
    rows = {name: _found(found[name]) for name, *_ in FAULTS}
    hits = sum(row["detected"] for row in rows.values())
    quality["detected_share"] = round(hits / sum(row["of"] for row in rows.values()), 4)
    return {"quality": quality, "faults": rows}


def _nominal(verdicts: list[Verdict]) -> dict[str, Any]:
    return {
        "hours": round(sum(verdict.looked_s for verdict in verdicts) / 3600.0, 1),
        "false_alarms": sum(len(verdict.raised_s) for verdict in verdicts),
    }


def _found(told: list[tuple[float | None, str]]) -> dict[str, Any]:
    delays = sorted(delay for delay, _ in told if delay is not None)
    blamed = [channel for delay, channel in told if delay is not None]
    row: dict[str, Any] = {"detected": len(delays), "of": len(told)}
    if delays:
        row["delay_s"] = delays[len(delays) // 2]
        row["channel"] = max(sorted(set(blamed)), key=blamed.count)
    return row


def agrees(said: object, measured: object) -> bool:
    """Whether the card's figure is the measured one: to the letter, or within the tolerance where it is a number."""
    if isinstance(measured, dict):
        return (
            isinstance(said, dict)
            and said.keys() == measured.keys()
            and all(
                abs(said[key] - value) <= TOLERANCE_S if key == "delay_s" else agrees(said[key], value)
                for key, value in measured.items()
            )
        )
    if isinstance(measured, list):
        return isinstance(said, list) and len(said) == len(measured) and all(map(agrees, said, measured))
    if isinstance(measured, float):
        return isinstance(said, float) and abs(said - measured) <= TOLERANCE
    return said == measured


def main() -> int:
    """The command."""
    if "--write" in sys.argv:  # flights are judged by the card's file: its hash comes first
        text = CARD.read_text()
        CARD.write_text(replaced(text, "", "sha256", hashlib.sha256(MODEL.read_bytes()).hexdigest()))
    return command(CARD, __doc__, figures, agrees)


if __name__ == "__main__":
    raise SystemExit(main())
