"""Every backend on every cell and option set that it does not refuse: one meaning, many kernels."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from elman._errors import BackendUnavailable, DtypeError, ShapeError, UnknownName
from elman.ops import CELLS, Call, Result, explain, recurrence, recurrence_trace
from elman.ops.backends import BACKENDS
from elman.ops.lengths import reverse_time
from tests.ops.calls import (
    OPTIONS,
    as_dtype,
    assert_within_budget,
    gradients,
    leaves,
    poisoned,
    random_call,
    run_on,
    run_oracle,
    served,
)

# a kernel serves float64 too, so that these compare mathematics, not rounding
TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
SIZES = [(1, 1, 1), (2, 3, 5), (6, 3, 33)]


def parts(result: Result) -> tuple[Tensor, ...]:
    return (result.output, *result.state)


def assert_same(got: Result, expected: Result) -> None:
    for a, b in zip(parts(got), parts(expected), strict=True):
        torch.testing.assert_close(a, b, **TOLERANCE)


every = pytest.mark.parametrize(("backend", "cell", "options"), served())
# The compiled kernels are judged call by call, at more sizes, in backends/test_budget.py.
judged = pytest.mark.parametrize(
    ("backend", "cell", "options"), [s for s in served() if s[0] != "cpu"]
)
ragged = pytest.mark.parametrize(
    ("backend", "cell", "options"),
    [s for s in served() if {"lengths", "empty_rows"} & set(OPTIONS[s[2]])],
)
shapes = st.tuples(st.integers(1, 6), st.integers(1, 3), st.integers(1, 5))
seeds = st.integers(0, 10**6)
few = settings(max_examples=4)


@judged
def test_within_error_budget(backend: str, cell: str, options: str) -> None:
    """Output, final state and every gradient in float32, judged against float64 truth."""
    for seed, (steps, batch, hidden) in enumerate(SIZES):
        for reverse in (False, True):
            call32 = random_call(
                cell, OPTIONS[options], T=steps, B=batch, H=hidden, seed=seed, dtype=torch.float32
            )
            call32 = as_dtype(call32, torch.float32)
            call64 = as_dtype(call32, torch.float64)
            truth, truth_grads = gradients(call64, run_on("reference", reverse))
            plain, plain_grads = gradients(call32, run_on("reference", reverse))
            name = explain(call32, "auto" if BACKENDS[backend].refuses(call32) else backend).chosen
            got, grads = gradients(call32, run_on(name, reverse))
            for k, (a, b, c) in enumerate(zip(parts(got), parts(plain), parts(truth), strict=True)):
                assert_within_budget(f"result {k}", a, b, c)
            for key, grad in grads.items():
                assert_within_budget(f"d{key}", grad, plain_grads[key], truth_grads[key])


@pytest.mark.slow
@judged
@pytest.mark.parametrize(("steps", "batch", "hidden"), [(63, 3, 33), (100, 1, 64), (2, 17, 5)])
def test_within_error_budget_wide(
    backend: str, cell: str, options: str, steps: int, batch: int, hidden: int
) -> None:
    call32 = random_call(
        cell, OPTIONS[options], T=steps, B=batch, H=hidden, seed=7, dtype=torch.float32
    )
    call32 = as_dtype(call32, torch.float32)
    if BACKENDS[backend].refuses(call32) is not None:
        pytest.skip(f"{backend} refuses this size")
    truth, truth_grads = gradients(as_dtype(call32, torch.float64), run_on("reference"))
    plain, plain_grads = gradients(call32, run_on("reference"))
    got, grads = gradients(call32, run_on(backend))
    for k, (a, b, c) in enumerate(zip(parts(got), parts(plain), parts(truth), strict=True)):
        assert_within_budget(f"result {k}", a, b, c)
    for key, grad in grads.items():
        assert_within_budget(f"d{key}", grad, plain_grads[key], truth_grads[key])


@every
def test_trace_equals_oracle(backend: str, cell: str, options: str) -> None:
    for reverse in (False, True):
        call = random_call(cell, OPTIONS[options], T=6)
        if BACKENDS[backend].refuses(call) is not None:
            pytest.skip(f"{backend} refuses this call in float64")
        result, trace = recurrence_trace(call, reverse=reverse, backend=backend)
        assert_same(result, recurrence(call, reverse=reverse, backend=backend))
        expected = run_oracle(call, reverse)
        for got, want in ((trace.gates, expected.gates), (trace.states, expected.states)):
            assert set(got) == set(want)
            for name, array in want.items():
                inside = ~np.isnan(array)
                assert inside.all() if got is trace.states else inside.any()
                np.testing.assert_allclose(
                    got[name].detach().numpy()[inside], array[inside], rtol=1e-9, atol=1e-9
                )


def in_float64(backend: str, cell: str, options: str, **size: int) -> Call:
    """Return a float64 call that the backend serves, with gradients wanted."""
    call = random_call(cell, OPTIONS[options], grad=True, **size)
    if BACKENDS[backend].refuses(call) is not None:
        pytest.skip(f"{backend} refuses this call in float64")
    return call


def cut(call: Call, begin: int, end: int, state: tuple[Tensor, ...]) -> Call:
    """Return the steps from begin to end as a call of their own."""
    lengths = call.lengths
    return replace(
        call,
        x=call.x[begin:end],
        state=state,
        lengths=None if lengths is None else (lengths - begin).clamp(0, end - begin),
        reset=None if call.reset is None else call.reset[begin:end],
        zoneout=tuple(None if z is None else z[begin:end] for z in call.zoneout),
    )


@every
@few
@given(shape=shapes, seed=seeds, where=st.floats(0, 1))
def test_split_invariance(
    backend: str, cell: str, options: str, shape: tuple[int, int, int], seed: int, where: float
) -> None:
    """The streaming contract: whole equals chunked, in outputs, state and every gradient."""
    steps, batch, hidden = shape
    call = in_float64(backend, cell, options, T=steps, B=batch, H=hidden, seed=seed)
    split = round(where * steps)

    def halves(call: Call) -> Result:
        outputs, state = [], call.state
        for begin, end in pairwise((0, split, steps)):
            # a part may be empty or hold a row of length 0, which not every backend serves
            chunk = cut(call, begin, end, state)
            able = BACKENDS[backend].refuses(chunk) is None
            result = recurrence(chunk, backend=backend if able else "auto")
            outputs.append(result.output)
            state = result.state
        return Result(torch.cat(outputs), state)

    whole, whole_grads = gradients(call, run_on(backend))
    parted, parted_grads = gradients(call, halves)
    assert_same(parted, whole)
    for name, grad in whole_grads.items():
        torch.testing.assert_close(parted_grads[name], grad, **TOLERANCE)


@ragged
@few
@given(shape=shapes, seed=seeds, reverse=st.booleans())
def test_padding_never_leaks(
    backend: str, cell: str, options: str, shape: tuple[int, int, int], seed: int, reverse: bool
) -> None:
    """NaN beyond the lengths changes nothing in outputs, states and gradients."""
    steps, batch, hidden = shape
    call = in_float64(backend, cell, options, T=steps, B=batch, H=hidden, seed=seed)
    clean, clean_grads = gradients(call, run_on(backend, reverse))
    dirty, dirty_grads = gradients(poisoned(call), run_on(backend, reverse))
    for a, b in zip(parts(dirty), parts(clean), strict=True):
        assert torch.equal(a, b)
    for name, grad in clean_grads.items():
        assert torch.equal(dirty_grads[name], grad), f"padding leaks into the gradient of {name}"


@ragged
def test_beyond_the_length(backend: str, cell: str, options: str) -> None:
    """The output is zero there, and the final state is the one at the row's last step."""
    call = in_float64(backend, cell, options, T=6)
    assert call.lengths is not None
    result = recurrence(call, backend=backend)
    for b, length in enumerate(call.lengths.tolist()):
        assert not result.output[length:, b].any()
        last = result.output[length - 1, b] if length else call.state[0][b]
        assert torch.equal(result.state[0][b], last)


