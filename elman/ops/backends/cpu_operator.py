"""``elman::recurrence`` and ``elman::recurrence_backward``: the compiled kernels in torch.

As operators with a fake (shapes only) and a gradient they are one node each to torch.compile,
export and autograd. What they compute is in `cpu_run.py`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elman._errors import BackendUnavailable
from elman.ops.backends.cpu_run import (
    Given,
    Gradients,
    Inputs,
    Outputs,
    gradients,
    outputs,
    run,
    run_back,
)

__all__ = ["recurrence"]


def recurrence(i: Inputs) -> Outputs:
    """Run ``elman::recurrence``."""
    if i.keep and torch.is_grad_enabled() and not torch.compiler.is_compiling():
        return Outputs(*Eager.apply(*i))  # type: ignore[no-untyped-call]
    return Outputs(*torch.ops.elman.recurrence(*i))


def unpack_backward(args: tuple[Any, ...]) -> tuple[Inputs, Outputs, Given, list[bool]]:
    """Name the arguments of ``elman::recurrence_backward``."""
    n, m = len(Inputs._fields), len(Outputs._fields)
    return Inputs(*args[:n]), Outputs(*args[n : n + m]), Given(*args[n + m : -1]), args[-1]


def recurrence_cpu(*args: Any) -> Outputs:
    """Run ``elman::recurrence`` on the CPU."""
    return run(Inputs(*args))


def recurrence_backward_cpu(*args: Any) -> Gradients:
    """Run ``elman::recurrence_backward`` on the CPU."""
    return run_back(*unpack_backward(args))


def recurrence_fake(*args: Any) -> Outputs:
    """Shapes of ``elman::recurrence`` without running it."""
    return outputs(Inputs(*args))


def recurrence_backward_fake(*args: Any) -> Gradients:
    """Shapes of ``elman::recurrence_backward`` without running it."""
    i, _, given, wanted = unpack_backward(args)
    return gradients(i, given, wanted)


def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    """Keep what the gradient needs: the inputs, the gates, the states."""
    i = Inputs(*inputs)
    if not i.keep:
        return
    ctx.rest = inputs[-4:]
    ctx.set_materialize_grads(False)
    ctx.save_for_backward(*inputs[:-4], *output)


class Eager(torch.autograd.Function):
    """The same gradient at less cost.

    Before it calls `setup_context`, the function that ``register_autograd`` makes looks up each
    argument's default in the schema, which takes about 80 us for as many arguments as these.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(*args: Any) -> tuple[Tensor, ...]:
        """Run ``elman::recurrence``."""
        found: tuple[Tensor, ...] = torch.ops.elman.recurrence(*args)
        return found

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keep what the gradient needs."""
        setup_context(ctx, inputs, output)

    @staticmethod
    def backward(ctx: Any, *d: Tensor | None) -> tuple[Tensor | None, ...]:
        """Gradient of ``elman::recurrence``."""
        return recurrence_gradient(ctx, *d)


def recurrence_gradient(ctx: Any, *d: Tensor | None) -> tuple[Tensor | None, ...]:
    """Gradient of ``elman::recurrence``."""
    wanted = list(ctx.needs_input_grad[: len(Gradients._fields)])
    n = len(Inputs._fields) - 4
    tensors = ctx.saved_tensors
    found = torch.ops.elman.recurrence_backward(
        *tensors[:n], *ctx.rest, *tensors[n:], *d[: len(Given._fields)], wanted
    )
    given = [g if want else None for g, want in zip(found, wanted, strict=True)]
    return (*given, *[None] * (len(Inputs._fields) - len(given)))


def no_second_gradient(ctx: Any, *d: Any) -> Any:
    """Refuse to differentiate the gradient."""
    raise BackendUnavailable(
        "backend 'cpu' has no second derivative; use backend='reference', "
        "which is differentiable twice"
    )


NEEDED = ("x", "h0", "weight_ih", "weight_hh")
SCALARS = {"cell": "str", "steps": "int", "keep": "bool", "bf16": "bool"}


def schema(names: tuple[str, ...], results: tuple[str, ...], last: str = "") -> str:
    """Write a schema: tensors are optional but for `NEEDED`, results are all tensors."""
    kinds = (f"{SCALARS.get(n, 'Tensor' if n in NEEDED else 'Tensor?')} {n}" for n in names)
    return f"({', '.join(kinds)}{last}) -> ({', '.join(['Tensor'] * len(results))})"


def register() -> Any:
    """Register both operators; the library lives as long as what is returned."""
    kept = tuple(f"kept_{name}" for name in Outputs._fields)
    given = tuple(f"d_{name}" for name in Given._fields)
    library: Any = torch.library.Library("elman", "FRAGMENT")  # type: ignore[no-untyped-call]
    forward = "recurrence" + schema(Inputs._fields, Outputs._fields)
    backward = "recurrence_backward" + schema(
        (*Inputs._fields, *kept, *given), Gradients._fields, ", bool[] wanted"
    )
    for text, on_cpu, fake in (
        (forward, recurrence_cpu, recurrence_fake),
        (backward, recurrence_backward_cpu, recurrence_backward_fake),
    ):
        name = text.partition("(")[0]
        library.define(text, tags=(torch.Tag.pt2_compliant_tag,))
        library.impl(name, on_cpu, "CPU")
        torch.library.register_fake(f"elman::{name}", fake, lib=library)
    torch.library.register_autograd(
        "elman::recurrence", recurrence_gradient, setup_context=setup_context, lib=library
    )
    torch.library.register_autograd("elman::recurrence_backward", no_second_gradient, lib=library)
    return library


LIBRARY = register()
