"""SpecAugment: parts of a spectrogram are blanked in training, so that no part is relied upon.

Without the warping in time, which its authors found to matter least.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman._shapes import check_shape

__all__ = ["SpecAugment", "random_spans"]


class SpecAugment(nn.Module):
    """Set bands and stretches of time to zero, which is the mean of normalised features.

    Each width is drawn evenly from 0 to its most, each place evenly among those where it fits.
    Draws from torch's generator; does nothing in evaluation.

    Args:
        frequency_masks: Bands that are blanked.
        frequency_width: Most of all bands that one mask covers, 0 to 1.
        time_masks: Stretches of time that are blanked.
        time_width: Most of a row's length that one mask covers, 0 to 1.
        time_frames: Most frames that one mask covers, however long the row is.

    Shape:
        - frames: ``(B, T, M)``; lengths: ``(B,)``
        - returns: ``(B, T, M)``

    Source:
        Park et al. 2019, arXiv:1904.08779; widths that grow with the length: Park et al. 2020,
        arXiv:1912.05533.

    Example:
        >>> augment = SpecAugment(1, 0.5, 1, 0.5)
        >>> bool((augment(torch.ones(1, 50, 8), torch.tensor([50])) == 0).any())
        True
        >>> bool((augment.eval()(torch.ones(1, 50, 8), torch.tensor([50])) == 0).any())
        False
    """

    def __init__(
        self,
        frequency_masks: int,
        frequency_width: float,
        time_masks: int,
        time_width: float,
        time_frames: int = 100,
    ) -> None:
        super().__init__()
        self.frequency_masks, self.frequency_width = frequency_masks, frequency_width
        self.time_masks, self.time_width, self.time_frames = time_masks, time_width, time_frames

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        """Blank anew for each row."""
        check_shape("frames", frames, B=None, T=None, M=None)
        if not self.training:
            return frames
        rows, steps, bands = frames.shape
        blank = torch.zeros(rows, steps, bands, dtype=torch.bool, device=frames.device)
        if self.frequency_masks:
            sizes = torch.full((rows,), float(bands), device=frames.device)
            most = self.frequency_width * sizes
            blank |= random_spans(self.frequency_masks, most, sizes, bands)[:, None, :]
        if self.time_masks:
            sizes = lengths.to(frames.device, torch.get_default_dtype())
            most = (self.time_width * sizes).clamp(max=self.time_frames)
            blank |= random_spans(self.time_masks, most, sizes, steps)[:, :, None]
        return frames.masked_fill(blank, 0)

    def extra_repr(self) -> str:
        """Show what is blanked."""
        return (
            f"{self.frequency_masks} x {self.frequency_width:g} of the bands, "
            f"{self.time_masks} x {self.time_width:g} of the time"
        )


def random_spans(count: int, most: Tensor, sizes: Tensor, width: int) -> Tensor:
    """Draw ``count`` spans for each row and return where any of them is.

    Args:
        count: Spans.
        most: Longest span of each row, ``(B,)``; a span is drawn from 0 to this, rounded down.
        sizes: How much of each row there is, ``(B,)``.
        width: Columns of the result.

    Shape:
        - returns: bool ``(B, width)``

    Example:
        >>> random_spans(1, torch.tensor([0.0]), torch.tensor([5.0]), 5).any()
        tensor(False)
    """
    rows = len(most)
    draws = torch.rand(2, rows, count, device=most.device)
    lengths = (draws[0] * (most.floor() + 1)[:, None]).floor()  # 0 .. most
    starts = (draws[1] * (sizes[:, None] - lengths + 1)).floor()
    place = torch.arange(width, device=most.device)
    inside = (place >= starts[..., None]) & (place < (starts + lengths)[..., None])
    return inside.any(1)
