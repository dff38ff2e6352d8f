"""The tagger of DNA: the same scores for a base on both strands, and exact streams of one."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from elman._errors import ConfigError
from elman.models.dna_frontend import code_lengths, turned_codes
from elman.models.dna_tagger import DnaTagger
from elman.models.save import load_model, model_bytes
from elman.models.step_tagger_config import StepTaggerConfig
from elman.ops.lengths import reverse_time

CODES = torch.tensor([[1, 4, 15, 8, 2, 2, 5, 1, 8], [8, 8, 1, 4, 0, 0, 0, 0, 0], [2] + [0] * 8])
LENGTHS = code_lengths(CODES)
LETTERS: Any = [{}, {"kmer": 3, "kmer_size": 6}, {"filters": 6, "filter_width": 4}]


def made(bidirectional: bool = True, output: Any = "softmax", **options: Any) -> DnaTagger:
    torch.manual_seed(1)
    config = StepTaggerConfig(
        hidden_size=5, num_layers=2, dropout=0, bidirectional=bidirectional, output=output
    )
    model = DnaTagger(3, config, **options)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.4)
    return model.eval()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("letters", LETTERS)
@pytest.mark.parametrize("strands", ["average", "tied"])
def test_a_base_is_told_alike_on_both_strands(
    strands: Any, letters: Any, dtype: torch.dtype
) -> None:
    model = made(strands=strands, **letters).to(dtype)
    given = model.emissions(CODES, LENGTHS).detach()
    other = model.emissions(turned_codes(CODES, LENGTHS), LENGTHS).detach()
    apart = (reverse_time(other, LENGTHS) - given)[:, 0].abs().max()
    assert float(apart) <= (1e-6 if dtype == torch.float32 else 1e-12)
    assert float(given[:, 0].std(0).min()) > 1e-3
    for b, size in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(model(CODES[b : b + 1, :size]).detach()[0], given[:size, b])


def test_one_strand_is_not_the_other() -> None:
    model = made()
    given = model(CODES[:1]).detach()
    other = model(turned_codes(CODES[:1], LENGTHS[:1])).detach().flip(1)
    assert float((given - other).abs().max()) > 1e-2


@pytest.mark.parametrize("letters", LETTERS)
def test_one_direction_reads_piece_by_piece_what_it_reads_whole(letters: Any) -> None:
    model, codes = made(bidirectional=False, **letters).double(), CODES[:1]
    whole = model(codes)
    for cut in (1, 2, 5):
        state, parts = model.stream(), []
        for piece in codes.split(cut, 1):
            scores, state = model.step(piece, state)
            parts.append(scores)
        torch.testing.assert_close(torch.cat(parts, 1), whole)
    with pytest.raises(ConfigError, match="whole sequence"):
        made(bidirectional=False, strands="tied").stream()


@pytest.mark.parametrize("strands", ["average", "tied"])
def test_it_can_be_saved(strands: Any) -> None:
    model = made(strands=strands, kmer=2)
    other = made(strands=strands, kmer=2)
    torch.nn.init.zeros_(other.head.weight)
    load_model(other, model_bytes(model))
    assert torch.equal(other(CODES, LENGTHS), model(CODES, LENGTHS))


def test_a_crf_has_a_direction() -> None:
    assert made(output="crf").decode(CODES, LENGTHS).tags.shape == (3, 9)
    with pytest.raises(ConfigError, match="reads labels in one direction"):
        made(output="crf", strands="tied")
