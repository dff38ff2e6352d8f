"""What each task is configured by: one file of TOML, the same keys as the flags."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from elman._config import Config
from elman.data.config import TextConfig
from elman.models.config import LanguageModelConfig
from elman.train.config import StreamTrainConfig

__all__ = ["LanguageModelEval", "LanguageModelTask"]


class LanguageModelTask(Config):
    """Train a model of text that predicts what comes next."""

    task: Literal["language-model"] = "language-model"
    """The task's name in the registry."""
    data: str = "manual"
    """A text file, or the name of a built-in text (`elman data list`)."""
    text: TextConfig = Field(default_factory=TextConfig)
    """How text becomes tokens, and which part of it is held out."""
    model: LanguageModelConfig = Field(default_factory=LanguageModelConfig)
    """The network."""
    train: StreamTrainConfig = Field(default_factory=StreamTrainConfig)
    """The training."""


class LanguageModelEval(Config):
    """How a language model is scored."""

    streams: int = Field(default=1, ge=1)
    """Parts of the text read side by side: faster, but only 1 gives every token its whole past."""
