"""Rows that were never measured: one of each kind, a target reached and one missed."""

from __future__ import annotations

from typing import Any

from elman.bench.record import Comparison, Contender, Record, Row


def contender(name: str, median: float, **more: Any) -> Contender:
    return Contender(name, median, 0.9 * median, 1.1 * median, **more)


def make_record() -> Record:
    own, theirs = contender("elman", 2.0, error=1e-7, rate=50.0), contender("torch.nn", 8.0)
    layer = Row(
        part="layers",
        cell="gru",
        case="train 16, 128, 128, 128",
        threads=2,
        unit="ms",
        contenders=(own, contender("torch.nn", 8.0, error=2e-7, rate=12.5)),
        comparisons=(Comparison("torch.nn", 4.0, 4.0), Comparison("of sgemm", 0.5, 0.85)),
        rate_unit="GFLOP/s",
        facts={"mode": "train", "shape": [16, 128, 128, 128], "auto": "cpu"},
    )
    step = Row(
        part="step",
        cell="lstm",
        case="I = H = 64",
        threads=1,
        unit="us",
        contenders=(own, contender("torch cell", 16.0)),
        comparisons=(Comparison("torch cell", 8.0, 9.0), Comparison("bf16 over fp32", 0.9)),
        facts={"size": 64},
    )
    option = Row(
        part="options",
        cell="rnn",
        case="infer, layer_norm",
        threads=2,
        unit="ms",
        contenders=(contender("layer_norm", 3.0, error=1e-6), contender("plain layer", 2.0)),
        comparisons=(Comparison("plain layer", 1.5, 1.5, "at most"),),
        facts={"mode": "infer", "option": "layer_norm", "reference error": 2e-6},
    )
    memory = Row(
        part="memory",
        cell="gru",
        case="T = 128",
        threads=2,
        unit="MB",
        contenders=(own, theirs),
        comparisons=(Comparison("peak of torch.nn", 1.2, 1.0, "at most"),),
    )
    recipe = Row(
        part="recipe",
        cell="lstm",
        case="2 x 384",
        threads=2,
        unit="ms",
        contenders=(own, theirs),
        comparisons=(Comparison("torch.nn", 1.4, 1.3),),
    )
    about = {"processor": "abacus", "cores": "2", "torch": "2.13"}
    missing = ("jax.lax.scan is not measured",)
    rows = [layer, step, option, memory, recipe]
    return Record(about=about, missing=missing, rows=rows, complete=True, seconds=1.0)
