"""One sequence into another: train on pairs, score, translate.

Here the columns meet: pairs and vocabularies from `data`, a translator from `models`, the loop
from `train`. What is done with a trained one is in `translations.py`.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from elman._errors import ConfigError, DataError
from elman._run import RunDirectory
from elman.data.buckets import scoring_batches
from elman.data.find import is_known
from elman.data.lines import read_lines
from elman.data.pairs import TURN, Pair, PairSets, read_pair_sets, read_pairs
from elman.models.generate import evaluating
from elman.models.save import load_model
from elman.models.translator import Translator
from elman.tasks.report import Figure, Report
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
from elman.tasks.translate.attention_page import attention_map
from elman.tasks.translate.config import (
    TranslateEval,
    TranslatePredict,
    TranslateTask,
    Translating,
)
from elman.tasks.translate.data import (
    Example,
    PairBatches,
    Vocabularies,
    tensors,
    with_tokenizers,
)
from elman.tasks.translate.output import attention_file, written
from elman.tasks.translate.pictures import attention_picture
from elman.tasks.translate.scores import TranslationScores, score_translations
from elman.tasks.translate.translations import (
    BATCH_TOKENS,
    CHUNK,
    Translation,
    translate,
    translate_lines,
)
from elman.train.log import Units, with_perplexity
from elman.train.objective import Batch, Outcome

__all__ = ["TranslateRun", "TranslateTraining"]

Split = Literal["train", "valid", "test"]
DATA = "data.json"
SCORED = 64
"""Pairs scored at once."""
SAMPLES = 3
TRIED = 1000
"""Pairs in which a conversation is looked for."""


class TranslateTraining(TaskTraining[TranslateTask]):
    """The training of a translator.

    Raises:
        DataError: If the pairs cannot be read; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    samples = True

    def __init__(
        self,
        task: TranslateTask,
        sets: PairSets,
        vocabularies: Vocabularies,
        model: Translator,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.model: Translator = model
        self.sets, self.vocabularies = sets, vocabularies
        self.batches = PairBatches(vocabularies.examples(sets.train), task)
        self.held_out = vocabularies.examples(sets.valid)
        self.validates = bool(self.held_out)

    @classmethod
    def start(
        cls, task: TranslateTask, out: Path, progress: Progress | None = None
    ) -> TranslateTraining:
        """Read the pairs and make a new run directory."""
        task = located(task)
        sets = read_pair_sets(task.data, task.target, task.pairs)
        task = with_tokenizers(task, sets.train)  # what is chosen now stays so
        vocabularies = Vocabularies.learn(sets.train, task)
        model = new_model(task, vocabularies)
        PairBatches(vocabularies.examples(sets.train), task)  # refuses before anything is written
        files = {
            CONFIG: config_bytes(task),
            DATA: json.dumps({"fingerprint": sets.fingerprint}).encode(),
            **vocabularies.files(),
        }
        run = RunDirectory.create(out, files)
        return cls(task, sets, vocabularies, model, run, resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> TranslateTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task = read_config(run, TranslateTask, {"train": changes})
        vocabularies = Vocabularies.read(run)
        sets = own_pairs(run, task)
        return cls(task, sets, vocabularies, new_model(task, vocabularies), run, resume=True)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        train, model = len(self.sets.train), self.task.model
        left_out = f" ({self.batches.left_out:,} too long)" if self.batches.left_out else ""
        names = self.task.data if self.task.target is None else f"{self.task.data} -> target"
        return [
            (
                "pairs",
                f"{names}: {train:,} to train on{left_out}, {len(self.sets.valid):,} to validate, "
                f"{len(self.sets.test):,} to test",
            ),
            (
                "tokens",
                f"vocabulary {self.vocabularies.source.vocab_size:,} "
                f"({self.vocabularies.source.name}) -> {self.vocabularies.target.vocab_size:,} "
                f"({self.vocabularies.target.name})",
            ),
            (
                "network",
                f"{model.cell}, {model.num_layers} x {model.hidden_size} units, attention "
                f"{model.attention}, {self.model.parameter_count():,} parameters",
            ),
        ]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        source = (self.sets.test or self.sets.train)[0][0].replace("\n", " ")
        talks = any(TURN in asked for asked, _ in self.sets.train[:TRIED])
        return [
            *([f"elman chat {self.run.path}"] if talks else []),
            f"elman predict {self.run.path} {json.dumps(source, ensure_ascii=False)}",
            f"elman eval {self.run.path} --baselines",
        ]

    @property
    def units(self) -> tuple[Units, Units]:
        """Perplexity per token of the target."""
        return with_perplexity, with_perplexity

    def source(self) -> PairBatches:
        """Return the training part as batches."""
        return self.batches

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        source, lengths, forced = batch.inputs
        loss = self.model.loss(source, lengths, batch.targets, float(forced))
        return Outcome(loss.total, loss.nats.detach(), int((batch.targets >= 0).sum()), None)

    def validate(self) -> float:
        """Return the mean nats per target token of the held-out part."""
        return mean_nats(self.model, self.held_out)

    def sample(self) -> str:
        """Translate a few sentences, always the same."""
        pairs = (self.sets.valid or self.sets.train)[:SAMPLES]
        sources = [source for source, _ in pairs]
        found = translate(self.model, self.vocabularies, sources, Translating())
        return "\n".join(
            f"{source} -> {best.text} ({target})"
            for (source, target), (best, *_) in zip(pairs, found, strict=True)
        )


@torch.inference_mode()
def mean_nats(model: Translator, examples: list[Example]) -> float:
    """Return the mean nats per target token, the ends included."""
    total, count = 0.0, 0
    with evaluating(model):
        lengths = [max(len(source), len(target)) for source, target in examples]
        for rows in scoring_batches(lengths, SCORED, BATCH_TOKENS):
            batch = (t.to(model.device) for t in tensors([examples[row] for row in rows]))
            source, read, targets = batch
            tokens = int((targets >= 0).sum())
            total += float(model.loss(source, read, targets).nats) * tokens
            count += tokens
    return total / count


def new_model(task: TranslateTask, vocabularies: Vocabularies) -> Translator:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    sizes = vocabularies.source.vocab_size, vocabularies.target.vocab_size
    return Translator(*sizes, task.model)


def located(task: TranslateTask) -> TranslateTask:
    """Name all files from the root, so that the run resumes from anywhere."""

    def place(name: str | None) -> str | None:
        return absolute(name, lambda _: False)

    names = ("valid", "valid_target", "test", "test_target")
    pairs = task.pairs.model_copy(update={n: place(getattr(task.pairs, n)) for n in names})
    moved = {"data": absolute(task.data, is_known), "target": place(task.target), "pairs": pairs}
    return task.model_copy(update=moved)


def own_pairs(run: RunDirectory, task: TranslateTask) -> PairSets:
    """Return the pairs that a run was trained on, refused if they have changed.

    Raises:
        DataError: If any pair is another.
    """
    sets = read_pair_sets(task.data, task.target, task.pairs)
    about = read_json(run, DATA, lambda about: isinstance(about["fingerprint"], str))
    same_data(run, task.data, about["fingerprint"], sets.fingerprint)
    return sets


@dataclass(frozen=True)
class TranslateRun:
    """A trained translator, opened from its run directory."""

    directory: RunDirectory
    task: TranslateTask
    vocabularies: Vocabularies
    model: Translator

    @classmethod
    def open(cls, path: Path) -> TranslateRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task, vocabularies = read_config(run, TranslateTask), Vocabularies.read(run)
        model = new_model(task, vocabularies)
        load_model(model, run.read(MODEL))
        return cls(run, task, vocabularies, model.eval())

    def translate(
        self,
        sources: Iterable[str],
        how: Translating | None = None,
        *,
        nbest: int = 1,
        chunk: int = CHUNK,
    ) -> Iterator[list[Translation]]:
        """Yield the n best translations of each source, in order, in bounded memory.

        Args:
            sources: Texts; as many as a chunk are read ahead. An empty one gives an empty one.
            how: Beam and limits; ``None`` is greedy.
            nbest: Translations of each, at most ``how.beam``.
            chunk: Sources translated together.
        """
        how = how or Translating()
        if not 1 <= nbest <= how.beam:
            raise ConfigError(f"nbest: expected 1 to the beam's {how.beam}, got {nbest}")
        return translate_lines(self.model, self.vocabularies, sources, how, nbest, chunk)

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the lines of a file, in the encoding of the files trained on."""
        return read_lines(path, self.task.pairs.encoding)

    def predict(
        self,
        lines: Iterable[str],
        options: TranslatePredict,
        write: Callable[[str], None],
        color: bool,
    ) -> None:
        """Write the translation of each line, for the command.

        Raises:
            ConfigError: If attention is asked for and the model has none.
            RunError: If the page of attention cannot be written.
        """
        sources, lines = itertools.tee(lines)
        found = self.translate(lines, options, nbest=options.nbest, chunk=options.chunk)
        pairs = zip(sources, found, strict=True)
        if options.html is None:
            for text in written(pairs, options):
                write(text)
            return
        with attention_file(Path(options.html), self.model, self.vocabularies) as look:
            for text in written(map(look, pairs), options):
                write(text)

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        options: TranslateEval | None = None,
        baselines: bool = False,
        pictures: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Translate a held-out part of the run's own pairs, or other pairs, and compare.

        Args:
            data: Another file of pairs, all of it; ``None``: the run's own data.
            split: Which part of the run's own data.
            options: Greedy or beam, and the target side of ``data`` if it is another file.
            baselines: Also score copying the source and always giving the most frequent target.
            pictures: Also draw where the model looked for the first few.
            progress: Told how far the work is.

        Raises:
            DataError: If there is no pair, or the data cannot be read.
            ConfigError: If a target side is given without ``data``.
        """
        how = options or TranslateEval()
        if data is None and how.target is not None:
            raise ConfigError("target: give the source side as well")
        own = own_pairs(self.directory, self.task) if data is None or baselines else None
        if data is not None:
            pairs, name = list(read_pairs(data, how.target, self.task.pairs)), data
        else:
            assert own is not None  # noqa: S101 (read just above)
            pairs = getattr(own, split)
            file = None if split == "train" else getattr(self.task.pairs, split)
            name = file or f"{split} part of {self.task.data}"
        if not pairs:
            raise DataError(f"the {split} part has no pairs. Choose another --split, or give data")
        texts, drawn = [], []
        for done, (best, *_) in enumerate(self.translate((s for s, _ in pairs), how), 1):
            texts.append(best.text)
            if pictures and done <= SAMPLES and self.task.model.attention != "none":
                map_ = attention_map(self.model, self.vocabularies, pairs[done - 1][0], best)
                drawn.append(attention_picture(map_.source, map_.target, map_.weights))
            if progress is not None:
                progress(done, len(pairs), "translating")
        found = self.score(pairs, texts)
        nats = mean_nats(self.model, self.vocabularies.examples(pairs))
        others = {}
        if own is not None and baselines:
            common = Counter(t for _, t in own.train).most_common(1)[0][0]
            others = {
                "copy the source": values(self.score(pairs, [source for source, _ in pairs])),
                "most frequent target": values(self.score(pairs, [common] * len(pairs))),
            }
        searched = "greedy" if how.beam == 1 else f"beam {how.beam}"
        note = f"BLEU is sacreBLEU, {found.signature}"
        if found.bleu is None:
            note = "BLEU and chrF need the package sacrebleu: pip install 'elman[metrics]'"
        figures = (
            Figure("BLEU", found.bleu, digits=2),
            Figure("chrF", found.chrf, digits=2),
            Figure("exact match", found.exact, "%", 1),
            Figure("token error rate", found.error, "%", 1),
            Figure("nats per token", nats),
        )
        title = f"{name}, {len(pairs):,} pairs, {searched}"
        return Report(title, figures, others, notes=(note,), pictures=tuple(drawn))

    def score(self, pairs: list[Pair], texts: list[str]) -> TranslationScores:
        """Compare texts with the targets, in lower case if the model writes nothing else."""
        characters = self.vocabularies.target.name in ("char", "byte")
        lowercase = self.task.target_text.lowercase
        return score_translations(pairs, texts, characters=characters, lowercase=lowercase)


def values(scores: TranslationScores) -> dict[str, float]:
    """Return scores by the names of a report's figures, those that are there."""
    named = {"BLEU": scores.bleu, "chrF": scores.chrf}
    named |= {"exact match": scores.exact, "token error rate": scores.error}
    return {name: value for name, value in named.items() if value is not None}
