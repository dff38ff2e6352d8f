"""What a decoder promises of any memory: steps are the whole, rows are alone, beams are sound."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from elman._errors import DataError, ShapeError
from elman.models.attention_decoder import AttentionDecoder, DecoderState, Memory
from elman.models.attention_decoder_config import AttentionDecoderConfig
from elman.models.body import RecurrentBody
from tests.models.translators import build

FEATURES, VOCABULARY = 3, 6
KINDS = [
    {"cell": "gru"},
    {"cell": "lstm", "attention": "additive", "num_layers": 2},
    {"cell": "rnn", "attention": "none", "bidirectional": False, "decoder_layers": 2},
]


class Vectors(AttentionDecoder):
    """Reads vectors as they are, ``(B, S, 3)``."""

    def __init__(self, config: AttentionDecoderConfig) -> None:
        super().__init__((1 + config.bidirectional) * config.hidden_size, VOCABULARY, config)
        self.encoder = RecurrentBody(FEATURES, config, bidirectional=config.bidirectional)

    def encode(self, inputs: Tensor, lengths: Tensor) -> tuple[DecoderState, Memory]:
        return self.begin(self.encoder(inputs.transpose(0, 1), lengths=lengths), lengths)


def small(seed: int = 0, **options: object) -> Vectors:
    values = {"hidden_size": 5, "embedding_size": 4, "num_layers": 1, "dropout": 0.0}
    torch.manual_seed(seed)
    model = Vectors(AttentionDecoderConfig.model_validate(values | options)).double()
    with torch.no_grad():  # far from uniform, so that nothing is nearly a tie
        for parameter in model.parameters():
            parameter.mul_(3.0)
    return model


def batch() -> tuple[Tensor, Tensor, Tensor]:
    """Vectors, lengths, targets: rows of different lengths, padded with garbage."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(3, 7, FEATURES, dtype=torch.float64, generator=generator)
    targets = torch.tensor([[1, 2, 6, -1], [6, -1, -1, -1], [0, 3, 5, 6]])
    return inputs, torch.tensor([7, 1, 4]), targets


LIMITS = torch.tensor([9, 4, 6])


@pytest.mark.parametrize("options", KINDS, ids=str)
def test_step_by_step_is_teacher_forcing(options: dict[str, object]) -> None:
    model = small(**options)
    inputs, lengths, targets = batch()
    whole = model(inputs, lengths, targets)
    state, memory = model.encode(inputs, lengths)
    tokens = torch.full((3,), model.end)
    for t in range(targets.shape[1]):
        logits, state = model.step(tokens, state, memory)
        torch.testing.assert_close(logits, whole[:, t])
        tokens = targets[:, t].clamp(min=0)


@pytest.mark.parametrize("options", KINDS, ids=str)
@pytest.mark.parametrize("beam", [1, 3])
def test_what_is_written_of_a_batch_is_written_of_its_rows(
    options: dict[str, object], beam: int
) -> None:
    model = small(**options)
    inputs, lengths, _ = batch()
    together = model.write(inputs, lengths, LIMITS, beam=beam)
    for row, length in enumerate(lengths.tolist()):
        part = slice(row, row + 1)
        (alone,) = model.write(inputs[part, :length], lengths[part], LIMITS[part], beam=beam)
        assert [one.tokens for one in alone] == [one.tokens for one in together[row]]
        for one, other in zip(alone, together[row], strict=True):
            assert one.log_prob == pytest.approx(other.log_prob, abs=1e-9)
            target = torch.tensor([[*one.tokens, model.end]])
            forced = model.score(inputs[part, :length], lengths[part], target)
            assert one.log_prob == pytest.approx(float(forced.detach()), abs=1e-9)


def test_writing_leaves_out_what_is_forbidden() -> None:
    model = small(seed=1)
    inputs, lengths, _ = batch()
    free = {token for (one,) in model.write(inputs, lengths, LIMITS) for token in one.tokens}
    never = sorted(free)[:1]
    assert never
    for beam in (1, 2):
        found = model.write(inputs, lengths, LIMITS, beam=beam, never=never)
        assert not any(never[0] in one.tokens for some in found for one in some)


def test_attention_looks_at_what_is_there() -> None:
    weights = small().attended(*batch())
    assert weights is not None and weights.shape == (3, 4, 7)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 4, dtype=torch.float64))
    assert (weights[1, :, 1:] == 0).all() and (weights[2, :, 4:] == 0).all()
    assert small(attention="none").attended(*batch()) is None


def test_the_loss_is_the_mean_of_what_is_scored() -> None:
    model = small(label_smoothing=0.0)
    loss = model.loss(*batch())
    mean = -model.score(*batch()).sum() / (batch()[2] >= 0).sum()
    torch.testing.assert_close(loss.nats, mean)
    torch.testing.assert_close(loss.total, mean)


def test_targets_must_fit() -> None:
    inputs, lengths, targets = batch()
    with pytest.raises(DataError, match=f"targets: expected ids from 0 to {VOCABULARY}, got 7"):
        small().loss(inputs, lengths, targets + 1)
    with pytest.raises(ShapeError, match="targets: expected"):
        small().loss(inputs, lengths, targets[:2])


def test_a_decoder_alone_cannot_read() -> None:
    with pytest.raises(NotImplementedError):
        AttentionDecoder(4, 3, AttentionDecoderConfig(hidden_size=2)).loss(*batch())


def test_the_names_of_kept_weights_stay() -> None:
    names = {name.partition(".")[0] for name in build(num_layers=2).state_dict()}
    expected = {"source_embedding", "target_embedding", "encoder", "bottom", "attention", "top"}
    assert names == expected | {"bridge", "readout", "head"}
