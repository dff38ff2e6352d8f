"""Throw malformed calls at the compiled module: only Python exceptions may come back.

python -m tests.csrc.malformed COUNT [LAST] [--exact]

Each call is a valid one, spoilt in one to three places, so that also the last check of a function
is reached. Every array lies between guards, which must be whole after the call; with ``--exact``
it has an allocation to itself instead, for AddressSanitizer to guard. What is about to be called
is written to the file LAST, where it can be read after a crash. Prints how many calls were made
and how many were refused.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from elman._native import KERNELS

GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
GUARD, PATTERN = 64, 0xA5
exact = False
guarded: list[np.ndarray] = []


def array(shape: tuple[int, ...], dtype: Any = np.float32, seed: int = 0) -> np.ndarray:
    """Random values between guards."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    if exact:
        view = np.empty(shape, dtype)
    else:
        block = np.full(size + 2 * GUARD, PATTERN, np.uint8)
        guarded.append(block)
        view = block[GUARD : GUARD + size].view(dtype).reshape(shape)
    view[...] = np.random.default_rng(seed).normal(size=shape)
    return view


def whole() -> bool:
    """Whether nobody wrote past an array's ends."""
    return all(
        (block[:GUARD] == PATTERN).all() and (block[-GUARD:] == PATTERN).all() for block in guarded
    )


def name_of(dtype: Any) -> str:
    return np.dtype(dtype).name


def packed(gates: int, units: int, inputs: int, dtype: Any) -> np.ndarray:
    full = array((KERNELS.packed_size(gates, units, inputs, name_of(dtype)),), dtype)
    KERNELS.pack(gates, array((gates * units, inputs), dtype), full)
    return full


def run_arguments(cell: str, T: int, B: int, H: int, dtype: Any, ragged: bool) -> dict[str, Any]:
    """What forward and backward share, with every option."""
    G = GATES[cell]
    sizes = np.array([max(0, B - t) for t in range(T)]) if ragged else np.full(T, B)
    N = int(sizes.sum())
    shared = {
        "cell": cell, "steps": T, "threads": 2, "h0": array((B, H), dtype),
        "mask": array((B, H), dtype), "reset": array((N,), bool),
        "norm_h": array((G * H,), dtype), "zone_h": array((N, 1), dtype),
        "zone_c": array((1, H), dtype), "product": array((N, G * H), dtype),
        "scale": array((N, 1), dtype),
        "output": array((N, H), dtype), "gates": array((N, G * H), dtype),
    }  # fmt: skip
    if ragged:
        shared["sizes"] = array((T,), np.int64)
        shared["sizes"][:] = sizes
    if cell == "lstm":
        shared |= {n: array((H,), dtype) for n in ("norm_c", "norm_c_shift")}
        shared["memory"] = array((N, H), dtype)
    if cell == "gru":
        shared["kept"] = array((N, H), dtype)
    return shared


def forward(cell: str, T: int, B: int, H: int, dtype: Any, ragged: bool) -> dict[str, Any]:
    G, given = GATES[cell], run_arguments(cell, T, B, H, dtype, ragged)
    N = len(given["output"])
    given |= {
        "gates_x": array((N, G * H), dtype), "weight": packed(G, H, H, dtype),
        "bias": array((G * H,), dtype), "h": array((B, H), dtype),
        "operand": array((N, H), dtype),
    }  # fmt: skip
    return given | ({"c": array((B, H), dtype)} if cell == "lstm" else {})


