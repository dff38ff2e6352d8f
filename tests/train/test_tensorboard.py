from __future__ import annotations

import math
import sys

import pytest

from elman._errors import ConfigError
from elman.train import Sampled, Saved, Started, Stepped, Stopped, TensorBoardWriter, Validated


def stepped(step, nats):
    return Stepped(step, 0, 0.25, nats, 3e-3, 0.41, 50_000, 5.0, 20.0, 0)


def test_scalars_are_written_and_a_resume_hides_what_is_beyond(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    with TensorBoardWriter(tmp_path) as write:
        write(Started(0, None, 5))
        for step in (10, 20, 30):
            write(stepped(step, 2.0 - step / 100))
        write(Saved(30, tmp_path / "x"))
    with TensorBoardWriter(tmp_path) as write:
        write(Started(20, tmp_path / "x", 5))
        write(stepped(30, 1.0))
        write(stepped(40, math.nan))
        write(Validated(40, 1.5, True))
        write(Sampled(40, "to be"))
        write(Stopped(40, "steps", 1, 2.0, None, None, 0))
        write(stepped(50, 1.0))  # after the end nothing is written
    read = accumulator.EventAccumulator(str(tmp_path))
    read.Reload()
    losses = [(event.step, round(event.value, 4)) for event in read.Scalars("train/nats")]
    assert losses == [(10, 1.9), (20, 1.8), (30, 1.0)]
    assert [event.step for event in read.Scalars("validation/nats")] == [40]
    assert read.Scalars("train/tokens_per_s")[0].value == 10_000


def test_a_missing_package_is_named_with_its_cure(tmp_path, monkeypatch):
    for name in list(sys.modules):
        if name.startswith("torch.utils.tensorboard"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError, match=r"pip install 'elman\[log\]'"):
        TensorBoardWriter(tmp_path)
