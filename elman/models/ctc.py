"""From log-probabilities at each step to a text: greedy, by beam, and when each letter was said.

A way through the steps names a letter or the blank (class 0) at each; its text is what is left
when repeats are merged and blanks removed. Greedy takes the likeliest way; the beam sums over
the ways to each text, which is what the network was trained for. NumPy, one recording at a time,
but for greedy, which takes batches.

Source:
    Graves et al. 2006, doi:10.1145/1143844.1143891; prefix search with a language model: Hannun
    et al. 2014, arXiv:1408.2873.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import ConfigError, DataError
from elman._shapes import check_shape

__all__ = [
    "BLANK",
    "Greedy",
    "PrefixBeam",
    "PrefixScorer",
    "Spoken",
    "TextHypothesis",
    "align",
    "greedy_path",
    "greedy_texts",
    "prefix_beam_search",
]

BLANK = 0
Array = NDArray[np.floating[Any]]


class Spoken(NamedTuple):
    """When a letter was said.

    Attributes:
        letter: Its class.
        start: Its first step.
        end: The step behind its last.
        probability: The highest that the network gave it in these steps.
    """

    letter: int
    start: int
    end: int
    probability: float


class TextHypothesis(NamedTuple):
    """A text that a beam has found.

    Attributes:
        letters: Its classes.
        score: What it was ranked by: ``log_prob``, and what the scorer and the bonus added.
        log_prob: The network's alone, of all ways to this text that stayed in the beam.
    """

    letters: tuple[int, ...]
    score: float
    log_prob: float


class PrefixScorer(Protocol):
    """What a beam asks of a language model: how likely a letter is after the letters before."""

    def start(self) -> Any:
        """Return the state before the first letter."""
        ...

    def score(self, state: Any, letter: int) -> float:
        """Return the log-probability that the letter is next."""
        ...

    def extend(self, states: Sequence[Any], letters: Sequence[int]) -> list[Any]:
        """Return the states after one more letter each."""
        ...

    def end(self, state: Any) -> float:
        """Return the log-probability that the text ends here."""
        ...


def greedy_texts(log_probs: Tensor, lengths: Tensor) -> list[list[int]]:
    """Return the text of the likeliest way of each row.

    Shape:
        - log_probs: ``(B, T, V)``; lengths: ``(B,)``

    Example:
        >>> ways = torch.tensor([[1, 1, 0, 1, 2, 0]])
        >>> greedy_texts(torch.nn.functional.one_hot(ways).float(), torch.tensor([6]))
        [[1, 1, 2]]
    """
    check_shape("log_probs", log_probs, B=None, T=None, V=None)
    check_shape("lengths", lengths, B=log_probs.shape[0])
    best = log_probs.argmax(2)  # (B, T)
    before = torch.nn.functional.pad(best[:, :-1], (1, 0), value=BLANK)
    inside = torch.arange(best.shape[1], device=best.device) < lengths[:, None]
    kept = ((best != BLANK) & (best != before) & inside).tolist()
    return [
        [letter for letter, keep in zip(row, keeps, strict=True) if keep]
        for row, keeps in zip(best.tolist(), kept, strict=True)
    ]


def greedy_path(log_probs: Array) -> list[Spoken]:
    """Return the letters of the likeliest way, and when each is said.

    No other way to this text is likelier, so this is its alignment.

    Shape:
        - log_probs: ``(T, V)``

    Example:
        >>> greedy_path(np.log(np.eye(3)[[1, 1, 0, 2]] * 0.7 + 0.1))[0]
        Spoken(letter=1, start=0, end=2, probability=0.8)
    """
    check_shape("log_probs", log_probs, T=None, V=None)
    if not len(log_probs):
        return []
    best = log_probs.argmax(1)
    starts = np.flatnonzero(np.concatenate([[True], best[1:] != best[:-1]]))
    ends = np.append(starts[1:], len(best))
    peaks = np.maximum.reduceat(log_probs.max(1), starts)
    return [
        Spoken(int(best[start]), int(start), int(end), math.exp(min(0.0, float(peak))))
        for start, end, peak in zip(starts, ends, peaks, strict=True)
        if best[start] != BLANK
    ]


class Greedy:
    """Greedy for one recording that comes in chunks: each letter as soon as it is there.

    Example:
        >>> greedy = Greedy()
        >>> steps = np.eye(3)
        >>> [s.letter for s in greedy.advance(steps[[1, 1]])], greedy.advance(steps[[1, 0]])
        ([1], [])
        >>> greedy.advance(steps[[1, 2]])
        [Spoken(letter=1, start=4, end=5, probability=...), Spoken(letter=2, start=5, ...)]
    """

    def __init__(self) -> None:
        self.step = 0
        self._last = BLANK

    def advance(self, log_probs: Array) -> list[Spoken]:
        """Return the letters that begin in some more steps ``(t, V)``, each with one step."""
        said = []
        for row in log_probs:
            letter = int(row.argmax())
            if letter not in (BLANK, self._last):
                chance = math.exp(min(0.0, float(row[letter])))
                said.append(Spoken(letter, self.step, self.step + 1, chance))
            self._last = letter
            self.step += 1
        return said


class Prefix:
    """A beginning of a text, in the tree of all that the beam knows."""

    __slots__ = ("blank", "children", "fused", "letter", "new", "other", "parent", "state")

    def __init__(self, parent: Prefix | None, letter: int, fused: float) -> None:
        self.parent, self.letter, self.fused = parent, letter, fused
        self.children: dict[int, Prefix] = {}
        self.blank = self.other = -math.inf  # of the ways that end with blank, with the letter
        self.new = [-math.inf, -math.inf]  # the same after the step that is being taken
        self.state: Any = None

    @property
    def total(self) -> float:
        """Log-probability of all ways."""
        return log_add(self.blank, self.other)

    def letters(self) -> tuple[int, ...]:
        """Return the classes from the first to the last."""
        found, node = [], self
        while node.parent is not None:
            found.append(node.letter)
            node = node.parent
        return tuple(reversed(found))


class PrefixBeam:
    r"""The likeliest texts, step by step, by the sum over their ways.

    .. math::
        \text{score}(y) = \ln p(y \mid s) + \alpha \ln p_{LM}(y) + \beta\, |y|

    Args:
        beam: Texts that are kept at each step.
        scorer: A language model, or ``None``.
        weight: α, how much it counts.
        bonus: β for each letter; a language model alone would favour short texts.
        prune: Letters that are less likely at a step are not tried there; 0 tries all.

    Raises:
        ConfigError: If the beam is below 1.

    Example:
        >>> beam = PrefixBeam(4)
        >>> beam.advance(np.log([[0.6, 0.4], [0.6, 0.4]]))
        >>> [(h.letters, round(float(np.exp(h.log_prob)), 2)) for h in beam.hypotheses()]
        [((1,), 0.64), ((), 0.36)]
    """

    def __init__(
        self,
        beam: int,
        scorer: PrefixScorer | None = None,
        *,
        weight: float = 0.5,
        bonus: float = 0.0,
        prune: float = 1e-4,
    ) -> None:
        if beam < 1:
            raise ConfigError(f"beam: expected at least 1, got {beam}")
        self.beam, self.scorer, self.weight, self.bonus = beam, scorer, weight, bonus
        self.least = math.log(prune) if prune else -math.inf
        root = Prefix(None, BLANK, 0.0)
        root.blank = 0.0
        if scorer is not None:
            root.state = scorer.start()
        self.kept = [root]

    def advance(self, log_probs: Array) -> None:
        """Take some more steps, ``(t, V)``."""
        for row in np.asarray(log_probs, np.float64):
            self._step(row)

    def _step(self, row: NDArray[np.float64]) -> None:
        tried = [int(k) for k in np.flatnonzero(row > self.least) if k != BLANK]
        chances: list[float] = row.tolist()
        touched: dict[Prefix, None] = {}

        def add(node: Prefix, which: int, log_prob: float) -> None:
            if log_prob > -math.inf:
                touched[node] = None
                node.new[which] = log_add(node.new[which], log_prob)

        for node in self.kept:
            total = node.total
            add(node, 0, total + chances[BLANK])
            if node.parent is not None:
                add(node, 1, node.other + chances[node.letter])
            for letter in tried:
                # after itself a letter is another one only behind a blank
                ways = node.blank if letter == node.letter else total
                if ways > -math.inf:
                    add(self._child(node, letter), 1, ways + chances[letter])
        ranked = sorted(touched, key=lambda node: -(log_add(*node.new) + node.fused))
        kept, rest = ranked[: self.beam], ranked[self.beam :]
        gone = [node for node in self.kept if node not in touched]
        for node in (*rest, *gone):
            node.blank = node.other = -math.inf
            node.new = [-math.inf, -math.inf]
        for node in kept:
            node.blank, node.other = node.new
            node.new = [-math.inf, -math.inf]
        self.kept = kept
        alive = set(kept)
        for node in (*rest, *gone):
            forget(node, alive)
        self._know(kept)

    def _child(self, node: Prefix, letter: int) -> Prefix:
        child = node.children.get(letter)
        if child is None:
            fused = node.fused + self.bonus
            if self.scorer is not None:
                fused += self.weight * self.scorer.score(node.state, letter)
            child = node.children[letter] = Prefix(node, letter, fused)
        return child

    def _know(self, kept: Sequence[Prefix]) -> None:
        """Give the language model's state to those that have none yet, all at once."""
        if self.scorer is None:
            return
        fresh = [node for node in kept if node.state is None]
        parents = [node.parent.state for node in fresh if node.parent is not None]
        if fresh:
            states = self.scorer.extend(parents, [node.letter for node in fresh])
            for node, state in zip(fresh, states, strict=True):
                node.state = state

    def hypotheses(self) -> list[TextHypothesis]:
        """Return the texts that are in the beam now, as if the sound ended here, best first."""
        found = []
        for node in self.kept:
            end = 0.0 if self.scorer is None else self.weight * self.scorer.end(node.state)
            log_prob = node.total
            found.append(TextHypothesis(node.letters(), log_prob + node.fused + end, log_prob))
        return sorted(found, key=lambda hypothesis: -hypothesis.score)


