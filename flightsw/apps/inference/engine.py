"""The engine: computes a batch's tensors for real, in onnxruntime.

CPU provider, one thread, sequential: outputs depend on the inputs alone. The model file's hash is checked against its
card before a session is made. The virtual device's time and energy don't come from here.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple, Protocol

from flightsw.devices.camera import VirtualCamera
from flightsw.devices.models import ModelCard, verified_model_path

CLOUDY = 0.5
"""probability above which a cell counts as cloud"""


class Seen(NamedTuple):
    """What the network made of a batch."""

    cloud_fraction: tuple[float, ...]
    output_sha256: str


class Engine(Protocol):
    """Anything that can look at scenes."""

    def look(self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float) -> Seen:
        """Image and segment consecutive scenes."""


class OnnxEngine:
    """A session of one model behind the virtual camera."""

    def __init__(self, card: ModelCard, seed: int) -> None:
        import onnxruntime as ort  # a run without execution never pays for the import

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        path = verified_model_path(card)
        self._session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._camera = VirtualCamera(seed)
        self._card = card
        self.look(0, 1, 1.0, 0.0)

    def look(self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float) -> Seen:
        """Image and segment consecutive scenes."""
        tiles = self._camera.tiles(first_scene, scenes, cos_zenith, latitude_deg)
        (output,) = self._session.run([self._card.output_name], {self._card.input_name: tiles})
        cloudy = (output.reshape(scenes, -1) > CLOUDY).mean(axis=1)
        return Seen(
            tuple([round(share, 3) for share in cloudy.tolist()]), hashlib.sha256(output.tobytes()).hexdigest()[:16]
        )
