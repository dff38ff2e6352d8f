"""Language modelling: train on a text, score a text, continue a text.

Here the columns meet: a corpus from `data`, a network from `models`, the loop from `train`. How
tokens become text is in `continuation.py`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch

from elman._errors import ConfigError, DataError
from elman._run import RunDirectory
from elman.data.corpus import Corpus, PartFacts, prepare_corpus
from elman.data.find import is_known
from elman.data.stream import TokenStream, scoring_windows
from elman.data.tokenizer import Ids, Tokenizer, tokenizer_from_json
from elman.models.generate import evaluating
from elman.models.language_model import LanguageModel
from elman.models.ngram import NGram, uniform_nats
from elman.models.sampler import Sampler
from elman.models.save import load_model
from elman.runtime import Stepper
from elman.runtime import generate as generate_stepwise
from elman.tasks.language_model.config import LanguageModelEval, LanguageModelTask
from elman.tasks.language_model.continuation import decoded, never, until, written_sample
from elman.tasks.language_model.pictures import surprise_picture
from elman.tasks.language_model.prompt import prompt_ids
from elman.tasks.report import Figure, Picture, Report
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
from elman.train.log import Units, with_bits
from elman.train.metrics import bits_per_character, perplexity
from elman.train.objective import Batch, Outcome

__all__ = ["LanguageModelRun", "LanguageModelTraining", "Score", "score"]

Split = Literal["train", "valid", "test"]
TOKENIZER, DATA = "tokenizer.json", "data.json"
IGNORED = -100
"""A target that is not scored."""
VALIDATED_TOKENS = 1_000_000
"""Tokens of the held-out part that are scored during the training, at most."""
SCORE_LENGTH = 512
"""Steps in one pass of scoring: changes the speed, not the result."""


class Score(NamedTuple):
    """How well a model predicts a text: mean nats per token, and the text's sizes."""

    name: str
    nats: float
    tokens: int
    characters: int

    @property
    def bits_per_character(self) -> float:
        """Bits that each character costs, comparable between vocabularies."""
        return bits_per_character(self.nats, self.tokens, self.characters)

    @property
    def perplexity(self) -> float:
        """How many equally likely tokens would be as hard to guess."""
        return perplexity(self.nats)


@torch.inference_mode()
def score(
    model: LanguageModel,
    ids: Ids,
    streams: int = 1,
    progress: Progress | None = None,
) -> float:
    """Return the mean nats of every token but the first, the state carried from end to end.

    Args:
        model: The network; scored in evaluation mode and put back.
        ids: The text, ``(N,)``.
        streams: Parts of the text read side by side. With 1 every token is predicted from all
            that precede it; with more, each part starts without memory, which costs a little.
        progress: Told how far the work is.
    """
    state, total, count = None, 0.0, 0
    with evaluating(model):
        for window in scoring_windows(ids, streams, SCORE_LENGTH):
            targets = window.targets.masked_fill(~window.mask, IGNORED).to(model.device)
            loss = model.loss(window.inputs.to(model.device), targets, state)
            state, tokens = loss.state, int(window.mask.sum())
            total, count = total + float(loss.nats) * tokens, count + tokens
            if progress is not None:
                progress(count, len(ids) - 1, "scoring")
    return total / count


class LanguageModelTraining(TaskTraining[LanguageModelTask]):
    """The training of a language model.

    Raises:
        DataError: If the text cannot be read or is too short; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    samples = True

    def __init__(
        self,
        task: LanguageModelTask,
        corpus: Corpus,
        model: LanguageModel,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.model: LanguageModel = model
        self.corpus, self.tokenizer = corpus, corpus.tokenizer
        self.validates = len(corpus.valid) > 1

    @classmethod
    def start(
        cls, task: LanguageModelTask, out: Path, progress: Progress | None = None
    ) -> LanguageModelTraining:
        """Read the data and make a new run directory."""
        task = located(task)
        corpus = prepare_corpus(task.data, task.text, progress)
        # What cannot work is found before anything is written.
        windows(task, corpus)
        model = new_model(task, corpus.tokenizer)
        files = {
            CONFIG: config_bytes(task),
            TOKENIZER: corpus.tokenizer.to_json().encode(),
            DATA: json.dumps({"fingerprint": corpus.fingerprint}).encode(),
        }
        return cls(task, corpus, model, RunDirectory.create(out, files), resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> LanguageModelTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task = read_config(run, LanguageModelTask, {"train": changes})
        corpus = own_corpus(run, task, progress)
        return cls(task, corpus, new_model(task, corpus.tokenizer), run, resume=True)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        facts, model = self.corpus.facts, self.task.model
        return [
            (
                "text",
                f"{self.task.data}: {facts.train.tokens:,} tokens to train on, "
                f"{len(self.validated):,} to validate on, vocabulary {facts.vocabulary:,}",
            ),
            ("network", f"{model.cell}, {model.num_layers} x {model.hidden_size} units"),
        ]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        path = self.run.path
        return [
            f"elman generate {path} --prompt 'The '",
            f"elman eval {path} --baselines",
            f"elman next {path} 'The '",
        ]

    @property
    def units(self) -> tuple[Units, Units]:
        """Bits per character, of which the two parts may have different numbers per token."""
        facts = self.corpus.facts
        train, valid = (p.tokens / max(1, p.characters) for p in (facts.train, facts.valid))
        return with_bits(train), with_bits(valid)

    def source(self) -> TokenStream:
        """Return the training part as batches of windows."""
        return windows(self.task, self.corpus)

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one window, for the loop."""
        loss = self.model.loss(batch.inputs, batch.targets, state)
        return Outcome(loss.total, loss.nats.detach(), batch.targets.numel(), loss.state)

    def validate(self) -> float:
        """Score the held-out part, of a long one its beginning, in as many streams as rows."""
        return score(self.model, self.validated, self.task.train.batch_size)

    @property
    def validated(self) -> Ids:
        """What is scored during the training; `elman eval` scores all of the held-out part."""
        return self.corpus.valid[:VALIDATED_TOKENS]

    def sample(self, prompt: str = "") -> str:
        """Write a little, always from the same beginning and seed, so that samples compare."""
        return written_sample(self.model, self.tokenizer, prompt)

    def bits_per_character(self, nats: float) -> float:
        """Turn a loss per token into bits per character of the training part."""
        train = self.corpus.facts.train
        return bits_per_character(nats, train.tokens, train.characters)


