r"""Frames to features: a small convolutional network that sees every frame by itself.

.. math::
    f_t = \text{ReLU}(W\, \text{conv}([z_t, z_t - z_{t-1}]) + b), \qquad z_t = (x_t - \mu) / \sigma

Each convolution halves height and width and is normalised within its frame (`GroupNorm`), so that
a frame gives the same features alone, in a batch, or as it arrives. Only frames that are there are
computed; the padding of short clips is filled in afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_max_pool2d

from elman._errors import ConfigError, ShapeError
from elman.models.frontend import Frontend

__all__ = ["FeatureEncoder", "FrameEncoder", "unpacked"]

CHANGE = 4.0
"""What changes between two frames is small beside what is there: it is shown so much larger."""
GROUP = 8
"""Channels that are normalised together."""
PYRAMID = (1, 2)
"""Cells along each side of a frame over which the maxima of shapes are taken."""


class FrameEncoder(Frontend):
    """Convolutions with stride 2 over each frame, then a linear layer.

    Args:
        size: Height and width of the frames, H and W.
        planes: Numbers of a pixel, C.
        channels: Features after each convolution.
        features: Features of where things are, from all places of the last convolution.
        shapes: Channels of one more convolution whose maxima over the whole frame, and over each
            quarter of it, are features of what is there, wherever it is; 0: none.
        motion: Also see the difference to the frame before; that of a first frame is 0.

    Attributes:
        mean: ``(C,)``, of the pixels, 0 to 1; see `scale_by`.
        deviation: ``(C,)``, of the pixels.

    Raises:
        ConfigError: If the frames are too small for so many convolutions.

    Shape:
        - frames: ``(N, H, W, C)`` uint8, the N frames of all clips, clip after clip
        - lengths: ``(B,)`` int64, frames of each clip, at least 1; they sum to N
        - returns: ``(T, B, E)``, zero beyond a clip's end; E is ``features + 5 * shapes``

    Source:
        Maxima over the frame and its quarters: spatial pyramids, He et al. 2014, arXiv:1406.4729.
        Convolutions before an LSTM, trained together: Donahue et al. 2015, arXiv:1411.4389.
        Group normalisation: Wu & He 2018, arXiv:1803.08494.

    Example:
        >>> encoder = FrameEncoder((16, 16), channels=(8, 8), features=4)
        >>> frames = torch.zeros(5, 16, 16, 1, dtype=torch.uint8)
        >>> encoder((frames, torch.tensor([3, 2]))).shape
        torch.Size([3, 2, 4])
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self,
        size: tuple[int, int],
        planes: int = 1,
        *,
        channels: Sequence[int] = (16, 32, 64),
        features: int = 128,
        shapes: int = 0,
        motion: bool = True,
    ) -> None:
        super().__init__()
        self.size, self.planes, self.motion = size, planes, motion
        self.output_size = features + shapes * sum(cells**2 for cells in PYRAMID)
        height, width = size
        layers: list[nn.Module] = []
        before = planes * (2 if motion else 1)
        for after in channels:
            if min(height, width) < 2:
                raise ConfigError(
                    f"frames of {size[0]} x {size[1]} pixels are too small for {len(channels)} "
                    "convolutions that halve them: give fewer channels or a larger size"
                )
            groups = after // GROUP if after % GROUP == 0 else 1
            layers += [
                nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
                nn.GroupNorm(groups, after),
                nn.ReLU(),
            ]
            before, height, width = after, (height + 1) // 2, (width + 1) // 2
        self.convolutions = nn.Sequential(*layers)
        self.project = nn.Linear(before * height * width, features)
        self.shapes = nn.Conv2d(before, shapes, 3, padding=1) if shapes else None
        self.register_buffer("mean", torch.full((planes,), 0.5))
        self.register_buffer("deviation", torch.full((planes,), 0.25))

    def scale_by(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        """Set what pixels are scaled by, ``(C,)`` each, 0 to 1; kept with the weights."""
        self.mean.copy_(torch.tensor(mean))
        self.deviation.copy_(torch.tensor(deviation).clamp(min=1e-3))

    def forward(self, inputs: tuple[Tensor, Tensor]) -> Tensor:
        """Return the features of the frames of a batch."""
        frames, lengths = inputs
        self._check(frames)
        pixels = self._scaled(frames)
        change = None
        if self.motion:
            change = torch.zeros_like(pixels)
            change[1:] = pixels[1:] - pixels[:-1]
            change[starts(lengths)] = 0.0  # no clip follows on another
        return unpacked(self._features(pixels, change), lengths)

    def step(
        self, inputs: tuple[Tensor, Tensor], state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the features of the next frames of B clips, as many of each, ``(T, B, E)``.

        Shape:
            - inputs: as in the forward pass, the lengths all the same
            - state: the last frames ``(B, C, H, W)``, scaled; None at the beginning
        """
        frames, lengths = inputs
        self._check(frames)
        pixels = self._scaled(frames)
        pixels = pixels.view(len(lengths), -1, *pixels.shape[1:])  # (B, T, C, H, W)
        change = None
        if self.motion:
            first = pixels[:, :1] if state is None else state.unsqueeze(1)
            change = pixels - torch.cat([first, pixels[:, :-1]], 1)
            change = change.flatten(0, 1)
        return unpacked(self._features(pixels.flatten(0, 1), change), lengths), pixels[:, -1]

    def _check(self, frames: Tensor) -> None:
        if frames.dtype != torch.uint8 or frames.shape[1:] != (*self.size, self.planes):
            raise ShapeError(
                f"expected frames (N, {self.size[0]}, {self.size[1]}, {self.planes}) of uint8, "
                f"got {tuple(frames.shape)} of {frames.dtype}"
            )

    def _scaled(self, frames: Tensor) -> Tensor:
        pixels = frames.to(self.mean.dtype) / 255
        return ((pixels - self.mean) / self.deviation).permute(0, 3, 1, 2).contiguous()

    def _features(self, pixels: Tensor, change: Tensor | None) -> Tensor:
        x = pixels if change is None else torch.cat([pixels, CHANGE * change], 1)
        seen = self.convolutions(x)
        where = torch.relu(self.project(seen.flatten(1)))
        if self.shapes is None:
            return where
        # apart from `where`, whose many weights would drown what these say
        what = self.shapes(seen)
        maxima = [adaptive_max_pool2d(what, cells).flatten(1) for cells in PYRAMID]
        return torch.cat([where, *map(torch.relu, maxima)], 1)

    def extra_repr(self) -> str:
        """Show the options when the module is printed."""
        return f"size={self.size}, planes={self.planes}, motion={self.motion}"


class FeatureEncoder(Frontend):
    """Saved features of frames, normalised within each frame, then a linear layer.

    Args:
        input_size: Features that were saved, I.
        features: Features of a frame for the rest of the network, E.

    Shape:
        - frames: ``(N, I)``, of all clips, clip after clip
        - lengths: ``(B,)`` int64
        - returns: ``(T, B, E)``

    Example:
        >>> encoder = FeatureEncoder(6, 4)
        >>> encoder((torch.randn(5, 6), torch.tensor([3, 2]))).shape
        torch.Size([3, 2, 4])
    """

    def __init__(self, input_size: int, features: int) -> None:
        super().__init__()
        self.input_size, self.output_size = input_size, features
        self.norm = nn.LayerNorm(input_size)
        self.project = nn.Linear(input_size, features)

    def forward(self, inputs: tuple[Tensor, Tensor]) -> Tensor:
        """Return the features of the frames of a batch."""
        frames, lengths = inputs
        if frames.dim() != 2 or frames.shape[1] != self.input_size:
            raise ShapeError(f"expected features (N, {self.input_size}), got {tuple(frames.shape)}")
        return unpacked(torch.relu(self.project(self.norm(frames))), lengths)


def starts(lengths: Tensor) -> Tensor:
    """Return where each clip begins among the frames of all, ``(B,)``."""
    return lengths.cumsum(0) - lengths


def unpacked(x: Tensor, lengths: Tensor) -> Tensor:
    """Return ``(N, E)`` of all clips, one after the other, as ``(T, B, E)`` filled with zeros.

    Example:
        >>> unpacked(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([2, 1])).squeeze(-1)
        tensor([[1., 3.],
                [2., 0.]])
    """
    if int(lengths.sum()) != len(x):
        raise ShapeError(f"lengths sum to {int(lengths.sum())}, but there are {len(x)} frames")
    clip = torch.repeat_interleave(lengths)  # (N,), the clip of each frame
    time = torch.arange(len(x), device=x.device) - starts(lengths)[clip]
    padded = x.new_zeros(int(lengths.max()), len(lengths), x.shape[1])
    return padded.index_put((time, clip), x)
