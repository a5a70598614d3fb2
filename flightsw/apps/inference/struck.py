"""A network one of whose activations is struck: a bit flips in a tensor between two layers while a batch is worked on.

The runtime shows nothing of what is between its layers. So the graph is cut at the struck tensor (`devices.onnxgraph`):
its first part is run up to there, the bit flips in what it gave, and the rest is run from there. Uncut and unharmed,
both parts give the whole network's answer bit for bit. Which tensor it is follows from where in the batch's activations
the bit lies: all that the network holds in memory of a batch counts, its input included, by its bytes, each tensor
taken to live as long as the others. Called by the guarded engine, for a batch that an upset hits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from flightsw.apps.inference.network import Tiles, refuse_unsound
from flightsw.devices.models import ModelCard
from flightsw.devices.onnxgraph import cut, live_tensors
from flightsw.devices.onnxsessions import session_of


class Activations:
    """Where the activations of one variant lie, by its file; and batches whose activations are struck."""

    def __init__(self, card: ModelCard, data: bytes) -> None:
        self._card = card
        live = live_tensors(data)
        tile = np.zeros((1, card.bands, card.cells, card.cells), np.float32)
        session = session_of(cut(data, {}, live), f"activations of {card.name}")
        shown = session.run(list(live), {card.input_name: tile}) if live else []
        self.sizes = {card.input_name: tile.nbytes} | {
            name: value.nbytes for name, value in zip(live, shown, strict=True)
        }
        """bytes a scene, in the order in which they are computed"""

    def run(self, image: bytes, tiles: Tiles, bits: Iterable[int]) -> Tiles:
        """The output of a batch. `image`: the file with its weights as they are in memory; `bits`: places in all of the
        batch's activations, taken round their end. Raises InputRefused, OutputRefused; ConfigError: can't be loaded."""
        card, where = self._card, f"activations of {self._card.name}"
        struck = self._by_tensor(bits, len(tiles))
        tiles = flipped(tiles, struck.pop(card.input_name, ()))
        refuse_unsound(card, tiles, of_input=True)
        given: dict[str, npt.NDArray[Any]] = {}
        for name, inside in struck.items():
            session = session_of(cut(image, kinds_of(given), (name,)), where)
            (clean,) = session.run([name], {card.input_name: tiles, **given})
            given[name] = flipped(clean, inside)
        session = session_of(cut(image, kinds_of(given), ()), where)
        output: Tiles = session.run([card.output_name], {card.input_name: tiles, **given})[0]
        refuse_unsound(card, output, of_input=False)
        return output

    def _by_tensor(self, bits: Iterable[int], scenes: int) -> dict[str, tuple[int, ...]]:
        """Bits inside each struck tensor, the first computed first."""
        whole = 8 * scenes * sum(self.sizes.values())
        places = sorted(bit % whole for bit in bits)
        struck: dict[str, tuple[int, ...]] = {}
        start = 0
        for name, size in self.sizes.items():
            end = start + 8 * scenes * size
            if inside := tuple(place - start for place in places if start <= place < end):
                struck[name] = inside
            start = end
        return struck


def kinds_of(given: dict[str, npt.NDArray[Any]]) -> dict[str, str]:
    """Element types of tensors that are given."""
    return {name: value.dtype.name for name, value in given.items()}


def flipped(tensor: npt.NDArray[Any], bits: Iterable[int]) -> npt.NDArray[Any]:
    """A copy with these bits the other way round."""
    struck = np.ascontiguousarray(tensor).copy()
    raw = struck.reshape(-1).view(np.uint8)
    for bit in bits:
        raw[bit >> 3] ^= np.uint8(1 << (bit & 7))
    return struck
