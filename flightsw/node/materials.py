"""The files of the user's own that a run is made with, models and device profiles: where they lie, and whether they are
still those that flew.

A path in a scenario's file is looked for beside that file, then in the working folder; one given by `--set` in the
working folder. It stands in the scenario absolute from then on, so that a log can be replayed and gone on with from
anywhere. What comes with flightsw stands by its name. Called by `node.scenario`, `node.replay` and `node.resume`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from flightsw.devices.models import is_shipped, load_card, placed_model
from flightsw.devices.profiles import placed_profile, profile_sha256, shipped_profiles
from flightsw.errors import ConfigError
from flightsw.node.imports import MANIFEST_FILE
from flightsw.node.modelcheck import check_model
from flightsw.node.tomlfile import parse_overrides

if TYPE_CHECKING:
    from flightsw.node.scenario import Scenario

_FIELDS: Mapping[str, Callable[..., str]] = {
    "plant.profile": placed_profile,
    "apps.inference.model": placed_model,
    "apps.health.anomaly.model": placed_model,
}


def with_places(table: dict[str, Any], folder: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """A scenario's table with absolute paths in it. What isn't found stays as it is: the check behind says so."""
    given = [path for path, _ in parse_overrides(overrides)]
    for field, placed in _FIELDS.items():
        by_hand = any(field == path or field.startswith(f"{path}.") for path in given)
        folders = [Path()] if by_hand else [folder, Path()]
        table = _changed(table, field.split("."), partial(placed, folders=folders))
    return table


def _changed(table: dict[str, Any], steps: Sequence[str], change: Callable[[str], str]) -> dict[str, Any]:
    """A copy with one text changed, if it is there."""
    first, *rest = steps
    inner = table.get(first)
    if rest and isinstance(inner, Mapping):
        return {**table, first: _changed(dict(inner), rest, change)}
    return {**table, first: change(inner)} if not rest and isinstance(inner, str) else table


def check_as_flown(run_dir: Path, scenario: Scenario) -> None:
    """Raise ConfigError when the model or the profile that a run flew isn't there any more, or is another one.

    Those that come with flightsw are its version's, which the log's header tells.
    """
    noted = _noted_hashes(run_dir)
    name = scenario.plant.profile
    if name not in shipped_profiles():
        _compare("plant.profile", name, profile_sha256(name), noted.get("profile"), run_dir)
    model = scenario.apps.inference.model
    card = load_card(model)
    if not is_shipped(card):
        check_model(scenario.apps.inference)
        _compare("apps.inference.model", model, card.sha256, noted.get("model"), run_dir)


def _compare(field: str, name: str, sha256: str, flown: object, run_dir: Path) -> None:
    if flown not in (None, sha256):
        raise ConfigError(f"{field} = {name!r}: sha256 {sha256}: must be the one that {run_dir} flew, {flown}")


def _noted_hashes(run_dir: Path) -> Mapping[str, Any]:
    """Of the run's manifest; none where there is no whole one."""
    try:
        manifest = msgspec.json.decode((run_dir / MANIFEST_FILE).read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
    hashes = manifest.get("hashes") if isinstance(manifest, dict) else None
    return hashes if isinstance(hashes, dict) else {}
