"""Speech to text: read recordings, learn letters and bands, train.

Here the columns meet: recordings and letters from `data`, a transcriber from `models`, the loop
from `train`. What is done with a trained one is in `run.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from elman._run import RunDirectory
from elman.data.audio.alphabet import Alphabet, strangers
from elman.data.audio.manifest import Utterance
from elman.data.audio.sets import UtteranceSets, read_utterance_sets, remarks, usual_rate
from elman.data.audio.waves import Waves
from elman.data.find import is_known
from elman.models.transcriber import Transcriber
from elman.tasks.training import (
    CONFIG,
    Progress,
    TaskTraining,
    absolute,
    config_bytes,
    read_config,
    read_json,
    same_data,
)
from elman.tasks.transcribe.config import Searching, TranscribeTask
from elman.tasks.transcribe.data import Bands, UtteranceBatches, learn_bands, sound_bands
from elman.tasks.transcribe.hearing import hear
from elman.tasks.transcribe.scoring import held_out_scores
from elman.tasks.transcribe.transcripts import Search
from elman.train.log import Units, in_nats
from elman.train.objective import Batch, Outcome, Scores

__all__ = ["TranscribeTraining", "checked_texts", "new_model", "own_sets", "read_model"]

ALPHABET, BANDS, DATA = "alphabet.json", "normalisation.json", "data.json"
SAMPLES = 4
TIE = 1e-6
ADVICE = "Clean the transcripts, or give all letters: --audio.letters"


class TranscribeTraining(TaskTraining[TranscribeTask]):
    """The training of a transcriber.

    Raises:
        DataError: If the recordings cannot be read; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    samples = True

    def __init__(
        self,
        task: TranscribeTask,
        sets: UtteranceSets,
        waves: Waves,
        alphabet: Alphabet,
        model: Transcriber,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.model: Transcriber = model
        self.sets, self.alphabet = sets, alphabet
        self.batches = UtteranceBatches(waves, alphabet, task, model)
        self.held_out = Waves(sets.valid, model.rate, task.audio.cache_mb // 4)
        self.validates = bool(sets.valid)

    @classmethod
    def start(
        cls, task: TranscribeTask, out: Path, progress: Progress | None = None
    ) -> TranscribeTraining:
        """Read the recordings, learn letters and bands, and make a new run directory."""
        task = located(task)
        sets = read_utterance_sets(task.data, task.audio, progress)
        rate = task.audio.rate or usual_rate(sets.train)
        alphabet = alphabet_of(task, sets)
        for part in (sets.train, sets.valid, sets.test):
            checked_texts(part, alphabet, ADVICE)
        waves = Waves(sets.train, rate, task.audio.cache_mb)
        model = new_model(task, alphabet, rate)
        UtteranceBatches(waves, alphabet, task, model)  # refuses before anything is written
        bands = learn_bands(waves, model.features, progress)
        normalise(model, bands)
        files = {
            CONFIG: config_bytes(task),
            ALPHABET: alphabet.to_json().encode(),
            BANDS: json.dumps({"rate": rate, **bands._asdict()}).encode(),
            DATA: json.dumps({"fingerprint": sets.fingerprint}).encode(),
        }
        run = RunDirectory.create(out, files)
        return cls(task, sets, waves, alphabet, model, run, resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> TranscribeTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task = read_config(run, TranscribeTask, {"train": changes})
        alphabet, model = read_model(run, task)
        sets = own_sets(run, task, progress)
        waves = Waves(sets.train, model.rate, task.audio.cache_mb)
        return cls(task, sets, waves, alphabet, model, run, resume=True)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        sets, model, config = self.sets, self.model, self.task.model
        parts = f"{len(sets.train):,} to train on, {len(sets.valid):,} to validate, "
        minutes = sum(u.sound.seconds for u in sets.train) / 60
        said = [
            ("sound", f"{self.task.data}: {parts}{len(sets.test):,} to test; {minutes:,.0f} min"),
            ("letters", f"{len(self.alphabet)}: {''.join(self.alphabet.letters)!r}"),
            (
                "network",
                f"{config.cell}, {config.num_layers} x {config.hidden_size} units, "
                + ("streaming" if config.streaming else "both directions")
                + f", {model.rate:,} Hz, a step every {1000 * model.step_s:g} ms",
            ),
        ]
        if model.latency_ms is not None:
            said.append(("latency", f"{model.latency_ms:.0f} ms from sound to its step"))
        for count, why in (
            (self.batches.too_long, f"longer than audio.max_s = {self.task.audio.max_s:g} s"),
            (self.batches.too_short, "with more letters than steps"),
        ):
            if count:
                said.append(("note", f"{count:,} recordings are left out of training: {why}"))
        return said + [("note", remark) for remark in remarks(sets.train, model.rate)]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        one = (self.sets.test or self.sets.train)[0].path
        return [
            f"elman predict {self.run.path} {one}",
            f"elman eval {self.run.path} --baselines --html report.html",
        ]

    @property
    def units(self) -> tuple[Units, Units]:
        """Nats per letter."""
        return in_nats, in_nats

    def source(self) -> UtteranceBatches:
        """Return the training part as batches."""
        return self.batches

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one batch, for the loop."""
        waves, lengths = batch.inputs
        ids, sizes = batch.targets
        loss = self.model.loss(waves, lengths, ids, sizes)
        return Outcome(loss, loss.detach(), int(sizes.sum()), None)

    def validate(self) -> Scores:
        """Score the held-out part: nats per letter, and the part of letters and words wrong."""
        found = held_out_scores(self.model, self.held_out, self.alphabet)
        metrics = {"CER": found.letters_wrong, "WER": found.words_wrong}
        select = self.task.train.select
        if select == "nats":
            return Scores(found.nats, metrics)
        # small parts tie often: of equals the one that is surer of the truth is better
        return Scores(found.nats, metrics, metrics[select.upper()] + TIE * found.nats)

    def sample(self) -> str:
        """Transcribe a few recordings, always the same."""
        source = self.held_out if self.validates else self.batches.waves
        rows = range(min(SAMPLES, len(source)))
        search = Search(self.alphabet, self.model.step_s, Searching())
        found = hear(self.model, [source[row] for row in rows])
        return "\n".join(
            f"{search.text(log_probs) or '(nothing)'}  ({source.utterances[row].text})"
            for row, log_probs in zip(rows, found, strict=True)
        )


def alphabet_of(task: TranscribeTask, sets: UtteranceSets) -> Alphabet:
    """Return the letters that are given, or else those of the training part."""
    if task.audio.letters is not None:
        return Alphabet(sorted(set(task.audio.letters)))
    return Alphabet.learn(u.text for u in sets.train)


def checked_texts(utterances: Sequence[Utterance], alphabet: Alphabet, advice: str) -> None:
    """Refuse transcripts that cannot be written with the alphabet, all letters named."""
    strangers(((u.place, u.text) for u in utterances), alphabet, advice)


def new_model(task: TranscribeTask, alphabet: Alphabet, rate: int) -> Transcriber:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    return Transcriber(len(alphabet), rate, task.model, task.augment)


def normalise(model: Transcriber, bands: Bands) -> None:
    """Tell a network the mean and the deviation of its bands."""
    model.normalise_by(torch.tensor(bands.mean), torch.tensor(bands.deviation))


def read_model(run: RunDirectory, task: TranscribeTask) -> tuple[Alphabet, Transcriber]:
    """Return the letters and the network of a run, without what it has learned.

    Raises:
        RunError: If a file is damaged.
    """
    alphabet = Alphabet.from_json(run.read(ALPHABET).decode(errors="replace"))
    size = task.model.mels
    content = read_json(run, BANDS, lambda c: sound_bands(c) and len(c["mean"]) == size)
    model = new_model(task, alphabet, content["rate"])
    normalise(model, Bands(content["mean"], content["deviation"]))
    return alphabet, model


def own_sets(
    run: RunDirectory, task: TranscribeTask, progress: Progress | None = None
) -> UtteranceSets:
    """Return the recordings that a run was trained on, refused if they have changed."""
    sets = read_utterance_sets(task.data, task.audio, progress)
    content = read_json(run, DATA, lambda c: isinstance(c["fingerprint"], str))
    same_data(run, task.data, content["fingerprint"], sets.fingerprint)
    return sets


def located(task: TranscribeTask) -> TranscribeTask:
    """Name all files from the root, so that the run resumes from anywhere."""
    names = {name: absolute(getattr(task.audio, name), is_known) for name in ("valid", "test")}
    audio = task.audio.model_copy(update=names)
    return task.model_copy(update={"data": absolute(task.data, is_known), "audio": audio})
