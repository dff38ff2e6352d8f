"""What the tests of the command share: a small text, a small network, an ended command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

TEXT = "the cat sat on the mat and the dog sat on the log. " * 60

SMALL = (
    *("--model.hidden-size", 16, "--model.num-layers", 1, "--model.embedding-size", 8),
    *("--train.batch-size", 4, "--train.tbptt-length", 16),
)


@dataclass
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


Elman = Callable[..., Done]
