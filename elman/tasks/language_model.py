"""Language modelling: train on a text, score a text, continue a text.

Here the columns meet: a corpus from `data`, a network from `models`, the loop from `train`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from elman._config import to_toml
from elman._errors import RunError
from elman._run import RunDirectory
from elman.data.corpus import Corpus, Progress, prepare_corpus
from elman.data.stream import Batch, TokenStream, scoring_windows
from elman.data.tokenizer import Tokenizer, tokenizer_from_json
from elman.models.generate import generate
from elman.models.language_model import LanguageModel
from elman.models.sampler import Sampler
from elman.models.save import load_model, save_model
from elman.tasks.config import LanguageModelTask
from elman.train.checkpoint import CheckpointStore
from elman.train.events import Event, Validated
from elman.train.loop import Outcome, fit

__all__ = ["LanguageModelRun", "Score", "score"]

MODEL, TOKENIZER, CONFIG = "model.safetensors", "tokenizer.json", "config.toml"


class Score(NamedTuple):
    """How well a text is predicted: mean nats per token over ``tokens`` predictions."""

    nats: float
    tokens: int


@torch.inference_mode()
def score(model: LanguageModel, ids: np.ndarray, batch: int = 1, length: int = 512) -> Score:
    """Score every token but the first, each once, with the state carried from end to end.

    Args:
        model: The network; it is put into evaluation and back.
        ids: Tokens ``(N,)``.
        batch: Streams scored side by side. With 1 every token is predicted from all that
            precede it; with more, each stream starts without memory, which costs a little.
        length: Tokens per pass; changes the speed, not the result.
    """
    was_training = model.training
    model.eval()
    state, total, count = None, 0.0, 0
    try:
        for window in scoring_windows(ids, batch, length):
            nats, state = model.token_nats(window.inputs, window.targets, state)
            ...
    finally:
        model.train(was_training)
    return Score(total / count, count)