@every
@few
@given(shape=shapes, seed=seeds)
def test_rows_are_independent(
    backend: str, cell: str, options: str, shape: tuple[int, int, int], seed: int
) -> None:
    steps, batch, hidden = shape
    call = in_float64(backend, cell, options, T=steps, B=batch, H=hidden, seed=seed)
    order = torch.randperm(batch, generator=torch.Generator().manual_seed(seed))
    shuffled = replace(
        call,
        x=call.x[:, order],
        state=tuple(s[order] for s in call.state),
        lengths=None if call.lengths is None else call.lengths[order],
        reset=None if call.reset is None else call.reset[:, order],
        recurrent_mask=None if call.recurrent_mask is None else call.recurrent_mask[order],
        zoneout=tuple(None if z is None else z[:, order] for z in call.zoneout),
    )
    whole, mixed = recurrence(call, backend=backend), recurrence(shuffled, backend=backend)
    torch.testing.assert_close(mixed.output, whole.output[:, order], **TOLERANCE)
    for a, b in zip(mixed.state, whole.state, strict=True):
        torch.testing.assert_close(a, b[order], **TOLERANCE)


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize(
    ("backend", "cell", "options"), [s for s in served() if "reset" in OPTIONS[s[2]]]
)
@few
@given(steps=st.integers(2, 6), seed=seeds, where=st.floats(0, 1))
def test_reset_starts_a_new_sequence(
    backend: str, cell: str, options: str, reverse: bool, steps: int, seed: int, where: float
) -> None:
    call = in_float64(backend, cell, options, T=steps, seed=seed)
    at = min(steps - 1, 1 + int(where * (steps - 1)))
    reset = torch.zeros_like(call.reset)  # type: ignore[arg-type]
    reset[at] = True
    call = replace(call, reset=reset, lengths=None)
    whole = recurrence(call, reverse=reverse, backend=backend)
    zeros = tuple(torch.zeros_like(s) for s in call.state)
    # the part that is run first has the given state, the other starts from zero
    starts = (zeros, call.state) if reverse else (call.state, zeros)
    # zoneout follows the order of the run
    masks = [
        tuple(None if z is None else z[part] for z in call.zoneout)
        for part in (
            (slice(steps - at, None), slice(0, steps - at))
            if reverse
            else (slice(0, at), slice(at, None))
        )
    ]
    alone = [
        recurrence(
            replace(call, x=x, state=state, reset=None, zoneout=mask),
            reverse=reverse,
            backend="auto",
        )
        for x, state, mask in zip((call.x[:at], call.x[at:]), starts, masks, strict=True)
    ]
    torch.testing.assert_close(
        whole.output, torch.cat([part.output for part in alone]), **TOLERANCE
    )
    for a, b in zip(whole.state, alone[0 if reverse else 1].state, strict=True):
        torch.testing.assert_close(a, b, **TOLERANCE)


