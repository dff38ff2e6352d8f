"""The two ways in which a model hears music: as events, and as a piano roll.

What differs between them is here; training, scoring and writing are the same for both.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from elman._run import RunDirectory
from elman.data.music.events import EventVocabulary
from elman.data.music.pieces import Piece
from elman.data.music.roll import KEYS, roll_of, shifted
from elman.data.music.score import Score
from elman.models.language_model import LanguageModel
from elman.models.roll_model import RollModel
from elman.tasks.compose.config import ComposeTask
from elman.tasks.compose.stream import Heard, Steps, Wanted
from elman.tasks.training import read_json

__all__ = ["EventForm", "Form", "Loss", "RollForm", "learn_form", "read_form"]

VOCABULARY, BEGINNINGS = "vocabulary.json", "beginnings.json"
IGNORED = -100
MOST_BEGINNINGS = 500


class Loss(NamedTuple):
    """The mean nats of a window, how many steps count in it, and the memory after it."""

    total: Tensor
    nats: Tensor
    steps: int
    state: Any


class Form(ABC):
    """How music becomes steps, and what a model of them is."""

    step: str
    """What one step is called."""

    @abstractmethod
    def encode(self, score: Score, style: str = "") -> Steps:
        """Return a piece as steps."""

    @abstractmethod
    def moved(self, steps: Steps, semitones: int) -> Steps:
        """Return a piece in another key."""

    @abstractmethod
    def new_model(self, task: ComposeTask) -> nn.Module:
        """Return a network that has learned nothing."""

    @abstractmethod
    def loss(self, model: Any, heard: Heard, wanted: Wanted, state: Any) -> Loss:
        """Return the loss of a window, for the training."""

    @abstractmethod
    def nats(self, model: Any, steps: Tensor, wanted: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Return what each step costs, ``(B, T)`` nats, and the memory after them."""

    @abstractmethod
    def files(self) -> dict[str, bytes]:
        """Return what a run directory keeps of it."""

    @abstractmethod
    def counted(self, steps: Steps) -> NDArray[np.bool_]:
        """Return which steps of a piece are scored: what is given beforehand is not."""

    @abstractmethod
    def facts(self) -> str:
        """Say in a few words what the model hears."""


@dataclass(frozen=True)
class EventForm(Form):
    """Music as events: the model is a language model."""

    vocabulary: EventVocabulary
    step = "event"

    def encode(self, score: Score, style: str = "") -> Steps:
        """Return a piece as numbers of events, in the key that it sounds like."""
        known = style if style in self.vocabulary.styles else ""
        return self.vocabulary.encode(score, style=known)

    def moved(self, steps: Steps, semitones: int) -> Steps:
        """Return a piece in another key."""
        return self.vocabulary.moved(steps, semitones) if semitones else steps

    def new_model(self, task: ComposeTask) -> LanguageModel:
        """Return a language model of the events."""
        return LanguageModel(len(self.vocabulary), task.model.language_model())

    def loss(self, model: LanguageModel, heard: Heard, wanted: Wanted, state: Any) -> Loss:
        """Return the mean nats of an event."""
        targets = wanted.steps.masked_fill(~wanted.mask, IGNORED)
        found = model.loss(heard.steps, targets, state, reset=heard.reset)
        return Loss(found.total, found.nats, int(wanted.mask.sum()), found.state)

    def nats(
        self, model: LanguageModel, steps: Tensor, wanted: Tensor, state: Any
    ) -> tuple[Tensor, Any]:
        """Return what each event costs."""
        told, state = model.log_probs(steps, state)
        return -told.gather(2, wanted.unsqueeze(2)).squeeze(2), state

    def files(self) -> dict[str, bytes]:
        """Return the vocabulary."""
        return {VOCABULARY: self.vocabulary.to_json().encode()}

    def counted(self, steps: Steps) -> NDArray[np.bool_]:
        """Return all but the header: start, key, style."""
        bars = self.vocabulary.family("bar")
        first = int(np.argmax((steps >= bars.start) & (steps < bars.stop)))
        return np.arange(len(steps)) >= first

    def facts(self) -> str:
        """Say what the vocabulary has."""
        v = self.vocabulary
        more = f", {len(v.styles)} styles" if v.styles else ""
        return (
            f"{len(v):,} events: {v.pitches[1] - v.pitches[0] + 1} pitches, "
            f"{len(v.durations)} durations, {len(v.programs)} programs{more}"
        )


