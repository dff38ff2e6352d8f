"""The classifier of DNA: what it says is the same for both strands, to the last digits."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from elman._errors import ConfigError, DataError
from elman.models.attribution import integrated_gradients
from elman.models.classifier_config import ClassifierConfig
from elman.models.dna_classifier import DnaClassifier
from elman.models.dna_frontend import code_lengths, turned_codes
from elman.models.save import load_model, model_bytes
from elman.nn.pooling import POOLINGS

POOLED = list(POOLINGS)
CODES = torch.tensor([[1, 4, 15, 8, 2, 2, 5, 1, 8], [8, 8, 1, 4, 0, 0, 0, 0, 0], [2] + [0] * 8])
LENGTHS = code_lengths(CODES)
TURNED = turned_codes(CODES, LENGTHS)


def made(pooling: Any = "max", layers: int = 1, bidirectional: bool = True, **options: Any) -> Any:
    torch.manual_seed(1)
    config = ClassifierConfig(
        hidden_size=5, num_layers=layers, pooling=pooling, dropout=0, bidirectional=bidirectional
    )
    model = DnaClassifier(3, config, **options)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.4)
    return model.eval()


def said(model: DnaClassifier, codes: Tensor) -> Tensor:
    return model(codes, code_lengths(codes)).detach()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("letters", [{}, {"kmer": 3, "kmer_size": 6}])
@pytest.mark.parametrize("filters", [{}, {"filters": 6, "filter_width": 4, "stride": 3}])
@pytest.mark.parametrize("pooling", POOLED)
@pytest.mark.parametrize("strands", ["augment", "average", "tied"])
def test_both_strands_are_told_alike(
    strands: str, pooling: str, filters: Any, letters: Any, dtype: torch.dtype
) -> None:
    model = made(pooling, 2, strands=strands, **filters, **letters).to(dtype)
    given, other = said(model, CODES), said(model, TURNED)
    limit = 1e-6 if dtype == torch.float32 else 1e-12
    assert float((given - other).abs().max()) <= limit
    assert float(given.std(0).min()) > 1e-3  # and sequences are not


def test_one_strand_is_not_the_other() -> None:
    model = made(strands="one")
    assert float((said(model, CODES) - said(model, TURNED)).abs().max()) > 1e-2


def test_augment_averages_in_prediction_alone() -> None:
    model = made(strands="augment")
    one = said(made(strands="one"), CODES)
    torch.testing.assert_close(said(model.train(), CODES), one)
    both = (one + said(made(strands="one"), TURNED)) / 2
    torch.testing.assert_close(said(model.eval(), CODES), both)
    torch.testing.assert_close(said(made(strands="average").train(), CODES), both)


@pytest.mark.parametrize("strands", ["one", "average", "tied"])
@pytest.mark.parametrize("filters", [{}, {"filters": 6, "filter_width": 4, "stride": 3}])
def test_rows_and_padding_do_not_touch_each_other(strands: str, filters: Any) -> None:
    model = made(strands=strands, **filters).double()
    whole = said(model, CODES)
    for b, size in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(said(model, CODES[b : b + 1, :size])[0], whole[b])


@pytest.mark.parametrize(
    ("strands", "letters", "filters"),
    list(
        itertools.product(
            ["one", "average", "tied"],
            [{}, {"kmer": 2, "kmer_size": 6}],
            [{}, {"filters": 6, "filter_width": 4, "stride": 3}],
        )
    ),
)
def test_reasons_are_given_letter_by_letter(strands: str, letters: Any, filters: Any) -> None:
    model = made("attention", strands=strands, **letters, **filters).double()
    codes = CODES[:1]
    features, lengths = model.features(codes, LENGTHS[:1])
    found = integrated_gradients(model, features, 1)
    assert found.contributions.shape == (9,)
    total = float(found.contributions.sum())
    assert total == pytest.approx(found.score - found.base, abs=0.011 * abs(total) + 1e-9)
    assert float(found.contributions.abs().max()) > 1e-3
    if strands != "one" and not letters:  # a letter counts the same whichever strand it is on
        turned, _ = model.features(TURNED[:1], lengths)
        other = integrated_gradients(model, turned, 1).contributions.flip(0)
        torch.testing.assert_close(found.contributions, other, rtol=0, atol=1e-9)


def test_one_strand_of_one_direction_is_told_as_it_arrives() -> None:
    model = made("mean", bidirectional=False, kmer=2, kmer_size=6).double()
    state, codes, parts = model.stream(1), CODES[:1], []
    for piece in codes.split(2, 1):
        logits, state = model.step(piece, state)
        parts.append(logits)
    expected = torch.stack([said(model, codes[:, : t + 1]) for t in range(9)])
    torch.testing.assert_close(torch.cat(parts).detach(), expected)
    for options in ({"filters": 4}, {"strands": "average"}):
        with pytest.raises(ConfigError, match="whole sequence"):
            made("mean", bidirectional=False, **options).stream(1)


@pytest.mark.parametrize("strands", ["average", "tied"])
def test_saved_and_loaded_it_says_the_same(strands: str) -> None:
    options = {"strands": strands, "filters": 4, "kmer": 2}
    model = made("attention", **options)
    torch.manual_seed(9)
    config = ClassifierConfig(hidden_size=5, pooling="attention", dropout=0)
    other = DnaClassifier(3, config, **options).eval()  # type: ignore[arg-type]
    load_model(other, model_bytes(model))
    assert torch.equal(said(other, CODES), said(model, CODES))


def test_no_step_is_refused() -> None:
    with pytest.raises(DataError, match="at least one step"):
        made()(torch.zeros(2, 0, dtype=torch.int64))