@every
def test_reverse_is_forward_on_the_flipped_sequence(backend: str, cell: str, options: str) -> None:
    call = replace(in_float64(backend, cell, options, T=6), reset=None)
    flipped = replace(call, x=reverse_time(call.x, call.lengths))
    back, ahead = (
        recurrence(call, reverse=True, backend=backend),
        recurrence(flipped, backend=backend),
    )
    assert torch.equal(back.output, reverse_time(ahead.output, call.lengths))
    assert all(torch.equal(a, b) for a, b in zip(back.state, ahead.state, strict=True))


@every
def test_layout_in_memory_is_free(backend: str, cell: str, options: str) -> None:
    call = in_float64(backend, cell, options, T=6)
    strided = {
        n: torch.empty((*v.shape, 2), dtype=v.dtype).select(-1, 1).copy_(v.detach())
        for n, v in leaves(call).items()
    }
    assert not strided["x"].is_contiguous()
    other = replace(
        call,
        x=strided["x"],
        state=tuple(strided[n] for n in call.spec.state),
        weights=call.weights._replace(
            **{n: v for n, v in strided.items() if n in call.weights._fields}
        ),
    )
    assert_same(recurrence(other, backend=backend), recurrence(call, backend=backend))


@pytest.mark.parametrize("batch", [0, 2])
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("cell", list(CELLS))
def test_nothing_to_do_is_served(cell: str, steps: int, batch: int) -> None:
    call = random_call(cell, T=steps, B=batch, grad=True)
    for reverse in (False, True):
        result, grads = gradients(call, run_on("auto", reverse))
        assert result.output.shape == (steps, batch, 4)
        assert all(torch.isfinite(g).all() for g in grads.values())


def test_every_backend_serves_something() -> None:
    assert {backend for backend, _, _ in served()} == {n for n in BACKENDS if BACKENDS[n].exact}
    assert {cell for _, cell, _ in served()} == set(CELLS)


