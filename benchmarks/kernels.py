"""One layer on elman's own CPU kernels beside torch.nn's: time, and error against float64.

    python benchmarks/kernels.py                      the whole matrix, all threads
    python benchmarks/kernels.py --threads 1 --only gru --rounds 5
    python benchmarks/kernels.py --options            what each option costs over the plain layer
    python benchmarks/kernels.py --json out.json

Both run in this process on the same weights, taking turns, so that what disturbs one disturbs the
other; medians are printed with the tenth and ninetieth percentile. The rate of a matrix product
(sgemm), measured in between, says how near the machine's limit a row is. A row that is lost is
printed like any other.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from elman._native import KERNELS
from elman.ops import CELLS, Call, Result, Weights, recurrence

SHAPES = [
    (16, 128, 128, 128),
    (32, 128, 128, 256),
    (64, 128, 256, 512),
    (64, 64, 1024, 1024),
    (1, 128, 128, 128),
    (4, 128, 256, 256),
]
NAMES = {"rnn": "rnn_tanh", "gru": "gru", "lstm": "lstm"}


@dataclass
class Times:
    """Seconds of each round of one competitor."""

    seconds: list[float]

    def at(self, fraction: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def random_call(cell: str, shape: tuple[int, int, int, int], dtype: torch.dtype) -> Call:
    """A layer as torch.nn initialises it, and a random input."""
    B, T, I, H = shape
    spec, rng = CELLS[cell], torch.Generator().manual_seed(0)
    G = len(spec.gates)

    def uniform(*size: int) -> Tensor:
        value = (torch.rand(*size, generator=rng, dtype=torch.float64) * 2 - 1) * H**-0.5
        return value.to(dtype).requires_grad_()

    x = torch.randn(T, B, I, generator=rng, dtype=torch.float64).to(dtype).requires_grad_()
    weights = Weights(uniform(G * H, I), uniform(G * H, H), uniform(G * H), uniform(G * H))
    return Call(spec, x, tuple(torch.zeros(B, H, dtype=dtype) for _ in spec.state), weights)


def inputs(call: Call) -> list[Tensor]:
    return [t for t in (call.x, *call.weights) if t is not None and t.requires_grad]


def infer(call: Call, backend: str) -> Result:
    with torch.no_grad():
        return recurrence(call, backend=backend)


def train(call: Call, backend: str) -> list[Tensor]:
    output = recurrence(call, backend=backend).output
    return list(torch.autograd.grad(output, inputs(call), torch.ones_like(output)))


def error(run: Callable[[Call, str], Any], call: Call, backend: str) -> float:
    """Largest error against float64, relative to the largest value of each tensor."""
    wide = [t.detach().double().requires_grad_() for t in inputs(call)]
    truth_call = replace(
        call,
        x=wide[0],
        state=tuple(s.double() for s in call.state),
        weights=Weights(*wide[1:]),
    )
    got, truth = run(call, backend), run(truth_call, "cpu")
    pairs = (
        zip([got.output], [truth.output], strict=True)
        if run is infer
        else zip(got, truth, strict=True)
    )
    return max(float((a.double() - b).abs().max() / b.abs().max()) for a, b in pairs)


def take_turns(runs: list[Callable[[], Any]], rounds: int) -> list[Times]:
    """Time each in turn, after one round that does not count."""
    times = [Times([]) for _ in runs]
    for k in range(rounds + 1):
        for run, kept in zip(runs, times, strict=True):
            start = time.perf_counter()
            run()
            if k:
                kept.seconds.append(time.perf_counter() - start)
    return times


def sgemm_run() -> tuple[Callable[[], Any], float]:
    """A square matrix product and its floating point operations."""
    n = 1024
    a, b = torch.randn(n, n), torch.randn(n, n)
    return lambda: a @ b, 2.0 * n**3


def compare(cell: str, shape: tuple[int, int, int, int], mode: str, rounds: int) -> dict[str, Any]:
    """One row of the table."""
    B, T, I, H = shape
    call = random_call(cell, shape, torch.float32)
    run = infer if mode == "infer" else train
    gemm, gemm_operations = sgemm_run()
    operations = 2.0 * T * B * (I + H) * len(call.spec.gates) * H * (3 if mode == "train" else 1)
    ours, theirs, product = take_turns(
        [lambda: run(call, "cpu"), lambda: run(call, "aten"), gemm], rounds
    )
    return {
        "cell": cell,
        "shape": shape,
        "mode": mode,
        "threads": torch.get_num_threads(),
        "ms": ours.median * 1e3,
        "ms_p10_p90": [ours.at(0.1) * 1e3, ours.at(0.9) * 1e3],
        "torch_ms": theirs.median * 1e3,
        "torch_ms_p10_p90": [theirs.at(0.1) * 1e3, theirs.at(0.9) * 1e3],
        "ratio": theirs.median / ours.median,
        "gflops": operations / ours.median / 1e9,
        "torch_gflops": operations / theirs.median / 1e9,
        "percent_of_sgemm": 100 * operations / ours.median / (gemm_operations / product.median),
        "error": error(run, call, "cpu"),
        "torch_error": error(run, call, "aten"),
    }


def with_option(call: Call, option: str) -> Call:
    """The call with one option that torch's kernels do not have."""
    T, B, _ = call.x.shape
    rng, w = torch.Generator().manual_seed(1), call.weights
    H = w.weight_hh.shape[1]
    if option == "layer_norm":
        gains = {n: torch.ones(w.weight_hh.shape[0]) for n in ("norm_ih", "norm_hh")}
        if call.spec.normed_state:
            gains |= {"norm_c": torch.ones(H), "norm_c_bias": torch.zeros(H)}
        return replace(call, weights=w._replace(**gains))
    if option == "zoneout":
        keep = torch.tensor(0.1).expand(T, B, H)
        return replace(call, zoneout=tuple(keep for _ in call.state))
    if option == "recurrent_dropout":
        return replace(call, recurrent_mask=(torch.rand(B, H, generator=rng) < 0.7) / 0.7)
    if option == "reset":
        return replace(call, reset=torch.rand(T, B, generator=rng) < 0.02)
    if option == "lengths":  # half as long on average
        return replace(call, lengths=torch.linspace(1, T, B).long())
    return call


