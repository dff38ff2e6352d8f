from __future__ import annotations

from elman.bench import layers, options, recipe, step
from elman.bench.targets import (
    BF16,
    ONNX_STEP,
    OPTIONS,
    RECIPE,
    TORCH_STEP,
    layer_target,
    sgemm_target,
)

FIRST = layers.SHAPES[0]


def test_every_target_has_a_shape_that_is_measured() -> None:
    for shape in layers.SHAPES[:3]:
        assert layer_target("gru", "train", shape, "torch.nn")
        assert layer_target("gru", "train", shape, "jax.lax.scan")
        assert layer_target("rnn", "train", shape, "torch.nn")
    assert set(TORCH_STEP) == set(ONNX_STEP) == set(step.SIZES)
    assert set(BF16) <= set(step.SIZES)
    assert set(options.BUILT) <= set(OPTIONS)
    assert set(RECIPE) <= set(recipe.cases.__globals__["RECIPE"])


def test_an_lstm_is_nowhere_slower_than_torch() -> None:
    for shape in layers.SHAPES:
        least = layer_target("lstm", "train", shape, "torch.nn")
        assert least is not None and least >= 1


def test_inference_is_held_to_sgemm_where_it_is_large() -> None:
    assert sgemm_target("infer", (16, 128, 128, 256)) == 0.85
    assert sgemm_target("infer", (16, 128, 128, 128)) is None
    assert sgemm_target("infer", (4, 128, 256, 256)) is None
    assert sgemm_target("train", (64, 128, 256, 512)) is None


def test_small_batches_have_no_target_in_inference() -> None:
    assert layer_target("gru", "infer", FIRST, "ONNX Runtime") == 1.0
    assert layer_target("gru", "infer", (1, 128, 128, 128), "torch.nn") is None
    assert layer_target("gru", "infer", FIRST, "jax.lax.scan") is None
