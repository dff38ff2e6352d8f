r"""CIDEr-D: how much captions say what people said of the same picture, rare words counting most.

An n-gram weighs as often as it stands in a caption, times how rare it is in the references of all
pictures, :math:`g_k = h_k \ln (I / d_k)`. With :math:`g^n` the weights of all n-grams:

.. math::
    \text{CIDEr-D}_n(c, S) = \frac{10}{|S|} \sum_{s \in S}
        e^{-(l_c - l_s)^2 / 2\sigma^2}\,
        \frac{\min(g^n(c), g^n(s)) \cdot g^n(s)}{\|g^n(c)\|\,\|g^n(s)\|}

and CIDEr-D is the mean over n = 1 to 4. The minimum and the Gaussian of the lengths take away what
repeating a rare word would gain.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman._errors import ShapeError

__all__ = ["cider_d"]

ORDERS = (1, 2, 3, 4)
SIGMA = 6.0
"""Words by which lengths may differ before it costs much."""
SCALE = 10.0

Grams = Counter[tuple[str, ...]]


def cider_d(
    captions: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]
) -> NDArray[np.float64]:
    """Return the score of each caption, 0 to 10; people give their mean.

    The frequencies come from the references given here, so scores of different sets do not
    compare, and of a single picture, where nothing is rare, all scores are 0.

    Args:
        captions: The words of each caption, N of them.
        references: The words of what people said of each picture, one caption or several.

    Raises:
        ShapeError: If there are not as many as captions, or a picture has no reference.

    Source:
        Vedantam, Zitnick & Parikh 2015, arXiv:1411.5726. Counts, logarithm and scale are those of
        the evaluation server that published figures come from (Chen et al. 2015,
        arXiv:1504.00325).

    Example:
        >>> said = ["a dog runs over grass".split(), "two men sit".split()]
        >>> cider_d([said[0], "two cats sit".split()], [[said[0]], [said[1]]]).round(4)
        array([10.    ,  1.6667])
    """
    if len(captions) != len(references) or not all(references):
        raise ShapeError(
            f"expected references for each of {len(captions)} captions, got {len(references)} "
            f"pictures, {sum(not some for some in references)} of them without any"
        )
    if not captions:
        return np.zeros(0)
    scores = np.zeros(len(captions))
    for order in ORDERS:
        written = [grams(words, order) for words in captions]
        said = [[grams(words, order) for words in some] for some in references]
        seen_in = Counter(gram for some in said for gram in set().union(*some))
        rarity = {gram: math.log(len(said) / count) for gram, count in seen_in.items()}
        unseen = math.log(len(said))  # a gram of no reference: as rare as one of a single picture
        for k, own in enumerate(written):
            for words, other in zip(references[k], said[k], strict=True):
                apart = len(captions[k]) - len(words)
                close = math.exp(-(apart**2) / (2 * SIGMA**2))
                scores[k] += close * cosine(own, other, rarity, unseen) / len(said[k])
    return SCALE * scores / len(ORDERS)


def grams(words: Sequence[str], order: int) -> Grams:
    """Count the runs of so many words."""
    return Counter(tuple(words[k : k + order]) for k in range(len(words) - order + 1))


def cosine(own: Grams, other: Grams, rarity: dict[tuple[str, ...], float], unseen: float) -> float:
    """Return the cosine of two captions, no n-gram counted oftener than the reference has it."""

    def norm(counts: Grams) -> float:
        return math.hypot(*(n * rarity.get(gram, unseen) for gram, n in counts.items()))

    both = norm(own) * norm(other)
    if both == 0:
        return 0.0
    shared = own.keys() & other.keys()
    return sum(min(own[g], other[g]) * other[g] * rarity[g] ** 2 for g in shared) / both
