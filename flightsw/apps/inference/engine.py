"""The engine: computes a batch's tensors for real, in onnxruntime.

CPU provider, one thread, sequential: outputs depend on the inputs alone. The model file's hash is checked against its
card before a session is made, and the session's inputs and outputs against what the card declares. The virtual
device's time and energy don't come from here. Made when the application is
built, where batches are computed at all: a file that is not its card's model shows before the first tick.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from flightsw.devices.camera import VirtualCamera
from flightsw.devices.models import ModelCard, verified_model_path
from flightsw.errors import ConfigError

CLOUDY = 0.5
"""probability above which a cell counts as cloud"""

Tiles = npt.NDArray[np.float32]


class Seen(NamedTuple):
    """What the network made of a batch."""

    cloud_fraction: tuple[float, ...]
    """share of cloudy cells a scene, rounded to 0.001"""
    output_sha256: str
    """first 16 hex digits of the hash over the raw output"""


class Engine(Protocol):
    """Anything that can look at scenes."""

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        """Image consecutive scenes and run a variant of the card's ladder on them; None: its default."""


class OnnxEngine:
    """A session of one model behind the virtual camera. Raises ConfigError: not the card's model."""

    def __init__(self, card: ModelCard, seed: int) -> None:
        import onnxruntime as ort  # a run without execution never pays for the import

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        self._sessions = {
            variant.name: ort.InferenceSession(
                str(verified_model_path(card, variant)), options, providers=["CPUExecutionProvider"]
            )
            for variant in card.variants
        }
        self._camera = VirtualCamera(seed)
        self._card = card
        for session in self._sessions.values():
            self._check_ports(session)
        self.look(0, 1, 1.0, 0.0)  # warm: the first real batch costs what every other does

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        """Image consecutive scenes and run a variant of the card's ladder on them; None: its default."""
        return self.run(self._camera.tiles(first_scene, scenes, cos_zenith, latitude_deg), variant)

    def run(self, tiles: Tiles, variant: str | None = None) -> Seen:
        """Segment tiles [n, bands, cells, cells], float32. Raises ValueError: another shape or type, or not finite."""
        card = self._card
        wanted = (card.bands, card.cells, card.cells)
        if tiles.dtype != np.float32 or tiles.ndim != 4 or tiles.shape[1:] != wanted or tiles.shape[0] < 1:
            raise ValueError(f"tiles of {tiles.dtype} {tiles.shape}: must be float32 (n >= 1, {wanted})")
        if not np.isfinite(tiles).all():
            raise ValueError("tiles: not finite: must be reflectances")
        session = self._sessions[card.variant(variant).name]
        (output,) = session.run([card.output_name], {card.input_name: tiles})
        cloudy = (output.reshape(len(tiles), -1) > CLOUDY).mean(axis=1)
        return Seen(
            tuple([round(share, 3) for share in cloudy.tolist()]), hashlib.sha256(output.tobytes()).hexdigest()[:16]
        )

    def _check_ports(self, session: Any) -> None:
        """The session must take and give what the card says."""
        card = self._card
        inputs = {port.name: port.shape for port in session.get_inputs()}
        outputs = [port.name for port in session.get_outputs()]
        wanted = [card.bands, card.cells, card.cells]
        if list(inputs) != [card.input_name] or inputs[card.input_name][1:] != wanted:
            raise ConfigError(f"model {card.name}: inputs {inputs}: its card says {card.input_name} [n, {wanted}]")
        if card.output_name not in outputs:
            raise ConfigError(f"model {card.name}: outputs {outputs}: its card says {card.output_name}")