@dataclass(frozen=True)
class LanguageModelRun:
    """A trained language model, opened from its run directory.

    Example:
        >>> import tempfile
        >>> from elman._config import load_config
        >>> from elman.tasks.language_model.task import LanguageModelTraining
        >>> small = {"model": {"hidden_size": 8}, "train": {"steps": 2, "batch_size": 2}}
        >>> task = load_config(LanguageModelTask, None, small)
        >>> training = LanguageModelTraining.start(task, Path(tempfile.mkdtemp()) / "run")
        >>> events = list(training.events())
        >>> run = LanguageModelRun.open(training.run.path)
        >>> len("".join(run.generate("The ", length=10, seed=1)))
        10
    """

    directory: RunDirectory
    task: LanguageModelTask
    tokenizer: Tokenizer
    model: LanguageModel

    @classmethod
    def open(cls, path: Path) -> LanguageModelRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task, tokenizer = read_config(run, LanguageModelTask), read_tokenizer(run)
        model = LanguageModel(tokenizer.vocab_size, task.model)
        load_model(model, run.read(MODEL))
        return cls(run, task, tokenizer, model.eval())

    def corpus(self, progress: Progress | None = None) -> Corpus:
        """Return the data that the run was trained on, split as it was."""
        return own_corpus(self.directory, self.task, progress)

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "valid",
        baselines: bool = False,
        pictures: bool = False,
        progress: Progress | None = None,
        options: LanguageModelEval | None = None,
    ) -> Report:
        """Score as `scores` does, and report it; ``pictures``: and draw the text as it sees it."""
        streams = (options or LanguageModelEval()).streams
        own, *others = self.scores(
            data, split=split, streams=streams, baselines=baselines, progress=progress
        )
        what = data or f"the {split} part of {self.task.data}"
        drawn: tuple[Picture, ...] = ()
        if pictures:
            text = self.whole(data, None)[0] if data else part(self.corpus(), split)[0]
            drawn = (surprise_picture(self.model, self.tokenizer, text),)
        return Report(
            f"{what}: {own.tokens:,} tokens, {own.characters:,} characters",
            tuple(Figure(name, value, "", digits) for name, value, digits in figures(own)),
            {s.name: {name: value for name, value, _ in figures(s)} for s in others},
            pictures=drawn,
        )

    def scores(
        self,
        data: str | None = None,
        *,
        split: Split = "valid",
        streams: int = 1,
        baselines: bool = False,
        progress: Progress | None = None,
    ) -> list[Score]:
        """Score the run on a held-out part of its own data, or on another text.

        Args:
            data: Another text, scored whole; ``None``: the run's own data.
            split: Which part of the run's own data.
            streams: See `score`.
            baselines: Also score what counting alone would reach, learned from the training part.
            progress: Told how far the work is.

        Raises:
            DataError: If the part is empty or the text cannot be read.
        """
        if streams < 1:
            raise ConfigError(f"streams: expected at least 1, got {streams}")
        own = self.corpus(progress) if data is None or baselines else None
        ids, facts = part(own, split) if data is None and own else self.whole(data or "", progress)
        if len(ids) < 2:
            raise DataError(
                f"the {split} part has {len(ids)} tokens; scoring needs at least 2. "
                "Choose another --split, or give a text"
            )
        if streams > len(ids) // 2:
            raise ConfigError(
                f"streams: {len(ids)} tokens leave no past for {streams} streams; "
                f"use at most {len(ids) // 2}, better far fewer"
            )
        nats = {"this network": score(self.model, ids, streams, progress)}
        if baselines and own:
            nats |= baseline_nats(own, ids)
        return [Score(name, n, facts.tokens, facts.characters) for name, n in nats.items()]

    def sample(self, prompt: str = "") -> str:
        """Write a little, as the training's samples did."""
        return written_sample(self.model, self.tokenizer, prompt)

    def whole(self, data: str, progress: Progress | None) -> tuple[Ids, PartFacts]:
        """Return another text, all of it, in the run's vocabulary."""
        undivided = {"valid_fraction": 0.0, "test_fraction": 0.0, "valid": None, "test": None}
        text = self.task.text.model_copy(update=undivided)
        return part(prepare_corpus(data, text, progress, tokenizer=self.tokenizer), "train")

    def generate(
        self,
        prompt: str,
        *,
        length: int = 500,
        temperature: float = 0.8,
        top_k: int | None = None,
        top_p: float | None = None,
        seed: int | None = None,
        stop: str | None = None,
    ) -> Iterator[str]:
        """Yield the text that follows a prompt, piece by piece as it is made.

        Args:
            prompt: What comes before; empty stands for the start of a line.
            length: Tokens to make at most; 0 has no end.
            temperature: See `Sampler`, as for ``top_k``, ``top_p`` and ``seed``.
            top_k: Draw from so many tokens.
            top_p: Draw from the nucleus of this probability.
            seed: Repeats the same text on the same machine.
            stop: A text that ends it; it is not yielded.
        """
        if length < 0:
            raise ConfigError(f"length: expected 0 (no end) or more, got {length}")
        sampler = Sampler(temperature, top_k, top_p, seed, never(self.tokenizer))
        tokens = generate_stepwise(
            Stepper.open(self.directory.path),
            prompt_ids(self.tokenizer, prompt),
            lambda logits: int(sampler.pick(torch.from_numpy(logits))),
        )
        pieces = decoded(itertools.islice(tokens, length or None), self.tokenizer)
        return pieces if not stop else until(pieces, stop)


