"""Text in, text out, with a trained translator: batches, streams of lines, unknown words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.buckets import scoring_batches
from elman.data.padding import pad
from elman.data.sentence import sentence_text, source_words
from elman.data.tokenizer.word import WordTokenizer
from elman.models.decode import Hypothesis
from elman.models.generate import evaluating
from elman.models.translator import Translator
from elman.tasks.translate.config import Translating
from elman.tasks.translate.data import Vocabularies

__all__ = ["Translation", "attention_weights", "translate", "translate_lines"]

CHUNK = 1024
"""Lines translated together: sorted by length, and returned in their order."""
BATCH_SIZE = 64
"""Sequences decoded at once: changes the speed, not the result."""
BATCH_TOKENS = 16_384
"""Tokens of sources in a batch at most, padding included: what bounds memory."""
LONGEST = 1000
"""Most tokens that are written if nobody says otherwise."""


class Translation(NamedTuple):
    """One translation of a source.

    Attributes:
        text: As it is written.
        log_prob: Of all its tokens and the end, in nats.
        score: What the n best are ordered by: ``log_prob`` over the length penalty.
        tokens: The ids, as the model wrote them.
    """

    text: str
    log_prob: float
    score: float
    tokens: list[int]


NOTHING = Translation("", 0.0, 0.0, [])
"""The translation of an empty line."""


def translate_lines(
    model: Translator,
    vocabularies: Vocabularies,
    lines: Iterable[str],
    how: Translating,
    nbest: int = 1,
    chunk: int = CHUNK,
) -> Iterator[list[Translation]]:
    """Yield the n best translations of each line, in order and in memory that does not grow.

    Args:
        model: The translator.
        vocabularies: Its tokenizers.
        lines: Sources; as many as a chunk are read ahead.
        how: How they are decoded.
        nbest: Translations of each line, at most the beam.
        chunk: Lines translated together.
    """
    lines = iter(lines)
    while some := list(itertools.islice(lines, chunk)):
        yield from translate(model, vocabularies, some, how, nbest)


def translate(
    model: Translator,
    vocabularies: Vocabularies,
    sources: Sequence[str],
    how: Translating,
    nbest: int = 1,
) -> list[list[Translation]]:
    """Return the n best translations of each source, the best first; of an empty one nothing."""
    texts = [source.strip() for source in sources]
    full = [row for row, text in enumerate(texts) if text]
    ids = [vocabularies.source_ids(texts[row]) for row in full]
    found: list[list[Translation]] = [[NOTHING] for _ in sources]
    copies = how.copy_unknown and model.attention is not None and can_copy(vocabularies)
    unknown = vocabularies.target.unk_id
    never = [] if copies or unknown is None else [unknown]
    with evaluating(model):
        for places in scoring_batches([len(one) for one in ids], BATCH_SIZE, BATCH_TOKENS):
            hypotheses = decode(model, [ids[place] for place in places], how, never)
            for place, some in zip(places, hypotheses, strict=True):
                row = full[place]
                found[row] = [
                    Translation(
                        text_of(model, vocabularies, texts[row], one.tokens),
                        one.log_prob,
                        one.score,
                        one.tokens,
                    )
                    for one in some[:nbest]
                ]
    return found


def decode(
    model: Translator, ids: Sequence[NDArray[np.int64]], how: Translating, never: Sequence[int]
) -> list[list[Hypothesis]]:
    """Return the hypotheses of a batch of sources, each with its end."""
    source, lengths = (tensor.to(model.device) for tensor in pad(ids))
    limits = (2 * lengths + 20).clamp(max=LONGEST)
    if how.max_length is not None:
        limits = torch.full_like(lengths, how.max_length)
    options: dict[str, Any] = {"beam": how.beam, "alpha": how.length_penalty, "never": never}
    return model.write(source, lengths, limits, **options)


def text_of(model: Translator, vocabularies: Vocabularies, source: str, tokens: list[int]) -> str:
    """Return the text of some tokens; unknown ones are copied from the source."""
    target = vocabularies.target
    text = sentence_text(target, tokens)
    if target.unk_id is None or target.unk_id not in tokens:
        return text
    weights = attention_weights(model, vocabularies, source, tokens)
    assert weights is not None  # noqa: S101 (without attention no unknown word is written)
    looked = weights[:-1, :-1].argmax(1)  # not at the end of the source, which is no word
    if isinstance(target, WordTokenizer):
        words = source_words(vocabularies.source, source)
    else:
        words = list(source)
    copied = [words[k] for k, t in zip(looked, tokens, strict=True) if t == target.unk_id]
    mark = sentence_text(target, [target.unk_id])
    between = " " if isinstance(target, WordTokenizer) and target.split == "words" else ""
    parts = text.split(mark)
    for word, rest in zip(copied, parts[1:], strict=False):
        parts[0] += f"{between}{word}{rest}"
    return parts[0].strip()


def can_copy(vocabularies: Vocabularies) -> bool:
    """Say whether an unknown token of the target has something like it in the source."""
    target, source = vocabularies.target.name, vocabularies.source.name
    return target == "word" or target == source == "char"


@torch.inference_mode()
def attention_weights(
    model: Translator, vocabularies: Vocabularies, source: str, tokens: Sequence[int]
) -> NDArray[np.float32] | None:
    """Return where the model looks at each token and at the end, ``(T + 1, S + 1)``.

    The last column is the end of the source. ``None`` if the model has no attention.
    """
    ids, lengths = (t.to(model.device) for t in pad([vocabularies.source_ids(source)]))
    targets = torch.tensor([[*tokens, model.end]], device=model.device)
    with evaluating(model):
        weights = model.attended(ids, lengths, targets)
    return None if weights is None else weights[0].float().cpu().numpy()