def backward(cell: str, T: int, B: int, H: int, dtype: Any, ragged: bool) -> dict[str, Any]:
    G, given = GATES[cell], run_arguments(cell, T, B, H, dtype, ragged)
    N = len(given["output"])
    across = array((KERNELS.packed_size(1, H, G * H, name_of(dtype)),), dtype)
    KERNELS.pack_transposed(array((G * H, H), dtype), across)
    given |= {"weight": across, "d_h": array((B, H), dtype), "d_output": array((N, H), dtype)}
    given |= {n: array((N, G * H), dtype) for n in ("d_gates", "d_gates_x", "d_product")}
    given["d_norm_h"] = array((G * H,), dtype)
    if cell == "lstm":
        given |= {n: array((B, H), dtype) for n in ("c0", "d_c")}
        given |= {"d_memory": array((N, H), dtype)}
        given |= {n: array((H,), dtype) for n in ("d_norm_c", "d_norm_c_shift")}
    if cell == "gru":
        given["d_gates_h"] = array((N, G * H), dtype)
    return given


def layer(cell: str, inputs: int, H: int, dtype: Any) -> dict[str, Any]:
    G = GATES[cell]
    content: dict[str, Any] = {"cell": cell, "zone_h": 0.1, "zone_c": 0.2, "weight_hr": None}
    content |= {"weight_ih": array((G * H, inputs), dtype), "weight_hh": array((G * H, H), dtype)}
    content |= {n: array((G * H,), dtype) for n in ("bias_ih", "bias_hh", "norm_ih", "norm_hh")}
    norm_c = cell == "lstm"
    return content | {n: array((H,), dtype) if norm_c else None for n in ("norm_c", "norm_c_bias")}


def stepper(cell: str, B: int, I: int, H: int, dtype: Any, tokens: bool) -> dict[str, Any]:
    return {
        "layers": [layer(cell, I, H, dtype), layer(cell, H, H, dtype)], "batch": B, "inputs": I,
        "threads": 2, "least": 0,
        "bf16": False, "softmax": True, "embedding": array((9, I), dtype) if tokens else None,
        "head": array((11, H), dtype), "head_bias": array((11,), dtype),
    }  # fmt: skip


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(), st.text(max_size=3), st.binary(),
    st.sampled_from([2**31 - 1, 2**31, -(2**31) - 1, 2**62, 2**63, 2**64, -(2**63), 1.5, "gru",
                     "lstm", "bfloat16", [], {}, [[1.0]], object(), np.float32(1), "cpu", 1024]),
)  # fmt: skip
DTYPES = ["f4", "f8", "f2", "i8", "i4", "u8", "?", "c8", ">f4", ">f8", "O", "S4", "M8[s]", "f4,f4"]
ODD: list[Callable[[np.ndarray], Any]] = [
    lambda a: a.astype(">f4") if a.dtype.kind == "f" else a,
    lambda a: np.broadcast_to(np.float32(1), a.shape),
    lambda a: np.asfortranarray(a),
    lambda a: a[::-1],
    lambda a: np.stack([a, a], -1)[..., 0],
    lambda a: a.T,
    lambda a: a.tolist(),
    lambda a: a.tobytes(),
    lambda a: memoryview(a.copy()),
    lambda a: np.ma.masked_array(a.copy()),
    lambda a: np.frombuffer(bytes(a.nbytes), a.dtype).reshape(a.shape),
    lambda a: np.frombuffer(bytearray(a.nbytes + 1), a.dtype, a.size, 1).reshape(a.shape),
    lambda a: torch.from_numpy(a),
    lambda a: torch.from_numpy(a.copy()).to("meta"),
    lambda a: torch.from_numpy(a.copy()).to_sparse(),
    lambda a: torch.from_numpy(a.copy()).to(torch.complex64).imag,
    lambda a: torch.from_numpy(a.copy()).bfloat16(),
    lambda a: torch.from_numpy(a.copy()).float().requires_grad_(),
    lambda a: torch.utils.dlpack.to_dlpack(torch.from_numpy(a.copy())),  # type: ignore[attr-defined]
    lambda a: np.zeros((2**60, 0), a.dtype),
    lambda a: np.zeros((0, 2**58), a.dtype),
    lambda a: np.zeros((2**40, 0), a.dtype),
    lambda a: np.float32(3),
    lambda a: np.array(3, a.dtype),
]


