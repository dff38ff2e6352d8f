"""Letters are shares of bases, words are mean vectors, and both strands fit each other."""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from elman.data.dna.alphabet import COMPLEMENT, SHARES, Codes, encoded, reverse_complement
from elman.models import dna_frontend
from elman.models.dna_frontend import (
    DnaFrontend,
    LetterConvolution,
    code_lengths,
    turned_codes,
)
from elman.nn.reverse_complement import reverse_complement as turned_features

TEXTS = ["ACGTNACGRTTGA", "TTG", "A"]


def batch(*texts: str) -> Tensor:
    rows = [torch.from_numpy(encoded(text)).long() for text in texts]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


def turned(text: str) -> Codes:
    return reverse_complement(encoded(text))


def test_its_tables_are_those_of_the_data() -> None:
    assert torch.equal(dna_frontend.SHARES, torch.from_numpy(SHARES))
    assert dna_frontend.COMPLEMENT.tolist() == COMPLEMENT.tolist()


def test_the_other_strand_is_that_of_the_data() -> None:
    codes = batch(*TEXTS)
    lengths = code_lengths(codes)
    assert lengths.tolist() == [len(text) for text in TEXTS]
    for row, text in zip(turned_codes(codes, lengths), TEXTS, strict=True):
        assert row[: len(text)].tolist() == turned(text).tolist()
        assert not row[len(text) :].any()


@pytest.mark.parametrize("k", [2, 3, 4])
def test_a_word_with_codes_is_the_mean_of_the_words_it_may_be(k: int) -> None:
    torch.manual_seed(0)
    model = DnaFrontend(k, 5).double()
    assert model.words is not None
    text = "ACRTNNGYA"
    found = model(batch(text))[:, 0]
    bits = [[b for b in range(4) if code >> b & 1] for code in encoded("N" * (k - 1) + text)]
    for t in range(len(text)):
        may_be = [
            sum(b * 4 ** (k - 1 - place) for place, b in enumerate(word))
            for word in itertools.product(*bits[t : t + k])
        ]
        expected = model.words.weight[may_be].mean(0)
        torch.testing.assert_close(found[t], expected.detach() + 0 * expected)


def test_gradients_reach_all_words_that_an_ambiguous_one_may_be() -> None:
    model = DnaFrontend(2, 3)
    model(batch("AAN"))[2].sum().backward()
    assert model.words is not None
    touched = model.words.weight.grad.abs().sum(1).nonzero().flatten().tolist()  # type: ignore[union-attr]
    assert touched == [0, 1, 2, 3]


def test_many_ambiguous_words_are_made_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model, codes = DnaFrontend(3, 4), torch.randint(1, 16, (4, 60))
    whole = model(codes)
    monkeypatch.setattr(dna_frontend, "AT_ONCE", 1)
    torch.testing.assert_close(model(codes), whole)


@pytest.mark.parametrize("filters", [0, 6])
@pytest.mark.parametrize("k", [1, 3])
def test_features_of_both_strands_are_equivariant(k: int, filters: int) -> None:
    torch.manual_seed(0)
    convolution = LetterConvolution(4 if k == 1 else 5, filters, 4) if filters else None
    model = DnaFrontend(k, 5, convolution=convolution, both_strands=True).double()
    codes = batch(*TEXTS)
    lengths = code_lengths(codes)
    given, other = model(codes), model(turned_codes(codes, lengths))
    assert given.shape == (13, 3, model.output_size)
    torch.testing.assert_close(other, turned_features(given, lengths), rtol=0, atol=1e-12)
    assert not model.streams


@pytest.mark.parametrize("filters", [0, 6])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_letters_that_arrive_are_read_as_the_whole(k: int, filters: int) -> None:
    torch.manual_seed(0)
    convolution = LetterConvolution(4 if k == 1 else 5, filters, 5) if filters else None
    model = DnaFrontend(k, 5, convolution=convolution).double()
    codes = batch("ACGTTGCAANRTACGT")
    whole = model(codes)
    for cut in (1, 3, 16):
        state, parts = None, []
        for piece in codes.split(cut, 1):
            features, state = model.step(piece, state)
            parts.append(features)
        torch.testing.assert_close(torch.cat(parts), whole)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_convolution_sees_the_last_letter_and_no_padding(stride: int) -> None:
    torch.manual_seed(0)
    layer = LetterConvolution(4, 6, 5, stride).double()
    x, lengths = torch.randn(11, 3, 4).double(), torch.tensor([11, 4, 1])
    found, places = layer(x, lengths)
    assert places is not None
    assert places.tolist() == [-(-n // stride) for n in (11, 4, 1)]
    for b, length in enumerate(lengths.tolist()):
        row = x[:length, b]
        for j in range(int(places[b])):
            last = (j + 1) * stride  # letters up to here are seen
            seen = F.pad(row, (0, 0, 5, stride))[last : last + 5]
            expected = torch.einsum("ki,fik->f", seen, layer.filters.weight) + layer.filters.bias
            torch.testing.assert_close(found[j, b], expected.relu())


@pytest.mark.parametrize("k", [1, 2])
def test_letters_are_read_as_n_in_training_alone(k: int) -> None:
    torch.manual_seed(0)
    model = DnaFrontend(k, 3, dropout_letters=0.3)
    codes = torch.ones(50, 40, dtype=torch.int64)
    codes[:, 30:] = 0
    clean = model.eval()(codes)
    noisy = model.train()(codes)
    if k == 1:
        unsure = (noisy == 0.25).all(-1)
        assert torch.equal(unsure | (noisy == clean).all(-1), torch.ones_like(unsure))
        assert 0.25 < float(unsure[:30].float().mean()) < 0.35
        assert not unsure[30:].any()  # padding stays padding
    both = DnaFrontend(k, 3, dropout_letters=0.3, both_strands=True).double()
    assert float((both(codes) - both.eval()(codes)).detach().abs().max()) > 0.01
