"""Where the weights lie in an ONNX file: enough of protobuf's wire format to find them, and no more. Pure.

The runtime keeps its weights to itself, in a layout of its own; a file's are raw little-endian arrays that can be
found, flipped, summed and put back in place (ADR 0017). Of a model's graph (field 7) the initializers (5) are tensors
with a type (2), a name (8) and raw data (9), or packed numbers (4, 10). Not weights: those of 64-bit integers, which
are shapes and axes, and the zero points of int8 that are written as numbers of varying length, a byte each. Source:
onnx.proto of ONNX 1.17, and protobuf's encoding guide. Called by the device's memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flightsw.errors import ConfigError

GRAPH, INITIALIZER = 7, 5
DATA_TYPE, NAME = 2, 8
DATA = (4, 9, 10)
"""float_data, raw_data, double_data: of weights, one of them"""
WEIGHT_TYPES = (1, 2, 3, 6, 10, 11)
"""float, uint8, int8, int32 (biases of int8 products), float16, double"""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Span(NamedTuple):
    """A tensor's bytes in the file."""

    name: str
    start: int
    length: int


class Field(NamedTuple):
    """One field of a protobuf message."""

    number: int
    value: int
    """of a varint"""
    start: int
    end: int
    """of its content, a varint's apart"""
    wire: int


def weight_spans(data: bytes) -> tuple[Span, ...]:
    """Every weight of a model file, in the file's order. Raises ConfigError: not protobuf, or cut."""
    try:
        spans = [
            span
            for graph in fields_of(data, 0, len(data))
            if graph.number == GRAPH and graph.end
            for tensor in fields_of(data, graph.start, graph.end)
            if tensor.number == INITIALIZER
            for span in _tensor(data, tensor)
        ]
    except (IndexError, ValueError) as error:
        raise ConfigError(f"not an ONNX file: {error}") from None
    return tuple(spans)


def _tensor(data: bytes, tensor: Field) -> Iterator[Span]:
    kind, name, where = 0, "", None
    for field in fields_of(data, tensor.start, tensor.end):
        if field.number == DATA_TYPE:
            kind = field.value
        elif field.number == NAME:
            name = data[field.start : field.end].decode()
        elif field.number in DATA and field.end > field.start:
            where = (field.start, field.end - field.start)
    if kind in WEIGHT_TYPES and where is not None:
        yield Span(name, *where)


def fields_of(data: bytes, at: int, end: int) -> Iterator[Field]:
    """The fields of a message between two places."""
    while at < end:
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            yield Field(number, value, 0, 0, wire)
        elif wire == BYTES:
            length, at = _varint(data, at)
            if at + length > end:
                raise ValueError(f"field {number} at byte {at} is cut")
            yield Field(number, 0, at, at + length, wire)
            at += length
        elif wire in (FIXED64, FIXED32):
            length = 8 if wire == FIXED64 else 4
            yield Field(number, 0, at, at + length, wire)
            at += length
        else:
            raise ValueError(f"wire type {wire} at byte {at}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError(f"number at byte {at} is too long")
