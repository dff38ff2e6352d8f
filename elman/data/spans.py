"""Spans in tags: names of people and places, chunks, as BIO, IOB1 or IOBES write them.

========  ==================================================================================
``bio``   ``B-X`` begins a span of type X, ``I-X`` goes on, ``O`` is outside (also: IOB2)
``iob1``  ``I-X`` begins one too; ``B-X`` only where a span of the same type ends just before
``iobes`` as ``bio``, and ``E-X`` ends a span, ``S-X`` is one of a single token (also: BILOU,
          with ``L`` and ``U``)
========  ==================================================================================

What counts as a span is what the `conlleval` script of CoNLL-2000 counts, also for tags that
no scheme would write. Knows tags only, no files and no tensors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError

__all__ = [
    "SCHEMES",
    "Moves",
    "Scheme",
    "Span",
    "SpanScores",
    "allowed_moves",
    "convert",
    "first_mistake",
    "guess_scheme",
    "not_of_spans",
    "spans",
]

Scheme = Literal["bio", "iob1", "iobes"]
SCHEMES: tuple[Scheme, ...] = ("bio", "iob1", "iobes")

OUTSIDE = "O"
BEGINS, ENDS = frozenset("BSU"), frozenset("ESLU")
PREFIXES = frozenset("BIESLU")


class Span(NamedTuple):
    """A span: its first token, the token after its last, its type."""

    start: int
    end: int
    type: str


def parted(tag: str) -> tuple[str, str]:
    """Return a tag's prefix and type; whatever has no known prefix is outside.

    Example:
        >>> parted("B-PER"), parted("O"), parted("I-geo-loc")
        (('B', 'PER'), ('O', ''), ('I', 'geo-loc'))
    """
    prefix, dash, kind = tag.partition("-")
    return (prefix, kind) if dash and kind and prefix in PREFIXES else (OUTSIDE, "")


def not_of_spans(tags: Iterable[str]) -> list[str]:
    """Return the tags that are neither ``O`` nor a prefix, a dash and a type.

    Example:
        >>> not_of_spans(["B-PER", "O", "PER", "B_LOC"])
        ['PER', 'B_LOC']
    """
    return [tag for tag in tags if tag != OUTSIDE and parted(tag)[0] == OUTSIDE]


def spans(tags: Iterable[str]) -> list[Span]:
    """Return the spans of one sentence as conlleval finds them.

    A span begins at B (and S), and at any other tag inside after O, after another type, or
    after E (and S). So a stray ``I-X`` is a span too.

    Example:
        >>> spans(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"])
        [Span(start=0, end=2, type='PER'), Span(start=3, end=4, type='LOC'), Span(start=4, ...)]
    """
    found: list[Span] = []
    start, before, kind = 0, OUTSIDE, ""
    end = 0
    for end, tag in enumerate(tags):
        prefix, now = parted(tag)
        fresh = prefix in BEGINS or before == OUTSIDE or before in ENDS or now != kind
        if before != OUTSIDE and (prefix == OUTSIDE or fresh):
            found.append(Span(start, end, kind))
        if prefix != OUTSIDE and fresh:
            start = end
        before, kind = prefix, now
    if before != OUTSIDE:
        found.append(Span(start, end + 1, kind))
    return found


def written(found: Iterable[Span], length: int, scheme: Scheme) -> list[str]:
    """Return spans, in order, as tags.

    Example:
        >>> written([Span(0, 2, "PER"), Span(2, 3, "PER")], 4, "iobes")
        ['B-PER', 'E-PER', 'S-PER', 'O']
    """
    tags = [OUTSIDE] * length
    before = Span(-1, -1, "")
    for span in found:
        tags[span.start : span.end] = [f"I-{span.type}"] * (span.end - span.start)
        touching = before.end == span.start and before.type == span.type
        if scheme != "iob1" or touching:
            tags[span.start] = f"B-{span.type}"
        if scheme == "iobes":
            single = span.end - span.start == 1
            tags[span.end - 1] = f"{'S' if single else 'E'}-{span.type}"
        before = span
    return tags


def convert(tags: Sequence[str], scheme: Scheme) -> list[str]:
    """Return tags of any scheme in another one.

    Example:
        >>> convert(["I-PER", "I-PER", "B-PER", "O"], "bio")
        ['B-PER', 'I-PER', 'B-PER', 'O']
    """
    return written(spans(tags), len(tags), scheme)


def first_mistake(tags: Sequence[str], scheme: Scheme) -> tuple[int, str] | None:
    """Return where tags break a scheme, and how; ``None`` if they do not.

    Example:
        >>> first_mistake(["O", "I-PER"], "bio")
        (1, "'I-PER' after 'O': a span begins with B-PER in bio")
    """
    same = {"L": "E", "U": "S"}  # BILOU is IOBES by other letters
    prefixes = {"bio": "BI", "iob1": "BI", "iobes": "BIES"}[scheme]
    for k, (tag, right) in enumerate(zip(tags, convert(tags, scheme), strict=True)):
        prefix, kind = parted(tag)
        prefix = same.get(prefix, prefix)
        if tag == right or (prefix != OUTSIDE and f"{prefix}-{kind}" == right):
            continue
        if prefix == OUTSIDE:
            return k, f"{tag!r} is no tag of {scheme}: expected O, {', '.join(prefixes)} and a type"
        before = f"after {tags[k - 1]!r}" if k else "at the beginning"
        if prefix not in prefixes:
            return k, f"{tag!r}: {scheme} has the prefixes {', '.join(prefixes)} alone"
        if right.startswith(("B", "S")):
            return k, f"{tag!r} {before}: a span begins with {right} in {scheme}"
        return k, f"{tag!r} {before}: expected {right} here in {scheme}"
    return None


def guess_scheme(sentences: Iterable[Sequence[str]]) -> Scheme | None:
    """Return the scheme of some sentences' tags, ``None`` if they are no spans.

    They are spans if every tag is ``O`` or a prefix, a dash and a type. Then E, S, L or U mean
    ``iobes``; else it is ``iob1`` if a span begins with I more often than with B.

    Example:
        >>> guess_scheme([["NOUN", "VERB"]]), guess_scheme([["I-PER", "O"]])
        (None, 'iob1')
    """
    starts: Counter[str] = Counter()
    ended = False
    for tags in sentences:
        if not_of_spans(tags):
            return None
        for tag in tags:
            ended = ended or parted(tag)[0] in ENDS
        starts.update(parted(tags[span.start])[0] for span in spans(tags))
    if not starts:
        return None
    if ended:
        return "iobes"
    return "iob1" if starts["I"] > starts["B"] else "bio"


class Moves(NamedTuple):
    """Which tags may follow each other.

    Attributes:
        between: ``(K, K)`` bool, ``[from, to]``.
        start: ``(K,)`` bool, which may be first.
        end: ``(K,)`` bool, which may be last.
    """

    between: NDArray[np.bool_]
    start: NDArray[np.bool_]
    end: NDArray[np.bool_]


def allowed_moves(tags: Sequence[str], scheme: Scheme) -> Moves | None:
    """Return the moves that a scheme allows; ``None`` if, among these tags, a tag has no way on.

    Example:
        >>> allowed_moves(["O", "B-X", "I-X"], "bio").between.astype(int)
        array([[1, 1, 0],
               [1, 1, 1],
               [1, 1, 1]])
    """
    same = {"L": "E", "U": "S"}
    pieces = [parted(tag) for tag in tags]
    pieces = [(same.get(prefix, prefix), kind) for prefix, kind in pieces]

    def fits(before: tuple[str, str], after: tuple[str, str]) -> bool:
        goes_on = after[0] in "IE" and before[1] == after[1]
        if scheme == "iob1":
            touching = before[0] != OUTSIDE and before[1] == after[1]
            return after[0] != "B" or touching
        if scheme == "iobes" and before[0] in "BI":
            return goes_on
        return after[0] not in "IE" or (goes_on and before[0] in "BI")

    outside = (OUTSIDE, "")
    moves = Moves(
        np.array([[fits(a, b) for b in pieces] for a in pieces], np.bool_),
        np.array([fits(outside, b) for b in pieces], np.bool_),
        np.array([fits(a, outside) for a in pieces], np.bool_),
    )
    usable = moves.start.any() and moves.end.any() and moves.between.any(axis=1).all()
    return moves if usable else None


@dataclass
class SpanScores:
    """Spans that are right, of those found and of those that are there: overall and by type.

    A span is right if its tokens and its type are, as for conlleval. Figures are in [0, 1].

    Example:
        >>> scores = SpanScores()
        >>> scores.add(gold=["B-PER", "I-PER", "O"], found=["B-PER", "O", "B-LOC"])
        >>> scores.add(gold=["B-LOC"], found=["B-LOC"])
        >>> scores.precision(), scores.recall(), scores.f1("LOC")
        (0.333, 0.5, 0.667)
    """

    right: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    gold: Counter[str] = field(default_factory=Counter)

    def add(self, gold: Sequence[str], found: Sequence[str]) -> None:
        """Count one sentence.

        Raises:
            DataError: If the two are not of one length.
        """
        if len(gold) != len(found):
            raise DataError(f"expected as many tags as the {len(gold)} tokens, got {len(found)}")
        there, seen = set(spans(gold)), set(spans(found))
        for counter, counted in (
            (self.right, there & seen),
            (self.found, seen),
            (self.gold, there),
        ):
            counter.update(span.type for span in counted)

    @property
    def types(self) -> list[str]:
        """All types, by name."""
        return sorted(self.found | self.gold)

    def precision(self, kind: str | None = None) -> float:
        """Return how many of the spans found are right, of one type or of all."""
        return ratio(count(self.right, kind), count(self.found, kind))

    def recall(self, kind: str | None = None) -> float:
        """Return how many of the spans that are there were found right."""
        return ratio(count(self.right, kind), count(self.gold, kind))

    def f1(self, kind: str | None = None) -> float:
        """Return the harmonic mean of precision and recall; 0 if nothing is right."""
        return ratio(2 * count(self.right, kind), count(self.found, kind) + count(self.gold, kind))


def count(counter: Counter[str], kind: str | None) -> int:
    """Return the count of one type, or of all."""
    return counter.total() if kind is None else counter[kind]


def ratio(part: int, whole: int) -> float:
    """Return a part of a whole, 0 of nothing."""
    return part / whole if whole else 0.0
