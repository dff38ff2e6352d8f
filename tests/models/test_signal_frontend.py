from __future__ import annotations

import pytest
import torch

from elman._errors import ShapeError
from elman.models.classifier import SequenceClassifier
from elman.models.classifier_config import ClassifierConfig
from elman.models.signal_frontend import SignalFrontend


def test_values_that_are_there_do_not_fade_and_old_ones_do() -> None:
    frontend = SignalFrontend(6, 2, decay=True)
    row = torch.tensor([[[2.0, 2.0, 1.0, 0.0, 7.0, 7.0]]])  # the first is missing
    features = frontend(row)[0, 0].detach()
    assert features[0] == pytest.approx(2 * torch.tensor(-0.7).exp().item())
    assert features[1] == 2 and features[2:].tolist() == [1, 0, 7, 7]
    older = row.clone()
    older[..., 4] = 100.0
    assert frontend(older)[0, 0, 0] < features[0]


def test_every_parameter_learns() -> None:
    frontend = SignalFrontend(7, 2, decay=True, project=4, rows_per_step=2)
    steps = torch.rand(3, 5, 14)
    steps[..., 2] = steps[..., 3] = 1.0
    frontend(steps).sum().backward()
    for name, parameter in frontend.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_padding_never_leaks() -> None:
    torch.manual_seed(0)
    model = SequenceClassifier(SignalFrontend(3, 3), 2, ClassifierConfig(hidden_size=4)).eval()
    steps, lengths = torch.randn(2, 6, 3), torch.tensor([6, 4])
    wanted = model(steps, lengths)
    steps[1, 4:] = torch.nan
    torch.testing.assert_close(model(steps, lengths), wanted)
    torch.testing.assert_close(model(steps[1:, :4], lengths[1:]), wanted[1:])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="needs values, masks and ages"):
        SignalFrontend(4, 2, decay=True)
    with pytest.raises(ShapeError, match="steps have 3 numbers, expected 8"):
        SignalFrontend(4, 2, rows_per_step=2)(torch.zeros(1, 2, 3))
