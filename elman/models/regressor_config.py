"""What a regressor of sequences is built from. No torch here: the command reads this for help."""

from __future__ import annotations

from typing import Literal

from elman.models.classifier_config import ClassifierConfig
from elman.models.config import Rate, Size

__all__ = ["RegressorConfig"]


class RegressorConfig(ClassifierConfig):
    """A sequence in, a number out: recurrent body -> pooling -> the number, or its distribution.

    Example:
        >>> RegressorConfig(output="normal").pooling
        'mean'
    """

    hidden_size: Size = 64
    """Units in each layer and direction."""
    dropout: Rate = 0.1
    """Dropout of the input, between the layers, and of the output: the one knob to turn first."""
    pooling: Literal["last", "mean", "max", "attention"] = "mean"
    """How the outputs of all steps become one vector."""
    output: Literal["number", "normal"] = "number"
    """`number`; or `normal`: a normal distribution, so that each answer says how sure it is."""
