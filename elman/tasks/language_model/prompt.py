"""A prompt as a model reads it."""

from __future__ import annotations

from elman._errors import DataError
from elman.data.tokenizer import Tokenizer

__all__ = ["prompt_ids"]


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """Return a prompt's tokens; an empty prompt stands for the start of a line.

    Raises:
        DataError: If nothing of the prompt is left in the vocabulary.

    Example:
        >>> from elman.data.tokenizer import ByteTokenizer
        >>> prompt_ids(ByteTokenizer(), "")
        [10]
    """
    ids: list[int] = tokenizer.encode(prompt or "\n").tolist()
    if not ids:
        raise DataError("the prompt has no token of the model's vocabulary: write more of it")
    return ids
