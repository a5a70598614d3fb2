"""The telemetry network by a plain session, for tests that hold the scorer to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnxruntime as ort

from flightsw.devices.models import verified_model_path
from flightsw.devices.telemetry_model import ChannelRow, TelemetryCard


def plain_residuals(card: TelemetryCard, rows: Sequence[ChannelRow]) -> Callable[[np.ndarray], list[float]]:
    """Residuals by channel of a window [samples, channels] of readings as they are."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(verified_model_path(card)), options, providers=["CPUExecutionProvider"])
    center, scale = np.array([row.center for row in rows]), np.array([row.scale for row in rows])

    def residuals(window: np.ndarray) -> list[float]:
        shown = np.clip((window - center) / scale, -10.0, 10.0).astype(np.float32)
        (given,) = session.run(None, {card.input_name: shown[None]})
        found: list[float] = given[0].tolist()
        return found

    return residuals
