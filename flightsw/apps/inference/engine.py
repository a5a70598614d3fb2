"""The engine: computes a batch's tensors for real, in onnxruntime, with the variant that is asked for.

Every file's hash is checked against its card, its ports against what the card declares, and its answer to the golden
input against the one it was shipped with, when the application is built: what is not the card's model shows before the
first tick. The virtual device's time and energy don't come from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from flightsw.apps.inference.answers import answer
from flightsw.apps.inference.network import Network, Tiles, output_hash
from flightsw.devices.cameras import camera_of
from flightsw.devices.golden import GoldenAnswer, golden_answer, golden_tile
from flightsw.devices.models import ModelCard, Variant, verified_model_path
from flightsw.devices.onnxsessions import CPU
from flightsw.errors import ConfigError

GOLDEN_TOLERANCE = {"fp32": 5e-4, "int8": 0.02}
"""how far an answer may be off the card's: processors sum in different orders; in eight bits, a sum rounded the other
way is a whole step"""


class Seen(NamedTuple):
    """What the network made of a batch."""

    cloud_fraction: tuple[float, ...] | None
    """share of cloudy cells a scene, rounded to 0.001; None: not what the model tells"""
    output_sha256: str
    """first 16 hex digits of the hash over the raw output"""
    detections: tuple[int, ...] | None = None
    """found in each scene; None: not what the model tells"""


class Engine(Protocol):
    """Anything that can look at scenes."""

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        """Image consecutive scenes and run a variant of the card's ladder on them; None: its default."""


class OnnxEngine:
    """A session of each variant of a card behind the virtual camera. Raises ConfigError: not the card's model.

    `only`: variants that are made up front; without it all of them. Others are made when they are first asked for.
    `networks`: all of them, made and checked by whoever calls. `provider`: what computes, of `onnxsessions.PROVIDERS`.
    """

    def __init__(
        self,
        card: ModelCard,
        seed: int,
        only: tuple[str, ...] | None = None,
        networks: Mapping[str, Network] | None = None,
        provider: str = CPU,
    ) -> None:
        self._provider = provider
        self._camera = camera_of(card, seed)
        self._card = card
        wanted = [one.name for one in card.variants] if only is None else only
        made = {name: load(card, card.variant(name), provider) for name in wanted} if networks is None else networks
        self._networks = dict(made)

    def look(
        self, first_scene: int, scenes: int, cos_zenith: float, latitude_deg: float, variant: str | None = None
    ) -> Seen:
        """Image consecutive scenes and run a variant of the card's ladder on them; None: its default."""
        return self.run(self._camera.tiles(first_scene, scenes, cos_zenith, latitude_deg), variant)

    def run(self, tiles: Tiles, variant: str | None = None) -> Seen:
        """Look at tiles [n, bands, cells, cells], float32. Raises InputRefused, OutputRefused; ConfigError: no such
        variant."""
        output = self.network(variant).sound(tiles)
        told = answer(self._card, output)
        return Seen(told.cloud_fraction, output_hash(output), told.detections)

    def network(self, variant: str | None = None) -> Network:
        """The session of a variant."""
        name = self._card.default_variant if variant is None else variant
        network = self._networks.get(name)
        if network is None:
            network = self._networks[name] = load(self._card, self._card.variant(name), self._provider)
        return network


def load(card: ModelCard, variant: Variant, provider: str = CPU) -> Network:
    """A variant's network, from its file to its golden answer. Raises ConfigError: any of it is not the card's."""
    camera_of(card, 0)
    path = verified_model_path(card, variant)
    network = Network(card, path.read_bytes(), str(path), provider)
    check_golden(card, variant, network)
    return network


def check_golden(card: ModelCard, variant: Variant, network: Network) -> None:
    """Raises ConfigError: the network doesn't answer as its card says it does."""
    told = golden_answer(network.sound(golden_tile(card.bands, card.cells)))
    wanted = GoldenAnswer(variant.golden_mean, variant.golden_values)
    if not _near(told, wanted, GOLDEN_TOLERANCE[variant.precision]):
        raise ConfigError(
            f"model {card.name}, variant {variant.name}: golden_mean = {told.mean}, golden_values = "
            f"{list(told.values)}: its card says {wanted.mean}, {list(wanted.values)}"
        )


def _near(told: GoldenAnswer, wanted: GoldenAnswer, tolerance: float) -> bool:
    if len(told.values) != len(wanted.values):
        return False
    pairs = zip((told.mean, *told.values), (wanted.mean, *wanted.values), strict=True)
    return all(abs(said - meant) <= tolerance for said, meant in pairs)
