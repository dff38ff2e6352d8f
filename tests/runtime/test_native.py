"""The compiled engine equals the layers of `elman.nn`, step for step, on every instruction set."""

from __future__ import annotations

import gc
import resource

import numpy as np
import pytest
import torch

from elman._errors import BackendUnavailable
from elman.runtime import LayerWeights, LinearHead, Stepper, native
from elman.runtime.network import Network
from elman.runtime.plain import to_bf16
from tests.runtime.networks import (
    CASES,
    error,
    instruction_set,
    make_stack,
    plain_layers,
    random_input,
    run_layers,
    supported,
)

STEPS = 100
BATCHES = (1, 3, 8)
pytestmark = pytest.mark.skipif(not supported(), reason="no compiled module")


def stepped(stepper: Stepper, x: np.ndarray) -> np.ndarray:
    """Step through ``x (T, B, I)``."""
    given = x.astype(stepper.dtype)
    return np.stack([stepper.step(step).astype(np.float64) for step in given])


@pytest.mark.parametrize("isa", supported())
@pytest.mark.parametrize(("cell", "option"), CASES)
def test_equals_the_layers(cell: str, option: str, isa: str) -> None:
    """Within 4 times the error that the layers themselves have in float32."""
    layers = make_stack(cell, option)
    plain = plain_layers(layers)
    for batch in BATCHES:
        x = random_input(STEPS, batch, 5)
        truth = run_layers(layers, x, torch.float64)
        theirs = error(run_layers(layers, x, torch.float32), truth)
        with instruction_set(isa):
            single = Stepper(plain, batch, backend="cpu")
            double = Stepper(plain, batch, backend="cpu", dtype="float64")
        assert error(stepped(single, x), truth) <= 4 * theirs + 1e-7
        assert error(stepped(double, x), truth) <= 1e-12


@pytest.mark.parametrize("isa", supported())
@pytest.mark.parametrize(("cell", "option"), CASES)
def test_bf16_is_exact_but_for_the_weights(cell: str, option: str, isa: str) -> None:
    """It equals the network whose matrices are rounded, within the error of float32."""
    layers = make_stack(cell, option)
    plain = plain_layers(layers)
    with torch.no_grad():
        for layer in layers:
            for name, parameter in layer.named_parameters():
                if name.startswith("weight_"):
                    parameter.copy_(torch.from_numpy(to_bf16(parameter.numpy())))
    for batch in BATCHES:
        x = random_input(STEPS, batch, 5)
        truth = run_layers(layers, x, torch.float64)
        theirs = error(run_layers(layers, x, torch.float32), truth)
        with instruction_set(isa):
            stepper = Stepper(plain, batch, backend="cpu", weights="bf16")
        assert error(stepped(stepper, x), truth) <= 4 * theirs + 1e-7


def test_bf16_does_round() -> None:
    plain = plain_layers(make_stack("gru", "plain"))
    x = random_input(3, 1, 5)
    whole = stepped(Stepper(plain, backend="cpu"), x)
    rounded = stepped(Stepper(plain, backend="cpu", weights="bf16"), x)
    assert 1e-5 < error(rounded, whole) < 2e-2


@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 64, 65, 200])
@pytest.mark.parametrize("weights", [None, "bf16"])
def test_awkward_sizes(size: int, weights: str | None) -> None:
    for cell in ("rnn_tanh", "gru", "lstm"):
        plain = plain_layers(make_stack(cell, "plain", (size, 3, size)))
        for batch in (1, 2, 5):
            x = random_input(10, batch, size)
            ours = stepped(Stepper(plain, batch, backend="cpu", weights=weights), x)
            theirs = stepped(Stepper(plain, batch, backend="numpy", weights=weights), x)
            assert error(ours, theirs) <= 2e-6


@pytest.mark.parametrize("isa", supported())
@pytest.mark.parametrize("vocab", [1, 10, 65, 1000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_head_and_softmax(vocab: int, dtype: str, isa: str) -> None:
    plain = plain_layers(make_stack("lstm", "plain", (6, 9)))
    rng = np.random.default_rng(3)
    embedding, bias = rng.normal(size=(vocab, 6)), 40 * rng.normal(size=vocab)
    head = LinearHead(rng.normal(size=(vocab, 9)), bias)
    for batch in (1, 3):
        for output in ("logits", "softmax"):
            given = {"embedding": embedding, "head": head, "output": output}
            with instruction_set(isa):
                ours = Stepper(plain, batch, dtype=dtype, backend="cpu", **given)
            theirs = Stepper(plain, batch, dtype="float64", backend="numpy", **given)
            for _ in range(5):
                ids = rng.integers(vocab, size=batch)
                np.testing.assert_allclose(
                    ours.step(ids),
                    theirs.step(ids),
                    rtol=2e-4 if dtype == "float32" else 1e-9,
                    atol=1e-6 if dtype == "float32" else 1e-12,
                )
            if output == "softmax":
                np.testing.assert_allclose(ours.step(ids).sum(-1), 1.0, rtol=1e-5)


def test_nan_goes_through() -> None:
    plain = plain_layers(make_stack("lstm", "plain"))
    for weights in (None, "bf16"):
        stepper = Stepper(plain, 2, backend="cpu", weights=weights)
        x = np.zeros((2, 5), np.float32)
        x[1, 2] = np.nan
        output = stepper.step(x)
        assert np.isfinite(output[0]).all() and np.isnan(output[1]).all()


def test_softmax_of_nan_is_nan() -> None:
    layer = LayerWeights("rnn_relu", np.ones((2, 2)), np.eye(2))
    head = LinearHead(np.ones((5, 2)))
    stepper = Stepper([layer], head=head, output="softmax", backend="cpu")
    assert np.isnan(stepper.step(np.full((1, 2), np.nan, np.float32))).all()


def test_says_why_it_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "KERNELS", None)
    monkeypatch.setattr(native, "MISSING", "no compiler was there")
    network = Network((LayerWeights("gru", np.ones((3, 1)), np.ones((3, 1))),))
    checked = network.checked(np.dtype(np.float32))
    with pytest.raises(BackendUnavailable, match="backend 'cpu': no compiler was there"):
        native.native_engine(checked, 1, bf16=False, softmax=False)


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB


def test_steps_take_no_memory() -> None:
    """A million steps; one allocation of 64 bytes that stays would be 64 MB."""
    rng = np.random.default_rng(0)
    layers = [LayerWeights("lstm", rng.normal(size=(16, 4)), rng.normal(size=(16, 4)))]
    table = rng.normal(size=(5, 4))
    stepper = Stepper(layers, embedding=table, head=LinearHead(table), backend="cpu")
    ids = np.array([3])
    for _ in range(1000):
        stepper.step(ids)
    gc.collect()
    before = peak()
    for _ in range(500_000):
        stepper.step(ids)
        stepper.step(2)
    assert peak() - before < 2048


def test_steppers_are_freed() -> None:
    rng = np.random.default_rng(0)
    layer = LayerWeights("lstm", rng.normal(size=(1024, 256)), rng.normal(size=(1024, 256)))
    for _ in range(5):
        Stepper([layer], backend="cpu")
    before = peak()
    for _ in range(50):  # 2 MB each
        output = Stepper([layer], backend="cpu").step(np.ones((1, 256), np.float32))
    assert np.isfinite(output).all()  # keeps its stepper alive
    assert peak() - before < 30_000