def figures(score: Score) -> list[tuple[str, float, int]]:
    """Return a score's numbers: name, value, digits."""
    return [
        ("nats/token", score.nats, 4),
        ("bits/character", score.bits_per_character, 3),
        ("perplexity", score.perplexity, 2),
    ]


def new_model(task: LanguageModelTask, tokenizer: Tokenizer) -> LanguageModel:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    return LanguageModel(tokenizer.vocab_size, task.model)


def part(corpus: Corpus, split: Split) -> tuple[Ids, PartFacts]:
    """Return a part of a corpus and its sizes."""
    ids = {"train": corpus.train, "valid": corpus.valid, "test": corpus.test}[split]
    return (corpus.train[:0] if ids is None else ids), getattr(corpus.facts, split)


def baseline_nats(corpus: Corpus, ids: Ids) -> dict[str, float]:
    """Return what uniform, unigram and 5-gram models reach on a text, in nats per token."""
    vocabulary = corpus.tokenizer.vocab_size
    nats = {"uniform": uniform_nats(vocabulary)}
    for name, order in (("unigram", 1), ("5-gram", 5)):
        nats[name] = NGram(order, vocabulary).fit(corpus.train).nats(ids)
    return nats


def windows(task: LanguageModelTask, corpus: Corpus) -> TokenStream:
    """Return the training part as batches of windows."""
    train = task.train
    return TokenStream(
        corpus.train,
        train.batch_size,
        train.tbptt_length,
        seed=train.seed,
        vary=train.vary_length,
    )


def located(task: LanguageModelTask) -> LanguageModelTask:
    """Return a task whose files are named from the root, so that it can resume from anywhere."""

    def located_file(name: str | None) -> str | None:
        return absolute(name, is_known)

    files = {"valid": located_file(task.text.valid), "test": located_file(task.text.test)}
    text = task.text.model_copy(update=files)
    return task.model_copy(update={"data": located_file(task.data), "text": text})


def read_tokenizer(run: RunDirectory) -> Tokenizer:
    """Return the vocabulary of a run."""
    return tokenizer_from_json(run.read(TOKENIZER).decode())


def own_corpus(run: RunDirectory, task: LanguageModelTask, progress: Progress | None) -> Corpus:
    """Return the text that a run was started with, token for token.

    Raises:
        DataError: If it has changed since.
    """
    corpus = prepare_corpus(task.data, task.text, progress)
    if corpus.tokenizer.to_json().encode() != run.read(TOKENIZER):  # learned anew, differently
        corpus = prepare_corpus(task.data, task.text, progress, tokenizer=read_tokenizer(run))
    about = read_json(run, DATA, lambda about: isinstance(about["fingerprint"], str))
    same_data(run, task.data, about["fingerprint"], corpus.fingerprint)
    return corpus
