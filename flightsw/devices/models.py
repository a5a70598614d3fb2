"""Model cards: what a shipped network is, takes, gives and costs; and where its file lies.

A model is a folder with `card.toml` and the ONNX file it names: under `models/` in a checkout, under the package's
`_models/` in an installed wheel, or anywhere a user's path points. The file is checked against the card's hash before
anybody loads it. Read by scenarios (a wrong card stops a run before it starts), the virtual device (`work_gop`) and
the engine. Knows nothing of onnxruntime.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol, TypeVar, overload

import msgspec
from msgspec import Meta

from flightsw.backports import tomllib
from flightsw.devices.silicon import Silicon
from flightsw.errors import ConfigError

FileName = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]+[.]onnx$")]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
WorkGop = Annotated[float, Meta(gt=0.0, le=1e6)]

_PACKAGE = Path(__file__).resolve().parent.parent
_FOLDERS = (_PACKAGE / "_models", _PACKAGE.parent / "models")
CARD = "card.toml"


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One network of a model's ladder: the same inputs and outputs at another price and quality."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    file: FileName
    sha256: Sha256
    precision: Literal["fp32", "int8"]
    parameters: Annotated[int, Meta(ge=1, le=10**10)]
    operations: Annotated[int, Meta(ge=1, le=10**15)]
    """counted multiplications and additions of the network, an input"""
    file_bytes: Annotated[int, Meta(ge=1, le=10**10)]
    work_gop: WorkGop
    """giga-operations an item on the payload computer, its whole pipeline included: a count, not a time"""
    network_gop: WorkGop | None = None
    """the network's part of `work_gop`: what int8 makes faster; None: all of it"""
    quality: Annotated[float, Meta(ge=0.0, le=1.0)]
    """the card's `quality_metric`, on held-out data"""
    golden_mean: float
    """of the output for the golden input, to four decimals: `devices.golden`"""
    golden_values: tuple[float, ...]
    """of the same, every 128th value"""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What every card states. Its further tables (data, quality, limits) are for people, and for `measure.py`."""

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    task: str
    input_name: str
    output_name: str
    folder: str = ""
    """where the card was found; filled in by `load_card`"""


class ModelCard(Card, frozen=True, kw_only=True):
    """Of a payload model: looks at scenes of the virtual camera."""

    bands: Annotated[int, Meta(ge=1, le=64)]
    cells: Annotated[int, Meta(ge=1, le=4096)]
    """input: float32 [n, bands, cells, cells]; output: float32 [n, cells, cells]"""
    camera: Literal["clouds", "fires"] = "clouds"
    """which of the virtual camera's worlds it looks at"""
    result: Literal["fraction", "detections"] = "fraction"
    """what is told of a scene: the share of cells above the threshold, or how many groups of them there are"""
    threshold: Annotated[float, Meta(ge=-1e6, le=1e6)] = 0.5
    default_variant: str
    """what flies where nothing else is asked for"""
    quality_metric: str
    """what `quality` of the variants is"""
    variants: Annotated[tuple[Variant, ...], Meta(min_length=1, max_length=32)]
    """the ladder, ascending by work; of equal work, ascending by quality"""

    def __post_init__(self) -> None:
        names = [one.name for one in self.variants]
        if len(set(names)) != len(names):
            raise ValueError(f"variants: named {', '.join(names)}: must be different")
        if self.default_variant not in names:
            raise ValueError(f"default_variant = {self.default_variant!r}: must be one of {', '.join(names)}")
        work = [one.work_gop for one in self.variants]
        if work != sorted(work):
            raise ValueError(f"variants: work_gop = {work}: must not fall from one to the next")
        for one in self.variants:
            if one.network_gop is not None and one.network_gop > one.work_gop:
                raise ValueError(
                    f"variants: {one.name}: network_gop = {one.network_gop}: must be at most work_gop = {one.work_gop}"
                )

    def variant(self, name: str | None = None) -> Variant:
        """A variant by name; without one, the default. Raises ConfigError."""
        wanted = self.default_variant if name is None else name
        for one in self.variants:
            if one.name == wanted:
                return one
        known = ", ".join(one.name for one in self.variants)
        raise ConfigError(f"model {self.name}: variant {wanted!r}: must be one of {known}")

    @property
    def file(self) -> str:
        """The default variant's ONNX file."""
        return self.variant().file

    @property
    def sha256(self) -> str:
        """The default variant's hash."""
        return self.variant().sha256

    @property
    def work_gop(self) -> float:
        """The default variant's work an item."""
        return self.variant().work_gop


class ModelFile(Protocol):
    """An ONNX file and what it must hash to: a variant, or a card of one network alone."""

    @property
    def file(self) -> str:
        """Its name, beside the card."""

    @property
    def sha256(self) -> str:
        """Of its bytes."""


