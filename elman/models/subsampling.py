"""Frames to fewer, richer steps: convolutions over time and frequency with strides of two.

With ``ahead = 0`` a step depends on no later frame, and chunks give what the whole gives: the
state is what the next step still needs of the frames before.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman._errors import ConfigError
from elman._shapes import check_shape

__all__ = ["Subsampling", "SubsamplingState"]

KERNEL = 3
SubsamplingState = tuple[Tensor, ...]
"""For each convolution the frames ``(B, C, t, M)`` that its next step needs."""


class Subsampling(nn.Module):
    """Convolutions of 3 x 3 with ReLU, each of which halves bands and, if asked, time.

    Args:
        bands: Features per frame, M.
        channels: Filters of each convolution, C.
        factor: Frames in a step: 1, 2, 4 or 8; there is a convolution for each halving, and at
            least two.
        ahead: Frames that each convolution sees before their time: 0 is causal, 1 centred.

    Attributes:
        output_size: Features of a step.
        factor: Frames in a step.

    Shape:
        - frames: ``(B, T, M)``; lengths: ``(B,)``
        - returns: ``(T', B, F)`` time-major, and lengths ``(B,)``, T' = ceil(T / factor)

    Example:
        >>> net = Subsampling(40, 8, 4)
        >>> steps, lengths = net(torch.randn(2, 99, 40), torch.tensor([99, 9]))
        >>> steps.shape, lengths
        (torch.Size([25, 2, 80]), tensor([25,  3]))
    """

    def __init__(self, bands: int, channels: int, factor: int, *, ahead: int = 0) -> None:
        super().__init__()
        if factor not in (1, 2, 4, 8):
            raise ConfigError(f"subsampling: expected 1, 2, 4 or 8 frames a step, got {factor}")
        if not 0 <= ahead < KERNEL:
            raise ConfigError(f"ahead: expected 0 to {KERNEL - 1} frames, got {ahead}")
        self.factor, self.bands, self.ahead = factor, bands, ahead
        self.channels = channels
        halvings = factor.bit_length() - 1
        self.strides = (2,) * halvings + (1,) * (2 - halvings)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(1 if k == 0 else channels, channels, KERNEL, (stride, 2), (0, 1))
            for k, stride in enumerate(self.strides)
        )
        self.widths = [bands]  # bands before each convolution, and behind the last
        for _ in self.strides:
            self.widths.append((self.widths[-1] + 1) // 2)
        self.norm = nn.LayerNorm(channels * self.widths[-1])
        self.output_size = channels * self.widths[-1]

    def lengths(self, frames: Tensor) -> Tensor:
        """Return how many steps so many frames become."""
        return (frames + self.factor - 1) // self.factor

    def forward(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Run over whole rows; what is beyond a row's end is not looked at."""
        check_shape("frames", frames, B=None, T=None, M=self.bands)
        x = frames[:, None]  # (B, C, T, M)
        for convolution, stride in zip(self.convolutions, self.strides, strict=True):
            inside = torch.arange(x.shape[2], device=x.device) < lengths[:, None]  # (B, T)
            x = x.masked_fill(~inside[:, None, :, None], 0)
            x = nn.functional.pad(x, (0, 0, KERNEL - 1 - self.ahead, self.ahead))
            x = torch.relu(convolution(x))
            lengths = (lengths + stride - 1) // stride
        return self.steps(x), lengths

    def initial_state(self, batch: int) -> SubsamplingState:
        """Return the state before the first frame."""
        like = self.norm.weight
        return tuple(
            like.new_zeros(batch, self.channels if k else 1, KERNEL - 1, width)
            for k, width in enumerate(self.widths[:-1])
        )

    def stream(self, frames: Tensor, state: SubsamplingState) -> tuple[Tensor, SubsamplingState]:
        """Return the steps ``(T', B, F)`` that some more frames complete, and the state.

        Raises:
            ConfigError: If a convolution looks ahead.
        """
        if self.ahead:
            raise ConfigError("only a subsampling with ahead = 0 runs on chunks")
        x, kept = frames[:, None], []
        for convolution, stride, before in zip(self.convolutions, self.strides, state, strict=True):
            x = torch.cat([before, x], 2)
            count = max(0, (x.shape[2] - KERNEL) // stride + 1)
            kept.append(x[:, :, count * stride :])
            if count:
                x = torch.relu(convolution(x[:, :, : (count - 1) * stride + KERNEL]))
            else:
                width = (x.shape[3] + 1) // 2
                x = x.new_zeros(x.shape[0], self.channels, 0, width)
        return self.steps(x), tuple(kept)

    def steps(self, x: Tensor) -> Tensor:
        """Return ``(B, C, T, M)`` as normalised features ``(T, B, C * M)``."""
        steps: Tensor = self.norm(x.permute(2, 0, 1, 3).flatten(2))
        return steps
