"""From log-probabilities to a transcript: the best text, and when each word of it was said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.audio.alphabet import Alphabet
from elman.models.ctc import (
    BLANK,
    PrefixScorer,
    Spoken,
    align,
    greedy_path,
    prefix_beam_search,
)
from elman.tasks.transcribe.config import Searching

__all__ = ["Letter", "Search", "Transcript", "Word", "parts", "timed", "words_of"]

LogProbs = NDArray[np.floating[Any]]
PART_STEPS = 1500
"""Steps that a beam searches at once, at most: a minute, where a step is 40 ms."""


@dataclass(frozen=True)
class Letter:
    """A letter and when it was said.

    Args:
        text: The letter.
        start_s: When it begins, in seconds.
        end_s: When it ends; the network hears letters as peaks, so they are short.
        confidence: The highest probability that the network gave it then.
    """

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class Word:
    """A word and when it was said.

    Args:
        text: The word.
        start_s: When its first letter begins, in seconds.
        end_s: When its last letter ends.
        confidence: The geometric mean of its letters' confidence, 0 to 1.
    """

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class Transcript:
    """What was said in a recording.

    Args:
        text: All of it.
        letters: Each letter with its time, spaces included.
        words: Each word with its time.
        seconds: How long the recording is.
    """

    text: str
    letters: tuple[Letter, ...]
    words: tuple[Word, ...]
    seconds: float


@dataclass(frozen=True)
class Search:
    """What looks for the best text.

    Args:
        alphabet: The letters.
        step_s: Seconds from step to step.
        how: Greedy or a beam.
        scorer: The language model that ``how`` names.
    """

    alphabet: Alphabet
    step_s: float
    how: Searching
    scorer: PrefixScorer | None = None

    def spoken(self, log_probs: LogProbs) -> list[Spoken]:
        """Return the best text's letters and their steps."""
        if self.how.beam == 1:
            return greedy_path(log_probs)
        return [
            one._replace(start=one.start + start, end=one.end + start)
            for start, stop in parts(log_probs)
            for one in align(log_probs[start:stop], self.searched(log_probs[start:stop]))
        ]

    def searched(self, log_probs: LogProbs) -> tuple[int, ...]:
        """Return the best text that the beam finds."""
        found = prefix_beam_search(
            log_probs,
            self.how.beam,
            self.scorer,
            weight=self.how.lm_weight,
            bonus=self.how.letter_bonus,
        )
        return found[0].letters

    def text(self, log_probs: LogProbs) -> str:
        """Return the best text; spaces at its ends say nothing."""
        if self.how.beam == 1:
            ids: list[int] = [one.letter for one in greedy_path(log_probs)]
        else:
            ids = [k for a, b in parts(log_probs) for k in self.searched(log_probs[a:b])]
        return " ".join(self.alphabet.decode(ids).split())

    def transcript(self, log_probs: LogProbs, seconds: float) -> Transcript:
        """Return the best text and when it was said."""
        letters = timed(self.spoken(log_probs), self.alphabet, self.step_s, seconds)
        words = words_of(letters)
        text = " ".join("".join(letter.text for letter in letters).split())
        return Transcript(text, letters, words, seconds)


def parts(log_probs: LogProbs, most: int = PART_STEPS) -> Iterator[tuple[int, int]]:
    """Yield the steps from and to which a beam searches at once: a table of bounded size.

    A long recording is cut in the middle of the longest stretch of blanks, which is a pause, in
    the second half of what would be too long.
    """
    start = 0
    while len(log_probs) - start > most:
        blank = log_probs[start + most // 2 : start + most].argmax(1) == BLANK
        edges = np.flatnonzero(np.diff(np.concatenate([[0], blank.astype(np.int8), [0]])))
        stop = start + most
        if len(edges):
            begins, ends = edges[::2], edges[1::2]
            longest = int((ends - begins).argmax())
            stop = start + most // 2 + int(begins[longest] + ends[longest]) // 2
        yield start, stop
        start = stop
    yield start, len(log_probs)


def timed(
    said: Sequence[Spoken], alphabet: Alphabet, step_s: float, seconds: float = math.inf
) -> tuple[Letter, ...]:
    """Return letters with times in seconds, none beyond the end of the recording."""
    return tuple(
        Letter(
            alphabet.decode([one.letter]),
            round(min(seconds, one.start * step_s), 3),
            round(min(seconds, one.end * step_s), 3),
            one.probability,
        )
        for one in said
    )


def words_of(letters: Sequence[Letter]) -> tuple[Word, ...]:
    """Return the words that letters with spaces between them make.

    Example:
        >>> letters = [Letter("a", 0.0, 0.1, 0.9), Letter(" ", 0.1, 0.2, 1.0)]
        >>> words_of([*letters, Letter("b", 0.5, 0.6, 0.4), Letter("c", 0.6, 0.7, 0.9)])[1]
        Word(text='bc', start_s=0.5, end_s=0.7, confidence=0.6)
    """
    words: list[Word] = []
    current: list[Letter] = []

    def close() -> None:
        if current:
            mean = sum(math.log(max(1e-12, one.confidence)) for one in current) / len(current)
            text = "".join(one.text for one in current)
            sure = round(math.exp(mean), 4)
            words.append(Word(text, current[0].start_s, current[-1].end_s, sure))
            current.clear()

    for letter in letters:
        if letter.text.isspace():
            close()
        else:
            current.append(letter)
    close()
    return tuple(words)
