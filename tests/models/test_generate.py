"""Generation: the model's own distribution, constant memory, nothing left switched on."""

from __future__ import annotations

import gc
from itertools import islice

import numpy as np
import pytest
import torch

from elman._errors import ConfigError, DataError
from elman.models import generate as module
from elman.models.config import LanguageModelConfig
from elman.models.generate import evaluating, generate, next_token_probs
from elman.models.language_model import LanguageModel
from elman.models.sampler import Sampler

V = 11


@pytest.fixture
def model() -> LanguageModel:
    torch.manual_seed(2)
    config = LanguageModelConfig(embedding_size=5, hidden_size=8, dropout=0.3)
    made = LanguageModel(V, config)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return made.eval()


def written(model: LanguageModel, count: int, prompt: list[int], **options: object) -> list[int]:
    return list(islice(generate(model, prompt, Sampler(**options)), count))


def test_greedy_is_the_argmax_of_the_whole_sequence(model: LanguageModel) -> None:
    prompt = [3, 1, 4]
    tokens = written(model, 30, prompt, temperature=0)
    logits, _ = model(torch.tensor([prompt + tokens]))
    assert tokens == logits[0, len(prompt) - 1 : -1].argmax(-1).tolist()


def test_drawn_tokens_follow_the_model(model: LanguageModel) -> None:
    sampler = Sampler(seed=0)
    first = torch.tensor([next(generate(model, [3, 1], sampler)) for _ in range(4000)])
    counts = torch.bincount(first, minlength=V) / 4000
    expected = model.log_probs(torch.tensor([[3, 1]]))[0][0, -1].exp()
    torch.testing.assert_close(counts, expected, atol=0.035, rtol=0)


def test_a_seed_repeats(model: LanguageModel) -> None:
    assert written(model, 50, [1], seed=4) == written(model, 50, [1], seed=4)
    assert written(model, 50, [1], seed=4) != written(model, 50, [1], seed=5)


def test_never_is_never(model: LanguageModel) -> None:
    plain = written(model, 300, [1], seed=0)
    banned = plain[0]
    assert banned not in written(model, 300, [1], seed=0, never=[banned])


def test_stop_ends_the_text_and_is_not_yielded(model: LanguageModel) -> None:
    tokens = written(model, 200, [1], seed=0)
    stop = tokens[20]
    got = list(generate(model, [1], Sampler(seed=0), stop_ids={stop}))
    assert got == tokens[: tokens.index(stop)]


def test_state_carries_what_came_before(model: LanguageModel) -> None:
    _, state = model.next_logits(torch.tensor([[5, 6, 7]]))
    carried = list(islice(generate(model, [8], Sampler(temperature=0), state), 20))
    assert carried == written(model, 20, [5, 6, 7, 8], temperature=0)


def test_a_long_prompt_is_read_in_chunks(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = np.random.default_rng(0).integers(0, V, 100).astype(np.uint8)
    whole = next_token_probs(model, prompt, k=V)
    monkeypatch.setattr(module, "CHUNK", 7)
    chunked = next_token_probs(model, prompt, k=V)
    assert [t for t, _ in whole] == [t for t, _ in chunked]
    assert [p for _, p in whole] == pytest.approx([p for _, p in chunked], abs=1e-6)


def test_memory_is_constant(model: LanguageModel) -> None:
    def tensors() -> tuple[int, int]:
        gc.collect()
        alive = [o for o in gc.get_objects() if type(o) in (torch.Tensor, torch.nn.Parameter)]
        return len(alive), sum(t.numel() for t in alive)

    tokens = generate(model, [1, 2], Sampler(seed=0))
    for _ in islice(tokens, 10):
        pass
    before = tensors()
    for _ in islice(tokens, 500):
        pass
    assert tensors() == before


def test_nothing_stays_switched_on_between_tokens(model: LanguageModel) -> None:
    model.train()
    model.embedding.eval()  # a part someone froze
    modes = [m.training for m in model.modules()]
    tokens = generate(model, [1], Sampler(temperature=0))
    for _ in islice(tokens, 3):
        assert not torch.is_inference_mode_enabled() and torch.is_grad_enabled()
        assert [m.training for m in model.modules()] == modes
    model.eval()
    assert written(model, 20, [1], temperature=0) == list(
        islice(generate(model.train(), [1], Sampler(temperature=0)), 20)
    )


def test_evaluating_puts_the_mode_back_after_an_error(model: LanguageModel) -> None:
    model.train()
    with pytest.raises(KeyError), evaluating(model):
        assert not model.training
        raise KeyError
    assert all(m.training for m in model.modules())


def test_next_tokens_are_the_likeliest_in_order(model: LanguageModel) -> None:
    expected = model.log_probs(torch.tensor([[3, 1]]))[0][0, -1].exp()
    top = next_token_probs(model, [3, 1], k=4)
    values, tokens = expected.topk(4)
    assert [t for t, _ in top] == tokens.tolist()
    assert [p for _, p in top] == pytest.approx(values.tolist(), rel=1e-5)
    assert sum(p for _, p in next_token_probs(model, [3, 1], k=99)) == pytest.approx(1)


def test_wrong_input_fails_at_the_call(model: LanguageModel) -> None:
    with pytest.raises(DataError, match="prompt: expected at least one token"):
        generate(model, [], Sampler())
    with pytest.raises(DataError, match="tokens: expected ids from 0 to 10, got 11"):
        generate(model, [V], Sampler())
    with pytest.raises(ConfigError, match="k: expected at least 1, got 0"):
        next_token_probs(model, [1], k=0)
