"""The training of a captioner: clips and words from `data`, a network, the loop from `train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from elman._run import RunDirectory
from elman.data.find import find_data, is_known
from elman.data.tokenizer import Tokenizer, tokenizer_from_json
from elman.data.video.ahead import Ahead
from elman.data.video.captions import CaptionSets, read_caption_sets
from elman.models.captioner import Captioner
from elman.tasks.caption.captions import Narrator
from elman.tasks.caption.config import CaptionTask
from elman.tasks.caption.data import CaptionBatches, learn_words, with_tokenizer
from elman.tasks.caption.facts import Facts
from elman.tasks.caption.scores import score_captions
from elman.tasks.clips import frontend
from elman.tasks.decoding_config import Decoding
from elman.tasks.training import (
    CONFIG,
    Progress,
    TaskTraining,
    absolute,
    config_bytes,
    read_config,
    same_data,
)
from elman.train.log import Units, with_perplexity
from elman.train.objective import Batch, Outcome, Scores

__all__ = ["CaptionTraining", "new_model", "own_sets", "read_words"]

TOKENIZER = "tokenizer.json"
SAMPLES = 3


class CaptionTraining(TaskTraining[CaptionTask]):
    """The training of a captioner.

    Raises:
        DataError: If the clips cannot be read; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    samples = True

    def __init__(
        self,
        task: CaptionTask,
        sets: CaptionSets,
        facts: Facts,
        tokenizer: Tokenizer,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        model = new_model(task, facts, tokenizer)
        super().__init__(task, model, run, resume=resume)
        self.model: Captioner = model
        self.sets, self.facts, self.tokenizer = sets, facts, tokenizer
        self.narrator = Narrator(task, facts, tokenizer, model)
        self.validates = sets.valid is not None

    @classmethod
    def start(
        cls, task: CaptionTask, out: Path, progress: Progress | None = None
    ) -> CaptionTraining:
        """Read the clips and make a new run directory."""
        task = located(task)
        sets = read_caption_sets(find_data(task.data, progress), task.video, progress)
        task = with_tokenizer(task, sets.train)  # what is chosen now stays so
        tokenizer = learn_words(task, sets.train)
        facts = Facts.of(sets.train, tokenizer, sets.fingerprint)
        task = sized(task, facts)
        new_model(task, facts, tokenizer)  # refuses before anything is written
        files = {CONFIG: config_bytes(task), TOKENIZER: tokenizer.to_json().encode()}
        run = RunDirectory.create(out, files | facts.files())
        return cls(task, sets, facts, tokenizer, run, resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> CaptionTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task, facts = read_config(run, CaptionTask, {"train": changes}), Facts.read(run)
        sets = own_sets(run, task, facts, progress)
        return cls(task, sets, facts, read_words(run), run, resume=True)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        sets, model, video = self.sets, self.task.model, self.task.video
        parts = [(sets.train, "train on"), (sets.valid, "validate"), (sets.test, "test")]
        counts = ", ".join(f"{0 if part is None else len(part):,} to {why}" for part, why in parts)
        height, *width = self.facts.frames.shape
        what = f"{height} x {width[0]} {video.color}" if width else f"{height} features"
        rate = f"{video.rate:g} a second" if video.rate else f"{video.frames} of each clip"
        frames = int(sets.train.clips.lengths.sum())
        facts = [
            ("clips", f"{self.task.data}: {counts}"),
            ("frames", f"{what}, {rate}; {frames:,} to train on"),
            ("words", f"{self.tokenizer.vocab_size:,} ({self.tokenizer.name})"),
            (
                "network",
                f"{model.cell}, {model.num_layers} x {model.hidden_size} units, attention "
                f"{model.attention}",
            ),
        ]
        if sets.broken:
            facts.append(("left out", f"{len(sets.broken):,} clips that cannot be read"))
        if sets.cut:
            seen = f"{sets.cut:,} clips up to frame {video.max_frames} (--video.max-frames)"
            facts.append(("seen", seen))
        return facts

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        told = self.sets.test or self.sets.train
        entry = told.clips.clips.entries[0]
        clip = [f"elman predict {self.run.path} {json.dumps(entry.path)}"] if entry.path else []
        return [*clip, f"elman eval {self.run.path} --baselines"]

    @property
    def units(self) -> tuple[Units, Units]:
        """Perplexity per token of the captions."""
        return with_perplexity, with_perplexity

    def source(self) -> Ahead[Batch]:
        """Return the training part as batches, decoded while the network learns."""
        batches = CaptionBatches(
            self.sets.train, self.tokenizer, self.task, self.facts.frames.shape
        )
        return Ahead(batches, self.task.video.threads)

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        inputs, lengths = batch.inputs
        loss = self.model.loss(inputs, lengths, batch.targets)
        return Outcome(loss.total, loss.nats.detach(), int((batch.targets >= 0).sum()), None)

    def validate(self) -> Scores:
        """Score the held-out part: the nats of its captions, and what is written of its clips."""
        told = self.sets.valid
        assert told is not None  # noqa: S101 (it is called only then)
        judged = self.narrator.judged(told)
        scores, nats = score_captions(judged.texts, told.captions), judged.nats
        criteria = {"nats": nats, "exact": 1 - scores.exact, "cider": -(scores.cider or 0.0)}
        metrics = scores.values()
        return Scores(nats, metrics, criteria[self.task.train.select])

    def sample(self) -> str:
        """Tell a few clips, always the same."""
        told = self.sets.valid or self.sets.train
        rows = range(min(SAMPLES, len(told)))
        clips = [told.clips[row] for row in rows]
        found = self.narrator.captions(clips, [len(clip) for clip in clips], Decoding())
        return "\n".join(
            f"{told.names[row]}: {best.text} ({told.captions[row][0]})"
            for row, (best, *_) in zip(rows, found, strict=True)
        )


def new_model(task: CaptionTask, facts: Facts, tokenizer: Tokenizer) -> Captioner:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    seeing = cast(nn.Module, frontend(task.video, facts.frames))
    return Captioner(seeing, tokenizer.vocab_size, task.model)


def located(task: CaptionTask) -> CaptionTask:
    """Name all files from the root, so that the run resumes from anywhere."""
    files = {name: absolute(getattr(task.video, name), is_known) for name in ("valid", "test")}
    video = task.video.model_copy(update=files)
    return task.model_copy(update={"data": absolute(task.data, is_known), "video": video})


def sized(task: CaptionTask, facts: Facts) -> CaptionTask:
    """Return a task that names the size of its frames, so that other clips are brought to it."""
    shape = facts.frames.shape
    if len(shape) == 1:
        return task
    video = task.video.model_copy(update={"size": shape[:2]})
    return task.model_copy(update={"video": video})


def own_sets(
    run: RunDirectory, task: CaptionTask, facts: Facts, progress: Progress | None
) -> CaptionSets:
    """Return the clips that a run was trained on, refused if they have changed.

    Raises:
        DataError: If any frame or caption is another.
    """
    sets = read_caption_sets(find_data(task.data, progress), task.video, progress)
    same_data(run, task.data, facts.fingerprint, sets.fingerprint)
    return sets


def read_words(run: RunDirectory) -> Tokenizer:
    """Return the tokenizer of a run."""
    return tokenizer_from_json(run.read(TOKENIZER).decode())
