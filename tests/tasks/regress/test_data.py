from __future__ import annotations

import numpy as np
import pytest
import torch

from elman._errors import DataError
from elman.data.signal.config import SignalConfig, SignalLayout
from elman.models.regressor import SequenceRegressor
from elman.models.regressor_config import RegressorConfig
from elman.tasks.regress.data import NumberBatches, Numbered, told_of
from elman.tasks.regress.targets import TargetScale
from elman.tasks.signals import SignalReader
from elman.train.config import ExampleTrainConfig
from tests.data.signal import made

LABELS = tuple(str(0.5 * k) for k in range(20))


def reader(examples: Numbered, **features: object) -> SignalReader:
    scale = made.encoder(examples.recordings).scale
    return SignalReader(SignalConfig.model_validate(features), SignalLayout(), scale)


def test_every_recording_comes_once_with_its_scaled_number() -> None:
    examples = Numbered.of(made.recordings(20, labels=LABELS))
    scale = TargetScale.learn(examples.numbers, "made")
    batches = NumberBatches(reader(examples), examples, scale, ExampleTrainConfig(batch_size=6))
    found = [batches.batch(0, k) for k in range(len(batches))]
    targets = torch.cat([batch.targets for batch in found])[:, 0].double().numpy()
    np.testing.assert_allclose(np.sort(scale.undo(targets)), examples.numbers, atol=1e-6)
    steps, lengths = found[0].inputs
    assert steps.shape[:2] == (len(lengths), int(lengths.max()))


def test_a_batch_depends_on_its_number_alone() -> None:
    examples = Numbered.of(made.recordings(20, labels=LABELS))
    scale = TargetScale.learn(examples.numbers, "made")
    noisy = reader(examples, augment_noise=0.3)
    first, again = (NumberBatches(noisy, examples, scale, ExampleTrainConfig()) for _ in range(2))
    for epoch in (1, 0, 1):
        torch.testing.assert_close(first.batch(epoch, 0).inputs, again.batch(epoch, 0).inputs)
    other = first.batch(2, 0).inputs[0]
    assert not torch.equal(other, first.batch(1, 0).inputs[0])


@pytest.mark.parametrize("output", ["number", "normal"])
def test_recordings_are_told_in_their_order_and_units(output: str) -> None:
    examples = Numbered.of(made.recordings(9, labels=LABELS))
    scale, own = TargetScale(100.0, 10.0), reader(examples)
    torch.manual_seed(0)
    config = RegressorConfig(hidden_size=4, output=output)  # type: ignore[arg-type]  # of a list
    model = SequenceRegressor(own.frontend(), 1, config)
    together = told_of(model, own, scale, examples.recordings.items)
    for k, item in enumerate(examples.recordings):
        alone = told_of(model, own, scale, [item])
        assert alone.mean[0] == pytest.approx(together.mean[k], abs=1e-4)
        assert (alone.deviation is None) == (output == "number")
    assert np.abs(together.mean - 100).max() < 10


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(DataError, match="made, 0: expected a number to learn, got 'a'"):
        Numbered.of(made.recordings(2))
