"""The telemetry network, run in onnxruntime: a window of readings in, one residual a channel out.

On the CPU, as the payload's by default. It is flight software and no payload: it runs whatever `apps.inference.execute`
says, and takes nothing from the payload computer. Made where the application is built, and only where the scenario
asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from flightsw.devices.models import verified_model_path
from flightsw.devices.onnxsessions import session_of
from flightsw.devices.telemetry_model import ChannelRow, TelemetryCard
from flightsw.errors import ConfigError

SATURATION = 10.0
"""scales from the centre beyond which a reading looks the same to the network"""


class Scorer(Protocol):
    """Anything that says how far a window is from what it should be."""

    def residuals(self, window: Sequence[Sequence[float]]) -> list[float]:
        """Per channel."""


class OnnxScorer:
    """A session of one telemetry model. Raises ConfigError: not the card's model, or of other channels."""

    def __init__(self, card: TelemetryCard, rows: Sequence[ChannelRow]) -> None:
        self._session = session_of(verified_model_path(card).read_bytes(), f"model {card.name}")
        self._input, self._outputs = card.input_name, [card.output_name]
        ports = {port.name: port.shape for port in (*self._session.get_inputs(), *self._session.get_outputs())}
        channels = len(rows)
        wanted = {card.input_name: [card.samples, channels], card.output_name: [channels]}
        if {name: shape[1:] for name, shape in ports.items()} != wanted:
            raise ConfigError(f"model {card.name}: inputs and outputs {ports}: its card says {wanted} for each n")
        self._center = np.array([row.center for row in rows])
        self._scale = np.array([row.scale for row in rows])
        self.residuals([[0.0] * channels] * card.samples)  # warm: the first real look costs what every other does

    def residuals(self, window: Sequence[Sequence[float]]) -> list[float]:
        """Per channel, of a window [samples, channels] of readings as they are."""
        scaled = (np.array(window, np.float64) - self._center) / self._scale
        seen = np.minimum(np.maximum(scaled, -SATURATION), SATURATION).astype(np.float32)
        (given,) = self._session.run(self._outputs, {self._input: seen[None]})
        residuals: list[float] = given[0].tolist()
        return residuals
