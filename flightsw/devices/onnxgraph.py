"""An ONNX graph cut open: which tensors lie in memory between its layers, and the model that goes on from some of them.

Enough of protobuf's wire format to write a graph anew with other inputs and outputs, its nodes and weights copied byte
by byte. Of a graph the nodes (field 1) have inputs (1), outputs (2) and a type (4); what goes in and out (11, 12) has a
name (1) and a tensor's type (2: 1: 1). Shapes that were noted for what is between (13) are left out: the runtime infers
them. Source: onnx.proto of ONNX 1.17, and protobuf's encoding guide. Pure. Called by the engine's struck networks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flightsw.devices.onnxweights import BYTES, GRAPH, VARINT, Field, fields_of
from flightsw.errors import ConfigError

NODE, INPUT, OUTPUT, VALUE_INFO = 1, 11, 12, 13
NODE_INPUT, NODE_OUTPUT, NODE_TYPE = 1, 2, 4
FUSED = ("Relu", "LeakyRelu", "Clip", "QuantizeLinear")
"""what feeds one of these alone never lies in memory: the runtime computes both at once"""
UNPACKED = ("DequantizeLinear",)
"""what comes of one of these lies in memory as the integers that it was made of"""
ELEMENT_TYPES = {"float32": 1, "uint8": 2, "int8": 3}


class Node(NamedTuple):
    """One operation."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    place: Field


def live_tensors(data: bytes) -> tuple[str, ...]:
    """Names of what lies in memory between the layers, in the order in which it is computed; what goes in and what
    comes out of the whole model apart. Raises ConfigError: not an ONNX file."""
    graph, nodes = _parsed(data)
    told = {_name(data, field) for field in fields_of(data, graph.start, graph.end) if field.number == OUTPUT}
    readers: dict[str, list[str]] = {}
    for node in nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node.op)
    return tuple(
        node.outputs[0]
        for node in nodes
        if len(node.outputs) == 1
        and node.outputs[0] not in told
        and node.op not in UNPACKED
        and not (len(readers.get(node.outputs[0], ())) == 1 and readers[node.outputs[0]][0] in FUSED)
    )


def cut(data: bytes, given: Mapping[str, str], wanted: Sequence[str]) -> bytes:
    """The model that is given these tensors (name to numpy type) besides its own inputs, instead of computing them, and
    gives those that are wanted; none: what it gave before. Raises ConfigError."""
    graph, nodes = _parsed(data)
    made = {node.place.start: node for node in nodes}
    parts: list[bytes] = []
    for field in fields_of(data, graph.start, graph.end):
        node = made.get(field.start) if field.number == NODE else None
        skipped = field.number == VALUE_INFO or (field.number == OUTPUT and wanted)
        if skipped or (node is not None and node.outputs[0] in given):
            continue
        parts.append(_copied(data, field))
    parts += [_delimited(INPUT, _port(name, ELEMENT_TYPES[kind])) for name, kind in given.items()]
    parts += [_delimited(OUTPUT, _port(name, None)) for name in wanted]
    whole = [
        _delimited(GRAPH, b"".join(parts)) if field.number == GRAPH else _copied(data, field)
        for field in fields_of(data, 0, len(data))
    ]
    return b"".join(whole)


def _parsed(data: bytes) -> tuple[Field, tuple[Node, ...]]:
    try:
        graphs = [field for field in fields_of(data, 0, len(data)) if field.number == GRAPH and field.end]
        (graph,) = graphs
        nodes = [_node(data, field) for field in fields_of(data, graph.start, graph.end) if field.number == NODE]
    except (IndexError, ValueError) as error:
        raise ConfigError(f"not an ONNX file: {error}") from None
    return graph, tuple(nodes)


def _node(data: bytes, place: Field) -> Node:
    op, inputs, outputs = "", [], []
    for field in fields_of(data, place.start, place.end):
        text = data[field.start : field.end]
        if field.number == NODE_TYPE:
            op = text.decode()
        elif field.number == NODE_INPUT:
            inputs.append(text.decode())
        elif field.number == NODE_OUTPUT:
            outputs.append(text.decode())
    return Node(op, tuple(inputs), tuple(outputs), place)


def _name(data: bytes, port: Field) -> str:
    names = [data[one.start : one.end].decode() for one in fields_of(data, port.start, port.end) if one.number == 1]
    return names[0] if names else ""


def _port(name: str, element: int | None) -> bytes:
    """A tensor of any shape; without a type where the runtime is to infer it."""
    told = _delimited(1, name.encode())
    return told if element is None else told + _delimited(2, _delimited(1, _number(1, element)))


def _copied(data: bytes, field: Field) -> bytes:
    if field.wire == VARINT:
        return _number(field.number, field.value)
    if field.wire == BYTES:
        return _delimited(field.number, data[field.start : field.end])
    return _varint(field.number << 3 | field.wire) + data[field.start : field.end]


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3 | VARINT) + _varint(value)


def _delimited(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | BYTES) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
