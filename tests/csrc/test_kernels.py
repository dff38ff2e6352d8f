"""The compiled module by itself, on NumPy arrays: precision, checks of every argument."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._native import KERNELS

if KERNELS is None:
    pytest.skip("the compiled kernels are not built", allow_module_level=True)

GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3}
DTYPES = (np.float32, np.float64)
FUNCTIONS = {"tanh": np.tanh, "sigmoid": lambda x: 1 / (1 + np.exp(-x))}


@pytest.fixture(params=KERNELS.supported())
def isa(request: pytest.FixtureRequest) -> Any:
    before = KERNELS.isa()
    KERNELS.select(request.param)
    yield request.param
    KERNELS.select(before)


def sweep(dtype: type) -> np.ndarray:
    """Dense around zero and over both tails, every binade, denormal numbers."""
    top = 110.0 if dtype is np.float32 else 800.0
    small = np.geomspace(np.finfo(dtype).smallest_subnormal, top, 100_000, dtype=np.longdouble)
    parts = [np.linspace(-12, 12, 300_001), np.linspace(-top, top, 100_001), small, -small]
    return np.concatenate(parts).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_activations_within_four_ulp(isa: str, name: str, dtype: type) -> None:
    x = sweep(dtype)
    y = np.empty_like(x)
    getattr(KERNELS, name)(x, y)
    truth = FUNCTIONS[name](x.astype(np.longdouble))
    ulp = np.spacing(np.abs(truth.astype(dtype))).astype(np.longdouble)
    error = np.abs(y.astype(np.longdouble) - truth) / ulp
    assert error.max() <= 4, (x[error.argmax()], error.max())


@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_of_what_is_not_finite(isa: str, dtype: type) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30, -1e30] * 5, dtype)
    y = np.empty_like(x)
    KERNELS.tanh(x, y)
    np.testing.assert_array_equal(y, np.array([np.nan, 1, -1, 0, 0, 1, -1] * 5, dtype))
    np.testing.assert_array_equal(np.signbit(y[3:5]), [False, True])
    KERNELS.sigmoid(x, y)
    np.testing.assert_array_equal(y, np.array([np.nan, 1, 0, 0.5, 0.5, 1, 0] * 5, dtype))


def arguments(cell: str, T: int, B: int, H: int, dtype: type = np.float32) -> dict[str, Any]:
    """A complete, valid call of `forward`."""
    G, rng = GATES[cell], np.random.default_rng(0)
    packed = np.empty(KERNELS.packed_size(G, H, H, np.dtype(dtype).name), dtype)
    KERNELS.pack(G, rng.normal(size=(G * H, H)).astype(dtype), packed)
    given: dict[str, Any] = {
        "steps": T, "threads": 1, "weight": packed,
        "gates_x": rng.normal(size=(T * B, G * H)).astype(dtype),
        "h0": rng.normal(size=(B, H)).astype(dtype),
        "output": np.empty((T * B, H), dtype), "h": np.empty((B, H), dtype),
    }  # fmt: skip
    if cell == "lstm":
        given["c"] = np.zeros((B, H), dtype)
    return given


@pytest.mark.parametrize("cell", GATES)
def test_rows_do_not_depend_on_their_batch(isa: str, cell: str) -> None:
    """Every tile height, every number of units in the last vector: bit for bit the same."""
    for H, dtype in itertools.product((1, 5, 33, 70), DTYPES):
        whole = arguments(cell, 3, 19, H, dtype)
        KERNELS.forward(cell, **whole)
        for first, last in ((0, 1), (3, 5), (2, 19)):
            rows = slice(first, last)
            part = arguments(cell, 3, last - first, H, dtype)
            part["gates_x"][:] = (
                whole["gates_x"].reshape(3, 19, -1)[:, rows].reshape(part["gates_x"].shape)
            )
            part["h0"][:] = whole["h0"][rows]
            KERNELS.forward(cell, **part)
            expected = whole["output"].reshape(3, 19, H)[:, rows]
            assert np.array_equal(part["output"].reshape(expected.shape), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("N", "K", "M"), [(1, 1, 1), (7, 3, 5), (300, 33, 70), (50, 600, 129), (4, 0, 3), (0, 4, 3)]
)
def test_products(isa: str, N: int, K: int, M: int, dtype: type) -> None:
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.normal(size=s).astype(dtype) for s in ((N, K), (3 * M, K), 3 * M))
    d, y = rng.normal(size=(N, 3 * M)).astype(dtype), np.empty((N, 3 * M), dtype)
    eps, wide = np.finfo(dtype).eps, np.float64
    packed = np.empty(KERNELS.packed_size(3, M, K, np.dtype(dtype).name), dtype)
    KERNELS.pack(3, weight, packed)
    shared = np.empty_like(packed)
    KERNELS.pack(3, weight, shared, 3)
    assert np.array_equal(shared, packed)
    for threads in (1, 3):
        KERNELS.multiply(3, x, packed, bias, y, threads)
        truth = x.astype(wide) @ weight.T.astype(wide) + bias
        np.testing.assert_allclose(y, truth, atol=eps * (20 + 4 * K), rtol=0)
        total, sums = weight.copy(), bias.copy()
        KERNELS.add_product(d, x, total, threads, sums)
        truth = weight + d.T.astype(wide) @ x.astype(wide)
        np.testing.assert_allclose(total, truth, atol=eps * (20 + 4 * N), rtol=0)
        truth = bias + d.sum(0, dtype=wide)
        np.testing.assert_allclose(sums, truth, atol=eps * (20 + 4 * N), rtol=0)
    across = np.empty(KERNELS.packed_size(1, K, 3 * M, np.dtype(dtype).name), dtype)
    KERNELS.pack_transposed(weight, across, 2)
    back = np.empty((N, K), dtype)
    KERNELS.multiply(1, d, across, None, back, 2)
    truth = d.astype(wide) @ weight.astype(wide)
    np.testing.assert_allclose(back, truth, atol=eps * (20 + 12 * M), rtol=0)


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("cell", GATES)
def test_the_input_may_be_multiplied_on_the_way(isa: str, cell: str, kept: bool) -> None:
    """The same bits as from the product of all steps beforehand, over more than one span."""
    T, B, H, K, G = 300, 3, 37, 9, GATES[cell]
    before, rng = arguments(cell, T, B, H), np.random.default_rng(1)
    x, weight, bias = (
        rng.normal(size=s).astype(np.float32) for s in ((T * B, K), (G * H, K), G * H)
    )
    packed = np.empty(KERNELS.packed_size(G, H, K, "float32"), np.float32)
    KERNELS.pack(G, weight, packed)
    before["weight"] *= 0.1  # a relu must not grow without bound
    KERNELS.multiply(G, x, packed, bias, before["gates_x"], 1)
    KERNELS.forward(cell, **before)
    for threads in (1, 2):
        now = arguments(cell, T, B, H) | {"threads": threads, "weight": before["weight"]}
        gates = now.pop("gates_x") if kept else None
        now.pop("gates_x", None)
        KERNELS.forward(cell, **now, x=x, weight_x=packed, bias_x=bias, gates=gates)
        assert np.array_equal(now["output"], before["output"])


def test_asking_for_large_pages_touches_nothing() -> None:
    x = np.arange(3 << 20, dtype=np.float32)
    KERNELS.ask_for_large_pages(x)
    assert np.array_equal(x, np.arange(3 << 20, dtype=np.float32))


BAD = {
    "cell": ({}, "gruu", ValueError, "got 'gruu'"),
    "dtype": ({"h0": np.zeros((2, 5), np.float64)}, "gru", TypeError, "h0: expected float32, got"),
    "integers": ({"gates_x": np.zeros((6, 15), int)}, "gru", TypeError, "float32 or float64"),
    "shape": ({"output": np.zeros((6, 4), np.float32)}, "gru", ValueError, r"5\), got \(6, 4\)"),
    "rank": ({"h0": np.zeros(5, np.float32)}, "gru", ValueError, "2 dimensions, got shape"),
    "rows": ({"steps": 4}, "gru", ValueError, "expected 8 packed rows, got 6"),
    "steps": ({"steps": -1}, "gru", ValueError, "steps: expected 0 or more"),
    "huge": ({"steps": 2**62}, "gru", ValueError, "too large"),
    "threads": ({"threads": 0}, "gru", ValueError, "threads: expected at least 1"),
    "strides": ({"h0": np.zeros((5, 2), np.float32).T}, "gru", ValueError, "without gaps"),
    "none": ({"output": None}, "gru", TypeError, "output: expected float32 .* got None"),
    "list": ({"h0": [[0.0]]}, "gru", TypeError, "h0: expected a dense array, got list"),
    "read only": ({"output": np.frombuffer(bytes(120), np.float32).reshape(6, 5)}, "gru",
                  TypeError, "output: expected a writable array"),
    "weight": ({"weight": np.zeros(3, np.float32)}, "gru", ValueError, "weight: expected shape"),
    "grows": ({"sizes": np.array([1, 2, 2])}, "gru", ValueError, "never growing, got 2 at step 1"),
    "negative": ({"sizes": np.array([2, 2, -1])}, "gru", ValueError, "never growing, got -1"),
    "memory": ({}, "lstm", ValueError, "shape"),
    "operand": ({"mask": np.zeros((2, 5), np.float32)}, "gru", TypeError, "operand: expected"),
    "norm": ({"norm_h": np.zeros(15, np.float32)}, "gru", TypeError, "product"),
    "norm_c": ({"norm_c": np.zeros(5, np.float32), "product": np.zeros((6, 15), np.float32)},
               "gru", ValueError, "has no memory c"),
    "shift": ({"norm_c_shift": np.zeros(5, np.float32)}, "gru", ValueError, "needs a gain"),
    "zone": ({"zone_h": np.zeros((5, 5), np.float32)}, "gru", ValueError, "zone_h: expected shape"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_messages_say_what_came(case: str) -> None:
    change, cell, error, message = BAD[case]
    with pytest.raises(error, match=message):
        KERNELS.forward(cell, **(arguments("gru", 3, 2, 5) | change))


def test_missing_memory_is_refused() -> None:
    given = arguments("lstm", 3, 2, 5)
    del given["c"]
    with pytest.raises(TypeError, match=r"c: expected float32 \(2, 5\), got None"):
        KERNELS.forward("lstm", **given)


sizes = st.integers(-1, 7)
arrays = st.builds(
    lambda shape, dtype, order, frozen: locked(np.zeros(shape, dtype, order), frozen),
    st.lists(st.integers(0, 7), max_size=3).map(tuple),
    st.sampled_from(["f4", "f8", "f2", "i8", "?", "u2", "c8"]),
    st.sampled_from("CF"),
    st.booleans(),
)
anything = st.one_of(arrays, st.none(), st.integers(), st.floats(), st.text(max_size=3))


def locked(array: np.ndarray, frozen: bool) -> np.ndarray:
    array.flags.writeable = not frozen
    return array


FORWARD = (
    *("gates_x", "h0", "weight", "bias", "mask", "sizes", "reset", "norm_h", "norm_c"),
    *("norm_c_shift", "zone_h", "zone_c", "output", "h", "c", "operand", "gates", "memory"),
    *("kept", "product"),
)
BACKWARD = (
    *("h0", "c0", "weight", "mask", "sizes", "reset", "norm_h", "norm_c", "norm_c_shift"),
    *("zone_h", "zone_c", "output", "gates", "memory", "kept", "product", "d_output"),
    *("d_memory", "d_gates", "d_h", "d_c", "d_gates_x", "d_gates_h", "d_product"),
    *("d_normed_c", "standard_c"),
)


def never_crashes(function: Any, cell: str, given: dict[str, Any]) -> None:
    try:
        function(cell, **given)
    except (TypeError, ValueError, OverflowError) as error:
        assert str(error)


@settings(max_examples=300)
@given(
    cell=st.sampled_from([*GATES, "", "x"]),
    steps=sizes,
    threads=st.integers(-1, 3),
    given=st.dictionaries(st.sampled_from(FORWARD), anything),
)
def test_malformed_forward(cell: str, steps: int, threads: int, given: dict[str, Any]) -> None:
    base = arguments("gru", 3, 2, 5) if len(given) < 6 else dict.fromkeys(FORWARD)
    never_crashes(KERNELS.forward, cell, base | {"steps": steps, "threads": threads} | given)


@settings(max_examples=300)
@given(
    cell=st.sampled_from(list(GATES)),
    steps=sizes,
    given=st.fixed_dictionaries({name: anything for name in BACKWARD}),
)
def test_malformed_backward(cell: str, steps: int, given: dict[str, Any]) -> None:
    never_crashes(KERNELS.backward, cell, {"steps": steps, "threads": 1} | given)


@settings(max_examples=100)
@given(gates=st.integers(-1, 5), weight=anything, packed=anything)
def test_malformed_pack(gates: int, weight: Any, packed: Any) -> None:
    for call in (
        lambda: KERNELS.pack(gates, weight, packed),
        lambda: KERNELS.pack_transposed(weight, packed),
        lambda: KERNELS.packed_size(gates, 2**40, 3, "float32"),
        lambda: KERNELS.tanh(weight, packed),
    ):
        try:
            call()
        except (TypeError, ValueError) as error:
            assert str(error)
