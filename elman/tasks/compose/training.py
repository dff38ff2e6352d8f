"""Music: train on pieces.

Here the columns meet: pieces from `data`, a network from `models`, the loop from `train`. What is
done with a trained one is in `run.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.music.abc_writer import abc_text
from elman.data.music.pieces import MusicSets, Piece, read_music_sets
from elman.data.music.score import cut
from elman.tasks.compose.config import ComposeGenerate, ComposeTask
from elman.tasks.compose.form import Form, learn_form, read_form
from elman.tasks.compose.scores import score_pieces
from elman.tasks.compose.stream import PieceStream, Steps, semitones
from elman.tasks.compose.writing import write
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
from elman.train.objective import Batch, Outcome

__all__ = ["ComposeTraining", "new_model", "own_pieces"]

DATA = "data.json"
SAMPLE_BARS = 4


class ComposeTraining(TaskTraining[ComposeTask]):
    """The training of a model of music.

    Raises:
        DataError: If the pieces cannot be read; nothing has been written then.
        RunError: If the folder cannot be written, or the run not be continued.
    """

    samples = True

    def __init__(
        self,
        task: ComposeTask,
        sets: MusicSets,
        form: Form,
        model: nn.Module,
        run: RunDirectory,
        *,
        resume: bool,
    ) -> None:
        super().__init__(task, model, run, resume=resume)
        self.sets, self.form = sets, form
        self._stream = stream(task, form, sets.train)
        self._held_out = encoded(form, sets.valid)
        self.validates = bool(sets.valid)

    @classmethod
    def start(
        cls, task: ComposeTask, out: Path, progress: Progress | None = None
    ) -> ComposeTraining:
        """Read the pieces and make a new run directory."""
        task = located(task)
        sets = read_music_sets(task.data, task.music, progress)
        form = learn_form(task, sets.train)
        model = new_model(task, form)
        stream(task, form, sets.train)  # refuses before anything is written
        files = {
            CONFIG: config_bytes(task),
            DATA: json.dumps({"fingerprint": sets.fingerprint}).encode(),
            **form.files(),
        }
        return cls(task, sets, form, model, RunDirectory.create(out, files), resume=False)

    @classmethod
    def resumed(
        cls, path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> ComposeTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        run = RunDirectory.open(path)
        task = read_config(run, ComposeTask, {"train": changes})
        form = read_form(task, run)
        sets = own_pieces(run, task, progress)
        return cls(task, sets, form, new_model(task, form), run, resume=True)

    def about(self) -> list[tuple[str, str]]:
        """Say what is about to be trained."""
        sets, model = self.sets, self.task.model
        steps = sum(len(piece) for piece in encoded(self.form, sets.train))
        keys = len(semitones(self.task.music.transpose))
        facts = [
            (
                "music",
                f"{self.task.data}: {len(sets.train):,} pieces to train on, "
                f"{steps:,} {self.form.step}s"
                + (f" in {keys} keys" if keys > 1 else "")
                + f", {len(sets.valid):,} to validate, {len(sets.test):,} to test",
            ),
            ("heard as", self.form.facts()),
            ("network", f"{model.cell}, {model.num_layers} x {model.hidden_size} units"),
        ]
        return facts + [("note", note) for note in sets.notes]

    def next_steps(self) -> list[str]:
        """Return the commands to type when it is done."""
        path = self.run.path
        key = " --key Gm" if self.task.music.form == "events" and self.task.music.keys else ""
        return [
            f"elman generate {path} --bars 16{key} --out song.mid --render song.wav",
            f"elman eval {path} --baselines",
        ]

    def source(self) -> PieceStream:
        """Return the training part as batches of windows."""
        return self._stream

    def loss(self, batch: Batch, state: Any) -> Outcome:
        """Return the loss of one window, for the loop."""
        loss = self.form.loss(self.model, batch.inputs, batch.targets, state)
        return Outcome(loss.total, loss.nats.detach(), loss.steps, loss.state)

    def validate(self) -> float:
        """Return the mean nats of a step of the held-out pieces."""
        beats = [piece.score.beats for piece in self.sets.valid]
        return score_pieces(self.form, self.model, self._held_out, beats).per_step

    def sample(self) -> str:
        """Write a few bars, always by the same seed, so that samples compare."""
        asked = ComposeGenerate(bars=SAMPLE_BARS, seed=self.task.train.seed)
        return abc_text(cut(write(self.form, self.model, asked).score, SAMPLE_BARS)).strip()


def encoded(form: Form, pieces: Sequence[Piece]) -> list[Steps]:
    """Return pieces as steps."""
    return [form.encode(piece.score, piece.style) for piece in pieces]


def stream(task: ComposeTask, form: Form, pieces: Sequence[Piece]) -> PieceStream:
    """Return training pieces as batches."""
    return PieceStream(
        encoded(form, pieces),
        task.train.batch_size,
        task.train.tbptt_length,
        seed=task.train.seed,
        moves=semitones(task.music.transpose),
        moved=form.moved,
    )


def new_model(task: ComposeTask, form: Form) -> nn.Module:
    """Return the network as it is before it has learned, the same for the same seed."""
    torch.manual_seed(task.train.seed)
    return form.new_model(task)


def located(task: ComposeTask) -> ComposeTask:
    """Name all files from the root, so that the run resumes from anywhere."""
    others = {n: absolute(getattr(task.music, n), is_known) for n in ("valid", "test")}
    music = task.music.model_copy(update=others)
    return task.model_copy(update={"data": absolute(task.data, is_known), "music": music})


def own_pieces(run: RunDirectory, task: ComposeTask, progress: Progress | None) -> MusicSets:
    """Return the pieces that a run was trained on, refused if they have changed.

    Raises:
        DataError: If any piece is another.
    """
    trained = read_json(run, DATA, lambda told: isinstance(told["fingerprint"], str))
    sets = read_music_sets(task.data, task.music, progress)
    same_data(run, task.data, trained["fingerprint"], sets.fingerprint)
    return sets
