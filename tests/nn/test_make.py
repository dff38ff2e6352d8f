from __future__ import annotations

import pytest

from elman import nn
from elman._errors import ConfigError, UnknownName


@pytest.mark.parametrize("cell", list(nn.LAYERS))
def test_every_layer_is_made_by_name(cell: str) -> None:
    layer = nn.make_layer(cell, 3, 4, num_layers=2, zoneout=0.1)
    assert (layer.input_size, layer.hidden_size, layer.num_layers) == (3, 4, 2)
    assert layer.spec.name.startswith(cell)


def test_unknown_names_are_told() -> None:
    with pytest.raises(UnknownName, match="did you mean 'lstm'"):
        nn.make_layer("ltsm", 3, 4)
    with pytest.raises(ConfigError, match="layer 'gru' has no option 'proj_size'"):
        nn.make_layer("gru", 3, 4, proj_size=2)
