"""Decoders of digits as .onnx files: class means and six directions, as exporters make them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

helper = onnx.helper
TYPE = onnx.TensorProto
DIM = 6


def decoder(
    path: Path, means, spread, label=TYPE.INT64, shape=(-1, 1, 8, 8), rows="n", extra=(), flaw=None
) -> str:
    """Write clip(means[label] + e @ spread, 0, 16), with labels as indices or one-hot rows."""
    weights = {"means": means.reshape(10, 64), "spread": spread.reshape(DIM, 64)}
    weights |= {"low": np.float32(0), "high": np.float32(16), "shape": np.int64(shape)}
    inputs = [helper.make_tensor_value_info("e", TYPE.FLOAT, [rows, DIM])]
    by_label = []
    if label == TYPE.INT64:
        inputs.append(helper.make_tensor_value_info("label", label, [rows]))
        by_label = [helper.make_node("Gather", ["means", "label"], ["mean"])]
    elif label == TYPE.FLOAT:
        inputs.append(helper.make_tensor_value_info("label", label, [rows, 10]))
        by_label = [helper.make_node("MatMul", ["label", "means"], ["mean"])]
    moved = [
        helper.make_node("MatMul", ["e", "spread"], ["moved"]),
        helper.make_node("Add", ["moved", "mean" if by_label else "low"], ["sum"]),
        helper.make_node("Clip", ["sum", "low", "high"], ["x"]),
        helper.make_node(flaw or "Identity", ["x"], ["flawed"]),
        helper.make_node("Reshape", ["flawed", "shape"], ["made"]),
    ]
    inputs += [helper.make_tensor_value_info(name, TYPE.FLOAT, [rows, DIM]) for name in extra]
    made = [helper.make_tensor_value_info("made", TYPE.FLOAT, None)]
    stored = [onnx.numpy_helper.from_array(np.asarray(w), name) for name, w in weights.items()]
    graph = helper.make_graph([*by_label, *moved], "decoder", inputs, made, stored)
    opset = [helper.make_opsetid("", 13)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return str(path)
