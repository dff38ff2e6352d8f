"""Both forms: what they count, and how they are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elman._errors import RunError
from elman._run import RunDirectory
from elman.data.music.pieces import Piece
from elman.data.music.score import moved
from elman.tasks.compose.config import ComposeTask
from elman.tasks.compose.form import EventForm, Form, RollForm, learn_form, read_form
from elman.tasks.compose.stream import Heard, Wanted
from tests.data.music.tunes import scale
from tests.tasks.compose.tunes import EVENTS, ROLL, task

PIECES = [Piece("a", scale(60), "x"), Piece("b", scale(62), "y")]


@pytest.fixture(params=[EVENTS, ROLL], ids=["events", "roll"])
def settings(request: pytest.FixtureRequest) -> ComposeTask:
    return task(Path("unused"), request.param)


@pytest.fixture
def form(settings: ComposeTask) -> Form:
    return learn_form(settings, PIECES)


def test_a_form_is_kept(form: Form, settings: ComposeTask, tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "run", form.files())
    assert read_form(settings, run) == form


@pytest.mark.parametrize(
    "change",
    [
        lambda told: "[]",
        lambda told: "{",
        lambda told: json.dumps({}),
        lambda told: json.dumps({**told, "steps_per_beat": 0}),
        lambda told: json.dumps({**told, "chances": [0.5], "pitches": [3]}),
        lambda told: json.dumps({**told, "beginnings": [["x"]], "programs": ["x"]}),
        lambda told: json.dumps({**told, "beginnings": [], "meters": []}),
    ],
)
def test_a_damaged_file_is_one_error(
    form: Form, settings: ComposeTask, tmp_path: Path, change: Any
) -> None:
    [(name, content)] = form.files().items()
    broken = change(json.loads(content)).encode()
    run = RunDirectory.create(tmp_path / "run", {name: broken})
    with pytest.raises(RunError, match=rf"{name} is damaged"):
        read_form(settings, run)


def test_moving_steps_is_moving_the_piece(form: Form) -> None:
    np.testing.assert_array_equal(
        form.moved(form.encode(scale(60)), 2), form.encode(moved(scale(60), 2))
    )
    steps = form.encode(scale(60))
    assert form.moved(steps, 0) is steps


def test_what_is_given_is_not_counted(form: Form) -> None:
    steps = form.encode(scale(60), "x")
    counted = form.counted(steps)
    first = 3 if isinstance(form, EventForm) else 1  # start, key, style; the first frame
    assert not counted[:first].any() and counted[first:].all()
    assert form.facts()


def test_training_and_scoring_agree(form: Form, settings: ComposeTask) -> None:
    torch.manual_seed(0)
    model = form.new_model(settings).eval()
    steps = torch.from_numpy(form.encode(scale(60)))[None]
    mask = torch.ones(1, steps.shape[1] - 1, dtype=torch.bool)
    heard = Heard(steps[:, :-1], torch.zeros_like(mask))
    loss = form.loss(model, heard, Wanted(steps[:, 1:], mask), None)
    nats, _ = form.nats(model, steps[:, :-1], steps[:, 1:], None)
    torch.testing.assert_close(loss.nats, nats.mean())
    assert loss.steps == mask.numel()


def test_a_roll_expects_what_is_usual(settings: ComposeTask) -> None:
    form = learn_form(settings, PIECES)
    if isinstance(form, RollForm):
        assert form.chances[48 - 21] > 0.3 > 0.1 > form.chances[0] > 0
        assert form.beginnings == ((27, 39), (29, 41))
