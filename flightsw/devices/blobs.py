"""Blobs, fetched by the hash of their content: how cards and networks that come up reach the payload (ADR 0018).

A store is a folder whose files are named by their sha256. What is fetched is hashed again: a file that was cut or
altered on its way is refused by what it is, whatever its name says. Content by hash is no state: the same command in a
replay fetches the same bytes. Read by the payload's model operations; filled by `flightsw models pack`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

from flightsw.devices.models import CARD, load_card
from flightsw.errors import ConfigError


class BlobSource(Protocol):
    """Anything that has bytes by their hash."""

    def fetch(self, sha256: str) -> bytes:
        """Raises ConfigError: it isn't there, or is not what its name says."""


class FolderBlobs:
    """A store in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, sha256: str) -> bytes:
        """Raises ConfigError: it isn't there, or is not what its name says."""
        try:
            data = (self._folder / sha256).read_bytes()
        except OSError:
            raise ConfigError(f"blob {sha256[:12]}: not in the store") from None
        digest = hashlib.sha256(data).hexdigest()
        if digest != sha256:
            raise ConfigError(f"blob {sha256[:12]}: its {len(data)} bytes have sha256 {digest[:12]}: cut, or altered")
        return data


def pack(name_or_path: str, store: Path) -> str:
    """Put a model's card and networks into a store; the hash of its card, by which it is loaded. Raises ConfigError."""
    card = load_card(name_or_path)
    folder = Path(card.folder)
    try:
        store.mkdir(parents=True, exist_ok=True)
        for path in (folder / CARD, *(folder / variant.file for variant in card.variants)):
            data = path.read_bytes()
            (store / hashlib.sha256(data).hexdigest()).write_bytes(data)
        return hashlib.sha256((folder / CARD).read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None
