"""The same layers in ONNX Runtime: a graph of one node."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.bench.turns import Run

__all__ = ["onnx_layer", "onnx_step"]

Array = NDArray[np.float32]

GATES = {"rnn": [0], "gru": [1, 0, 2], "lstm": [0, 3, 1, 2]}
"""Our blocks in ONNX's order: an LSTM's ``i o f c``, a GRU's ``z r h``."""
OPSET, IR_VERSION = 17, 9


def onnx_layer(cell: str, weights: Mapping[str, Array], x: Array, threads: int) -> Run:
    """Return a call that runs ``x (T, B, I)`` from the zero state and gives ``[output]``."""
    session = open_session(graph(cell, weights, x.shape, stateful=False), threads)

    def call() -> list[Any]:
        return [session.run(["output"], {"x": x})[0][:, 0]]  # without the axis of directions

    return call


def onnx_step(cell: str, weights: Mapping[str, Array], x: Array, threads: int) -> Run:
    """Return a call that takes one step on ``x (1, B, I)``, keeps the state, and gives ``h``."""
    session = open_session(graph(cell, weights, x.shape, stateful=True), threads)
    names = state_names(cell)
    hidden = weights["weight_hh_l0"].shape[1]
    feed: dict[str, Any] = {name: np.zeros((1, x.shape[1], hidden), np.float32) for name in names}
    feed["x"] = x

    def call() -> Any:
        for name, value in zip(names, session.run(None, feed), strict=True):
            feed[name] = value
        return feed["h"][0]

    return call


def state_names(cell: str) -> list[str]:
    """Return the names of the state tensors."""
    return ["h", "c"] if cell == "lstm" else ["h"]


def open_session(model: bytes, threads: int) -> Any:
    """Load a model for the CPU."""
    runtime: Any = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def graph(
    cell: str, weights: Mapping[str, Array], shape: tuple[int, ...], *, stateful: bool
) -> bytes:
    """Build the model: ``x (T, B, I)`` to ``output (T, 1, B, H)``, or one step of the state."""
    onnx: Any = importlib.import_module("onnx")
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    steps, batch, inputs = shape
    hidden, states = weights["weight_hh_l0"].shape[1], state_names(cell)

    def reordered(name: str) -> Array:
        blocks = np.split(weights[f"{name}_l0"], len(GATES[cell]))
        return np.ascontiguousarray(np.concatenate([blocks[k] for k in GATES[cell]])[None])

    def values(names: list[str], *shape: int) -> list[Any]:
        return [helper.make_tensor_value_info(name, float32, shape) for name in names]

    constants = {
        "W": reordered("weight_ih"),
        "R": reordered("weight_hh"),
        "B": np.concatenate([reordered("bias_ih"), reordered("bias_hh")], 1),
    }
    given = states if stateful else []
    found = ["", *(f"{name}_next" for name in states)] if stateful else ["output"]
    options = {"linear_before_reset": 1} if cell == "gru" else {}
    node = helper.make_node(
        cell.upper(), ["x", "W", "R", "B", "", *given], found, hidden_size=hidden, **options
    )
    outputs = (
        values(found[1:], 1, batch, hidden) if stateful else values(found, steps, 1, batch, hidden)
    )
    built = helper.make_graph(
        [node],
        "layer",
        values(["x"], steps, batch, inputs) + values(given, 1, batch, hidden),
        outputs,
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(built, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    serialised: bytes = model.SerializeToString()
    return serialised
