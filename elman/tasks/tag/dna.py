"""DNA as `tag` takes it: sequences with labelled regions, a label for each base, tracks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from elman._errors import ConfigError
from elman._run import RunDirectory
from elman.data.dna.alphabet import Codes
from elman.data.dna.config import RegionsConfig
from elman.data.dna.fasta import STDIN, is_sequences, read_pieces
from elman.data.dna.labelled import sequence_files
from elman.data.dna.sets import is_dna_set
from elman.data.dna.tagged import (
    TaggedDna,
    TaggedDnaSets,
    read_other_tagged_dna,
    read_tagged_dna,
)
from elman.data.find import find_data, is_known
from elman.data.padding import pad
from elman.models.dna_tagger import DnaTagger
from elman.models.generate import evaluating
from elman.models.step_tagger import StepTagger
from elman.tasks.classify.dna import undropped
from elman.tasks.kind import Sets
from elman.tasks.report import Picture
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.tag.dna_output import check, writer_of
from elman.tasks.tag.dna_pictures import Track, track_picture
from elman.tasks.tag.dna_stream import Found, tag_pieces
from elman.tasks.tag.kind import TagExamples, TagKind, step_config
from elman.tasks.training import Progress, absolute

__all__ = ["DnaTagKind"]

LEAST_CONTEXTS = 8
"""Windows in prediction are at least so many contexts long, so that little is read twice."""


class DnaTagKind(TagKind[Codes]):
    """Sequences of DNA with labelled regions.

    Args:
        config: How they are read, and what the network sees of them.
    """

    name, noun, steps = "dna", "sequences", "bases"

    def __init__(self, config: RegionsConfig) -> None:
        self.config = config

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Tell DNA by the name of the file."""
        return is_dna_set(data) if is_known(data) else is_sequences(data)

    @classmethod
    def settled(cls, task: TagTask) -> TagTask:
        """Name files from the root; leave single letters as they are."""

        def place(name: str | None) -> str | None:
            return absolute(name, is_known)

        dna = task.dna or RegionsConfig()
        if dna.strands == "augment":
            raise ConfigError(
                "dna.strands: 'augment' is for classify; to tell the bases of both strands alike "
                "use 'average' or 'tied'"
            )
        files = {"regions": None if dna.regions is None else absolute(dna.regions, is_known)}
        files |= {"valid": place(dna.valid), "test": place(dna.test)}
        dna = dna.model_copy(update=files)
        changes = {"data": str(place(task.data)), "dna": dna, "model": undropped(task.model, dna)}
        return task.model_copy(update=changes)

    @classmethod
    def learn(cls, task: TagTask, progress: Progress | None) -> tuple[DnaTagKind, Sets]:
        """Read sequences and regions; of DNA there is nothing to know before training."""
        kind = cls(task.dna or RegionsConfig())
        return kind, kind.sets(task, progress)

    @classmethod
    def restored(cls, task: TagTask, run: RunDirectory) -> DnaTagKind:
        """Take the configuration: it says all."""
        return cls(task.dna or RegionsConfig())

    def files(self) -> dict[str, bytes]:
        """Keep nothing beside the configuration."""
        return {}

    def sets(self, task: TagTask, progress: Progress | None) -> Sets:
        """Read sequences and regions, and split them."""
        return sets_of(read_tagged_dna(task.data, self.config, progress))

    def examples(
        self, task: TagTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> TaggedDna:
        """Read another file of sequences, whose regions stand in its headers or beside it."""
        return read_other_tagged_dna(data, self.config, labels, progress)

    def collate(
        self, items: Sequence[Codes], rng: np.random.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return codes ``(B, T)`` and lengths."""
        return pad(items)

    def model(self, task: TagTask, tags: int) -> StepTagger:
        """Put letters, or words of them, before the rest."""
        config = self.config
        if config.strands == "augment":
            raise ConfigError("dna.strands: 'augment' is for classify")
        return DnaTagger(
            tags,
            step_config(task),
            kmer=config.kmer,
            kmer_size=config.kmer_size,
            filters=config.filters,
            filter_width=config.filter_width,
            dropout_letters=config.dropout_letters,
            strands=config.strands,
        )

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the file itself."""
        yield str(path)

    def about(self, task: TagTask, sets: Sets) -> list[tuple[str, str]]:
        """Say how common each tag is, and what is seen."""
        counts = np.zeros(len(sets.labels), np.int64)
        for k in range(len(sets.train)):
            tags = sets.train.tags(k)
            counts += np.bincount(tags[tags >= 0], minlength=len(counts))
        shares = ", ".join(
            f"{label} {count / counts.sum():.1%}"
            for label, count in zip(sets.labels, counts, strict=True)
        )
        return [("bases", shares)]

    def predict(
        self,
        model: StepTagger,
        labels: Sequence[str],
        inputs: Iterator[str],
        options: TagPredict,
        write: Callable[[str], None],
    ) -> None:
        """Write regions as BED or JSON lines, or a track as bedGraph."""
        check(options, labels)
        writer = writer_of(options, labels, write)
        with evaluating(model):
            for source in inputs:
                for found in self.tagged(model, source):
                    writer.take(found)
        writer.end()

    def tagged(self, model: StepTagger, source: str) -> Iterator[Found]:
        """Yield what is found for the sequences of a file, in memory that does not grow."""
        window = max(self.config.window, LEAST_CONTEXTS * self.config.context)
        files = [source]
        if source != STDIN:
            is_folder = Path(source).is_dir()
            files = [str(f) for f in sequence_files(source)] if is_folder else [find_data(source)]
        pieces = itertools.chain.from_iterable(map(read_pieces, files))
        return tag_pieces(model, pieces, window, self.config.context)

    def pictures(
        self, task: TagTask, examples: TagExamples, found: Sequence[Any], labels: Sequence[str]
    ) -> list[Picture]:
        """Draw where regions are, and where they were found."""
        tracks = []
        for k, told in enumerate(found):
            true = examples.tags(k)
            own = true >= 0  # what is read around a window is not told there
            said = examples.said(k) if isinstance(examples, TaggedDna) else f"sequence {k + 1}"
            tracks.append(Track(true[own], told[own], said))
        return [track_picture("Regions, and what was found", tracks, labels)] if tracks else []


def sets_of(found: TaggedDnaSets) -> Sets:
    """Return tagged sequences as all kinds give their examples."""
    parts = found.train, found.valid, found.test
    return Sets(found.labels, *parts, fingerprint=found.fingerprint, notes=found.notes)
