"""The network fits the frames that it is for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from elman._errors import ConfigError
from elman.data.tokenizer.word import WordTokenizer
from elman.data.video.captions import read_caption_sets
from elman.models.frame_encoder import FeatureEncoder, FrameEncoder
from elman.tasks.caption.network import new_model, scaled
from tests.tasks.caption.squares import task_of, write_squares

WORDS = WordTokenizer([" a", " b"])


def test_frames_and_features_have_their_encoders() -> None:
    task = task_of(Path("clips"))
    frames = new_model(task, (16, 24, 3), WORDS)
    assert isinstance(frames.frontend, FrameEncoder)
    assert (frames.frontend.size, frames.frontend.planes) == ((16, 24), 3)
    features = new_model(task, (40,), WORDS)
    assert isinstance(features.frontend, FeatureEncoder) and features.frontend.input_size == 40
    assert frames.end == features.end == WORDS.vocab_size


def test_the_same_seed_is_the_same_network() -> None:
    first, second = (new_model(task_of(Path("clips")), (16, 16, 1), WORDS) for _ in range(2))
    assert all(map(torch.equal, first.parameters(), second.parameters()))
    other = new_model(task_of(Path("clips"), train={"seed": 1}), (16, 16, 1), WORDS)
    assert not all(map(torch.equal, first.parameters(), other.parameters()))


def test_frames_too_small_are_refused() -> None:
    task = task_of(Path("clips"), video={"channels": [4, 4, 4, 4, 4]})
    with pytest.raises(ConfigError, match="too small for 5 convolutions"):
        new_model(task, (8, 8, 1), WORDS)


def test_pixels_are_scaled_by_the_training_part(tmp_path: Path) -> None:
    task = task_of(write_squares(tmp_path / "clips", 30))
    train = read_caption_sets(task.data, task.video).train
    model = scaled(new_model(task, train.clips.shape, WORDS), train)
    pixels = np.concatenate([train.clips[k].seen().ravel() for k in range(len(train))]) / 255
    assert isinstance(model.frontend, FrameEncoder)
    assert float(model.frontend.mean) == pytest.approx(pixels.mean(), rel=1e-5)
    assert float(model.frontend.deviation) == pytest.approx(pixels.std(), rel=1e-5)
