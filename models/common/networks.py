"""Convolutional networks as data: one list of layers makes the torch module and the ONNX graph. Needs torch and onnx.

A layer is (kind, name, sources, figures). The graph is written node by node from the weights, so that a file depends
on nothing but them. Used by the train.py of each payload model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

INPUT = "tiles"


class Layer(NamedTuple):
    """`channels`: (in, out) of a convolution; `factor`: of a pooling or of a shuffle."""

    kind: str
    name: str
    sources: tuple[str, ...]
    channels: tuple[int, int] = (0, 0)
    kernel: int = 1
    stride: int = 1
    dilation: int = 1
    relu: bool = True
    factor: int = 1


def conv(
    name: str,
    source: str,
    channels: tuple[int, int],
    kernel: int = 3,
    *,
    stride: int = 1,
    dilation: int = 1,
    relu: bool = True,
) -> Layer:
    """A convolution that keeps the size, stride apart."""
    return Layer("conv", name, (source,), channels, kernel, stride, dilation, relu)


def pool(name: str, source: str, factor: int) -> Layer:
    """The mean of blocks: what a detector does that reads out binned."""
    return Layer("pool", name, (source,), factor=factor)


def shuffle(name: str, source: str, factor: int) -> Layer:
    """Channels become the cells of blocks."""
    return Layer("shuffle", name, (source,), factor=factor)


def join(name: str, *sources: str) -> Layer:
    """Channels side by side."""
    return Layer("join", name, sources)


class Network(torch.nn.Module):
    """The layers in order; logits (n, cells, cells) out of the last, which has one channel."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.layers = layers
        for layer in layers:
            if layer.kind == "conv":
                self.add_module(layer.name, _torch_conv(layer))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        at = {INPUT: x}
        for layer in self.layers:
            (first, *_) = sources = [at[name] for name in layer.sources]
            if layer.kind == "conv":
                out = getattr(self, layer.name)(first)
                out = torch.relu(out) if layer.relu else out
            elif layer.kind == "pool":
                out = torch.nn.functional.avg_pool2d(first, layer.factor)
            elif layer.kind == "shuffle":
                out = torch.nn.functional.pixel_shuffle(first, layer.factor)
            else:
                out = torch.cat(sources, 1)
            at[layer.name] = out
        return out[:, 0]


def _torch_conv(layer: Layer) -> torch.nn.Conv2d:
    pad = layer.dilation * (layer.kernel // 2)
    return torch.nn.Conv2d(*layer.channels, layer.kernel, stride=layer.stride, padding=pad, dilation=layer.dilation)


def to_onnx(net: Network, name: str, output: str, bands: int, cells: int) -> onnx.ModelProto:
    """The network as an ONNX graph with a sigmoid at its end."""
    weights = [numpy_helper.from_array(value.detach().numpy(), key) for key, value in net.state_dict().items()]
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "band_axis"))
    nodes = [node for layer in net.layers for node in _onnx_nodes(layer)]
    nodes.append(helper.make_node("Sigmoid", [net.layers[-1].name], ["p"]))
    nodes.append(helper.make_node("Squeeze", ["p", "band_axis"], [output]))
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", bands, cells, cells])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", cells, cells])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="flightsw")
    model.ir_version = 9
    onnx.checker.check_model(model, full_check=True)
    return model


def _onnx_nodes(layer: Layer) -> list[onnx.NodeProto]:
    name, sources = layer.name, list(layer.sources)
    if layer.kind == "conv":
        said = f"{name}_said" if layer.relu else name
        pads = [layer.dilation * (layer.kernel // 2)] * 4
        node = helper.make_node(
            "Conv",
            [*sources, f"{name}.weight", f"{name}.bias"],
            [said],
            name=name,
            kernel_shape=[layer.kernel] * 2,
            pads=pads,
            strides=[layer.stride] * 2,
            dilations=[layer.dilation] * 2,
        )
        return [node, helper.make_node("Relu", [said], [name])] if layer.relu else [node]
    if layer.kind == "pool":
        square = [layer.factor] * 2
        return [helper.make_node("AveragePool", sources, [name], kernel_shape=square, strides=square)]
    if layer.kind == "shuffle":
        return [helper.make_node("DepthToSpace", sources, [name], blocksize=layer.factor, mode="CRD")]
    return [helper.make_node("Concat", sources, [name], axis=1)]