class FiledCard(ModelFile, Protocol):
    """A card that names a file."""

    @property
    def folder(self) -> str:
        """Where it lies."""


C = TypeVar("C", bound=Card)


def shipped_models(kind: type[Card] = Card) -> list[str]:
    """Names of the models of a kind that come with flightsw."""
    names = {card.parent.name for folder in _FOLDERS for card in folder.glob(f"*/{CARD}")}
    return sorted(name for name in names if _is_of(name, kind))


def _is_of(name: str, kind: type[Card]) -> bool:
    try:
        load_card(name, kind)
    except ConfigError:
        return False
    return True


@overload
def load_card(name_or_path: str) -> ModelCard: ...
@overload
def load_card(name_or_path: str, kind: type[C]) -> C: ...
def load_card(name_or_path: str, kind: type[Card] = ModelCard) -> Card:
    """A shipped model's card by name, or the card at a path (the folder or the file), of a payload model or another
    kind. `NAME:VARIANT`: with another default variant than the card's own. Raises ConfigError."""
    found = _find(name_or_path)
    if found is None:
        raise _missing(name_or_path, kind)
    path, variant = found.card, found.suffix[1:]
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: not a model card: {error}") from None
    card = card_of(data, str(path), kind)
    card = msgspec.structs.replace(card, folder=str(path.parent))
    if not variant:
        return card
    if not isinstance(card, ModelCard):
        raise ConfigError(f"model {name_or_path!r}: {card.name} has no variants")
    return msgspec.structs.replace(card, default_variant=card.variant(variant).name)


def is_shipped(card: Card) -> bool:
    """Whether a loaded card is one that came with flightsw."""
    return Path(card.folder).parent in _FOLDERS


def card_of(data: bytes, where: str, kind: type[C]) -> C:
    """A card from its file's bytes, wherever they come from; it has no folder. Raises ConfigError."""
    try:
        return msgspec.convert(tomllib.loads(data.decode()), kind)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{where}: not a model card: {error}") from None


def label_of(name_or_path: str) -> str:
    """What results call the model that a scenario names: its name, or the last part of its path; 64 characters."""
    path = Path(name_or_path)
    return (path.parent if path.name == CARD else path).name[-64:]


def verified_model_path(card: FiledCard, variant: ModelFile | None = None) -> Path:
    """The ONNX file of a card's variant, or of the card itself (its default variant), its hash checked.
    Raises ConfigError when it is missing or another file than the card's."""
    wanted = card if variant is None else variant
    path = Path(card.folder) / wanted.file
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    if digest != wanted.sha256:
        raise ConfigError(f"{path}: sha256 {digest}: its card says {wanted.sha256}")
    return path


def fp32_gop(variant: Variant, silicon: Silicon) -> float:
    """The work of fp32 that takes this chip as long as an item of the variant: what the silicon law is to be given.

    Of int8, the network's part is faster by the profile's `int8_speedup`; what surrounds the network is not.
    """
    if variant.precision == "fp32":
        return variant.work_gop
    network_gop = variant.work_gop if variant.network_gop is None else variant.network_gop
    return variant.work_gop - network_gop + network_gop / silicon.int8_speedup


def placed_model(name_or_path: str, folders: Sequence[Path]) -> str:
    """A model's path made absolute, by the first folder that it is in; the name of one that is shipped stays."""
    found = _find(name_or_path, folders)
    if found is None or found.place is None:
        return name_or_path
    return f"{found.place.resolve()}{found.suffix}"


class _Found(NamedTuple):
    card: Path
    place: Path | None
    """folder or file, as it is named; None: it is shipped"""
    suffix: str
    """`:VARIANT`; empty: none is named"""


def _find(name_or_path: str, folders: Sequence[Path] = (Path(),)) -> _Found | None:
    """Shipped, or by the first of the folders that it is in; None: nowhere. What follows the last colon is a variant,
    unless the whole is there as it stands."""
    name, colon, variant = name_or_path.rpartition(":")
    readings = ((name_or_path, ""), (name, f":{variant}")) if colon else ((name_or_path, ""),)
    for text, suffix in readings:
        for shipped in (folder / text / CARD for folder in _FOLDERS):
            if shipped.is_file():
                return _Found(shipped, None, suffix)
        for place in (folder / text for folder in folders):
            for card in (place, place / CARD):
                if card.is_file():
                    return _Found(card, place, suffix)
    return None


def _missing(name_or_path: str, kind: type[Card]) -> ConfigError:
    name = "" if Path(name_or_path).exists() else name_or_path.rpartition(":")[0]
    known = ", ".join(shipped_models(kind))
    return ConfigError(f"model {name or name_or_path!r}: no such model or card; shipped: {known}")