@pytest.mark.parametrize("backend", list(BACKENDS))
def test_a_backend_asked_for_by_name_serves_or_says_why(backend: str) -> None:
    for cell in CELLS:
        for options in OPTIONS.values():
            call = random_call(cell, options, dtype=torch.float32)
            reason = BACKENDS[backend].refuses(call)
            if reason is None:
                assert explain(call, backend).chosen == backend
                continue
            with pytest.raises(BackendUnavailable, match="cannot serve this call"):
                recurrence(call, backend=backend)
            told = explain(call)
            assert told.chosen != backend
            assert told.refusals[backend] == reason
            assert reason in str(told)


def test_unknown_backend_lists_available() -> None:
    with pytest.raises(UnknownName, match="did you mean 'aten'"):
        recurrence(random_call("gru"), backend="atn")


@pytest.mark.parametrize("cell", list(CELLS))
def test_autocast_answers_in_the_dtype_of_the_weights(cell: str) -> None:
    for backend in BACKENDS:
        call = random_call(cell, dtype=torch.float32, grad=True)
        with torch.autocast("cpu", torch.bfloat16):
            if BACKENDS[backend].refuses(call) is not None:
                continue
        plain = recurrence(call, backend=backend)
        with torch.autocast("cpu", torch.bfloat16):
            cast, grads = gradients(call, run_on(backend))
            again = recurrence(
                replace(call, state=cast.state, x=call.x.bfloat16()), backend=backend
            )
            recurrence_trace(call, backend=backend)
        assert all(p.dtype == torch.float32 for p in (*parts(cast), *parts(again)))
        for a, b in zip(parts(cast), parts(plain), strict=True):
            torch.testing.assert_close(a, b, rtol=0.1, atol=0.1)
        if backend in ("aten", "reference"):
            assert not torch.equal(cast.output, plain.output), "autocast did nothing"
        for name, grad in grads.items():
            assert torch.isfinite(grad).all(), name


BAD_CALLS = {
    "x": (lambda c: replace(c, x=c.x[0]), ShapeError, r"x: expected \(T, B, I\)"),
    "features": (lambda c: replace(c, x=c.x[..., :2]), ShapeError, "x has 2 features"),
    "state": (lambda c: replace(c, state=(c.state[0][:2],)), ShapeError, "state h: expected"),
    "state count": (lambda c: replace(c, state=c.state * 2), ShapeError, "'gru' has 1 tensors"),
    "dtype": (lambda c: replace(c, x=c.x.float()), DtypeError, "x is torch.float32"),
    "state dtype": (
        lambda c: replace(c, state=(c.state[0].float(),)),
        DtypeError,
        "h is torch.float32",
    ),
    "lengths too long": (
        lambda c: replace(c, lengths=torch.tensor([6, 1, 1])),
        ShapeError,
        "from 0 to T=5",
    ),
    "lengths below 0": (
        lambda c: replace(c, lengths=torch.tensor([-1, 1, 1])),
        ShapeError,
        "from 0 to T=5",
    ),
    "lengths dtype": (
        lambda c: replace(c, lengths=torch.tensor([1.0, 1, 1])),
        DtypeError,
        "lengths: expected torch.int64",
    ),
    "lengths shape": (lambda c: replace(c, lengths=torch.tensor([1])), ShapeError, "lengths"),
    "reset dtype": (
        lambda c: replace(c, reset=torch.zeros(5, 3)),
        DtypeError,
        "reset: expected torch.bool",
    ),
    "reset shape": (
        lambda c: replace(c, reset=torch.zeros(3, 5, dtype=torch.bool)),
        ShapeError,
        "reset: expected",
    ),
    "mask": (
        lambda c: replace(c, recurrent_mask=torch.ones(3, 5)),
        ShapeError,
        "recurrent_mask: expected",
    ),
    "zoneout": (
        lambda c: replace(c, zoneout=(torch.ones(3, 5, 4),)),
        ShapeError,
        "zoneout h: expected",
    ),
    "gates": (
        lambda c: replace(c, weights=c.weights._replace(weight_ih=c.weights.weight_ih[:-1])),
        ShapeError,
        "do not divide into the 3 gates",
    ),
    "bias": (
        lambda c: replace(c, weights=c.weights._replace(bias_hh=c.weights.bias_hh[:-1])),
        ShapeError,
        "bias_hh: expected",
    ),
}


@pytest.mark.parametrize("name", list(BAD_CALLS))
def test_a_call_that_does_not_fit_is_one_clear_error(name: str) -> None:
    spoil, error, message = BAD_CALLS[name]
    with pytest.raises(error, match=message):
        recurrence(spoil(random_call("gru")))
