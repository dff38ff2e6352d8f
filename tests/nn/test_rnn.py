from __future__ import annotations

import inspect

import pytest
import torch

from elman import nn
from elman._errors import ConfigError


def test_positional_arguments_are_torchs() -> None:
    given = (3, 4, 2, "relu", False, True, 0.5, True)
    layer, theirs = nn.RNN(*given), torch.nn.RNN(*given)
    assert repr(layer) == repr(theirs)
    assert layer.nonlinearity == theirs.nonlinearity == "relu"
    layer.load_state_dict(theirs.state_dict())


def test_options_beyond_torch_are_keywords() -> None:
    kinds = {p.name: p.kind for p in inspect.signature(nn.RNN).parameters.values()}
    for name in ("layer_norm", "zoneout", "recurrent_dropout", "weight_drop", "backend"):
        assert kinds[name] is inspect.Parameter.KEYWORD_ONLY


@pytest.mark.parametrize("build", [nn.RNN, nn.ElmanCell])
def test_nonlinearity_is_checked(build: type) -> None:
    with pytest.raises(ConfigError, match="expected 'tanh' or 'relu', got 'gelu'"):
        build(3, 4, nonlinearity="gelu")


def test_relu_is_not_squashed() -> None:
    layer = nn.RNN(1, 1, nonlinearity="relu")
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(1.0)
    assert layer(torch.ones(3, 1, 1))[0].flatten().tolist() == [3.0, 6.0, 9.0]
