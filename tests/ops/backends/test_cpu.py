"""The compiled backend: what tests/ops/test_recurrence.py, which runs it on every cell and
option too, does not ask: awkward sizes, the operators themselves, compile, threads, processes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from elman._errors import BackendUnavailable, DataError
from elman._native import KERNELS
from elman.ops import CELLS, Call, explain, recurrence, recurrence_trace
from elman.ops.backends import BACKENDS, cpu
from tests.ops.calls import OPTIONS, as_dtype, gradients, leaves, random_call, rebuilt, run_on

pytestmark = pytest.mark.skipif(KERNELS is None, reason="the compiled kernels are not built")

SETS = [name for name, options in OPTIONS.items() if "projection" not in options]
EVERYTHING = ("empty_rows", "reset", "layer_norm", "zoneout_mask", "recurrent_mask")
every_cell = pytest.mark.parametrize("cell", list(CELLS))


def parts(call: Call, backend: str) -> dict[str, Tensor]:
    """Everything that a run and its gradient give."""
    result, grads = gradients(call, run_on(backend))
    values = {"output": result.output, **dict(zip(call.spec.state, result.state, strict=True))}
    return {k: v.detach() for k, v in values.items()} | {f"d{k}": v for k, v in grads.items()}


def errors(got: dict[str, Tensor], truth: dict[str, Tensor]) -> dict[str, float]:
    return {k: float((got[k].double() - v).square().sum().sqrt()) for k, v in truth.items()}


@every_cell
@pytest.mark.parametrize("options", SETS)
def test_equals_the_reference_in_float64(cell: str, options: str) -> None:
    for seed, (T, B, H) in enumerate([(1, 1, 1), (2, 3, 5), (63, 1, 33), (5, 17, 64), (3, 3, 200)]):
        call = random_call(cell, OPTIONS[options], T=T, B=B, H=H, seed=seed, grad=True)
        truth = parts(call, "reference")
        for key, value in parts(call, "cpu").items():
            torch.testing.assert_close(value, truth[key], rtol=1e-9, atol=1e-9, msg=key)


@every_cell
@pytest.mark.parametrize("options", [*SETS, "everything"])
@pytest.mark.parametrize(("T", "B", "H"), [(2, 3, 5), (9, 17, 33)])
def test_within_error_budget(cell: str, options: str, T: int, B: int, H: int) -> None:
    """Errors are summed over seeds: a single reference may be exact by luck."""
    chosen = EVERYTHING if options == "everything" else OPTIONS[options]
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    scale: dict[str, float] = {}
    for seed in range(4):
        call = random_call(cell, chosen, T=T, B=B, H=H, seed=seed, dtype=torch.float32)
        call32 = as_dtype(call, torch.float32)
        truth = parts(as_dtype(call32, torch.float64), "reference")
        for total, backend in ((ours, "cpu"), (theirs, "reference")):
            for key, error in errors(parts(call32, backend), truth).items():
                total[key] = total.get(key, 0.0) + error
        for key, value in truth.items():
            scale[key] = scale.get(key, 0.0) + float(value.square().sum().sqrt())
    for key, error in ours.items():
        tiny = torch.finfo(torch.float32).eps * scale[key]
        assert error <= 4 * theirs[key] + tiny, key


@every_cell
@pytest.mark.parametrize(("T", "B"), [(0, 3), (4, 0), (0, 0)])
@pytest.mark.parametrize("options", [(), EVERYTHING[1:], ("lengths",)])
def test_no_steps_and_no_rows(cell: str, T: int, B: int, options: tuple[str, ...]) -> None:
    call = random_call(cell, options, T=T, B=B, grad=True)
    truth = parts(call, "reference")
    for key, value in parts(call, "cpu").items():
        assert torch.equal(value, truth[key]), key


@every_cell
def test_takes_what_is_not_contiguous(cell: str) -> None:
    call = random_call(cell, EVERYTHING, T=4, B=3, I=5, H=7, grad=True)

    def scattered(x: Tensor) -> Tensor:
        spread = torch.full((*x.shape, 2), float("nan"), dtype=x.dtype)
        spread[..., 1] = x.detach()
        view = spread[..., 1]
        assert x.numel() == 1 or not view.is_contiguous()
        return view.requires_grad_()

    other = rebuilt(call, {name: scattered(v) for name, v in leaves(call).items()})
    assert call.reset is not None and call.recurrent_mask is not None
    other = replace(
        other,
        reset=call.reset.t().contiguous().t(),
        recurrent_mask=call.recurrent_mask.t().contiguous().t(),
        zoneout=tuple(
            z.transpose(0, 2).contiguous().transpose(0, 2) for z in call.zoneout if z is not None
        ),
    )
    truth = parts(call, "cpu")
    for key, value in parts(other, "cpu").items():
        torch.testing.assert_close(value, truth[key], msg=key)


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 3, 1), (4, 1, 1), (1, 1, 5), (4, 1, 5), (1, 3, 5)]
)
def test_zoneout_rates_of_any_expanded_shape(shape: tuple[int, ...]) -> None:
    T, B, H = 4, 3, 5
    call = random_call("lstm", (), T=T, B=B, H=H, grad=True)
    keep = torch.rand(shape, dtype=torch.float64).expand(T, B, H)
    for lengths in (None, torch.tensor([2, 4, 1])):
        both = replace(call, zoneout=(keep, keep.flip(2)), lengths=lengths)
        truth = parts(both, "reference")
        for key, value in parts(both, "cpu").items():
            torch.testing.assert_close(value, truth[key], msg=key)


@every_cell
def test_a_trace_has_gradients(cell: str) -> None:
    def of_trace(backend: str) -> tuple[Tensor, ...]:
        call = random_call(cell, ("lengths", "reset"), T=5, B=3, grad=True)
        assert call.lengths is not None
        _, trace = recurrence_trace(call, backend=backend)
        valid = torch.arange(5).unsqueeze(1) < call.lengths
        kept = [(v * valid.unsqueeze(-1)).square().sum() for v in trace.gates.values()]
        kept += [v.square().sum() for v in trace.states.values()]
        return torch.autograd.grad(sum(kept, torch.zeros(())), list(leaves(call).values()))

    for got, expected in zip(of_trace("cpu"), of_trace("reference"), strict=True):
        torch.testing.assert_close(got, expected)


@every_cell
def test_inference_equals_training_bit_for_bit(cell: str) -> None:
    for options in ((), EVERYTHING):
        call = random_call(cell, options, T=6, B=9, H=20, dtype=torch.float32, grad=True)
        trained = recurrence(call, backend="cpu")
        for mode in (torch.no_grad, torch.inference_mode):
            with mode():
                inferred = recurrence(call, backend="cpu")
            assert torch.equal(inferred.output, trained.output)
            assert all(map(torch.equal, inferred.state, trained.state))


@every_cell
@pytest.mark.parametrize("poison", [float("nan"), float("inf"), -float("inf")])
def test_nan_and_infinity_go_from_the_input_to_the_output(cell: str, poison: float) -> None:
    for where in ("x", "h"):
        call = random_call(cell, (), T=3, B=2, dtype=torch.float32)
        (call.x[1] if where == "x" else call.state[0])[0, 0] = poison
        got, expected = (recurrence(call, backend=b).output for b in ("cpu", "reference"))
        torch.testing.assert_close(got, expected, equal_nan=True)
        assert got[:, 1].isfinite().all()
        assert poison == poison or got[-1, 0].isnan().all()


@every_cell
@pytest.mark.parametrize("weight", ["weight_ih", "weight_hh"])
def test_weights_that_are_not_finite_are_named(cell: str, weight: str) -> None:
    for backend, poison in (("cpu", float("nan")), ("cpu-bf16", float("-inf"))):
        call = random_call(cell, (), T=3, B=2, I=5, dtype=torch.float32)
        values = getattr(call.weights, weight)
        values[1, 2] = poison
        shape = tuple(values.shape)
        message = (
            rf"expected finite values, got (nan|-inf) at \(1, 2\).* \({shape[0]}, {shape[1]}\)"
        )
        with pytest.raises(DataError, match=message):
            recurrence(call, backend=backend)


def test_bf16_weights_are_asked_for_by_name_only() -> None:
    for cell in CELLS:
        call = random_call(cell, (), T=20, B=2, H=67, dtype=torch.float32)
        assert explain(call).chosen != "cpu-bf16"
        rounded = call.weights.weight_hh.bfloat16().float()
        expected = recurrence(
            replace(call, weights=call.weights._replace(weight_hh=rounded)), backend="cpu"
        )
        got = recurrence(call, backend="cpu-bf16")
        assert torch.equal(got.output, expected.output)
    call = as_dtype(call, torch.float32)
    with pytest.raises(BackendUnavailable, match="have no gradient"):
        recurrence(call, backend="cpu-bf16")


REFUSED = {
    "projection": (random_call("lstm", ("projection",)), "no projection"),
    "dtype": (random_call("lstm", dtype=torch.float16), "float32 or float64; found torch.float16"),
    "mask": (
        replace(random_call("gru"), recurrent_mask=torch.ones(3, 4, requires_grad=True)),
        "no gradient for recurrent_mask",
    ),
    "cell": (
        replace(random_call("gru"), spec=replace(CELLS["gru"], name="mine")),
        "no compiled kernel for the cell 'mine'",
    ),
    "device": (replace(random_call("gru"), x=torch.empty(5, 3, 3, device="meta")), "found meta"),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_refusals_say_why(case: str) -> None:
    call, message = REFUSED[case]
    reason = BACKENDS["cpu"].refuses(call)
    assert reason is not None and message in reason


def test_auto_leaves_to_torch_what_torch_does_faster() -> None:
    def chosen(cell: str, *options: str, **size: int) -> str:
        return explain(random_call(cell, options, dtype=torch.float32, **size)).chosen

    assert chosen("gru", T=50) == chosen("rnn_tanh", T=50) == "cpu"
    assert chosen("gru", T=1) == chosen("lstm", T=50) == "aten"
    assert chosen("lstm", T=50, B=16, H=256, grad=True) == "cpu"
    assert chosen("lstm", T=50, B=3, H=512) == chosen("lstm", T=50, B=16, H=1024) == "aten"
    # what torch cannot do is never left to the reference loop
    for options in (("reset",), ("layer_norm",), ("zoneout_rate",), ("recurrent_mask",)):
        assert chosen("lstm", *options, T=1) == "cpu"
    assert "cpu: torch is faster on fewer than 4 steps" in str(explain(random_call("gru", T=1)))


def test_without_the_module_elman_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu, "KERNELS", None)
    monkeypatch.setattr(cpu, "MISSING", "the compiled kernels cannot be imported")
    call = random_call("gru")
    with pytest.raises(BackendUnavailable, match="cannot be imported"):
        recurrence(call, backend="cpu")
    assert explain(call).chosen == "aten"


@pytest.mark.parametrize("isa", [] if KERNELS is None else KERNELS.supported())
def test_every_instruction_set(isa: str) -> None:
    code = (
        "import torch\n"
        "from elman._native import KERNELS\n"
        "from tests.ops.backends.test_cpu import EVERYTHING, parts, random_call\n"
        f"assert KERNELS.isa() == {isa!r}\n"
        "for cell in ('rnn_tanh', 'rnn_relu', 'lstm', 'gru'):\n"
        "    for options in ((), EVERYTHING):\n"
        "        call = random_call(cell, options, T=4, B=9, H=35, grad=True)\n"
        "        truth = parts(call, 'reference')\n"
        "        for key, value in parts(call, 'cpu').items():\n"
        "            torch.testing.assert_close(value, truth[key], rtol=1e-9, atol=1e-9, msg=key)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"ELMAN_CPU": isa}, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
