"""Which words may come next, for any vocabulary: a best-first search over what the model may write.

With characters or subwords a word is several tokens, so words are found by extending the most
probable beginnings first. A beginning is at least as probable as every word that it can become,
so when the words found are more probable than all open beginnings, they are the best there are.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from elman._errors import ConfigError
from elman.data.tokenizer import Tokenizer
from elman.models.generate import read
from elman.models.language_model import LanguageModel
from elman.nn.state import State, map_state
from elman.tasks.language_model.prompt import prompt_ids

__all__ = ["NextWord", "next_words"]

WIDTH = 32
"""Beginnings extended side by side."""
BUDGET = 2048
"""Beginnings extended at most."""
LEAST = 1e-5
"""Beginnings less probable than this are not followed."""


class NextWord(NamedTuple):
    """A word and the probability that it comes next."""

    text: str
    probability: float


class Beginning(NamedTuple):
    """What may be written next, so far: whitespace, or a part of a word."""

    probability: float
    ids: tuple[int, ...]
    text: str
    state: State
    """The state before the last of ``ids``."""

    @property
    def in_word(self) -> bool:
        return bool(self.text) and not self.text.isspace()


@torch.inference_mode()
def next_words(
    model: LanguageModel, tokenizer: Tokenizer, prompt: str, count: int = 10
) -> list[NextWord]:
    """Return the most probable next words after a text, the best first.

    A word is a run of letters, digits, ``_`` and apostrophes, or one other sign; whitespace
    before it does not count. If the prompt ends inside a word, its completions come too, whole.

    Args:
        model: The network, in evaluation.
        tokenizer: Its vocabulary.
        prompt: The text so far; an empty one stands for the start of a line.
        count: Words to return at most, at least 1.

    Raises:
        ConfigError: If ``count`` is below 1.
    """
    if count < 1:
        raise ConfigError(f"count: expected at least 1, got {count}")
    tail = trailing_word(prompt)
    pieces = [tokenizer.decode([token]) for token in range(tokenizer.vocab_size)]
    whole = tokenizer.name == "word"  # then every token ends the word before it
    ends = torch.tensor([whole or not is_word(piece[:1]) for piece in pieces])
    found: defaultdict[str, float] = defaultdict(float)
    order = itertools.count()
    heap: list[tuple[float, int, Beginning]] = []

    def branch(begun: Beginning, probs: Tensor, state: State) -> None:
        """Follow each token that may come after a beginning."""
        reach, in_word = begun.probability, begun.in_word
        for token in torch.nonzero(probs * reach >= LEAST).flatten().tolist():
            if token == tokenizer.unk_id or (in_word and bool(ends[token])):
                continue
            chance, piece = reach * float(probs[token]), pieces[token]
            word = piece.lstrip()
            if word and not is_word(word[0]):
                found[word if whole else word[0]] += chance  # a sign is a word of its own
                continue
            ids = (*begun.ids, token)
            text = tokenizer.decode(ids)
            if not text[:1].isspace():
                text = tail + text
            longer = Beginning(chance, ids, text, state)
            heapq.heappush(heap, (-chance, next(order), longer))

    logits, state = read(model, prompt_ids(tokenizer, prompt))
    branch(Beginning(1.0, (), "", state), probabilities(logits[0]), state)
    for _ in range(BUDGET // WIDTH):
        best = heapq.nlargest(count, found.values())
        if not heap or (len(best) == count and best[-1] >= -heap[0][0]):
            break
        group = [heapq.heappop(heap)[2] for _ in range(min(WIDTH, len(heap)))]
        for beginning, probs, after in extended(model, group):
            if beginning.in_word:
                complete = float(probs[ends].sum()) * beginning.probability
                found[beginning.text.strip()] += complete
            branch(beginning, probs, after)
    words = heapq.nlargest(count, found.items(), key=lambda item: item[1])
    return [NextWord(text, probability) for text, probability in words]


def extended(
    model: LanguageModel, group: list[Beginning]
) -> Iterator[tuple[Beginning, Tensor, State]]:
    """Read each beginning's last token, all side by side; yield what follows and the new state."""
    tokens = torch.tensor([[beginning.ids[-1]] for beginning in group])
    first, *rest = (beginning.state for beginning in group)
    state = map_state(lambda *rows: torch.cat(rows, dim=-2), first, *rest)
    logits, after = model(tokens, state)
    probs = probabilities(logits[:, -1])
    for row, beginning in enumerate(group):
        own = map_state(lambda s, row=row: s.narrow(-2, row, 1), after)
        yield beginning, probs[row], own


def probabilities(logits: Tensor) -> Tensor:
    """Return the distribution over tokens."""
    return torch.softmax(logits.float(), dim=-1)


def is_word(sign: str) -> bool:
    """Whether a character belongs inside a word; bytes of an unfinished character do."""
    return sign.isalnum() or sign in ("_", "'", "’", "\N{REPLACEMENT CHARACTER}")


def trailing_word(text: str) -> str:
    """Return the word that a text ends with, or an empty string."""
    start = len(text)
    while start and is_word(text[start - 1]):
        start -= 1
    return text[start:]
