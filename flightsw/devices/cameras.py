"""Which virtual camera a model looks through: the one that its card names."""

from __future__ import annotations

from flightsw.devices.camera import BANDS, CELLS, VirtualCamera
from flightsw.devices.fires import FireCamera
from flightsw.devices.models import ModelCard
from flightsw.errors import ConfigError

_WORLDS: dict[str, type[VirtualCamera]] = {"clouds": VirtualCamera, "fires": FireCamera}


def camera_of(card: ModelCard, seed: int) -> VirtualCamera:
    """The card's camera, of one seed. Raises ConfigError: it gives other tiles than the model takes."""
    if (card.bands, card.cells) != (len(BANDS), CELLS):
        raise ConfigError(
            f"model {card.name}: bands = {card.bands}, cells = {card.cells}: must be {len(BANDS)} and {CELLS}, "
            "which is what the virtual camera gives"
        )
    return _WORLDS[card.camera](seed)
