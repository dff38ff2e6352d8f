"""The captioner of a task: an encoder that fits its frames, and the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from elman.data.tokenizer import Tokenizer
from elman.data.video.captions import Told
from elman.models.captioner import Captioner
from elman.models.frame_encoder import FeatureEncoder, FrameEncoder
from elman.tasks.caption.config import CaptionTask

__all__ = ["new_model", "scaled"]

SCALED_BY = 256
"""Clips whose pixels say what all are scaled by, at most."""


def new_model(task: CaptionTask, shape: Sequence[int], tokenizer: Tokenizer) -> Captioner:
    """Return the network as it is before it has learned, the same for the same seed.

    Args:
        task: What was configured.
        shape: Of one frame, ``(H, W, C)``, or ``(E,)`` of saved features.
        tokenizer: Of the captions.
    """
    torch.manual_seed(task.train.seed)
    return Captioner(encoder_of(task, shape), tokenizer.vocab_size, task.model)


def encoder_of(task: CaptionTask, shape: Sequence[int]) -> nn.Module:
    """Return an encoder of frames, or of saved features."""
    video = task.video
    if len(shape) == 1:
        return FeatureEncoder(shape[0], video.features)
    height, width, planes = shape
    return FrameEncoder(
        (height, width),
        planes,
        channels=video.channels,
        features=video.features,
        motion=video.motion,
    )


def scaled(model: Captioner, told: Told) -> Captioner:
    """Let the network scale pixels by the mean and deviation of some training clips."""
    if isinstance(model.frontend, FrameEncoder):
        some = np.linspace(0, len(told) - 1, min(SCALED_BY, len(told))).astype(int)
        sums = np.zeros((3, told.clips.shape[-1]))  # count, sum, sum of squares
        for k in some:
            pixels = told.clips[int(k)].seen().astype(np.float64) / 255
            sums += [np.full(pixels.shape[-1], pixels[..., 0].size)] + [
                (pixels**power).sum((0, 1, 2)) for power in (1, 2)
            ]
        mean = sums[1] / sums[0]
        model.frontend.scale_by(mean.tolist(), np.sqrt(sums[2] / sums[0] - mean**2).tolist())
    return model
