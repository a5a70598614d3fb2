"""What of a scenario doesn't ship with flightsw goes to the agent with its brief: a device profile, a model, its card.

The bench packs the files that the scenario names by path; the agent lays them in a folder of its own and has its
scenario point there. A model is held to its card's hash when it is loaded. Called by `hil.bench` and `hil.agent`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from flightsw.devices.models import CARD, load_card, shipped_models, verified_model_path
from flightsw.devices.profiles import shipped_profiles
from flightsw.errors import ConfigError
from flightsw.node.scenario import Scenario

PROFILE = "profile.toml"
MOST_BYTES = 256 << 20
"""of all files together: they go in one frame"""


def packed(scenario: Scenario) -> dict[str, bytes]:
    """File contents by name. Raises ConfigError: unreadable, or too much."""
    files: dict[str, bytes] = {}
    profile, model = scenario.plant.profile, scenario.apps.inference.model
    if profile not in shipped_profiles():
        files[PROFILE] = _read(Path(profile))
    if model not in shipped_models():
        card = load_card(model)
        files[CARD] = _read(Path(card.folder) / CARD)
        files[card.file] = _read(verified_model_path(card))
    total = sum(map(len, files.values()))
    if total > MOST_BYTES:
        raise ConfigError(f"files for the agent: {total} bytes: must be at most {MOST_BYTES}")
    return files


def unpacked(scenario: Scenario, files: Mapping[str, bytes], folder: Path) -> Scenario:
    """The scenario with the files that came with it. Raises ConfigError: a name that leads elsewhere."""
    for name, data in files.items():
        if not name or Path(name).name != name:
            raise ConfigError(f"file {name!r} of the bench's: must be a plain name")
        (folder / name).write_bytes(data)
    plant, apps = scenario.plant, scenario.apps
    if PROFILE in files:
        plant = msgspec.structs.replace(plant, profile=str(folder / PROFILE))
    if CARD in files:
        apps = msgspec.structs.replace(apps, inference=msgspec.structs.replace(apps.inference, model=str(folder)))
    return msgspec.structs.replace(scenario, plant=plant, apps=apps)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
