"""How well tags fit: words that are right, spans that are right, and what counting alone finds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from elman.data.conll import Sentence
from elman.data.spans import SpanScores, convert
from elman.data.tagged import TaggedVocabulary
from elman.tasks.report import Column, Figure, Report, Table

__all__ = ["FrequentTags", "TagScores"]


class TagScores:
    """Tags found for sentences, compared with those that are there.

    Args:
        vocabulary: Says whether tags write spans, and which words are unknown.
    """

    def __init__(self, vocabulary: TaggedVocabulary) -> None:
        self.vocabulary = vocabulary
        self.spans = SpanScores()
        self.words, self.right = 0, 0
        self.unknown, self.unknown_right = 0, 0
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.by_tag: dict[str, Counter[str]] = defaultdict(Counter)
        self._nats, self._counted = 0.0, 0

    def add(self, sentence: Sentence, found: Sequence[str]) -> None:
        """Count one sentence; both taggings in the scheme of the files."""
        gold: Sequence[str] = sentence.tags or ()
        if self.vocabulary.scheme is not None:
            gold = convert(gold, self.vocabulary.scheme)
            self.spans.add(gold, found)
        for token, there, tag in zip(sentence.tokens, gold, found, strict=True):
            right = there == tag
            self.words, self.right = self.words + 1, self.right + right
            if not self.vocabulary.word_id(token):
                self.unknown, self.unknown_right = self.unknown + 1, self.unknown_right + right
            self.pairs[there, tag] += 1
            self.by_tag[there]["there"] += 1
            self.by_tag[tag]["found"] += 1
            self.by_tag[tag]["right"] += right

    def add_nats(self, nats: float, words: int) -> None:
        """Count a mean loss over some words."""
        self._nats, self._counted = self._nats + nats * words, self._counted + words

    @property
    def nats(self) -> float:
        """Mean nats of a word."""
        return self._nats / max(1, self._counted)

    @property
    def accuracy(self) -> float:
        """Part of the words whose tag is right."""
        return self.right / max(1, self.words)

    @property
    def judged(self) -> float:
        """What a model is chosen by: span F1 where tags write spans, else accuracy."""
        return self.accuracy if self.vocabulary.scheme is None else self.spans.f1()

    @property
    def metrics(self) -> dict[str, float]:
        """The figures by name, the most important first."""
        accuracy = {"accuracy": self.accuracy}
        if self.vocabulary.scheme is None:
            return accuracy
        precision, recall = self.spans.precision(), self.spans.recall()
        return {"F1": self.spans.f1(), "precision": precision, "recall": recall, **accuracy}

    def report(self, title: str, baselines: Mapping[str, Mapping[str, float]]) -> Report:
        """Return what was found for people to read."""
        figures = [Figure(name, value, "%", 2) for name, value in self.metrics.items()]
        if self.unknown:
            share = self.unknown_right / self.unknown
            figures.append(Figure("accuracy on unknown words", share, "%", 2))
        figures.append(Figure("nats per word", self.nats, digits=4))
        notes = (f"{self.words:,} words, {self.unknown:,} of them unknown.",)
        return Report(title, tuple(figures), dict(baselines), (self._table(),), notes)

    def confusion(self) -> tuple[list[str], NDArray[np.int64]]:
        """Return the tags, and how often each (row) was taken for each (column)."""
        tags = sorted(self.by_tag)
        place = {tag: k for k, tag in enumerate(tags)}
        counts = np.zeros((len(tags), len(tags)), np.int64)
        for (there, found), count in self.pairs.items():
            counts[place[there], place[found]] = count
        return tags, counts

    def _table(self) -> Table:
        """Return precision, recall and F1 of each type of span or each tag."""
        if self.vocabulary.scheme is not None:
            spans = self.spans
            rows = [
                (kind, spans.precision(kind), spans.recall(kind), spans.f1(kind), spans.gold[kind])
                for kind in spans.types
            ]
            return scored("spans by type, as conlleval counts them", "type", rows)
        counted = sorted(self.by_tag.items(), key=lambda item: -item[1]["there"])
        rows = [
            (
                tag,
                n["right"] / n["found"] if n["found"] else 0.0,
                n["right"] / n["there"] if n["there"] else 0.0,
                2 * n["right"] / (n["found"] + n["there"]),
                n["there"],
            )
            for tag, n in counted
        ]
        return scored("by tag", "tag", rows)


def scored(title: str, what: str, rows: Sequence[tuple[str, float, float, float, int]]) -> Table:
    """Return a table of precision, recall and F1."""
    figures = (Column(name, "%", 2) for name in ("precision", "recall", "F1"))
    return Table(title, (Column(what), *figures, Column("there")), tuple(rows))


class FrequentTags:
    """The baseline of tagging: each word's most frequent tag, and the commonest of all for others.

    Args:
        train: Sentences to count in.
        vocabulary: Says how words are looked up and in which scheme tags are written.
    """

    def __init__(self, train: Sequence[Sentence], vocabulary: TaggedVocabulary) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._normal, self._scheme = vocabulary.normal, vocabulary.scheme
        for sentence in train:
            for token, tag in zip(sentence.tokens, self._written(sentence.tags or ()), strict=True):
                counts[self._normal(token)][tag] += 1
        self._best = {word: best(tags) for word, tags in counts.items()}
        self._other = best(sum(counts.values(), Counter()))

    def tags(self, tokens: Sequence[str]) -> list[str]:
        """Return a tag for each word."""
        return self._written([self._best.get(self._normal(token), self._other) for token in tokens])

    def _written(self, tags: Sequence[str]) -> list[str]:
        return list(tags) if self._scheme is None else convert(tags, self._scheme)


def best(tags: Counter[str]) -> str:
    """Return the most frequent tag, of equals the first by name."""
    return min(tags, key=lambda tag: (-tags[tag], tag))