@st.composite
def spoilt(draw: Any, value: Any, others: list[np.ndarray]) -> tuple[Any, str]:
    """Return a value in the place of another, and what was done to it."""
    plain = isinstance(value, np.ndarray) and value.dtype.kind in "fiub"
    if not plain or max(value.shape, default=0) > 10**6:
        new = draw(SCALARS)
        return new, f"{value!r} -> {new!r}"
    how = draw(st.sampled_from(["scalar", "dtype", "shape", "odd", "odd", "values", "shared"]))
    if how == "scalar":
        new = draw(SCALARS)
        return new, f"{new!r}"
    if how == "dtype":
        dtype = draw(st.sampled_from(DTYPES))
        return np.zeros(value.shape, dtype), f"zeros of {dtype}"
    if how == "shape":
        shape = [max(0, n + draw(st.integers(-1, 1))) for n in value.shape]
        shape = draw(st.sampled_from([shape, shape[1:], [1, *shape], [0] * value.ndim, [2]]))
        return array(tuple(shape), value.dtype), f"shape {shape}"
    if how == "values":
        new = value.copy()
        bad = [-1, 2**62, -(2**63)] if new.dtype.kind == "i" else [np.nan, np.inf, -1e30, 1e-42]
        if new.size and new.dtype in (np.int64, np.float32, np.float64):  # hold each of these
            new.flat[draw(st.integers(0, new.size - 1))] = draw(st.sampled_from(bad))
        return new, "other values"
    if how == "shared":
        if not others:
            return (value[..., :0] if value.ndim else value), "nothing"
        block, offset = draw(st.tuples(st.sampled_from(others), st.sampled_from([0, 4, 8])))
        flat = block.reshape(-1).view(np.uint8)[offset:]
        if value.size and flat.nbytes >= value.nbytes:
            return flat[: value.nbytes].view(value.dtype).reshape(value.shape), "another's memory"
        return (value[..., :0] if value.ndim else value), "nothing"
    which = draw(st.integers(0, len(ODD) - 1))
    try:
        return ODD[which](value), f"odd {which}"
    except (
        TypeError,
        ValueError,
        RuntimeError,
        IndexError,
    ):  # not every array can be made odd in every way
        return None, "None"