@dataclass(frozen=True)
class RollForm(Form):
    """Music as a piano roll.

    Args:
        steps_per_beat: Steps of time in a quarter.
        beginnings: First frames of training pieces: a piece that is made up begins like one of
            them, since no model predicts a first frame.
        chances: How often each key sounds.
    """

    steps_per_beat: int
    beginnings: tuple[tuple[int, ...], ...]
    chances: tuple[float, ...]
    step = "frame"

    def encode(self, score: Score, style: str = "") -> Steps:
        """Return a piece as frames."""
        return roll_of(score, self.steps_per_beat)

    def moved(self, steps: Steps, semitones: int) -> Steps:
        """Return a piece in another key."""
        return shifted(steps, semitones) if semitones else steps

    def new_model(self, task: ComposeTask) -> RollModel:
        """Return a model of frames that expects what is usual."""
        model = RollModel(KEYS, task.model.roll_model())
        model.expect(torch.tensor(self.chances))
        return model

    def loss(self, model: RollModel, heard: Heard, wanted: Wanted, state: Any) -> Loss:
        """Return the mean nats of a frame."""
        found = model.loss(heard.steps, wanted.steps, wanted.mask, state, reset=heard.reset)
        return Loss(found.nats, found.nats, found.frames, found.state)

    def nats(
        self, model: RollModel, steps: Tensor, wanted: Tensor, state: Any
    ) -> tuple[Tensor, Any]:
        """Return what each frame costs, the sum over its keys."""
        return model.nats(steps, wanted, state)

    def files(self) -> dict[str, bytes]:
        """Return how pieces begin."""
        told = {
            "steps_per_beat": self.steps_per_beat,
            "beginnings": self.beginnings,
            "chances": self.chances,
        }
        return {BEGINNINGS: json.dumps(told).encode()}

    def counted(self, steps: Steps) -> NDArray[np.bool_]:
        """Return all but the first frame, which nothing predicts."""
        return np.arange(len(steps)) > 0

    def facts(self) -> str:
        """Say what a frame is."""
        return f"frames of {KEYS} keys, {self.steps_per_beat} in a quarter"


def learn_form(task: ComposeTask, pieces: Sequence[Piece]) -> Form:
    """Return the form of a task, as the training pieces have it."""
    if task.music.form == "events":
        scores, styles = (piece.score for piece in pieces), (piece.style for piece in pieces)
        return EventForm(EventVocabulary.learn(scores, task.music, (s for s in styles if s)))
    grid = task.music.grid
    sounding, frames = np.ones(KEYS), 2.0  # as if every key had sounded in half of two frames
    beginnings: list[tuple[int, ...]] = []
    for piece in pieces:
        roll = roll_of(piece.score, grid)
        sounding, frames = sounding + roll.sum(axis=0), frames + len(roll)
        if len(beginnings) < MOST_BEGINNINGS:
            beginnings.append(tuple(int(key) for key in np.flatnonzero(roll[0])))
    return RollForm(grid, tuple(beginnings), tuple((sounding / frames).round(6).tolist()))


def read_form(task: ComposeTask, run: RunDirectory) -> Form:
    """Return the form that a run was trained with, from its files, which are not trusted.

    Raises:
        RunError: If they are damaged.
    """
    if task.music.form == "events":
        found: list[EventVocabulary] = []

        def sound(told: Any) -> bool:
            found.append(EventVocabulary.from_dict(told))
            return True

        read_json(run, VOCABULARY, sound)
        return EventForm(found[0])
    told = read_json(run, BEGINNINGS, is_roll_form)
    return RollForm(
        told["steps_per_beat"],
        tuple(tuple(frame) for frame in told["beginnings"]),
        tuple(map(float, told["chances"])),
    )


def is_roll_form(told: Any) -> bool:
    """Whether a file says what `RollForm.files` writes."""
    return (
        type(told["steps_per_beat"]) is int
        and 1 <= told["steps_per_beat"] <= 96
        and len(told["chances"]) == KEYS
        and all(0 < chance < 1 for chance in told["chances"])
        and bool(told["beginnings"])
        and all(type(k) is int and 0 <= k < KEYS for frame in told["beginnings"] for k in frame)
    )
