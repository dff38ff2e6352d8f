from __future__ import annotations

from dataclasses import replace

import pytest

from elman.bench import layers
from elman.bench.plan import Plan
from elman.bench.rivals import Rivals

TORCH_ONLY = Rivals(jax=False, onnx=False)


def test_cases_are_the_whole_matrix(plan: Plan) -> None:
    full = replace(plan, quick=False, cells=("rnn", "gru", "lstm"), threads=(1, 2))
    cases = layers.cases(full, TORCH_ONLY)
    assert len(cases) == 6 * 3 * 2 * 2
    assert {case.threads for case in cases} == {1, 2}
    assert len(layers.cases(plan, TORCH_ONLY)) == 2


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("mode", ["train", "infer"])
def test_a_row_has_all_that_is_promised(plan: Plan, cell: str, mode: layers.Mode) -> None:
    row = layers.measure(plan, TORCH_ONLY, cell, (2, 4, 3, 5), mode, 1)
    own, theirs = row.contenders
    assert (own.name, theirs.name) == ("elman", "torch.nn")
    for contender in row.contenders:
        assert 0 < contender.p10 <= contender.median <= contender.p90
        assert contender.error is not None and contender.error < 1e-5
        assert contender.rate
    ratio, part = row.comparisons
    assert ratio.value == pytest.approx(theirs.median / own.median)
    assert part.name == "of sgemm"
    assert part.value == pytest.approx(own.rate / row.facts["sgemm"])
    assert row.facts["auto"] in ("cpu", "aten")


def test_onnx_runtime_joins_in_inference(plan: Plan) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    rivals = Rivals(jax=False)
    rows = [layers.measure(plan, rivals, "gru", (2, 4, 3, 5), m, 1) for m in layers.MODES]
    names = [[contender.name for contender in row.contenders] for row in rows]
    assert names == [["elman", "torch.nn"], ["elman", "torch.nn", "ONNX Runtime"]]


def test_targets_are_for_the_most_threads(plan: Plan) -> None:
    both = replace(plan, threads=(1, 2))
    shape = (16, 2, 2, 256)
    targets = [
        [c.target for c in layers.measure(both, TORCH_ONLY, "lstm", shape, "infer", n).comparisons]
        for n in (1, 2)
    ]
    assert targets == [[None, None], [1.0, 0.85]]
