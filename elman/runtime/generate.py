"""Writing with a stepper: one token after another, in memory that does not grow.

The torch-free twin of `elman.models.generate`. Knows ids alone; how a token is drawn is the
caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError, DataError
from elman.runtime.stepper import Stepper

__all__ = ["CHUNK", "generate"]

CHUNK = 4096
"""Tokens of a prompt read at a time."""


def generate(
    stepper: Stepper,
    prompt_ids: Sequence[int] | NDArray[Any],
    pick: Callable[[NDArray[Any]], int],
    stop_ids: Collection[int] = (),
) -> Iterator[int]:
    """Yield tokens that follow a prompt, without end or until a stop token.

    The stepper goes on from the state it is in, and is left in the state before the last token
    yielded. `stepper.reset()` begins anew.

    Args:
        stepper: Of one row, with an embedding and a head.
        prompt_ids: What comes before, at least one token.
        pick: From the stepper's output ``(1, V)``, which it must not keep, to a token.
        stop_ids: Tokens that end the text; they are not yielded.

    Raises:
        ConfigError: If the stepper is not one of a single row of tokens.
        DataError: If the prompt is empty or has an id beyond the vocabulary. All errors come at
            the call, not at the first token.

    Example:
        >>> from itertools import islice
        >>> from elman.runtime import LayerWeights, LinearHead, Stepper
        >>> rng = np.random.default_rng(0)
        >>> layer = LayerWeights("gru", rng.normal(size=(12, 4)), rng.normal(size=(12, 4)))
        >>> table = rng.normal(size=(10, 4))
        >>> stepper = Stepper([layer], embedding=table, head=LinearHead(table))
        >>> len(list(islice(generate(stepper, [1, 2], np.argmax), 5)))
        5
    """
    if stepper.batch != 1 or stepper.vocab_size is None:
        raise ConfigError("stepper: expected batch=1 and an embedding, to write one text")
    if len(prompt_ids) == 0:
        raise DataError(
            "prompt: expected at least one token, got none; a newline is a good beginning"
        )
    ids = np.asarray(prompt_ids)[None]
    for start in range(0, ids.shape[1], CHUNK):
        output = stepper.feed(ids[:, start : start + CHUNK])
    return write(stepper, output, pick, frozenset(stop_ids))


def write(
    stepper: Stepper,
    output: NDArray[Any],
    pick: Callable[[NDArray[Any]], int],
    stop_ids: frozenset[int],
) -> Iterator[int]:
    """Draw and read back, for ever."""
    while True:
        token = int(pick(output))
        if token in stop_ids:
            return
        yield token
        output = stepper.step(token)
