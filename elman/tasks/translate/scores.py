"""How good translations are: sacreBLEU, chrF, exact match, token error rate."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from elman.data.pairs import Pair

__all__ = ["TranslationScores", "edit_distance", "score_translations"]


class TranslationScores(NamedTuple):
    """What translations of pairs are worth.

    Attributes:
        bleu: sacreBLEU of all pairs, 0 to 100; ``None`` if the package is missing.
        chrf: chrF2 of all pairs, 0 to 100; ``None`` if the package is missing.
        exact: Part of the sources whose translation is one of its targets to the letter.
        error: Token error rate: insertions, deletions and substitutions over the tokens of the
            nearest target.
        signature: How BLEU was computed, as sacreBLEU names it; empty if it was not.
    """

    bleu: float | None
    chrf: float | None
    exact: float
    error: float
    signature: str


def score_translations(
    pairs: Sequence[Pair],
    texts: Sequence[str],
    *,
    characters: bool = False,
    lowercase: bool = False,
) -> TranslationScores:
    """Compare translations with the targets.

    A source that stands there several times has several right answers: for exact match and error
    rate it counts once, against the nearest. BLEU and chrF take pair by pair.

    Args:
        pairs: Sources and targets.
        texts: The translation of each source.
        characters: Whether a token is a character; else it is what stands between spaces.
        lowercase: Compare without capitals, for a model that writes none.

    Example:
        >>> pairs = [("read", "R IY D"), ("read", "R EH D"), ("a", "AH")]
        >>> scores = score_translations(pairs, ["R EH D", "R EH D", "EY"])
        >>> scores.exact, scores.error
        (0.5, 0.25)
    """
    if lowercase:
        pairs = [(source, target.lower()) for source, target in pairs]
        texts = [text.lower() for text in texts]
    answers: dict[str, tuple[str, list[str]]] = {}
    for (source, target), text in zip(pairs, texts, strict=True):
        answers.setdefault(source, (text, []))[1].append(target)
    exact, errors, tokens = 0, 0, 0
    for text, targets in answers.values():
        cut = [list(one) if characters else one.split() for one in (text, *targets)]
        distances = [(edit_distance(cut[0], right), len(right)) for right in cut[1:]]
        distance, length = min(distances, key=lambda pair: pair[0] / max(1, pair[1]))
        exact += text in targets
        errors, tokens = errors + distance, tokens + length
    bleu = chrf = None
    signature = ""
    if (library := sacrebleu()) is not None:
        wanted = [[target for _, target in pairs]]
        metric = library.BLEU(lowercase=lowercase)
        bleu = float(metric.corpus_score(texts, wanted).score)
        signature = str(metric.get_signature())
        chrf = float(library.CHRF(lowercase=lowercase).corpus_score(texts, wanted).score)
    count = max(1, len(answers))
    return TranslationScores(bleu, chrf, exact / count, errors / max(1, tokens), signature)


def sacrebleu() -> Any:
    """Return the package's metrics, or ``None`` if it is not installed."""
    try:
        return importlib.import_module("sacrebleu.metrics")
    except ModuleNotFoundError:
        return None


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Return the fewest insertions, deletions and substitutions from ``a`` to ``b``.

    Source:
        Levenshtein 1966. A row of the table at once: what an insertion reaches within a row is
        a running minimum.

    Example:
        >>> edit_distance("kitten", "sitting")
        3
    """
    numbers: dict[str, int] = {}
    first, second = (
        np.array([numbers.setdefault(token, len(numbers)) for token in tokens], np.int64)
        for tokens in (a, b)
    )
    steps = np.arange(len(second) + 1)
    row = steps
    for token in first:
        below = row + 1
        below[1:] = np.minimum(below[1:], row[:-1] + (second != token))
        row = np.minimum.accumulate(below - steps) + steps
    return int(row[-1])
