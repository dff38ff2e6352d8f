"""A layer by its name, as a configuration writes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from elman._errors import ConfigError, did_you_mean
from elman._registry import Registry
from elman.nn.gru import GRU
from elman.nn.layer import RecurrentLayer
from elman.nn.lstm import LSTM
from elman.nn.rnn import RNN

__all__ = ["LAYERS", "make_layer"]

LAYERS: Registry[Callable[..., RecurrentLayer]] = Registry("layer")
LAYERS.register("rnn", RNN)
LAYERS.register("rnn_relu", partial(RNN, nonlinearity="relu"))
LAYERS.register("lstm", LSTM)
LAYERS.register("gru", GRU)


def make_layer(cell: str, input_size: int, hidden_size: int, **options: Any) -> RecurrentLayer:
    """Build a layer from its name in `LAYERS`.

    Args:
        cell: The name.
        input_size: Features per step, I.
        hidden_size: Features of the memory, H.
        options: What else the layer's class takes.

    Raises:
        UnknownName: If there is no such layer.
        ConfigError: If the layer has no such option, or a value is wrong.

    Example:
        >>> elman.nn.make_layer("gru", 3, 4, num_layers=2)
        GRU(3, 4, num_layers=2)
        >>> elman.nn.make_layer("gru", 3, 4, zoneut=0.1)
        Traceback (most recent call last):
        elman._errors.ConfigError: layer 'gru' has no option 'zoneut'; did you mean 'zoneout'?
    """
    build = LAYERS[cell]
    known = inspect.signature(build).parameters
    for name in options:
        if name not in known:
            raise ConfigError(f"layer '{cell}' has no option '{name}'{did_you_mean(name, known)}")
    return build(input_size, hidden_size, **options)
