from __future__ import annotations

import math

import pytest
import torch

from elman._errors import ConfigError, RunError
from elman.train.training import Training, use_device


def test_every_attribute_that_changes_is_saved(small):
    """Whoever adds a field must add it to `state_dict`, or name here why not."""
    training = Training(small.Net(), 8, small.config(ema_decay=0.9))
    unchanging = {"config", "device", "parameters", "batches"}
    inside = {
        **{"step": "cursor", "epoch": "cursor", "index": "cursor", "skipped": "nonfinite"},
        **{"best_step": "best", "without_gain": "best", "validated_step": "best"},
        **{"_before": "elapsed_s", "_start": "elapsed_s"},
    }
    state = training.state_dict()
    for name in vars(training):
        assert name in unchanging or inside.get(name, name) in state, name


def test_loaded_state_is_the_saved_one(small):
    one = Training(small.Net(), 8, small.config(ema_decay=0.9))
    one.step, one.epoch, one.index, one.carried = 7, 1, 3, (torch.ones(2), None)
    one.validated(2.0)
    one.validated(math.nan)
    two = Training(small.Net(), 8, small.config(ema_decay=0.9))
    two.load_state_dict(one.state_dict())
    assert (two.step, two.epoch, two.index) == (7, 1, 3)
    assert (two.best, two.best_step, two.without_gain, two.validated_step) == (2.0, 7, 1, 7)
    assert torch.equal(two.carried[0], torch.ones(2)) and two.carried[1] is None


@pytest.mark.parametrize("key", ["model", "optimizers", "cursor", "meter", "best", "rng"])
@pytest.mark.parametrize("value", [None, 3, "x", [], {"y": 1}, (1, 2)])
def test_a_state_of_another_shape_is_a_run_error(small, key, value):
    training = Training(small.Net(), 8, small.config())
    with pytest.raises(RunError, match="does not fit this model"):
        training.load_state_dict({**training.state_dict(), key: value})


def test_threads_are_set(small):
    before = torch.get_num_threads()
    try:
        use_device(small.config(threads=2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is such a device")
def test_a_device_that_is_not_here(small):
    with pytest.raises(ConfigError, match="train.device = 'mps'"):
        use_device(small.config(device="mps"))
