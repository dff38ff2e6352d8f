"""What a tagger of steps is built from. No torch here: the command reads this to print its help."""

from __future__ import annotations

from typing import Literal

from elman.models.config import BodyConfig, Rate, Size

__all__ = ["StepTaggerConfig"]


class StepTaggerConfig(BodyConfig):
    """A label for each step of a sequence: frontend -> recurrent body -> softmax or CRF.

    Example:
        >>> StepTaggerConfig(bidirectional=False).output
        'softmax'
    """

    hidden_size: Size = 64
    """Units in each layer and direction."""
    num_layers: Size = 1
    """Recurrent layers, one above the other."""
    bidirectional: bool = True
    """Also read from the end. Without it a step's label is known as soon as the step is."""
    dropout: Rate = 0.2
    """Dropout of the input, between the layers, and of the output: the one knob to turn first."""
    output: Literal["softmax", "crf"] = "softmax"
    """What chooses the labels: each step by itself, or a CRF, which scores a sequence's labels
    together and so learns how long they last."""
