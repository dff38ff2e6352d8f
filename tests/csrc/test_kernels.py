"""The compiled module by itself, on NumPy arrays: precision, checks of every argument."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

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
    "threads": ({"threads": 0}, "gru", ValueError, "threads: expected 1 to 1024, got 0"),
    "strides": ({"h0": np.zeros((5, 2), np.float32).T}, "gru", ValueError, "without gaps"),
    "none": ({"output": None}, "gru", TypeError, "output: expected float32 .* got None"),
    "list": ({"h0": [[0.0]]}, "gru", TypeError, "h0: expected a dense array, got list"),
    "read only": ({"output": np.frombuffer(bytes(120), np.float32).reshape(6, 5)}, "gru",
                  TypeError, "output: expected a writable array"),
    "weight": ({"weight": np.zeros(3, np.float32)}, "gru", ValueError, "weight: expected shape"),
    "grows": ({"sizes": np.array([1, 2, 2])}, "gru", ValueError, "never growing, got 2 at step 1"),
    "too many": ({"threads": 2000}, "gru", ValueError, "expected 1 to 1024, got 2000"),
    "aligned": ({"h0": np.frombuffer(bytearray(41), np.float32, 10, 1).reshape(2, 5)}, "gru",
                ValueError, "h0: expected values aligned to their size"),
    "byte order": ({"h0": np.zeros((2, 5), ">f4")}, "gru", TypeError, "got ndarray, dtype >f4"),
    "negative": ({"sizes": np.array([2, 2, -1])}, "gru", ValueError, "never growing, got -1"),
    "memory": ({}, "lstm", ValueError, "shape"),
    "operand": ({"mask": np.zeros((2, 5), np.float32)}, "gru", TypeError, "operand: expected"),
    "norm": ({"norm_h": np.zeros(15, np.float32)}, "gru", TypeError, "product"),
    "norm_c": ({"norm_c": np.zeros(5, np.float32), "product": np.zeros((6, 15), np.float32)},
               "gru", ValueError, "has no memory c"),
    "shift": ({"norm_c_shift": np.zeros(5, np.float32)}, "gru", ValueError, "needs a gain"),
    "zone": ({"zone_h": np.zeros((5, 5), np.float32)}, "gru", ValueError, "zone_h: expected shape"),
}  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("N", [1, 31, 33, 200])
@pytest.mark.parametrize("width", [1, 7, 64, 67, 200])
def test_norm_of_rows(isa: str, N: int, width: int, dtype: type) -> None:
    rng, close = np.random.default_rng(0), 1e-11 if dtype == np.float64 else 2e-5
    x = (3 + 2 * rng.standard_normal((N, width))).astype(dtype)
    gain, shift, dy = (rng.standard_normal(s).astype(dtype) for s in (width, width, (N, width)))
    wide = x.astype(np.float64)
    centred = wide - wide.mean(1, keepdims=True)
    scale = 1 / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5)
    standard = centred * scale
    d = dy.astype(np.float64) * gain
    dx = d - d.mean(1, keepdims=True) - standard * (d * standard).mean(1, keepdims=True)
    found = []
    for threads in (1, 2, 3):
        kept, y, scales = x.copy(), np.empty_like(x), np.empty((N, 1), dtype)
        KERNELS.norm(kept, gain, shift, scales, y, threads)
        back, d_gain = dy.copy(), np.ones(width, dtype)
        KERNELS.norm_back(back, kept, scales, gain, d_gain, threads)
        found.append((kept, scales, y, back, d_gain))
    expected = (standard, scale, standard * gain + shift, dx * scale, 1 + (dy * standard).sum(0))
    for ours, truth in zip(found[0], expected, strict=True):
        np.testing.assert_allclose(ours, truth, rtol=close, atol=close * max(1, abs(truth).max()))
    for other in found[1:]:
        assert all(map(np.array_equal, other, found[0])), "threads must not change a bit"
    in_place = x.copy()
    KERNELS.norm(in_place, gain, shift, None, in_place, 2)
    np.testing.assert_array_equal(in_place, found[0][2])


def test_norm_refuses_what_does_not_fit() -> None:
    x, gain = np.zeros((3, 4), np.float32), np.ones(4, np.float32)
    with pytest.raises(TypeError, match="gain: expected float32"):
        KERNELS.norm(x, None, gain, None, x, 1)
    with pytest.raises(ValueError, match=r"gain: expected shape \(4,\)"):
        KERNELS.norm(x, gain[:3], None, None, x, 1)
    with pytest.raises(ValueError, match=r"scale: expected shape \(3, 1\)"):
        KERNELS.norm_back(x, x.copy(), gain, gain, None, 1)


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


def test_what_is_written_has_memory_of_its_own() -> None:
    given = arguments("gru", 3, 2, 5)
    given["gates"] = given["gates_x"]  # this one may: values are read before they are written
    KERNELS.forward("gru", **given)
    shared = np.zeros(100, np.float32)
    for change, message in (
        ({"output": given["gates_x"].reshape(-1)[:30].reshape(6, 5)}, "output: .* of gates_x's"),
        ({"h": given["h0"]}, "h: expected memory of its own, got some of h0's"),
        (
            {"gates": shared[:90].reshape(6, 15), "output": shared[60:90].reshape(6, 5)},
            "of its own",
        ),
        ({"h": shared[:10].reshape(2, 5), "output": shared[9:39].reshape(6, 5)}, "of its own"),
        ({"sizes": shared[:6].view(np.int64), "h": shared[5:15].reshape(2, 5)}, "sizes"),
    ):
        if "sizes" in change:
            change["sizes"][:] = 2
        with pytest.raises(ValueError, match=message):
            KERNELS.forward("gru", **(arguments("gru", 3, 2, 5) | {"gates": None} | given | change))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_that_are_not_finite_are_not_packed(dtype: type, wrong: float) -> None:
    for rows, columns in ((1, 1), (3, 5), (40, 33)):
        packed = np.empty(KERNELS.packed_size(1, rows, columns, np.dtype(dtype).name), dtype)
        good = np.full((rows, columns), np.finfo(dtype).max, dtype)  # their sum would overflow
        KERNELS.pack(1, good, packed)
        for at in ((0, 0), (rows - 1, columns - 1), (rows // 2, columns // 3)):
            weight = good.copy()
            weight[at] = wrong
            message = rf"weight: expected finite values, got -?(nan|inf) at \({at[0]}, {at[1]}\)"
            with pytest.raises(ValueError, match=message):
                KERNELS.pack(1, weight, packed)


def test_sizes_that_would_overflow_are_refused_at_once() -> None:
    """Axes as long as memory is not, beside an axis of 0: nothing may loop over them."""
    none, long = np.zeros((2**60, 0), np.float32), np.zeros((0, 2**60), np.float32)
    empty = np.zeros(0, np.float32)
    for call in (
        lambda: KERNELS.pack(4, none, empty),
        lambda: KERNELS.pack(1, long, empty),
        lambda: KERNELS.pack_transposed(long, empty),
        lambda: KERNELS.pack_transposed(none, empty),
        lambda: KERNELS.multiply(1, none, empty, None, none, 1),
        lambda: KERNELS.add_product(none, none, np.zeros((0, 0), np.float32), 1),
        lambda: KERNELS.packed_size(4, 2**62, 2**62, "float32"),
        lambda: KERNELS.packed_size(4, 2**25, 1, "float32"),
        lambda: KERNELS.forward("gru", **(arguments("gru", 3, 2, 5) | {"h0": none})),
        lambda: KERNELS.forward("gru", **(arguments("gru", 3, 2, 5) | {"h0": long})),
    ):
        with pytest.raises(ValueError, match="expected"):
            call()
    # nothing to do, however often
    KERNELS.forward("gru", **(arguments("gru", 0, 0, 5) | {"steps": 2**62}))
    many = np.zeros((2**40, 0), np.float32)
    KERNELS.multiply(1, many, empty, None, many, 1)
