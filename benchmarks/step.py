"""One step of one layer from Python, one row: elman's stepper beside torch and ONNX Runtime.

All contenders have the same weights, carry their state from call to call, and take turns within
each round. Run on an idle machine, on one core:

    python benchmarks/step.py [--rounds 40] [--cells lstm gru rnn] [--sizes 64 512] [--json FILE]

A row shows microseconds per step: median over the rounds, the 10th to 90th percentile, and the
best, which says more where the machine is shared; the speed at which the weights were read; the
largest error of 20 steps against float64; and how many times faster the float32 stepper is than
that contender. For bfloat16 it is how many times faster than float32.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from elman import nn
from elman._native import KERNELS
from elman.runtime import LayerWeights, Stepper

CELLS = {"rnn": ("rnn_tanh", "RNN", 1), "gru": ("gru", "GRU", 3), "lstm": ("lstm", "LSTM", 4)}
ONNX_GATES = {"rnn": [0], "gru": [1, 0, 2], "lstm": [0, 3, 1, 2]}  # theirs in our packing order
SLICE_S = 2e-3
"""Seconds that one contender runs in one round."""

TORCH_TARGETS = {64: 8.0, 128: 6.0, 256: 5.0, 512: 3.0}
ONNX_TARGETS = {64: 4.0, 128: 2.5, 256: 1.8, 512: 1.1}
BF16_TARGETS = {256: 1.6, 512: 1.6}

Call = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """One contender: microseconds per step, GB/s of weights, error against float64."""

    cell: str
    size: int
    contender: str
    median_us: float
    p10_us: float
    p90_us: float
    best_us: float
    weights_gb_s: float
    max_error: float


class Weights:
    """One layer with I = H = size, drawn as torch draws them."""

    def __init__(self, cell: str, size: int) -> None:
        rng = np.random.default_rng(size)
        self.cell, self.size = cell, size
        self.gates = CELLS[cell][2]
        bound, rows = size**-0.5, self.gates * size
        shapes = {"weight_ih": (rows, size), "weight_hh": (rows, size)}
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        self.arrays = {
            name: rng.uniform(-bound, bound, shape).astype(np.float32)
            for name, shape in shapes.items()
        }
        self.x = rng.normal(size=(1, size)).astype(np.float32)
        self.bytes = 4 * sum(a.size for a in self.arrays.values())

    def stepper(self, **options: Any) -> Call:
        stepper = Stepper([LayerWeights(CELLS[self.cell][0], **self.arrays)], **options)
        step, x = stepper.step, self.x.astype(stepper.dtype)
        return lambda: step(x)

    def torch_cell(self) -> Call:
        kind = {"rnn": torch.nn.RNNCell, "gru": torch.nn.GRUCell, "lstm": torch.nn.LSTMCell}
        cell = kind[self.cell](self.size, self.size)
        cell.load_state_dict({k: torch.from_numpy(a) for k, a in self.arrays.items()})
        x, state = torch.from_numpy(self.x), None

        def call() -> torch.Tensor:
            nonlocal state
            state = cell(x, state)
            return state[0] if isinstance(state, tuple) else state

        return call

    def elman_layer(self) -> Call:
        layer = nn.make_layer(self.cell, self.size, self.size).eval()
        layer.load_state_dict({f"{k}_l0": torch.from_numpy(a) for k, a in self.arrays.items()})
        x, state = torch.from_numpy(self.x)[None], None

        def call() -> torch.Tensor:
            nonlocal state
            output, state = layer(x, state)
            return output[0]

        return call

    def onnx(self, threads: int) -> Call:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            self.onnx_graph(), options, providers=["CPUExecutionProvider"]
        )
        names = ["h", "c"][: len(session.get_inputs()) - 1]
        feed = {name: np.zeros((1, 1, self.size), np.float32) for name in names}
        feed["x"] = self.x[None]

        def call() -> np.ndarray:
            for name, value in zip(names, session.run(None, feed), strict=True):
                feed[name] = value
            return feed["h"][0]

        return call

    def onnx_graph(self) -> bytes:
        """One node; ONNX orders the gates of an LSTM ``i o f c``, of a GRU ``z r h``."""
        from onnx import TensorProto, helper, numpy_helper

        def reordered(name: str) -> np.ndarray:
            blocks = np.split(self.arrays[name], self.gates)
            return np.concatenate([blocks[k] for k in ONNX_GATES[self.cell]])

        constants = {
            "W": reordered("weight_ih")[None],
            "R": reordered("weight_hh")[None],
            "B": np.concatenate([reordered("bias_ih"), reordered("bias_hh")])[None],
        }
        states = ["h", "c"] if self.cell == "lstm" else ["h"]
        options = {"linear_before_reset": 1} if self.cell == "gru" else {}
        node = helper.make_node(
            CELLS[self.cell][1],
            ["x", "W", "R", "B", "", *states],
            ["", *(f"{s}_next" for s in states)],
            hidden_size=self.size,
            **options,
        )

        def value(name: str) -> Any:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, self.size])

        graph = helper.make_graph(
            [node],
            "step",
            [value(name) for name in ("x", *states)],
            [value(f"{s}_next") for s in states],
            [numpy_helper.from_array(np.ascontiguousarray(a), k) for k, a in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
        model.ir_version = 9
        serialised: bytes = model.SerializeToString()
        return serialised

    def contenders(self) -> dict[str, Callable[[], Call]]:
        made: dict[str, Callable[[], Call]] = {
            "elman fp32": self.stepper,
            "elman bf16": lambda: self.stepper(weights="bf16"),
            "torch cell": self.torch_cell,
            "elman.nn layer": self.elman_layer,
        }
        try:
            import onnx  # noqa: F401
            import onnxruntime  # noqa: F401
        except ImportError as error:
            print(f"without ONNX Runtime: {error}")
        else:
            made |= {f"onnxruntime {n}t": lambda n=n: self.onnx(n) for n in (1, 2)}
        return made


def measure(weights: Weights, rounds: int) -> list[Row]:
    """Time all contenders in turns, after their first 20 steps were compared."""
    truth_call = weights.stepper(dtype="float64", backend="numpy")
    truth = [truth_call().copy() for _ in range(20)]
    calls, errors, repeats = {}, {}, {}
    for name, make in weights.contenders().items():
        call = make()
        got = [np.asarray(call()).astype(np.float64) for _ in range(20)]
        errors[name] = float(max(np.abs(g - t).max() for g, t in zip(got, truth, strict=True)))
        calls[name], repeats[name] = call, max(1, int(SLICE_S / timed(call, 20)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(timed(call, repeats[name]) * 1e6)
    rows = []
    for name, values in times.items():
        p10, median, p90 = (float(p) for p in np.percentile(values, [10, 50, 90]))
        size = weights.bytes // 2 if name == "elman bf16" else weights.bytes
        rate = size / median / 1e3
        cell = weights.cell
        rows.append(
            Row(cell, weights.size, name, median, p10, p90, min(values), rate, errors[name])
        )
    return rows


def timed(call: Call, repeats: int) -> float:
    """Return seconds per call."""
    began = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - began) / repeats


def show(rows: list[Row]) -> None:
    """Print one table, with the targets beside the ratios they are for."""
    by_name = {row.contender: row for row in rows}
    own = by_name["elman fp32"].median_us
    theirs = [row for row in rows if row.contender.startswith("onnx")]
    best = min(theirs, key=lambda row: row.median_us).contender if theirs else ""
    for row in rows:
        size, ratio = row.size, row.median_us / own
        target: float | None = None
        if row.contender == "torch cell":
            target = TORCH_TARGETS.get(size)
        elif row.contender == best:
            target = ONNX_TARGETS.get(size)
        elif row.contender == "elman bf16":
            ratio, target = own / row.median_us, BF16_TARGETS.get(size)
        shown = "" if target is None else f"target {target:>4.1f} {verdict(ratio, target)}"
        print(
            f"{row.cell:<5}{size:>5}  {row.contender:<15}{row.median_us:>8.2f}"
            f"  ({row.p10_us:>6.2f} - {row.p90_us:>6.2f}){row.best_us:>8.2f}"
            f"{row.weights_gb_s:>7.0f}{row.max_error:>10.1e}{ratio:>8.2f}x  {shown}"
        )


def verdict(ratio: float, target: float) -> str:
    """Say whether a target is reached."""
    return "reached" if ratio >= target else "missed"


def versions() -> dict[str, str]:
    """Return what the numbers depend on."""
    facts = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "isa": KERNELS.isa() if KERNELS is not None else "none",
    }
    try:
        import onnxruntime

        facts["onnxruntime"] = onnxruntime.__version__
    except ImportError:
        pass
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            facts["cpu"] = line.split(":")[1].strip()
            break
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--cells", nargs="+", default=["rnn", "gru", "lstm"], choices=CELLS)
    parser.add_argument("--sizes", nargs="+", type=int, default=[64, 128, 256, 512])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(" · ".join(f"{name} {value}" for name, value in versions().items()))
    rows: list[Row] = []
    with torch.inference_mode():
        bare = timed(Weights("rnn", 1).stepper(), 20_000) * 1e6
        print(f"a step of one unit, all of it the call: {bare:.2f} µs")
        print(
            "cell  I=H  contender        µs/step  (p10 - p90)         best   GB/s     error   ratio"
        )
        for cell in options.cells:
            for size in options.sizes:
                rows += (part := measure(Weights(cell, size), options.rounds))
                show(part)
    if options.json:
        content = {"versions": versions(), "call_us": bare, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
