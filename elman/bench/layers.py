"""A layer over time: `elman.nn` on its own kernels beside torch.nn, JAX and ONNX Runtime."""

from __future__ import annotations

import torch

from elman.bench.jax_scan import jax_layer
from elman.bench.onnx_layer import onnx_layer
from elman.bench.plan import Case, Plan
from elman.bench.problem import LayerProblem, Mode, Shape, error, layer_problem
from elman.bench.record import Comparison, Row
from elman.bench.rivals import Rivals
from elman.bench.targets import layer_target, sgemm_target
from elman.bench.turns import Run, take_turns

__all__ = ["cases", "measure"]

SHAPES: tuple[Shape, ...] = (
    (16, 128, 128, 128),
    (32, 128, 128, 256),
    (64, 128, 256, 512),
    (64, 64, 1024, 1024),
    (1, 128, 128, 128),
    (4, 128, 256, 256),
)
QUICK_SHAPES = SHAPES[:1]
MODES: tuple[Mode, ...] = ("train", "infer")
GEMM = 1024
"""Rows and columns of the square product whose rate is taken as the machine's."""


def cases(plan: Plan, rivals: Rivals) -> list[Case]:
    """Return every shape, cell, mode and number of threads; one truth serves neighbours."""

    def case(cell: str, shape: Shape, mode: Mode, threads: int) -> Case:
        def run() -> list[Row]:
            return [measure(plan, rivals, cell, shape, mode, threads)]

        return Case(f"{cell} {mode} {describe(shape)}", threads, run)

    return [
        case(cell, shape, mode, threads)
        for shape in (QUICK_SHAPES if plan.quick else SHAPES)
        for cell in plan.cells
        for mode in MODES
        for threads in plan.threads
    ]


def describe(shape: Shape) -> str:
    """Return ``B, T, I, H`` as people read it."""
    return ", ".join(map(str, shape))


def measure(plan: Plan, rivals: Rivals, cell: str, shape: Shape, mode: Mode, threads: int) -> Row:
    """Let all contenders and a matrix product take turns on one problem."""
    problem = layer_problem(cell, shape)
    runs = contenders(problem, rivals, mode, threads)
    errors = [error(run(), problem.truth[mode]) for run in runs.values()]
    a, b = torch.randn(GEMM, GEMM), torch.randn(GEMM, GEMM)
    *timings, product = take_turns([*runs.values(), lambda: a @ b], plan)
    own, operations = timings[0].median, problem.operations(mode)
    sgemm = 2.0 * GEMM**3 / product.median
    full = threads == plan.threads[-1]
    return Row(
        part="layers",
        cell=cell,
        case=f"{mode} {describe(shape)}",
        threads=threads,
        unit="ms",
        contenders=tuple(
            timing.contender(name, error=wrong, rate=operations / timing.median / 1e9)
            for name, timing, wrong in zip(runs, timings, errors, strict=True)
        ),
        comparisons=(
            *(
                Comparison(
                    name,
                    timing.median / own,
                    layer_target(cell, mode, shape, name) if full else None,
                )
                for name, timing in list(zip(runs, timings, strict=True))[1:]
            ),
            Comparison(
                "of sgemm", operations / own / sgemm, sgemm_target(mode, shape) if full else None
            ),
        ),
        rate_unit="GFLOP/s",
        facts={
            "mode": mode,
            "shape": list(shape),
            "sgemm": sgemm / 1e9,
            "auto": chosen(problem, mode),
        },
    )


def contenders(problem: LayerProblem, rivals: Rivals, mode: Mode, threads: int) -> dict[str, Run]:
    """Return all that can do it, elman first."""
    runs = {"elman": problem.own(mode), "torch.nn": problem.torch(mode)}
    if rivals.jax:
        runs["jax.lax.scan"] = jax_layer(problem, mode)
    if rivals.onnx and mode == "infer":
        weights = {name: value.numpy() for name, value in problem.weights.items()}
        runs["ONNX Runtime"] = onnx_layer(problem.cell, weights, problem.x.numpy(), threads)
    return runs


def chosen(problem: LayerProblem, mode: Mode) -> str:
    """Return the backend that a layer takes which is not told."""
    layer = problem.layer
    named, layer.backend = layer.backend, "auto"
    try:
        with torch.set_grad_enabled(mode == "train"):
            return layer.explain(problem.x).chosen
    finally:
        layer.backend = named
