"""Convolutions in 8 bits, for OpenVINO: several times the arithmetic a cycle, and less memory.

Weights get a scale for each output channel, inputs one for each layer, from ranges that were
measured before (Jacob et al., Quantization and training of neural networks for efficient
integer-arithmetic-only inference, 2018). OpenVINO reads such a scale from a `FakeQuantize`
operation and computes what follows in whole numbers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

_LEVELS, _WEIGHT_LEVELS = 256, 255


def quantise(network: Any, ceilings: Sequence[float]) -> None:
    """Let the convolutions of a network that follow a rectifier compute in 8 bits.

    Args:
        network: An `openvino.Model`; it is changed.
        ceilings: The greatest value of each input of such convolutions, in the network's order.
            Greater values are taken for it.

    Raises:
        ValueError: The network has another number of such inputs.
    """
    from openvino import opset13

    inputs = quantised_inputs(network)
    if len(inputs) != len(ceilings):
        raise ValueError(f"{len(ceilings)} ranges for {len(inputs)} inputs of convolutions")
    for (source, layers), ceiling in zip(inputs, ceilings, strict=True):
        edges = np.float32(0), np.float32(ceiling)
        coarse = opset13.fake_quantize(source, *edges, *edges, _LEVELS)
        for layer in layers:
            layer.input(0).replace_source_output(coarse.output(0))
            weights = layer.input_value(1)
            values = np.abs(weights.get_node().data)  # (out, in, ...)
            largest = values.max(axis=tuple(range(1, values.ndim)), keepdims=True)
            scale = np.maximum(largest, 1e-8).astype(np.float32)
            bounds = -scale, scale
            coarse_weights = opset13.fake_quantize(weights, *bounds, *bounds, _WEIGHT_LEVELS)
            layer.input(1).replace_source_output(coarse_weights.output(0))
    network.validate_nodes_and_infer_types()


def quantised_inputs(network: Any) -> list[tuple[Any, list[Any]]]:
    """Outputs, never negative, that convolutions over more than one pixel read, and those."""
    found: dict[str, tuple[Any, list[Any]]] = {}
    for layer in network.get_ordered_ops():
        if layer.get_type_name() != "Convolution":
            continue
        source, kernel = layer.input_value(0), layer.input_value(1).get_shape()
        if kernel[-1] > 1 and _is_rectified(source):
            name = source.get_node().get_friendly_name()
            found.setdefault(name, (source, []))[1].append(layer)
    return list(found.values())


def _is_rectified(source: Any) -> bool:
    """Whether an output is a rectifier's, or a mean or sum of such."""
    node = source.get_node()
    kind = node.get_type_name()
    if kind in ("AvgPool", "Add"):
        return all(_is_rectified(node.input_value(i)) for i in range(node.get_input_size()))
    return bool(kind == "Relu")