def forget(node: Prefix, alive: set[Prefix]) -> None:
    """Take a dropped prefix out of the tree, and those before it that served only for it."""
    while node.parent is not None and not node.children and node not in alive:
        parent = node.parent
        if parent.children.get(node.letter) is node:
            del parent.children[node.letter]
        node = parent


def prefix_beam_search(
    log_probs: Array,
    beam: int,
    scorer: PrefixScorer | None = None,
    *,
    weight: float = 0.5,
    bonus: float = 0.0,
    prune: float = 1e-4,
) -> list[TextHypothesis]:
    """Return the likeliest texts of one recording, best first; see `PrefixBeam`.

    Shape:
        - log_probs: ``(T, V)``
    """
    check_shape("log_probs", log_probs, T=None, V=None)
    search = PrefixBeam(beam, scorer, weight=weight, bonus=bonus, prune=prune)
    search.advance(log_probs)
    return search.hypotheses()


def align(log_probs: Array, letters: Sequence[int]) -> list[Spoken]:
    """Return when each letter of a text was said, by the likeliest way to this text (Viterbi).

    Args:
        log_probs: Of one recording.
        letters: The text's classes.

    Shape:
        - log_probs: ``(T, V)``

    Raises:
        DataError: If the text does not fit into the steps.

    Example:
        >>> steps = np.log(np.eye(3)[[1, 1, 0, 2]] * 0.7 + 0.1)
        >>> [(s.letter, s.start, s.end) for s in align(steps, [1, 2])]
        [(1, 0, 2), (2, 3, 4)]
    """
    check_shape("log_probs", log_probs, T=None, V=None)
    steps, count = len(log_probs), len(letters)
    if not count:
        return []
    needed = count + sum(a == b for a, b in itertools.pairwise(letters))
    if needed > steps:
        raise DataError(f"{count} letters need {needed} steps, and the sound has {steps}")
    states = np.zeros(2 * count + 1, np.int64)  # blank, letter, blank, letter, ..., blank
    states[1::2] = letters
    skips = np.zeros(len(states), bool)  # whether the blank before may be left out
    skips[3::2] = states[3::2] != states[1:-2:2]
    scores = np.asarray(log_probs, np.float64)[:, states]  # (T, S)
    back = np.zeros((steps, len(states)), np.int8)
    best = np.full(len(states), -np.inf)
    best[:2] = scores[0, :2]
    for t in range(1, steps):
        moves = np.full((3, len(states)), -np.inf)  # from the same, the one, the two before
        moves[0], moves[1, 1:], moves[2, 2:] = best, best[:-1], best[:-2]
        moves[2, ~skips] = -np.inf
        back[t] = moves.argmax(0)
        best = moves.max(0) + scores[t]
    place = len(states) - 1 if best[-1] >= best[-2] else len(states) - 2
    way = np.empty(steps, np.int64)
    for t in range(steps - 1, -1, -1):
        way[t] = place
        place -= int(back[t, place])
    said = []
    for k, letter in enumerate(letters):
        where = np.flatnonzero(way == 2 * k + 1)
        chance = math.exp(min(0.0, float(scores[where, 2 * k + 1].max())))
        said.append(Spoken(int(letter), int(where[0]), int(where[-1]) + 1, chance))
    return said


def log_add(a: float, b: float) -> float:
    """Return ``ln(e^a + e^b)``."""
    if a < b:
        a, b = b, a
    return a if b == -math.inf else a + math.log1p(math.exp(b - a))
