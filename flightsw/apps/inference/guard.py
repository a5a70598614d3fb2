"""Keeps the networks in the payload's memory sound: sums compared, the golden input looked at, what is wrong repaired.

The failure to fear is the silent one: a weight flips, every monitor stays green, and the answers are wrong. Three ways
lead to it. The sums of all weights are compared on a period (scrubbing): finds every flip, sooner or later. The golden
input is looked at on a period: finds what changes its answer, in whatever way. And the runtime itself refuses a network
that can't be loaded any more, an input or an output that is not finite; the batch is then looked at again.

Repair is by vote where three copies are kept (bit by bit, two against one), and is checked by the sum; else, or where
the vote fails, the weights are loaded anew from storage. What is told names the batches done since the last check that
found nothing: their answers are suspect.
"""

from __future__ import annotations

import zlib
from typing import Protocol

import numpy as np

from flightsw.apps.inference.answers import answer
from flightsw.apps.inference.engine import OnnxEngine, Seen
from flightsw.apps.inference.network import Network, Tiles, output_hash
from flightsw.apps.inference.struck import Activations
from flightsw.devices.golden import golden_tile
from flightsw.devices.memory import DeviceMemory
from flightsw.devices.models import ModelCard
from flightsw.errors import ConfigError, InferenceError
from flightsw.messages.base import Message
from flightsw.messages.health import Event, Severity


class Guard(Protocol):
    """Anything that looks after the networks, every tick."""

    def check(self, t_ns: int, dt_s: float, batches_done: int) -> list[Message]:
        """What is due in the tick [t, t + dt): the events of what was found, since the last call included."""


class GuardedEngine(OnnxEngine):
    """An engine whose networks are those in the device's memory. Raises ConfigError: not the card's model."""

    def __init__(self, card: ModelCard, seed: int, memory: DeviceMemory) -> None:
        super().__init__(card, seed, memory.names)
        self._memory = memory
        self._tile = golden_tile(card.bands, card.cells)
        self._built = {name: memory.generation(name) for name in memory.names}
        self._sums = {name: zlib.crc32(memory.weights(name)) for name in memory.names}
        self._golden = {name: self._golden_hash(name) for name in memory.names}
        self._activations: dict[str, Activations] = {}
        self._used = {card.default_variant}
        """since the golden input was last looked at"""
        self._sound_until = dict.fromkeys(memory.names, 0)
        """batches done when each variant was last found sound"""
        self._batches_done = 0
        self._told: list[Message] = []

    def run(self, tiles: Tiles, variant: str | None = None) -> Seen:
        """Look at tiles; once more after a repair, where the runtime itself finds something wrong."""
        name = self._card.default_variant if variant is None else variant
        self._used.add(name)
        try:
            output = self._looked_at(name, tiles)
        except (ConfigError, InferenceError):
            self._repair(name, "runtime")
            output = self.network(name).sound(tiles)
        told = answer(self._card, output)
        return Seen(told.cloud_fraction, output_hash(output), told.detections)

    def _looked_at(self, name: str, tiles: Tiles) -> Tiles:
        """By the whole network, or by one whose activations are struck."""
        flips = self._memory.take_activation_flips()
        if not flips:
            return self.network(name).sound(tiles)
        image = self._memory.image(name)
        if name not in self._activations:
            self._activations[name] = Activations(self._card, image)
        return self._activations[name].run(image, tiles, flips)

    def network(self, variant: str | None = None) -> Network:
        """The session of a variant, made anew where its weights in memory are not those it was made of."""
        name = self._card.default_variant if variant is None else variant
        generation = self._memory.generation(name)
        if self._built[name] != generation:
            self._networks[name] = Network(self._card, self._memory.image(name), f"variant {name} in memory")
            self._built[name] = generation
        return self._networks[name]

    def check(self, t_ns: int, dt_s: float, batches_done: int) -> list[Message]:
        """What is due in the tick [t, t + dt)."""
        self._batches_done = batches_done
        config = self._memory.config
        if due(t_ns, dt_s, config.scrub_s):
            self._scrub()
        if due(t_ns, dt_s, config.golden_s):
            self._look_at_golden()
        told, self._told = self._told, []
        return told

    def _scrub(self) -> None:
        memory = self._memory
        for name in memory.names:
            if any(zlib.crc32(memory.weights(name, copy)) != self._sums[name] for copy in range(memory.config.copies)):
                self._repair(name, "scrub")
            self._sound_until[name] = self._batches_done
        if bits := memory.rest_damage():
            memory.reload_rest()
            self._told.append(Event(Severity.WARNING_LO, "memory.rewritten", {"bits": bits}))

    def _look_at_golden(self) -> None:
        """At each variant that has worked since the last time."""
        for name in sorted(self._used):
            if self._golden_hash(name) != self._golden[name]:
                self._repair(name, "golden")
            self._sound_until[name] = self._batches_done
        self._used = {self._card.default_variant}

    def _golden_hash(self, name: str) -> str | None:
        """Of the raw answer, bit for bit; None: it has none any more."""
        try:
            return output_hash(self.network(name).sound(self._tile))
        except (ConfigError, InferenceError):
            return None

    def _repair(self, name: str, found: str) -> None:
        memory = self._memory
        copies = [memory.weights(name, copy) for copy in range(memory.config.copies)]
        voted = majority(copies) if len(copies) == 3 else None
        if voted is not None and zlib.crc32(voted) == self._sums[name]:
            memory.write(name, voted)
            way = "vote"
        else:
            memory.reload(name)
            way = "reload"
        sound = memory.weights(name)
        bits = sum(differing_bits(copy, sound) for copy in copies)
        args: dict[str, bool | int | float | str] = {
            "variant": name,
            "found": found,
            "by": way,
            "bits": bits,
            "suspect_from": self._sound_until[name],
            "batches_done": self._batches_done,
        }
        self._told.append(Event(Severity.WARNING_HI, "weights.repaired", args))


def due(t_ns: int, dt_s: float, period_s: float | None) -> bool:
    """Whether a multiple of the period lies in [t, t + dt), the start of the run apart."""
    if period_s is None:
        return False
    period_ns = round(period_s * 1e9)
    end_ns = t_ns + round(dt_s * 1e9)
    return -(-t_ns // period_ns) * period_ns < end_ns and end_ns > period_ns


def majority(copies: list[bytes]) -> bytes:
    """Of three, bit by bit."""
    first, second, third = (np.frombuffer(copy, np.uint8) for copy in copies)
    voted: bytes = ((first & second) | (first & third) | (second & third)).tobytes()
    return voted


def differing_bits(one: bytes, other: bytes) -> int:
    """How many bits two arrays of bytes differ in."""
    return int(np.bitwise_count(np.frombuffer(one, np.uint8) ^ np.frombuffer(other, np.uint8)).sum())
