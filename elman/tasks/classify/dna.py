"""DNA as `classify` takes it: labelled sequences, letters or words of them, both strands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import DataError
from elman._run import RunDirectory
from elman.data.dna.alphabet import Codes, decoded, encoded, reverse_complement
from elman.data.dna.config import DnaConfig, LettersConfig
from elman.data.dna.fasta import STDIN, is_sequences, read_records
from elman.data.dna.kmers import kmer_ids, letters_by_place
from elman.data.dna.labelled import (
    DnaSets,
    Sequences,
    read_dna,
    read_other_dna,
    sequence_files,
    sequences_of_table,
)
from elman.data.dna.sets import is_dna_set
from elman.data.find import find_data, is_known
from elman.data.padding import pad
from elman.data.table import looks_like_table
from elman.models.bag_of_words import BagOfWords
from elman.models.classifier import SequenceClassifier
from elman.models.config import BodyConfig
from elman.models.dna_classifier import DnaClassifier
from elman.tasks.classify.config import ClassifyTask
from elman.tasks.classify.examples import Examples, Named, Step
from elman.tasks.classify.kind import Kind
from elman.tasks.classify.output import Why
from elman.tasks.classify.text import best_bag
from elman.tasks.kind import Sets, Split
from elman.tasks.letter_pictures import Letters, letter_picture
from elman.tasks.report import Picture
from elman.tasks.training import Progress, absolute
from elman.train.classification import Floats

__all__ = ["DnaKind", "undropped"]

M = TypeVar("M", bound=BodyConfig)

BAG_WORDS = (4, 6)
"""Lengths of the words that bags are made of."""
LONGEST_PLACED = 1000
"""Letters up to which each place has weights of its own, in the baseline of places."""
DRAWN = 6
"""Sequences that a picture shows."""


class DnaKind(Kind[Codes]):
    """Labelled sequences of DNA.

    Args:
        config: How they are read, and what the network sees of them.
    """

    name, noun, steps = "dna", "sequences", "letters"

    def __init__(self, config: DnaConfig) -> None:
        self.config = config

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Tell DNA by the names of files, or of the files in a folder."""
        if is_known(data):
            return is_dna_set(data)
        path = Path(data)
        return is_sequences(data) or (
            path.is_dir() and any(is_sequences(file.name) for file in path.iterdir())
        )

    @classmethod
    def settled(cls, task: ClassifyTask) -> ClassifyTask:
        """Name files from the root; leave single letters as they are."""

        def place(name: str | None) -> str | None:
            return absolute(name, is_known)

        dna = task.dna or DnaConfig()
        dna = dna.model_copy(update={"valid": place(dna.valid), "test": place(dna.test)})
        changes = {"data": str(place(task.data)), "dna": dna, "model": undropped(task.model, dna)}
        return task.model_copy(update=changes)

    @classmethod
    def learn(cls, task: ClassifyTask, progress: Progress | None) -> tuple[DnaKind, Sets]:
        """Read the sequences; of DNA there is nothing to know before training."""
        kind = cls(task.dna or DnaConfig())
        return kind, kind.sets(task, progress)

    @classmethod
    def restored(cls, task: ClassifyTask, run: RunDirectory) -> DnaKind:
        """Take the configuration: it says all."""
        return cls(task.dna or DnaConfig())

    def files(self) -> dict[str, bytes]:
        """Keep nothing beside the configuration."""
        return {}

    def sets(self, task: ClassifyTask, progress: Progress | None) -> Sets:
        """Read the sequences, and split them."""
        return sets_of(read_dna(task.data, self.config, progress))

    def examples(
        self, task: ClassifyTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> Sequences:
        """Read other labelled sequences, whole."""
        return read_other_dna(data, self.config, labels, progress)

    def named(self, inputs: Iterator[str]) -> Iterator[Named[Codes]]:
        """Read the records of files, or sequences that were typed."""
        for source in inputs:
            if is_typed(source):
                yield Named(source, encoded(source))
            elif source != STDIN and Path(source).is_dir():
                for file in sequence_files(source):
                    yield from (Named(r.name, r.codes) for r in read_records(str(file)))
            elif source != STDIN and looks_like_table(Path(source)):
                for place, codes in sequences_of_table(source, self.config):
                    yield Named(place, codes)
            else:
                found = source if source == STDIN else find_data(source)
                yield from (Named(r.name, r.codes) for r in read_records(found))

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the file itself."""
        yield str(path)

    def arriving(self, source: str) -> Iterator[Step[Codes]]:
        """Yield a sequence letter by letter."""
        for named in self.named(iter([source])):
            for place in range(len(named.item)):
                letter = named.item[place : place + 1]
                yield Step(f"{place + 1} {decoded(letter)}", letter)
            return  # what follows is another sequence

    def collate(
        self, items: Sequence[Codes], rng: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return codes ``(B, T)``, T at least 1, and lengths; in training, of either strand."""
        if rng is not None and self.config.strands == "augment":
            turned = rng.random(len(items)) < 0.5
            items = [
                reverse_complement(item) if turn else item
                for item, turn in zip(items, turned, strict=True)
            ]
        codes, lengths = pad(items)
        return (codes if codes.shape[1] else codes.new_zeros(len(items), 1)), lengths

    def model(self, task: ClassifyTask, classes: int) -> SequenceClassifier:
        """Put letters, or words of them, before the rest."""
        config = self.config
        return DnaClassifier(
            classes,
            task.model,
            kmer=config.kmer,
            kmer_size=config.kmer_size,
            filters=config.filters,
            filter_width=config.filter_width,
            stride=config.stride,
            dropout_letters=config.dropout_letters,
            strands=config.strands,
        )

    def item_steps(self, named: Named[Codes]) -> list[str]:
        """Return the letters."""
        return list(decoded(named.item))

    def about(self, task: ClassifyTask, sets: Sets) -> list[tuple[str, str]]:
        """Say how long sequences are, and what is seen of them."""
        lengths, config = sets.train.lengths, self.config
        span = f"{lengths.min():,}" + (
            "" if lengths.min() == lengths.max() else f" to {lengths.max():,}"
        )
        seen = ["single letters" if config.kmer == 1 else f"words of {config.kmer} letters"]
        if config.filters:
            seen.append(
                f"{config.filters} filters of {config.filter_width}"
                + (f", every {config.stride} letters" if config.stride > 1 else "")
            )
        strands = {
            "one": "of the strand that is given",
            "augment": "of either strand, both in prediction",
            "average": "mean of both strands",
            "tied": "both strands with the same weights",
        }[config.strands]
        return [("letters", f"{span} each; {', '.join(seen)}; {strands}")]

    def baselines(
        self,
        task: ClassifyTask,
        labels: Sequence[str],
        data: str | None,
        split: Split,
        progress: Progress | None,
    ) -> dict[str, Floats]:
        """Return what bags of words say, and weights of each letter at each place."""
        sets = self.sets(task, progress)
        scored: Any = sets.part(split)
        if data is not None:
            scored = self.examples(task, data, labels, progress)
        found: dict[str, Floats] = {}
        for k in BAG_WORDS:
            count = self.counter(k)
            found[f"bag of {k}-mers"] = self.bag(sets, scored, 4**k, count)
        lengths = {*sets.train.lengths.tolist(), *scored.lengths.tolist()}
        if len(lengths) == 1 and max(lengths) <= LONGEST_PLACED:
            size = 4 * max(lengths)
            found["letters by place"] = self.bag(sets, scored, size, letters_by_place)
        return found

    def counter(self, k: int) -> Callable[[Codes], NDArray[np.int64]]:
        """Return what names the words of k letters in a sequence."""
        return lambda codes: kmer_ids(codes, k, both_strands=self.config.both_strands)

    def bag(
        self, sets: Sets, scored: Any, size: int, count: Callable[[Codes], NDArray[np.int64]]
    ) -> Floats:
        """Return what logistic regression says of the things that occur in a sequence."""
        train, valid, asked = (Bag(part, count) for part in (sets.train, sets.valid, scored))
        bag: BagOfWords = best_bag(train, valid, size, len(sets.labels))
        return bag.log_probs(asked.ids, asked.starts)

    def reasons(
        self,
        examples: Examples,
        log_probs: Floats,
        labels: Sequence[str],
        why: Callable[[Named[Any]], Why],
    ) -> list[Picture]:
        """Draw the letters of some sequences, as high as what they contribute."""
        told = log_probs.argmax(-1)
        rows = []
        for k in chosen(examples.labels, told, log_probs):
            reason = why(Named("", examples[k]))
            right = told[k] == examples.labels[k]
            said = f"{reason.label}, {np.exp(log_probs[k, told[k]]):.1%} sure"
            if not right:
                said += f"; it is {labels[examples.labels[k]]}"
            values = np.array([value for _, value in reason.tokens])
            rows.append(Letters(decoded(examples[k]), values, said))
        caption = (
            "Each letter as high as it speaks for the class that was told, in nats of log-odds; "
            "below the line, against it. Of each class the surest, and the surest mistakes."
        )
        return [letter_picture("What speaks for the class", rows, caption)] if rows else []

    def prompt(self) -> str:
        """Propose a file."""
        return "sequences.fa"


def undropped(model: M, dna: LettersConfig) -> M:
    """Return a model that drops no part of single letters, where nothing is said of it.

    A letter is one number that is 1: a network that drops it reads no letter at all.
    """
    if model.dropout_input is not None or dna.kmer > 1 or dna.filters:
        return model
    return model.model_copy(update={"dropout_input": 0.0})


class Bag:
    """Sequences as the things that occur in them, as `BagOfWords` takes them."""

    def __init__(self, part: Any, count: Callable[[Codes], NDArray[np.int64]]) -> None:
        found = [count(part[k]) for k in range(len(part))]
        self.ids = np.concatenate([*found, np.empty(0, np.int64)])
        self.starts = np.cumsum([0, *map(len, found)], dtype=np.int64)
        self.labels: NDArray[np.int64] = part.labels

    def __len__(self) -> int:
        return len(self.labels)


def sets_of(found: DnaSets) -> Sets:
    """Return labelled sequences as all kinds give their examples."""
    parts = found.train, found.valid, found.test
    return Sets(found.labels, *parts, fingerprint=found.fingerprint, notes=found.notes)


def is_typed(source: str) -> bool:
    """Say whether an input is a sequence itself, not the name of a file.

    Raises:
        DataError: If there is no such file, and it is no sequence either.
    """
    if source == STDIN or Path(source).exists() or is_known(source) or is_sequences(source):
        return False
    codes = encoded(source)
    if len(codes) and codes.all():
        return True
    raise DataError(
        f"{source} is neither a file nor a sequence of the letters A, C, G, T and IUPAC's codes. "
        "Give a FASTA or FASTQ file, a table, - for standard input, or the letters themselves"
    )


def chosen(labels: NDArray[np.int64], told: NDArray[np.int64], log_probs: Floats) -> list[int]:
    """Return which sequences are drawn: of each class the surest, then the surest mistakes."""
    sure = log_probs.max(-1)
    order = np.argsort(-sure, kind="stable")
    right = told[order] == labels[order]
    best = [order[right & (labels[order] == c)][:1] for c in np.unique(labels)]
    first = [int(k) for part in best for k in part][: DRAWN - 1]
    return first + [int(k) for k in order[~right][: max(0, DRAWN - len(first))]]
