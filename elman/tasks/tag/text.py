"""Tagging the words of sentences: train, score, tag new sentences.

Here the columns meet: sentences from `data`, a tagger from `models`, the loop from `train`. How
results are printed is in `output.py`, how they are scored in `scores.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from elman._errors import ConfigError, DataError
from elman._run import RunDirectory
from elman.data.buckets import Buckets, scoring_batches
from elman.data.conll import Sentence
from elman.data.find import is_known
from elman.data.lines import read_lines
from elman.data.spans import allowed_moves
from elman.data.tagged import (
    TaggedParts,
    TaggedSet,
    TaggedVocabulary,
    check_scheme,
    find_scheme,
    read_parts,
    read_tagged,
    word_vectors,
)
from elman.data.tagged_config import TaggedConfig
from elman.data.vectors import MOST_VALUES, Vectors
from elman.models.generate import evaluating
from elman.models.save import load_model
from elman.models.tagger import Tagger, TaggerInput
from elman.tasks.pictures import confusion_picture
from elman.tasks.report import Report
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.tag.output import TaggedSentence, chunks, sentences_of, written
from elman.tasks.tag.scores import FrequentTags, TagScores
from elman.tasks.training import (
    CONFIG,
    MODEL,
    Progress,
    TaskTraining,
    absolute,
    config_bytes,
    read_config,
    read_json,
    same_data,
)
from elman.train.objective import Batch, Outcome, Scores

__all__ = ["TextTagRun", "TextTagTraining"]

Split = Literal["train", "valid", "test"]
VOCABULARY, DATA = "vocabulary.json", "data.json"
SCORING_BATCH = 64
MOST_WORDS = 1 << 14
"""Words in one batch, padding included, where sentences are very long and nothing else is said."""


class TaggedSource:
    """The training part as batches of sentences of like length."""

    def __init__(self, sentences: TaggedSet, task: TagTask) -> None:
        self.sentences = sentences
        train, lengths = task.train, sentences.lengths
        most = train.max_tokens
        if most is None and int(lengths.max()) * train.batch_size > 4 * MOST_WORDS:
            most = MOST_WORDS
        self.buckets = Buckets(lengths, train.batch_size, seed=train.seed, max_tokens=most)

    def __len__(self) -> int:
        return len(self.buckets)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return one batch of an epoch."""
        inputs, tags = tensors(self.sentences, self.buckets.rows(epoch, index))
        return Batch(inputs, tags, fresh=True)


