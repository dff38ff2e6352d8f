"""Writing with a language model: one token after another, in memory that does not grow.

All that is kept between two tokens is the state. Knows ids alone; a tokenizer makes them text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from elman._errors import ConfigError, DataError
from elman.models.language_model import LanguageModel, LanguageState
from elman.models.sampler import Sampler

__all__ = ["CHUNK", "evaluating", "generate", "next_token_probs"]

CHUNK = 1024
"""Tokens of a prompt read at a time."""


def generate(
    model: LanguageModel,
    prompt_ids: Sequence[int],
    sampler: Sampler,
    state: LanguageState | None = None,
    stop_ids: Collection[int] = (),
) -> Iterator[int]:
    """Yield tokens that follow a prompt, without end or until a stop token.

    Take as many as you want with `itertools.islice`. A model in training is put in evaluation
    mode for each step and back, so it can be trained between two tokens.

    Args:
        model: The model.
        prompt_ids: What comes before, at least one token; read in chunks, so of any length.
        sampler: How tokens are drawn.
        state: The memory before the prompt, one row; ``None`` means zeros.
        stop_ids: Tokens that end the text; they are not yielded.

    Raises:
        DataError: If the prompt is empty or has an id beyond the vocabulary. All errors come at
            the call, not at the first token.

    Example:
        >>> from itertools import islice
        >>> from elman.models import LanguageModel, LanguageModelConfig
        >>> model = LanguageModel(10, LanguageModelConfig(hidden_size=8)).eval()
        >>> len(list(islice(generate(model, [1, 2], Sampler(seed=0)), 5)))
        5
    """
    logits, state = read(model, prompt_ids, state)
    return write(model, logits, state, sampler, frozenset(stop_ids))


def write(
    model: LanguageModel,
    logits: Tensor,
    state: LanguageState,
    sampler: Sampler,
    stop_ids: frozenset[int],
) -> Iterator[int]:
    """Draw and read back, for ever."""
    while True:
        picked = sampler.pick(logits)
        token = int(picked)
        if token in stop_ids:
            return
        yield token
        logits, state = step(model, picked.unsqueeze(1).to(model.device), state)


def next_token_probs(
    model: LanguageModel, ids: Sequence[int], k: int = 10, state: LanguageState | None = None
) -> list[tuple[int, float]]:
    """Return the ``k`` likeliest next tokens with their probabilities, likeliest first.

    Raises:
        ConfigError: If ``k`` is below 1.
        DataError: If ``ids`` is empty or has an id beyond the vocabulary.

    Example:
        >>> from elman.models import LanguageModel, LanguageModelConfig
        >>> model = LanguageModel(10, LanguageModelConfig(hidden_size=8))
        >>> len(next_token_probs(model, [1, 2], k=3))
        3
    """
    if k < 1:
        raise ConfigError(f"k: expected at least 1, got {k}")
    logits, _ = read(model, ids, state)
    probs, tokens = logits[0].double().softmax(0).topk(min(k, model.vocab_size))
    return list(zip(tokens.tolist(), probs.tolist(), strict=True))


def read(
    model: LanguageModel, ids: Sequence[int], state: LanguageState | None
) -> tuple[Tensor, LanguageState]:
    """Read a prompt; return the logits ``(1, V)`` after it, and the state."""
    if len(ids) == 0:
        raise DataError(
            "prompt: expected at least one token, got none; a newline is a good beginning"
        )
    for start in range(0, len(ids), CHUNK):
        chunk = torch.from_numpy(np.array(ids[start : start + CHUNK], dtype=np.int64))
        logits, state = step(model, chunk.unsqueeze(0).to(model.device), state)
    assert state is not None  # noqa: S101 (a prompt has at least one chunk)
    return logits, state


@torch.inference_mode()
def step(
    model: LanguageModel, tokens: Tensor, state: LanguageState | None
) -> tuple[Tensor, LanguageState]:
    """Advance by ``tokens (1, T)``."""
    # Inference mode is entered for each step: a generator that held it would leave it switched
    # on in its caller between two tokens.
    with evaluating(model):
        return model.next_logits(tokens, state)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model in evaluation mode, and each of its modules back as it was."""
    if not model.training:
        yield
        return
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training
