"""A text that goes on: tokens as they are drawn, turned into pieces of text as they come.

Knows nothing of runs or of training; what is drawn from which network is the caller's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from elman.data.tokenizer import Tokenizer
from elman.models.generate import generate
from elman.models.language_model import LanguageModel
from elman.models.sampler import Sampler
from elman.tasks.language_model.prompt import prompt_ids

__all__ = ["continuation", "decoded", "never", "until", "written_sample"]

SAMPLE_TOKENS = 240


def written_sample(model: LanguageModel, tokenizer: Tokenizer, prompt: str) -> str:
    """Return a prompt and a short text that follows it, with a fixed seed."""
    sampler = Sampler(temperature=0.8, seed=0, never=never(tokenizer))
    return prompt + "".join(continuation(model, tokenizer, prompt, sampler, SAMPLE_TOKENS))


def never(tokenizer: Tokenizer) -> tuple[int, ...]:
    """Return the ids that are not written: the unknown token is no text."""
    return () if tokenizer.unk_id is None else (tokenizer.unk_id,)


def continuation(
    model: LanguageModel,
    tokenizer: Tokenizer,
    prompt: str,
    sampler: Sampler,
    length: int | None = None,
) -> Iterator[str]:
    """Yield pieces of text after a prompt; a character that is not complete waits."""
    tokens = generate(model, prompt_ids(tokenizer, prompt), sampler)
    return decoded(itertools.islice(tokens, length), tokenizer)


def decoded(tokens: Iterator[int], tokenizer: Tokenizer) -> Iterator[str]:
    """Yield the text of tokens as they come.

    Example:
        >>> from elman.data.tokenizer import ByteTokenizer
        >>> list(decoded(iter([72, 0xC3, 0xA9]), ByteTokenizer()))
        ['H', 'é']
    """
    decoder = tokenizer.stream()
    for token in tokens:
        if piece := decoder.push(token):
            yield piece
    if rest := decoder.finish():
        yield rest


def until(pieces: Iterator[str], stop: str) -> Iterator[str]:
    """Yield pieces up to a text, holding back what may be its beginning.

    Example:
        >>> list(until(iter(["one", " tw", "o three"]), "two"))
        ['one', ' ', '']
    """
    held = ""
    for piece in pieces:
        held += piece
        before, found, _ = held.partition(stop)
        if found:
            yield before
            return
        keep = next(n for n in range(len(stop) - 1, -1, -1) if held.endswith(stop[:n]))
        if len(held) > keep:
            yield held[: len(held) - keep]
            held = held[len(held) - keep :]
    yield held
