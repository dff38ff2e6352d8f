"""A trained language model as the second opinion of a beam.

Of characters it is asked letter by letter; of words, bytes or pieces of words it is asked at the
end of each word, how likely the word is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from elman._errors import ConfigError
from elman.data.audio.alphabet import Alphabet
from elman.data.tokenizer import Tokenizer
from elman.models.ctc import PrefixScorer
from elman.models.language_model import LanguageModel
from elman.nn.state import State, map_state
from elman.tasks.language_model.task import LanguageModelRun
from elman.tasks.registry import task_of

__all__ = ["CharacterScorer", "WordScorer", "open_scorer"]

LogProbs = NDArray[np.float64]


class Read(NamedTuple):
    """A language model that has read something: what it expects next, and its memory (a row)."""

    expected: LogProbs
    memory: State


class Reader:
    """Reads tokens after other tokens, several texts at once."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model.eval()

    @torch.inference_mode()
    def read(self, tokens: Sequence[int], before: Sequence[State | None]) -> list[Read]:
        """Read one token after each memory; None is the empty one."""
        empty = self.model.initial_state(1)
        states = [empty if memory is None else memory for memory in before]
        joined: Any = map_state(lambda *rows: torch.cat(rows, 1), *states)
        ids = torch.tensor(list(tokens), device=self.model.device)[:, None]
        log_probs, after = self.model.log_probs(ids, joined)
        table = log_probs[:, -1].double().cpu().numpy()
        return [
            Read(row, map_state(lambda s, k=k: s[:, k : k + 1], after))
            for k, row in enumerate(table)
        ]


class CharacterScorer:
    """Asks a model of characters for each letter.

    Args:
        model: The language model.
        tokenizer: Its characters.
        alphabet: The letters of the beam; those it does not know count as its ``<unk>``.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, alphabet: Alphabet) -> None:
        self._reader = Reader(model)
        self._tokens = [0] + [int(tokenizer.encode(letter)[0]) for letter in alphabet.letters]
        self._break = int(tokenizer.encode("\n")[0])

    def start(self) -> Read:
        """Return what the model expects at the beginning of a line."""
        return self._reader.read([self._break], [None])[0]

    def score(self, state: Read, letter: int) -> float:
        """Return the log-probability of a letter."""
        return float(state.expected[self._tokens[letter]])

    def extend(self, states: Sequence[Read], letters: Sequence[int]) -> list[Read]:
        """Let the model read a letter after each."""
        memories = [state.memory for state in states]
        return self._reader.read([self._tokens[letter] for letter in letters], memories)

    def end(self, state: Read) -> float:
        """Return the log-probability that the line ends."""
        return float(state.expected[self._break])


class Words(NamedTuple):
    """What a model of words has read, and the letters of the word that has not ended."""

    read: Read
    letters: str


class WordScorer:
    """Asks a model of words, or of pieces of words, for each word once it has ended.

    Args:
        model: The language model.
        tokenizer: What cuts a word into its tokens.
        alphabet: The letters of the beam.
    """

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer, alphabet: Alphabet) -> None:
        self._reader, self._tokenizer, self._alphabet = Reader(model), tokenizer, alphabet

    def start(self) -> Words:
        """Return what the model expects at the beginning of a line."""
        return Words(self._after("\n", None)[1], "")

    def score(self, state: Words, letter: int) -> float:
        """Return the log-probability of the word that a space ends; other letters are free."""
        if self._alphabet.letters[letter - 1] != " ":
            return 0.0
        return self._after(state.letters, state.read)[0]

    def extend(self, states: Sequence[Words], letters: Sequence[int]) -> list[Words]:
        """Add a letter to each; a space makes the model read the word."""
        found = []
        for state, letter in zip(states, letters, strict=True):
            sign = self._alphabet.letters[letter - 1]
            if sign == " ":
                found.append(Words(self._after(state.letters, state.read)[1], " "))
            else:
                found.append(Words(state.read, state.letters + sign))
        return found

    def end(self, state: Words) -> float:
        """Return the log-probability of the last word."""
        return self._after(state.letters, state.read)[0] if state.letters.strip() else 0.0

    def _after(self, text: str, read: Read | None) -> tuple[float, Read]:
        """Return the log-probability of a text, token by token, and what is expected after it."""
        total = 0.0
        for token in self._tokenizer.encode(text).tolist():
            if read is not None:
                total += float(read.expected[token])
            read = self._reader.read([token], [None if read is None else read.memory])[0]
        if read is None:  # nothing to read: an empty text
            raise ConfigError("the language model's tokenizer makes nothing of a line's end")
        return total, read


def open_scorer(path: Path, alphabet: Alphabet) -> PrefixScorer:
    """Return the language model of a run as the scorer of a beam.

    Raises:
        ConfigError: If it is a run of another task, or knows hardly any of the letters.
        RunError: If it is no run.
    """
    if (task := task_of(path)) != "language-model":
        raise ConfigError(f"lm: {path} is a run of {task}; expected one of language-model")
    run = LanguageModelRun.open(path)
    tokenizer = run.tokenizer
    if tokenizer.name != "char":
        return WordScorer(run.model, tokenizer, alphabet)
    unknown = [c for c in alphabet.letters if tokenizer.decode(tokenizer.encode(c)) != c]
    if 2 * len(unknown) > len(alphabet):
        raise ConfigError(
            f"lm: {path} knows {len(alphabet) - len(unknown)} of {len(alphabet)} letters; not "
            f"{''.join(unknown)!r}. Train it on text like the transcripts (in lower case?)"
        )
    return CharacterScorer(run.model, tokenizer, alphabet)
