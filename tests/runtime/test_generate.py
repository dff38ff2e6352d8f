"""Writing with a stepper yields what writing with the model yields."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from elman._errors import ConfigError, DataError
from elman.models.generate import generate as generate_with_torch
from elman.models.sampler import Sampler
from elman.runtime import Stepper, generate
from tests.runtime.test_run import V, write_run


def test_writes_as_the_model_does(tmp_path: Path) -> None:
    model = write_run(tmp_path / "run", "lstm")
    prompt = [1, 5, 2]
    expected = list(islice(generate_with_torch(model, prompt, Sampler(0.8, seed=4)), 50))
    stepper = Stepper.open(tmp_path / "run")
    sampler = Sampler(0.8, seed=4)
    written = generate(stepper, prompt, lambda logits: sampler.pick(torch.from_numpy(logits)))
    assert list(islice(written, 50)) == expected


def test_goes_on_from_its_state(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "gru")
    stepper, whole = (Stepper.open(tmp_path / "run") for _ in range(2))
    stepper.feed([[1, 2, 3]])
    expected = list(islice(generate(whole, [1, 2, 3, 4], np.argmax), 5))
    assert list(islice(generate(stepper, [4], np.argmax), 5)) == expected


def test_stops(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "gru")
    stepper = Stepper.open(tmp_path / "run")
    first = next(generate(stepper, [1], np.argmax))
    stepper.reset()
    assert list(generate(stepper, [1], np.argmax, stop_ids=[first])) == []


def test_refuses_at_the_call(tmp_path: Path) -> None:
    write_run(tmp_path / "run", "gru")
    stepper = Stepper.open(tmp_path / "run")
    with pytest.raises(DataError, match="at least one token"):
        generate(stepper, [], np.argmax)
    with pytest.raises(DataError, match=f"from 0 to {V - 1}"):
        generate(stepper, [V], np.argmax)
    with pytest.raises(ConfigError, match="batch=1"):
        generate(Stepper.open(tmp_path / "run", 2), [1], np.argmax)
