"""Which virtual camera a model looks through: the one that its card names."""

from __future__ import annotations

from flightsw.devices.camera import VirtualCamera
from flightsw.devices.fires import FireCamera
from flightsw.devices.models import ModelCard

_WORLDS: dict[str, type[VirtualCamera]] = {"clouds": VirtualCamera, "fires": FireCamera}


def camera_of(card: ModelCard, seed: int) -> VirtualCamera:
    """The card's camera, of one seed."""
    return _WORLDS[card.camera](seed)