OPTIONS = ("layer_norm", "zoneout", "recurrent_dropout", "reset", "lengths")


def compare_options(
    cell: str, shape: tuple[int, int, int, int], mode: str, rounds: int
) -> list[dict[str, Any]]:
    """Time of each option over that of the plain layer."""
    run = infer if mode == "infer" else train
    plain = random_call(cell, shape, torch.float32)
    calls = [plain, *(with_option(plain, option) for option in OPTIONS)]
    times = take_turns([lambda call=call: run(call, "cpu") for call in calls], rounds)
    return [
        {
            "cell": cell,
            "shape": shape,
            "mode": mode,
            "option": option,
            "over_plain": t.median / times[0].median,
        }
        for option, t in zip(OPTIONS, times[1:], strict=True)
    ]


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        )
        if Path("/proc/cpuinfo").exists()
        else iter(()),
        platform.processor(),
    )
    assert KERNELS is not None, "build the compiled kernels first"
    return {
        "cpu": cpu,
        "isa": KERNELS.isa(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, nargs="*", default=[torch.get_num_threads()])
    parser.add_argument("--only", choices=NAMES, nargs="*", default=list(NAMES))
    parser.add_argument("--mode", choices=["train", "infer"], nargs="*", default=["train", "infer"])
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--shapes", type=int, default=len(SHAPES), help="how many, from the first")
    parser.add_argument("--options", action="store_true", help="the cost of each option instead")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    about = machine()
    print(", ".join(f"{k} {v}" for k, v in about.items()))
    rows: list[dict[str, Any]] = []
    for threads in given.threads:
        torch.set_num_threads(threads)
        print(f"\n{threads} thread(s)          (B, T, I, H)")
        for shape in SHAPES[: given.shapes]:
            for name in given.only:
                for mode in given.mode:
                    if given.options:
                        found = compare_options(NAMES[name], shape, mode, given.rounds)
                        told = "  ".join(f"{r['option']} {r['over_plain']:.2f}x" for r in found)
                        print(f"{name:5}{mode:6} {shape!s:22} {told}", flush=True)
                        rows += found
                        continue
                    row = compare(NAMES[name], shape, mode, given.rounds)
                    rows.append(row)
                    low, high = row["ms_p10_p90"]
                    print(
                        f"{name:5}{mode:6} {shape!s:22} {row['ratio']:5.2f}x torch  "
                        f"{row['ms']:8.2f} ms ({low:.2f}-{high:.2f})  {row['gflops']:4.0f} GFLOP/s "
                        f"(torch {row['torch_gflops']:.0f})  {row['percent_of_sgemm']:4.0f} % sgemm"
                        f"  error {row['error']:.1e} (torch {row['torch_error']:.1e})",
                        flush=True,
                    )
    if given.json:
        given.json.write_text(json.dumps({"machine": about, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