class TextTagTraining(TaskTraining[TagTask]):
    """The training of a tagger.

    Raises:
        DataError: If the data cannot be read or does not fit together; nothing is written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    def __init__(
        self,
        task: TagTask,
        parts: TaggedParts,
        vocabulary: TaggedVocabulary,
        model: Tagger,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.model: Tagger = model
        self.parts, self.vocabulary = parts, vocabulary
        self.train_set = encoded(parts.train, vocabulary, task.data)
        self.valid_set = encoded(parts.valid, vocabulary, settings(task).valid or task.data)
        self.validates = len(parts.valid) > 0

    @classmethod
    def start(cls, task: TagTask, out: Path, progress: Progress | None = None) -> TextTagTraining:
        """Read the data and make a new run directory."""
        task = located(task)
        if task.model.output is None:
            model_config = task.model.model_copy(update={"output": "crf"})
            task = task.model_copy(update={"model": model_config})
        parts, vocabulary, vectors = learned(task)
        model = new_model(task, vocabulary, vectors)
        files = {
            CONFIG: config_bytes(task),
            VOCABULARY: vocabulary.to_json().encode(),
            DATA: data_bytes(parts, vectors),
        }
        # A tag that was never learned is found out before anything is written.
        encoded(parts.valid, vocabulary, settings(task).valid or task.data)
        encoded(parts.test, vocabulary, settings(task).test or task.data)
        run = RunDirectory.create(out, files)
        return cls(task, parts, vocabulary, model, run, resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> TextTagTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task = read_config(run, TagTask, {"train": changes})
        parts, vocabulary, vectors = learned(task)
        same_data(run, task.data, run.read(DATA).decode(), data_bytes(parts, vectors).decode())
        model = new_model(task, vocabulary, vectors)
        return cls(task, parts, vocabulary, model, run, resume=True)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        model, vocabulary = self.task.model, self.vocabulary
        words = sum(map(len, self.train_set.tokens))
        tags = f"{len(vocabulary.tags)} tags"
        if vocabulary.scheme is not None:
            tags += f" ({vocabulary.scheme} in the file, learned as {vocabulary.learned})"
        network = f"{model.cell}, {model.num_layers} x {model.hidden_size} units"
        if model.bidirectional:
            network += " in each direction"
        spelled = "" if model.characters == "none" else f", characters by {model.characters}"
        return [
            (
                "data",
                f"{self.task.data}: {len(self.parts.train):,} sentences, {words:,} words to train "
                f"on, {len(self.parts.valid):,} sentences to validate on, "
                f"{len(self.parts.test):,} to test on",
            ),
            ("tags", f"{tags}; {len(vocabulary.words):,} words known"),
            ("network", f"{network}{spelled}, {model.output}"),
        ]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        path = self.run.path
        words = " ".join(self.parts.train[0].tokens[:8]).replace("'", "")
        return [f"elman predict {path} '{words}'", f"elman eval {path} --baselines"]

    def source(self) -> TaggedSource:
        """Return the training part as batches."""
        return TaggedSource(self.train_set, self.task)

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        found = self.model.loss(batch.inputs, batch.targets)
        return Outcome(found.nats, found.nats.detach(), found.words, None)

    def validate(self) -> Scores:
        """Score the held-out part: span F1 where tags write spans, else accuracy."""
        scores = score(self.model, self.vocabulary, self.parts.valid, self.valid_set)
        return Scores(scores.nats, scores.metrics, criterion=1 - scores.judged)


@dataclass(frozen=True)
class TextTagRun:
    """A trained tagger, opened from its run directory.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "names.conll").write_text("Ann B-PER\\nsleeps O\\n\\n" * 20)
        >>> from elman._config import load_config
        >>> small = {"data": str(folder / "names.conll"), "train": {"steps": 30, "lr": 0.02}}
        >>> training = TextTagTraining.start(load_config(TagTask, None, small), folder / "run")
        >>> events = list(training.events())
        >>> next(TextTagRun.open(folder / "run").tag([["Ann", "sleeps"]])).tags
        ['B-PER', 'O']
    """

    directory: RunDirectory
    task: TagTask
    vocabulary: TaggedVocabulary
    model: Tagger

    @classmethod
    def open(cls, path: Path) -> TextTagRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task = read_config(run, TagTask)
        vocabulary = TaggedVocabulary.from_json(run.read(VOCABULARY).decode())
        model = build(task, vocabulary, read_about(run)[1])
        load_model(model, run.read(MODEL))
        return cls(run, task, vocabulary, model.eval())

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        baselines: bool = False,
        pictures: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Score the run on a held-out part of its own data, or on another file.

        Args:
            data: Another file of the same format, scored whole; ``None``: the run's own data.
            split: Which part of the run's own data.
            baselines: Also score each word's most frequent tag.
            pictures: Also draw which tags are taken for which.
            progress: Told how far the work is.

        Raises:
            DataError: If there is nothing to score, a tag is not one of the run's, or the run's
                own data has changed.
        """
        config = settings(self.task)
        own = own_parts(self.directory, self.task) if data is None or baselines else None
        if data is not None:
            name, sentences = data, read_tagged(data, config)
            title = f"{data}, {len(sentences):,} sentences"
        else:
            assert own is not None  # noqa: S101 (read just above)
            sentences = getattr(own, split)
            name = {"valid": config.valid, "test": config.test}.get(split) or self.task.data
            title = f"{split} part, {len(sentences):,} sentences of {name}"
        if not sentences:
            raise DataError(
                f"the {split} part of {self.task.data} is empty. Choose another --split, or give "
                "a file"
            )
        data_set = encoded(sentences, self.vocabulary, name)
        found = score(self.model, self.vocabulary, sentences, data_set, progress)
        beside = {}
        if baselines and own is not None:
            frequent = FrequentTags(own.train, self.vocabulary)
            counted = TagScores(self.vocabulary)
            for sentence in sentences:
                counted.add(sentence, frequent.tags(sentence.tokens))
            beside["most frequent tag"] = counted.metrics
        report = found.report(title, beside)
        if not pictures:
            return report
        return replace(report, pictures=(confusion_picture(*found.confusion()),))

    def tag(
        self, sentences: Iterable[Sequence[str]], *, chunk: int = 1024
    ) -> Iterator[TaggedSentence]:
        """Yield sentences with their tags, in their order, in memory that does not grow.

        Args:
            sentences: The words of each; one without words comes back as it is.
            chunk: Sentences that are read before the first is answered, and sorted by length.
        """
        for some in chunks(map(list, sentences), chunk):
            yield from self._tagged(some)

    def _tagged(self, some: list[list[str]]) -> list[TaggedSentence]:
        """Tag some sentences together."""
        found = [TaggedSentence(tokens, [], []) for tokens in some]
        rows = [k for k, tokens in enumerate(some) if tokens]
        data = TaggedSet.encode((Sentence(some[k], None, ()) for k in rows), self.vocabulary)
        with evaluating(self.model), torch.inference_mode():
            for batch in scoring_batches(data.lengths, SCORING_BATCH, MOST_WORDS):
                inputs, _ = tensors(data, batch)
                tags, sure = self.model.decode(moved(inputs, self.model.device))
                for k, ids, chances in zip(batch, tags.tolist(), sure.tolist(), strict=True):
                    tokens = some[rows[k]]
                    given = self.vocabulary.given_tags(ids[: len(tokens)])
                    found[rows[k]] = TaggedSentence(tokens, given, chances[: len(tokens)])
        return found

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the lines of a file, in the encoding of the files trained on."""
        return read_lines(path, settings(self.task).encoding)

    def predict(self, lines: Iterable[str], options: TagPredict, write: Any, color: bool) -> None:
        """Write each sentence of some lines with its tags, for the command.

        Raises:
            ConfigError: If sentences are not written in the format.
        """
        if options.format in ("bed", "bedgraph", "csv"):
            raise ConfigError(
                f"format: sentences are written as text, conll or json, not {options.format}"
            )
        if options.stream:
            raise ConfigError("stream: has no effect on sentences. Leave it out")
        sentences = sentences_of(lines, options, settings(self.task))
        has_spans = self.vocabulary.scheme is not None
        found = self.tag(sentences, chunk=options.chunk)
        for text in written(found, options, has_spans=has_spans, color=color):
            write(text)


def learned(task: TagTask) -> tuple[TaggedParts, TaggedVocabulary, Vectors | None]:
    """Read the data, and take from its training part what there is to know beforehand."""
    config = settings(task)
    parts = read_parts(task.data, config)
    scheme = find_scheme(parts.train, task.data, config)
    if config.strict and scheme is not None:
        names = (task.data, config.valid or task.data, config.test or task.data)
        for part, name in zip(parts, names, strict=True):
            check_scheme(part, name, scheme)
    # Of one file all tags are known; a file apart may not have a tag that cannot be learned.
    every = [
        *parts.train,
        *(parts.valid if config.valid is None else ()),
        *(parts.test if config.test is None else ()),
    ]

    def vocabulary(words: Iterable[str] = ()) -> TaggedVocabulary:
        return TaggedVocabulary.learn(
            parts.train, config, scheme, inventory=every, more_words=words
        )

    if len({tag for sentence in every for tag in sentence.tags or ()}) == 1:
        raise DataError(
            f"{task.data}: every word has the tag {(every[0].tags or [''])[0]!r}; a tagger needs "
            "two or more. If the tags are in another column: --text.tag-column"
        )
    if config.vectors is None:
        return parts, vocabulary(), None
    vectors = word_vectors(config.vectors, vocabulary(), config.vectors_limit)
    if not vectors.words:
        raise DataError(f"{config.vectors} has none of the words. Is it of another language?")
    return parts, vocabulary(vectors.words), vectors


def build(task: TagTask, vocabulary: TaggedVocabulary, word_size: int | None) -> Tagger:
    """Return a network of the right sizes."""
    moves = None
    if vocabulary.learned is not None and task.model.constrain and task.model.output == "crf":
        found = allowed_moves(vocabulary.tags, vocabulary.learned)
        moves = None if found is None else tuple(torch.from_numpy(mask) for mask in found)
    return Tagger(
        len(vocabulary.words),
        len(vocabulary.characters) + 1,
        len(vocabulary.tags),
        task.model,
        word_size=word_size,
        moves=moves,  # type: ignore[arg-type]
    )


def new_model(task: TagTask, vocabulary: TaggedVocabulary, vectors: Vectors | None) -> Tagger:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    model = build(task, vocabulary, None if vectors is None else vectors.matrix.shape[1])
    if vectors is not None:
        ids = torch.tensor([vocabulary.word_id(word) for word in vectors.words])
        model.load_vectors(ids, torch.from_numpy(vectors.matrix))
    return model


def data_bytes(parts: TaggedParts, vectors: Vectors | None) -> bytes:
    """Return what a run keeps of its data: enough to know it again."""
    size = None if vectors is None else int(vectors.matrix.shape[1])
    return json.dumps({"fingerprint": parts.fingerprint, "vector_size": size}).encode()


def read_about(run: RunDirectory) -> tuple[str, int | None]:
    """Return what a run knows of its data: its fingerprint, and the size of pretrained vectors."""

    def sound(about: Any) -> bool:
        size = about["vector_size"]
        fits = size is None or (isinstance(size, int) and 0 < size <= MOST_VALUES)
        return fits and isinstance(about["fingerprint"], str)

    about = read_json(run, DATA, sound)
    return about["fingerprint"], about["vector_size"]


def own_parts(run: RunDirectory, task: TagTask) -> TaggedParts:
    """Return the sentences that a run was trained on, refused if they have changed."""
    parts = read_parts(task.data, settings(task))
    same_data(run, task.data, read_about(run)[0], parts.fingerprint)
    return parts


def settings(task: TagTask) -> TaggedConfig:
    """Return how sentences are read, by default where nothing is said."""
    return task.text or TaggedConfig()


def encoded(sentences: list[Sentence], vocabulary: TaggedVocabulary, name: str) -> TaggedSet:
    """Return sentences as numbers."""
    return TaggedSet.encode(sentences, vocabulary, name)


def tensors(data: TaggedSet, rows: NDArray[np.int64]) -> tuple[TaggerInput, torch.Tensor]:
    """Return some sentences as the model takes them, and their tags."""
    *inputs, tags = (torch.from_numpy(array) for array in data.batch(rows))
    return TaggerInput(*inputs), tags


def moved(inputs: TaggerInput, device: torch.device) -> TaggerInput:
    """Return a batch on a device."""
    return TaggerInput(*(tensor.to(device) for tensor in inputs))


@torch.inference_mode()
def score(
    model: Tagger,
    vocabulary: TaggedVocabulary,
    sentences: Sequence[Sentence],
    data: TaggedSet,
    progress: Progress | None = None,
) -> TagScores:
    """Tag sentences and compare; ``data`` is the same sentences as numbers."""
    scores, done = TagScores(vocabulary), 0
    with evaluating(model):
        for rows in scoring_batches(data.lengths, SCORING_BATCH, MOST_WORDS):
            inputs, tags = tensors(data, rows)
            inputs = moved(inputs, model.device)
            emissions = model.emissions(inputs)
            loss = model.loss_of(emissions, tags.to(model.device), inputs.lengths)
            scores.add_nats(float(loss.nats), loss.words)
            best = model.decoded(emissions, inputs.lengths, confidence=False).tags.tolist()
            for k, ids in zip(rows, best, strict=True):
                sentence = sentences[k]
                scores.add(sentence, vocabulary.given_tags(ids[: len(sentence.tokens)]))
            done += len(rows)
            if progress is not None:
                progress(done, len(sentences), "scoring")
    return scores


def located(task: TagTask) -> TagTask:
    """Return a task whose files are named from the root, so that it can resume from anywhere."""
    names, text = ("valid", "test", "vectors"), settings(task)
    files = {name: absolute(getattr(text, name), lambda _: False) for name in names}
    text = text.model_copy(update=files)
    data = absolute(task.data, is_known)
    return task.model_copy(update={"data": data, "text": text})
