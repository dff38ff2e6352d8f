"""Write docs/performance.md from the figures in benchmarks/results.

python scripts/performance_docs.py            write it
python scripts/performance_docs.py --check    fail if it is not current
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"

HEAD = """\
# Performance

Measured in one process, on the same weights, taking turns; medians. Rows that are lost are here
too. Written by `python scripts/performance_docs.py` from `benchmarks/results/`; `make bench`
measures anew. Ratios are torch's time over elman's: above 1 elman is faster.
"""

LAYERS = """
## A layer over time

`python benchmarks/kernels.py`: `elman.nn` on its own kernels (backend `cpu`, asked for by name)
against `torch.nn` eager, float32, {threads} threads, {cpu}, torch {torch}. Train is forward and
backward; "of sgemm" is against torch's own matrix product in the same run; errors are the largest
against float64.

| cell | B, T, I, H | | times torch | elman | of sgemm | error (torch) |
|---|---|---|---|---|---|---|
"""

AFTER_LAYERS = """
Where the LSTM is below 1, `backend="auto"` takes torch's kernel instead; the rule is
`slower_than_torch` in `elman/ops/backends/cpu.py`, fitted to rows like these. The LSTM is the cell
that oneDNN serves; GRU and Elman cells run step by step in torch. The ratio to sgemm exceeds 100 %
because the own products are faster than torch's on this processor.
"""

STEP = """
## One step from Python

`python benchmarks/step.py`: one row, input and hidden size alike, one thread, NumPy in and out for
`elman.runtime.Stepper`; {versions}. The float32 stepper takes so many microseconds, and each other
is so many times slower (bfloat16 weights: so many times faster than float32).

| cell, size | float32 stepper, us | torch cell | ONNX Runtime, 1 and 2 threads | bfloat16 weights |
|---|---|---|---|---|
"""

LOOP = """
## The training loop

`python benchmarks/loop_overhead.py`: `elman.train.fit` against a loop written by hand, the same
model, data, optimiser (fused AdamW) and clipping, {threads} threads.

| model, B16 T64 | by hand, ms per step | fit, ms per step | overhead |
|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + layers() + step() + loop()


def results(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def layers() -> str:
    content = results("kernels")
    machine, rows = content["machine"], content["rows"]
    text = LAYERS.format(threads=rows[0]["threads"], cpu=machine["cpu"], torch=machine["torch"])
    for row in rows:
        shape = ", ".join(map(str, row["shape"]))
        text += (
            f"| {row['cell']} | {shape} | {row['mode']} | {row['ratio']:.2f} | {row['ms']:.2f} ms, "
            f"{row['gflops']:.0f} GFLOP/s | {row['percent_of_sgemm']:.0f} % | "
            f"{row['error']:.1e} ({row['torch_error']:.1e}) |\n"
        )
    return text + AFTER_LAYERS


def step() -> str:
    content = results("step")
    versions = ", ".join(f"{name} {value}" for name, value in content["versions"].items())
    text = STEP.format(versions=versions)
    by_place: dict[tuple[str, int], dict[str, Any]] = {}
    for row in content["rows"]:
        by_place.setdefault((row["cell"], row["size"]), {})[row["contender"]] = row
    for (cell, size), found in by_place.items():
        us = {name: row["median_us"] for name, row in found.items()}
        own = us["elman fp32"]
        onnx = ", ".join(f"{us[f'onnxruntime {n}t'] / own:.1f}" for n in (1, 2))
        text += (
            f"| {cell} {size} | {own:.2f} | {us['torch cell'] / own:.1f} | {onnx} | "
            f"{own / us['elman bf16']:.2f} |\n"
        )
    return text


def loop() -> str:
    content = results("loop_overhead")
    text = LOOP.format(threads=content["machine"]["threads"])
    for row in content["rows"]:
        text += (
            f"| LSTM 1 x {row['hidden_size']} | {row['bare_ms_per_step']:.2f} | "
            f"{row['fit_ms_per_step']:.2f} | {row['overhead_percent']:+.1f} % |\n"
        )
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return int(PAGE.read_text(encoding="utf-8") != page())
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
