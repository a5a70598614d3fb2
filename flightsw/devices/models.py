"""Model cards: what a shipped network is, takes, gives and costs; and where its file lies.

A model is a folder with `card.toml` and the ONNX file it names: under `models/` in a checkout, under the package's
`_models/` in an installed wheel, or anywhere a user's path points. The file is checked against the card's hash before
anybody loads it. Read by scenarios (a wrong card stops a run before it starts), the virtual device (`work_gop`) and
the engine. Knows nothing of onnxruntime.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, TypeVar, overload

import msgspec
from msgspec import Meta

from flightsw.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "_models", _PACKAGE.parent / "models")
CARD = "card.toml"


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A known answer, to four decimals: one scene of the virtual camera, its mean and its first row's first cells."""

    seed: int
    scene: int
    cos_zenith: float
    latitude_deg: float
    mean_probability: float
    first_probabilities: tuple[float, ...]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What every card states. Its further tables (data, quality, limits) are for people, and for `measure.py`."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    task: str
    file: Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]+[.]onnx$")]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    input_name: str
    output_name: str
    folder: str = ""
    """where the card was found; filled in by `load_card`"""


class ModelCard(Card, frozen=True, kw_only=True):
    """Of a payload model: looks at scenes of the virtual camera."""

    bands: Annotated[int, Meta(ge=1, le=64)]
    cells: Annotated[int, Meta(ge=1, le=4096)]
    work_gop: Annotated[float, Meta(gt=0.0, le=1e6)]
    """giga-operations a scene on the payload computer, its whole tile pipeline included"""
    golden: Golden


C = TypeVar("C", bound=Card)


def shipped_models() -> list[str]:
    """Names of the models that come with flightsw."""
    return sorted({card.parent.name for folder in _FOLDERS for card in folder.glob(f"*/{CARD}")})


@overload
def load_card(name_or_path: str) -> ModelCard: ...
@overload
def load_card(name_or_path: str, kind: type[C]) -> C: ...
def load_card(name_or_path: str, kind: type[Card] = ModelCard) -> Card:
    """A shipped model's card by name, or the card at a path (the folder or the file), of a payload model or another
    kind. Raises ConfigError."""
    path = _find(name_or_path)
    try:
        card = msgspec.convert(tomllib.loads(path.read_text()), kind)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: not a model card: {error}") from None
    return msgspec.structs.replace(card, folder=str(path.parent))


def verified_model_path(card: Card) -> Path:
    """The card's ONNX file, its hash checked. Raises ConfigError when it is missing or another file than the card's."""
    path = Path(card.folder) / card.file
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    if digest != card.sha256:
        raise ConfigError(f"{path}: sha256 {digest}: its card says {card.sha256}")
    return path


def _find(name_or_path: str) -> Path:
    for folder in _FOLDERS:
        card = folder / name_or_path / CARD
        if card.is_file():
            return card
    given = Path(name_or_path)
    for card in (given, given / CARD):
        if card.is_file():
            return card
    raise ConfigError(f"model {name_or_path!r}: no such model or card; shipped: {', '.join(shipped_models())}")
