"""The models of a scenario before a run: a card, its files, and what a run would find out too late.

Of the network that watches the telemetry, the channels must be there. The payload's is what its hash says, if it is
shipped, and tests hold it to its card. A user's is loaded here, whole, as the payload application will load it: inputs,
outputs and golden answers that aren't the card's are bad input, not the loss of an application. Called when a scenario
is checked, before anything starts.
"""

from __future__ import annotations

from flightsw.apps.health.channels import channel_of
from flightsw.apps.health.config import AnomalyConfig
from flightsw.apps.inference.config import InferenceConfig
from flightsw.devices.cameras import camera_of
from flightsw.devices.memory import DeviceMemory
from flightsw.devices.models import is_shipped, load_card, verified_model_path
from flightsw.devices.telemetry_model import TelemetryCard, channels_of, sample_ticks
from flightsw.errors import ConfigError
from flightsw.messages.topics import TopicTable, shipped_topics


def check_model(config: InferenceConfig) -> None:
    """The card; and the networks behind it, and the memory they lie in, where batches will be computed.
    Raises ConfigError."""
    try:
        card = load_card(config.model)
        camera_of(card, 0)
        if config.execute == "none":
            return
        paths = {variant.name: verified_model_path(card, variant) for variant in card.variants}
        if not is_shipped(card):
            from flightsw.apps.inference.engine import load  # onnxruntime only where it is needed

            for variant in card.variants:
                load(card, variant)
    except ConfigError as error:
        raise ConfigError(f"apps.inference.model: {error}") from None
    if config.memory is None:
        return
    try:
        DeviceMemory({name: path.read_bytes() for name, path in paths.items()}, config.memory)
    except ConfigError as error:
        raise ConfigError(f"apps.inference.{error}") from None


def check_watch(watch: AnomalyConfig, cycle_s: float) -> None:
    """The network that is to watch the telemetry: its card, its file, and that its channels are there; `cycle_s`: of
    flight software. Raises ConfigError."""
    try:
        card = load_card(watch.model, TelemetryCard)
        verified_model_path(card)
        for row in channels_of(card, watch.spacecraft):
            channel_of(row, TopicTable(shipped_topics()))
        sample_ticks(card, cycle_s)
    except ConfigError as error:
        raise ConfigError(f"apps.health.anomaly: {error}") from None
