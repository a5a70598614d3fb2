"""The payload computer's memory, without error correction: networks, activations and the rest, as bits that flip.

Addresses of upsets come from the plant through the device alone. A flat footprint holds, from its first byte on, each
variant's weights (as often as copies are kept), the activations, and the rest: weights of whatever else is loaded, that
nobody here computes. Weights are private copies of the ones on non-volatile storage, which holds (it is protected);
what is loaded anew from there is clean. A flip in the activations hits the batch under way, in its input or between two
layers (`apps.inference.struck`). While nothing is under way it hits nothing: of the address, which is wider than any
memory, the upper part says at which moment of its tick it fell.

Flight software may read weights, compare and rewrite them: that is what memory is for. It never learns where a flip
was. Owned by the virtual device; read by the engine and by what guards it.
"""

from __future__ import annotations

from collections.abc import Mapping

from flightsw.devices.memory_config import MemoryConfig
from flightsw.devices.onnxweights import Span, weight_spans
from flightsw.errors import ConfigError

ADDRESSES = 1 << 62
"""from nought up to here the plant draws an upset's address"""


class _Held:
    """A variant's place in memory: its file with the live weights in it, and the spare copies of these."""

    def __init__(self, stored: bytes, copies: int) -> None:
        self.stored = stored
        self.spans: tuple[Span, ...] = weight_spans(stored)
        self.size = sum(span.length for span in self.spans)
        self.generation = 0
        self.load(copies)

    def load(self, copies: int) -> None:
        self.image = bytearray(self.stored)
        clean = bytes(self.read_live())
        self.spares = [bytearray(clean) for _ in range(copies - 1)]

    def read_live(self) -> bytearray:
        live = bytearray()
        for span in self.spans:
            live += self.image[span.start : span.start + span.length]
        return live

    def write_live(self, weights: bytes) -> None:
        at = 0
        for span in self.spans:
            self.image[span.start : span.start + span.length] = weights[at : at + span.length]
            at += span.length

    def flip_live(self, bit: int) -> None:
        byte = bit >> 3
        for span in self.spans:
            if byte < span.length:
                self.image[span.start + byte] ^= 1 << (bit & 7)
                return
            byte -= span.length


class DeviceMemory:
    """The memory of one device. `files`: ONNX files of the variants that are loaded, by name. Raises ConfigError."""

    def __init__(self, files: Mapping[str, bytes], config: MemoryConfig) -> None:
        self.config = config
        self._held = {name: _Held(data, config.copies) for name, data in files.items()}
        self._bits = 8 * config.footprint_bytes
        used = sum(held.size for held in self._held.values()) * config.copies + config.activation_bytes
        if used > config.footprint_bytes:
            raise ConfigError(
                f"memory.footprint_bytes = {config.footprint_bytes}: must be at least the {used} that weights and "
                "activations take"
            )
        self._activation_flips: list[int] = []
        self._rest_flips: set[int] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The variants in it."""
        return tuple(self._held)

    def strike(self, addresses: tuple[int, ...], busy_share: float) -> None:
        """A tick's upsets: each flips one bit. `busy_share`: of the tick, that the device worked. Called by the device,
        every tick."""
        self._activation_flips.clear()  # what no batch took hit a buffer that has been written over since
        for address in addresses:
            moment, bit = divmod(address, self._bits)
            self._flip(bit, in_work=moment < busy_share * (ADDRESSES // self._bits))

    def reload_all(self) -> None:
        """What a boot does: everything comes from storage."""
        for name in self._held:
            self.reload(name)
        self.reload_rest()
        self._activation_flips.clear()

    def image(self, name: str) -> bytes:
        """A variant's file with its weights as they are now: what a network is made of."""
        return bytes(self._held[name].image)

    def generation(self, name: str) -> int:
        """Changes whenever the live weights do."""
        return self._held[name].generation

    def weights(self, name: str, copy: int = 0) -> bytes:
        """A copy of a variant's weights as it is now; 0: the live one."""
        held = self._held[name]
        return bytes(held.read_live() if copy == 0 else held.spares[copy - 1])

    def write(self, name: str, weights: bytes) -> None:
        """Write every copy of a variant's weights."""
        held = self._held[name]
        held.write_live(weights)
        held.spares = [bytearray(weights) for _ in held.spares]
        held.generation += 1

    def reload(self, name: str) -> None:
        """Every copy of a variant from storage."""
        held = self._held[name]
        held.load(self.config.copies)
        held.generation += 1

    def rest_damage(self) -> int:
        """Bits that are wrong in the rest of the memory: what a sum over its blocks would find."""
        return len(self._rest_flips)

    def reload_rest(self) -> None:
        """The rest from storage."""
        self._rest_flips.clear()

    def take_activation_flips(self) -> tuple[int, ...]:
        """The bits that this tick's upsets flip in the activations of the batch under way, once."""
        flips = tuple(self._activation_flips)
        self._activation_flips.clear()
        return flips

    def _flip(self, bit: int, *, in_work: bool) -> None:
        copies = self.config.copies
        for held in self._held.values():
            size = 8 * held.size
            if bit < size * copies:
                copy, inside = divmod(bit, size)
                if copy == 0:
                    held.flip_live(inside)
                    held.generation += 1
                else:
                    held.spares[copy - 1][inside >> 3] ^= 1 << (inside & 7)
                return
            bit -= size * copies
        if bit >= 8 * self.config.activation_bytes:
            self._rest_flips ^= {bit}
        elif in_work:
            self._activation_flips.append(bit)
