"""How good captions are: CIDEr-D, BLEU, and how many are one of their references to the letter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from elman.tasks.translate.scores import sacrebleu
from elman.train.cider import cider_d

__all__ = ["CaptionScores", "caption_words", "score_captions"]


class CaptionScores(NamedTuple):
    """What captions are worth.

    Attributes:
        exact: Part of them that is one of the references to the letter.
        cider: Mean CIDEr-D, 0 to 10; ``None`` of a single clip, where it says nothing.
        bleu: sacreBLEU of all, in lower case, 0 to 100; ``None`` if the package is missing.
        signature: How BLEU was computed, as sacreBLEU names it; empty if it was not.
    """

    exact: float
    cider: float | None
    bleu: float | None
    signature: str

    def values(self) -> dict[str, float]:
        """Return the numbers that are there, by the names that reports give them."""
        named = {"exact match": self.exact, "CIDEr-D": self.cider, "BLEU": self.bleu}
        return {name: value for name, value in named.items() if value is not None}


def score_captions(captions: Sequence[str], references: Sequence[Sequence[str]]) -> CaptionScores:
    """Compare captions with what people said of the same clips.

    Args:
        captions: One of each clip.
        references: One or several of each clip; they need not be equally many.

    Example:
        >>> scores = score_captions(["a dog", "two men"], [["a dog", "the dog"], ["a man"]])
        >>> scores.exact, round(scores.cider, 3)
        (0.5, 1.692)
    """
    exact = sum(text in some for text, some in zip(captions, references, strict=True))
    cider = None
    if len(captions) > 1:
        words = [[caption_words(text) for text in some] for some in references]
        cider = float(cider_d([caption_words(text) for text in captions], words).mean())
    bleu, signature = None, ""
    if captions and (library := sacrebleu()) is not None:
        metric = library.BLEU(lowercase=True)
        sides = [list(side) for side in zip_longest(*references)]  # None where there are fewer
        bleu = float(metric.corpus_score(list(captions), sides).score)
        signature = str(metric.get_signature())
    return CaptionScores(exact / max(1, len(captions)), cider, bleu, signature)


def caption_words(text: str) -> list[str]:
    """Return the words that CIDEr counts: in lower case, without punctuation.

    Example:
        >>> caption_words("A man's dog, running.")
        ['a', "man's", 'dog', 'running']
    """
    return re.findall(r"\w+(?:['’]\w+)*", text.lower())
