"""One network in onnxruntime, on the CPU or on what a real board has.

A session is made of a file's bytes, its ports are held against the card, and it is warmed up. `session.run` is called
as it is: bound buffers would spare some 3 us of a call (`python -m benchmarks.inference`), but are of one batch size,
and every batch would have to be copied into them. Called by the engine, by what verifies a model, and by the commands
that measure one.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from flightsw.devices.models import ModelCard
from flightsw.devices.onnxsessions import CPU, first_line, session_of
from flightsw.errors import ConfigError, InputRefused, OutputRefused

Tiles = npt.NDArray[np.float32]
FLOAT = "tensor(float)"


class Network:
    """A session of one variant. Raises ConfigError: no ONNX model, or not the card's inputs and outputs."""

    def __init__(self, card: ModelCard, data: bytes, where: str, provider: str = CPU) -> None:
        self._card = card
        self._shape = (card.bands, card.cells, card.cells)
        self.session = session_of(data, where, provider)
        """onnxruntime's own: benchmarks call it as it is"""
        self._check_ports(where)
        self._outputs = [card.output_name]
        self._run = self.session.run
        self._warm_up(where)

    def infer(self, tiles: Tiles) -> Tiles:
        """Output [n, cells, cells] of tiles [n, bands, cells, cells], float32: a plain session's, bit for bit.

        Raises InputRefused: another shape or type, or not finite.
        """
        if tiles.dtype != np.float32 or tiles.ndim != 4 or tiles.shape[1:] != self._shape or len(tiles) < 1:
            raise InputRefused(f"tiles of {tiles.dtype} {tiles.shape}: must be float32 (n >= 1, {self._shape})")
        refuse_unsound(self._card, tiles, of_input=True)
        return cast("Tiles", self._run(self._outputs, {self._card.input_name: tiles})[0])

    def sound(self, tiles: Tiles) -> Tiles:
        """The same, where the output is finite. Raises OutputRefused too: no sound network gives anything else."""
        output = self.infer(tiles)
        refuse_unsound(self._card, output, of_input=False)
        return output

    def _check_ports(self, where: str) -> None:
        """The session must take and give what the card says."""
        card = self._card
        wanted_in = {card.input_name: (FLOAT, list(self._shape))}
        wanted_out = (FLOAT, [card.cells, card.cells])
        inputs = {port.name: (port.type, port.shape[1:]) for port in self.session.get_inputs()}
        outputs = {port.name: (port.type, port.shape[1:]) for port in self.session.get_outputs()}
        if inputs != wanted_in or isinstance(self.session.get_inputs()[0].shape[0], int):
            raise ConfigError(
                f"{where}: inputs {_told(self.session.get_inputs())}: its card says {card.input_name}: {FLOAT} "
                f"[n, {', '.join(map(str, self._shape))}], n free"
            )
        if outputs.get(card.output_name) != wanted_out:
            raise ConfigError(
                f"{where}: outputs {_told(self.session.get_outputs())}: its card says {card.output_name}: {FLOAT} "
                f"[n, {card.cells}, {card.cells}]"
            )

    def _warm_up(self, where: str) -> None:
        """The first real batch costs what every other does; and a network that can't run is found before it flies."""
        card = self._card
        tile = np.zeros((1, *self._shape), np.float32)
        try:
            shape = np.shape(self._run(self._outputs, {card.input_name: tile})[0])
        except Exception as error:  # noqa: BLE001  # onnxruntime raises a type of its own for each status, without a root
            raise ConfigError(f"{where}: can't be run: {first_line(error)}") from None
        if shape != (1, card.cells, card.cells):
            raise ConfigError(f"{where}: gives {shape} for one tile: its card says (1, {card.cells}, {card.cells})")


def refuse_unsound(card: ModelCard, values: Tiles, *, of_input: bool) -> None:
    """Raises InputRefused, OutputRefused: not finite."""
    if not _finite(values):
        if of_input:
            raise InputRefused("tiles: not finite: must be reflectances")
        raise OutputRefused(f"model {card.name}: {card.output_name}: not finite")


def output_hash(output: Tiles) -> str:
    """First 16 hex digits of the hash over a raw output."""
    return hashlib.sha256(output.tobytes()).hexdigest()[:16]


def _finite(values: Tiles) -> bool:
    """In one pass: a sum of squares is finite where its terms are; where it only grew too large, look again."""
    flat = values.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.dot(flat, flat)) or bool(np.isfinite(flat).all())


def _told(ports: list[Any]) -> str:
    """Ports as a person reads them."""
    return ", ".join(f"{port.name}: {port.type} {port.shape}" for port in ports) or "(none)"
