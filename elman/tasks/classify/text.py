"""Texts as `classify` takes them: a table of labelled ones, tokens, an embedding."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.labelled import (
    Columns,
    Examples,
    LabelledSets,
    read_examples,
    read_labelled,
    read_texts,
    with_tokenizer,
)
from elman.data.padding import pad
from elman.data.sentence import padded, sentence_ids
from elman.data.table_config import ColumnsConfig, LabelledConfig
from elman.data.tokenizer import Ids, Tokenizer, tokenizer_from_json
from elman.data.tokenizer.word import WordTokenizer
from elman.models.bag_of_words import BagOfWords, NaiveBayes
from elman.models.classifier import SequenceClassifier, token_classifier
from elman.tasks.classify.config import ClassifyTask
from elman.tasks.classify.examples import Named, Step
from elman.tasks.classify.kind import Kind
from elman.tasks.kind import Sets, Split
from elman.tasks.training import Progress, absolute, read_json
from elman.train.classification import Floats

__all__ = ["TextKind", "best_bag", "pieces_of"]

TOKENIZER, COLUMNS = "tokenizer.json", "columns.json"
PENALTIES = (0.3, 1.0, 3.0, 10.0)
"""Of the bag of words; the one that is best on the validation part is taken."""


class TextKind(Kind[Ids]):
    """Labelled texts of a table, as tokens.

    Args:
        tokenizer: Learned from the training part.
        columns: Where text and label were found.
        text: How texts are read.
        table: How tables are.
    """

    name, noun, steps, takes, embeds = "text", "texts", "tokens", "lines", True

    def __init__(
        self, tokenizer: Tokenizer, columns: Columns, text: LabelledConfig, table: ColumnsConfig
    ) -> None:
        self.tokenizer, self.columns, self.text, self.table = tokenizer, columns, text, table

    @property
    def own_table(self) -> ColumnsConfig:
        """How tables with the columns trained on are read."""
        return self.table.model_copy(update=self.columns._asdict())

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Take whatever no other kind does."""
        return True

    @classmethod
    def settled(cls, task: ClassifyTask) -> ClassifyTask:
        """Name files from the root, and choose the tokenizer."""

        def place(name: str | None) -> str | None:
            return absolute(name, is_known)

        text, columns = settings(task)
        text = text.model_copy(update={"valid": place(text.valid), "test": place(text.test)})
        data = str(place(task.data))
        text = with_tokenizer(data, text, columns)
        return task.model_copy(update={"data": data, "text": text, "columns": columns})

    @classmethod
    def learn(cls, task: ClassifyTask, progress: Progress | None) -> tuple[TextKind, Sets]:
        """Read the table and learn the tokenizer from its training part."""
        text, columns = settings(task)
        found = read_labelled(task.data, text, columns, progress=progress)
        return cls(found.tokenizer, found.columns, text, columns), sets_of(found, text)

    @classmethod
    def restored(cls, task: ClassifyTask, run: RunDirectory) -> TextKind:
        """Read tokenizer and columns."""
        tokenizer = tokenizer_from_json(run.read(TOKENIZER).decode())
        about = read_json(run, COLUMNS, are_columns)
        return cls(tokenizer, Columns(tuple(about["text"]), about["label"]), *settings(task))

    def files(self) -> dict[str, bytes]:
        """Keep tokenizer and columns."""
        return {
            TOKENIZER: self.tokenizer.to_json().encode(),
            COLUMNS: json.dumps(self.columns._asdict()).encode(),
        }

    def sets(self, task: ClassifyTask, progress: Progress | None) -> Sets:
        """Read the table with the tokenizer there is."""
        found = read_labelled(
            task.data, self.text, self.table, tokenizer=self.tokenizer, progress=progress
        )
        return sets_of(found, self.text)

    def examples(
        self, task: ClassifyTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> Examples:
        """Read another table that has the same columns."""
        return read_examples(data, self.text, self.own_table, self.tokenizer, labels, progress)

    def named(self, inputs: Iterator[str]) -> Iterator[Named[Ids]]:
        """Cut each text into tokens."""
        return (Named(text, self.ids(text)) for text in inputs)

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the texts of a table, of the columns trained on, or the lines of another file."""
        unlabelled = self.own_table.model_copy(update={"label": None})
        return read_texts(str(path), unlabelled, self.text.encoding)

    def arriving(self, source: str) -> Iterator[Step[Ids]]:
        """Yield a text token by token."""
        ids = self.ids(source)
        for place, stamp in enumerate(self.item_steps(Named(source, ids))):
            yield Step(stamp, ids[place : place + 1])

    def collate(
        self, items: Sequence[Ids], rng: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return tokens ``(B, T)``, T at least 1, and lengths."""
        tokens, lengths = pad(items)
        return (tokens if tokens.shape[1] else tokens.new_zeros(len(items), 1)), lengths

    def model(self, task: ClassifyTask, classes: int) -> SequenceClassifier:
        """Put an embedding before the rest."""
        tokenizer = self.tokenizer
        return token_classifier(tokenizer.vocab_size, classes, task.model, tokenizer.unk_id)

    def item_steps(self, named: Named[Ids]) -> list[str]:
        """Return the tokens as they stand in the text."""
        return pieces_of(self.tokenizer, named.name)[: len(named.item)]

    def about(self, task: ClassifyTask, sets: Sets) -> list[tuple[str, str]]:
        """Name tokens and columns."""
        columns = ", ".join(self.columns.text)
        return [
            ("tokens", f"{self.tokenizer.vocab_size:,} different ones ({self.text.tokenizer})"),
            ("columns", f"text: {columns}; label: {self.columns.label}"),
        ]

    def baselines(
        self,
        task: ClassifyTask,
        labels: Sequence[str],
        data: str | None,
        split: Split,
        progress: Progress | None,
    ) -> dict[str, Floats]:
        """Return what a bag of words and naive Bayes say.

        They see words, whatever tokens the network sees, and all of a text.
        """
        words = {"tokenizer": "word", "word_split": "plain", "vocab_size": None, "max_length": None}
        text = self.text.model_copy(update=words)
        sets = read_labelled(task.data, text, self.table, progress=progress)
        scored: Examples = getattr(sets, split)
        if data is not None:
            scored = read_examples(data, text, self.own_table, sets.tokenizer, labels, progress)
        train, classes, vocabulary = sets.train, len(labels), sets.tokenizer.vocab_size
        counted = NaiveBayes(vocabulary, classes).fit(train.ids, train.starts, train.labels)
        bag = best_bag(train, sets.valid, vocabulary, classes)
        return {
            "bag of words": bag.log_probs(scored.ids, scored.starts),
            "naive Bayes": counted.log_probs(scored.ids, scored.starts),
        }

    def prompt(self) -> str:
        """Propose a text."""
        return "'a text of yours'"

    def ids(self, text: str) -> Ids:
        """Return the tokens of a text, as many as are read."""
        return sentence_ids(self.tokenizer, text)[: self.text.max_length]


def settings(task: ClassifyTask) -> tuple[LabelledConfig, ColumnsConfig]:
    """Return how texts and their table are read, by default where nothing is said."""
    return task.text or LabelledConfig(), task.columns or ColumnsConfig()


def sets_of(found: LabelledSets, text: LabelledConfig) -> Sets:
    """Return labelled texts as all kinds give their examples."""
    notes = []
    if found.skipped:
        notes.append(f"{found.skipped:,} empty rows left out")
    if found.train.cut:
        notes.append(f"{found.train.cut:,} texts cut at {text.max_length:,} tokens")
    parts = found.train, found.valid, found.test
    return Sets(found.labels, *parts, fingerprint=found.fingerprint, notes=tuple(notes))


def are_columns(about: Any) -> bool:
    """Say whether a run's file names columns."""
    names = about["text"]
    return bool(names) and all(isinstance(name, str) for name in (*names, about["label"]))


def pieces_of(tokenizer: Tokenizer, text: str) -> list[str]:
    """Return the tokens of a text as they stand there; of unknown words the word."""
    if isinstance(tokenizer, WordTokenizer):
        return tokenizer.cut(padded(tokenizer, text))
    return [tokenizer.token(int(token)) for token in sentence_ids(tokenizer, text)]


def best_bag(train: Any, valid: Any, vocabulary: int, classes: int) -> BagOfWords:
    """Return the bag whose penalty fits the validation part best; parts are as `Examples`."""

    def fitted(penalty: float) -> BagOfWords:
        bag = BagOfWords(vocabulary, classes, penalty)
        bag.fit(train.ids, train.starts, train.labels)
        return bag

    def mistakes(bag: BagOfWords) -> float:
        told = bag.log_probs(valid.ids, valid.starts).argmax(-1)
        return float((told != valid.labels).mean())

    return min(map(fitted, PENALTIES), key=mistakes) if len(valid) else fitted(1.0)