@st.composite
def calls(draw: Any) -> tuple[Callable[..., Any], dict[str, Any], str]:
    """A function, valid arguments spoilt in a few places, and words for what was done."""
    cell = draw(st.sampled_from(list(GATES)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    T, B, H, flag = (draw(st.integers(0, 4)), draw(st.integers(0, 3)), draw(st.integers(0, 18)),
                     draw(st.booleans()))  # fmt: skip
    G = GATES[cell]
    kind = draw(st.sampled_from(
        ["forward", "forward", "forward", "backward", "backward", "backward", "pack",
         "pack_transposed", "packed_size", "multiply", "add_product", "norm", "norm_back", "tanh",
         "sigmoid", "select",
         "stepper", "stepper", "step", "feed"]))  # fmt: skip
    double = dtype is np.float64
    make = KERNELS.Stepper64 if double else KERNELS.Stepper32
    function = getattr(KERNELS, kind, None)
    given: dict[str, Any]
    if kind in ("forward", "backward"):
        given = (forward if kind == "forward" else backward)(cell, T, B, H, dtype, flag)
        if kind == "forward" and draw(st.booleans()):  # the input enters inside the step
            rows = len(given.pop("gates_x"))
            given |= {"x": array((rows, 3), dtype), "weight_x": packed(G, H, 3, dtype),
                      "bias_x": array((G * H,), dtype), "gates_x": None}  # fmt: skip
    elif kind == "pack":
        full = array((KERNELS.packed_size(G, H, B, name_of(dtype)),), dtype)
        given = {"gates": G, "weight": array((G * H, B), dtype), "packed": full}
    elif kind == "pack_transposed":
        full = array((KERNELS.packed_size(1, B, H, name_of(dtype)),), dtype)
        given = {"weight": array((H, B), dtype), "packed": full}
    elif kind == "packed_size":
        given = {"gates": G, "units": H, "inputs": B, "dtype": name_of(dtype)}
    elif kind == "multiply":
        given = {"gates": G, "x": array((T, B), dtype), "weight": packed(G, H, B, dtype),
                 "bias": array((G * H,), dtype),
                 "y": array((T, G * H), dtype), "threads": 2}  # fmt: skip
    elif kind == "add_product":
        given = {"d": array((T, H), dtype), "x": array((T, B), dtype), "y": array((H, B), dtype),
                 "threads": 3, "total": array((H,), dtype)}  # fmt: skip
    elif kind == "norm":
        given = {"x": array((T, H), dtype), "gain": array((H,), dtype),
                 "shift": array((H,), dtype), "scale": array((T, 1), dtype),
                 "y": array((T, H), dtype), "threads": 2}  # fmt: skip
    elif kind == "norm_back":
        given = {"d": array((T, H), dtype), "standard": array((T, H), dtype),
                 "scale": array((T, 1), dtype), "gain": array((H,), dtype),
                 "d_gain": array((H,), dtype), "threads": 2}  # fmt: skip
    elif kind in ("tanh", "sigmoid"):
        given = {"x": array((H,), dtype), "y": array((H,), dtype)}
    elif kind == "select":
        given = {"isa": KERNELS.isa()}
    else:
        given = stepper(cell, B + 1, T + 1, H + 1, dtype, flag)
        function = make
        if kind in ("step", "feed"):
            engine = make(**given)
            shape = (B + 1,) if kind == "step" else (B + 1, T)
            ids = array(shape, np.int64)
            ids[...] = 3
            function = getattr(engine, kind)
            given = {"x": ids if flag else array((*shape, T + 1), dtype)}
    words = [f"{kind} {cell} {name_of(dtype)} T={T} B={B} H={H} flag={flag}"]
    for _ in range(draw(st.integers(1, 3))):
        place = given
        if "layers" in given and isinstance(given["layers"], list) and draw(st.booleans()):
            place = draw(st.sampled_from(given["layers"]))
        if not isinstance(place, dict) or not place:
            continue
        name = draw(st.sampled_from(sorted(place)))
        if draw(st.integers(0, 9)) == 0:
            del place[name]
            words.append(f"no {name}")
            continue
        others = [v for v in place.values() if isinstance(v, np.ndarray)
                  and v.size and v.flags.c_contiguous and not v.dtype.hasobject]  # fmt: skip
        new, how = draw(spoilt(place[name], others))
        if name == "batch" and isinstance(new, int) and new > 1000:
            continue  # may be served, with all the memory there is
        place[name] = new
        words.append(f"{name}: {how}")
    return function, given, "; ".join(words)


def told(error: Exception) -> bool:
    """Whether a message says what was expected and what came; nanobind's lists the types."""
    text = str(error)
    return ("expected" in text and "got" in text) or any(
        words in text for words in ("incompatible function arguments", "is not one of this")
    )


def main(count: int, last: Path | None) -> None:
    """Make `count` calls."""
    made, refused = itertools.count(), itertools.count()

    @settings(
        max_examples=count, database=None, deadline=None, derandomize=False,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(calls())
    def malformed(call: tuple[Callable[..., Any], dict[str, Any], str]) -> None:
        function, arguments, words = call
        if last is not None:
            last.write_text(words)
        next(made)
        try:
            function(**arguments)
        except (TypeError, ValueError) as error:
            next(refused)
            assert told(error), f"{words}: {type(error).__name__}: {error}"
        assert whole(), f"{words}: wrote past an array"
        guarded.clear()

    warnings.simplefilter("ignore")
    malformed()
    print(f"{next(made)} calls, {next(refused)} refused")


if __name__ == "__main__":
    words = [w for w in sys.argv[1:] if w != "--exact"]
    exact = len(words) < len(sys.argv) - 1
    main(int(words[0]), Path(words[1]) if len(words) > 1 else None)
