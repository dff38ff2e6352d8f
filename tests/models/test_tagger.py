"""The tagger: padding leaks nowhere, the loss is what the parts say, unknown words are learned."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from elman._errors import ConfigError, DataError, ShapeError
from elman.models.save import load_model, model_bytes
from elman.models.tagger import Tagger, TaggerInput
from elman.models.tagger_config import TaggerConfig

BATCH = TaggerInput(
    words=torch.tensor([[1, 2, 1, 3], [4, 5, 0, 0]]),
    which=torch.tensor([[0, 1, 0, 2], [3, 4, 0, 0]]),
    characters=torch.tensor([[1, 2, 0], [3, 0, 0], [4, 5, 6], [2, 2, 0], [6, 0, 0]]),
    character_lengths=torch.tensor([2, 1, 3, 2, 1]),
    lengths=torch.tensor([4, 2]),
)
TAGS = torch.tensor([[0, 2, 1, 1], [2, 0, 9, 9]])


def tagger(moves: Any = None, **config: Any) -> Tagger:
    torch.manual_seed(1)
    small: dict[str, Any] = {"hidden_size": 6, "word_size": 5}
    if config.get("characters") != "none":
        small |= {"character_size": 4, "character_units": 3}
    return Tagger(7, 8, 3, TaggerConfig(**{**small, **config}), moves=moves)


def row(k: int) -> TaggerInput:
    size = int(BATCH.lengths[k])
    return BATCH._replace(
        words=BATCH.words[k : k + 1, :size],
        which=BATCH.which[k : k + 1, :size],
        lengths=BATCH.lengths[k : k + 1],
    )


@pytest.mark.parametrize("output", ["crf", "softmax"])
@pytest.mark.parametrize("characters", ["lstm", "cnn", "none"])
def test_sentences_do_not_see_each_other(output: str, characters: str) -> None:
    model = tagger(output=output, characters=characters).eval()
    together, scores = model.decode(BATCH), model(BATCH)
    loss = model.loss(BATCH, TAGS)
    nats = 0.0
    for k, size in enumerate(BATCH.lengths.tolist()):
        alone = model.decode(row(k))
        assert torch.equal(together.tags[k, :size], alone.tags[0])
        torch.testing.assert_close(together.confidence[k, :size], alone.confidence[0])
        torch.testing.assert_close(scores[k, :size], model(row(k))[0])
        nats += float(model.loss(row(k), TAGS[k : k + 1, :size]).nats.detach()) * size
        assert not together.tags[k, size:].any() and not together.confidence[k, size:].any()
    assert loss.words == 6
    assert float(loss.nats.detach()) == pytest.approx(nats / 6, rel=1e-5)


def test_the_loss_is_the_crf_s() -> None:
    model = tagger().eval()
    assert model.crf is not None
    expected = -model.crf(model(BATCH).transpose(0, 1), TAGS.T, BATCH.lengths).sum() / 6
    torch.testing.assert_close(model.loss(BATCH, TAGS).nats, expected)


def test_confidence_is_the_chance_of_the_tag() -> None:
    model = tagger(output="softmax").eval()
    found = model.decode(BATCH)
    torch.testing.assert_close(found.confidence[0], model(BATCH)[0].softmax(1).amax(1).detach())
    assert not model.decode(BATCH, confidence=False).confidence.any()
    with torch.inference_mode():
        assert tagger().eval().decode(BATCH).confidence.min() >= 0


def test_forbidden_moves_are_never_made() -> None:
    between = torch.tensor([[True, False, False], [False, False, True], [True, True, True]])
    every = torch.ones(3, dtype=torch.bool)
    model = tagger(moves=(between, torch.tensor([False, True, False]), every)).eval()
    assert model.decode(BATCH).tags[1].tolist()[:2] == [1, 2]


def test_word_dropout_reaches_the_words_and_only_in_training() -> None:
    model = tagger(word_dropout=0.99, dropout=0.0, characters="none")
    model.train()
    torch.manual_seed(0)
    model.loss(BATCH, TAGS).nats.backward()
    grad = model.embedding.weight.grad
    assert grad is not None and grad[0].any() and int(grad.any(1).sum()) < 5
    model.zero_grad()
    model.eval().loss(BATCH, TAGS).nats.backward()
    grad = model.embedding.weight.grad
    assert grad is not None and grad.any(1).tolist() == [False, *[True] * 5, False]


def test_vectors_are_set_and_may_be_frozen() -> None:
    config = TaggerConfig(freeze_vectors=True, word_size=100)
    model = Tagger(7, 8, 3, config, word_size=2)
    model.load_vectors(torch.tensor([3, 1]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert model.embedding.weight[3].tolist() == [1, 2] and not model.embedding.weight.requires_grad
    with pytest.raises(ShapeError, match=r"vectors: expected \(N=1, E=2\)"):
        model.load_vectors(torch.tensor([3]), torch.zeros(1, 5))


def test_one_direction_does_not_see_what_comes() -> None:
    model = tagger(bidirectional=False, output="softmax").eval()
    changed = BATCH._replace(words=BATCH.words.clone())
    changed.words[0, 3] = 6
    torch.testing.assert_close(model(BATCH)[0, :3], model(changed)[0, :3])
    both = tagger(output="softmax").eval()
    assert not torch.allclose(both(BATCH)[0, :3], both(changed)[0, :3])


def test_saved_and_loaded() -> None:
    model, other = tagger().eval(), tagger()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    load_model(other, model_bytes(model))
    assert torch.equal(other.eval()(BATCH), model(BATCH))


def test_bad_input() -> None:
    with pytest.raises(ConfigError, match="tags: expected at least 1, got 0"):
        Tagger(3, 3, 0, TaggerConfig())
    with pytest.raises(DataError, match="words: expected ids from 0 to 6, got 7"):
        tagger()(BATCH._replace(words=BATCH.words + 2))
    assert "embedding.weight" in tagger().describe() and tagger().parameter_count() > 0
