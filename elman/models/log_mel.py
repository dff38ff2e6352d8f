r"""Sound as a picture: the energy in bands of the mel scale, frame by frame.

.. math::
    x_{tm} = \log\Big(\epsilon + \sum_k W_{mk}\, \frac{|\text{STFT}(s)_{tk}|^2}{\sum_n w_n^2}\Big)

A frame begins every hop and looks forward for a window, so it needs no sound from beyond its
end: whole sounds and chunks of them give the same frames. The last frame is filled with zeros.
Knows waveforms only; files are read in `elman.data`.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from elman._errors import ConfigError
from elman._shapes import check_shape

__all__ = ["LogMel", "hz_to_mel", "mel_filterbank", "mel_to_hz"]

Scale = Literal["htk", "slaney"]

FLOOR = 1e-8
"""Energy below which all is silence: 80 dB under a sound that fills the range of -1 to 1."""
LINEAR_HZ, LINEAR_MEL = 200.0 / 3.0, 1000.0  # Slaney: so many Hz a mel, up to so many Hz
LOG_STEP = math.log(6.4) / 27.0  # Slaney: growth of each mel beyond


def hz_to_mel(hz: Tensor, scale: Scale = "htk") -> Tensor:
    r"""Return frequencies on the mel scale.

    .. math::
        \text{htk}: m = 2595 \log_{10}(1 + f/700) \qquad
        \text{slaney}: m = \tfrac{3f}{200} \text{ or, from 1 kHz, }
        15 + 27\, \tfrac{\ln(f/1000)}{\ln 6.4}

    Source:
        HTK: Young et al., The HTK Book, version 3.4, section 5.4. Slaney 1998, Auditory Toolbox,
        technical report 1998-010, Interval Research.

    Example:
        >>> hz_to_mel(torch.tensor([60.0, 6400.0]), "slaney")
        tensor([ 0.9, 42.0])
    """
    if scale == "htk":
        return 2595.0 * torch.log10(1.0 + hz / 700.0)
    knee = LINEAR_MEL / LINEAR_HZ
    beyond = knee + torch.log(hz.clamp(min=LINEAR_MEL) / LINEAR_MEL) / LOG_STEP
    return torch.where(hz < LINEAR_MEL, hz / LINEAR_HZ, beyond)


def mel_to_hz(mel: Tensor, scale: Scale = "htk") -> Tensor:
    """Return the frequencies of mels: the inverse of `hz_to_mel`.

    Example:
        >>> mel_to_hz(torch.tensor([3.0, 15.0]), "slaney")
        tensor([ 200., 1000.])
    """
    if scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    knee = LINEAR_MEL / LINEAR_HZ
    beyond = LINEAR_MEL * torch.exp(LOG_STEP * (mel.clamp(min=knee) - knee))
    return torch.where(mel < knee, mel * LINEAR_HZ, beyond)


def mel_filterbank(
    mels: int,
    bins: int,
    rate: int,
    *,
    low_hz: float = 0.0,
    high_hz: float | None = None,
    scale: Scale = "htk",
) -> Tensor:
    """Return triangles that overlap by half, their corners evenly spaced in mels.

    HTK's have a peak of 1; Slaney's have the same area each, so that white noise gives a flat
    line.

    Args:
        mels: Bands, M.
        bins: Frequencies of a real Fourier transform, from 0 to half the rate.
        rate: Samples per second, Hz.
        low_hz: Where the lowest triangle begins.
        high_hz: Where the highest one ends; ``None`` is half the rate.
        scale: What a mel is.

    Shape:
        - returns: ``(M, bins)``

    Raises:
        ConfigError: If the range is empty, or a triangle has no frequency inside.

    Example:
        >>> mel_filterbank(40, 129, 8000).shape
        torch.Size([40, 129])
    """
    top = rate / 2 if high_hz is None else high_hz
    if not 0 <= low_hz < top <= rate / 2:
        raise ConfigError(
            f"low_hz, high_hz: expected 0 <= low < high <= {rate / 2:g} Hz, half the rate of "
            f"{rate:,} Hz; got {low_hz:g} and {top:g}"
        )
    low, high = hz_to_mel(torch.tensor([low_hz, top], dtype=torch.float64), scale).tolist()
    corners = mel_to_hz(torch.linspace(low, high, mels + 2, dtype=torch.float64), scale)
    hz = torch.linspace(0, rate / 2, bins, dtype=torch.float64)
    rise = (hz - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - hz) / (corners[2:] - corners[1:-1])[:, None]
    filters = torch.minimum(rise, fall).clamp(min=0)  # (M, bins)
    if not bool((filters.sum(1) > 0).all()):
        empty = int((filters.sum(1) == 0).sum())
        raise ConfigError(
            f"mels = {mels}: {empty} of the bands are narrower than the window can tell apart "
            f"({rate / 2 / (bins - 1):.1f} Hz). Use fewer mels, or a longer window_ms"
        )
    if scale == "slaney":
        filters = filters * (2.0 / (corners[2:] - corners[:-2]))[:, None]
    return filters.to(torch.get_default_dtype())


class LogMel(nn.Module):
    """Waveforms to log-mel frames, on the fly.

    Args:
        rate: Samples per second, Hz.
        mels: Bands, M.
        window_ms: Length of a (Hann) window.
        hop_ms: From the beginning of a window to that of the next.
        low_hz: Where the lowest band begins.
        high_hz: Where the highest one ends; ``None`` is half the rate.
        scale: What a mel is, `htk` or `slaney`.

    Attributes:
        window: Samples of a window.
        hop: Samples of a hop.

    Raises:
        ConfigError: If the window is shorter than two samples or than the hop, or the bands do
            not fit.

    Shape:
        - waves: ``(B, N)`` in -1 to 1, and lengths ``(B,)`` in samples
        - returns: ``(B, T, M)`` and lengths ``(B,)`` in frames, zeros beyond them

    Example:
        >>> features = LogMel(8000, 40)
        >>> frames, lengths = features(torch.randn(2, 8000), torch.tensor([8000, 800]))
        >>> frames.shape, lengths
        (torch.Size([2, 99, 40]), tensor([99,  9]))
    """

    taper: Tensor
    filters: Tensor

    def __init__(
        self,
        rate: int,
        mels: int = 40,
        *,
        window_ms: float = 25.0,
        hop_ms: float = 10.0,
        low_hz: float = 0.0,
        high_hz: float | None = None,
        scale: Scale = "htk",
    ) -> None:
        super().__init__()
        self.rate, self.mels = rate, mels
        self.window, self.hop = round(rate * window_ms / 1000), round(rate * hop_ms / 1000)
        if self.window < 2 or not 1 <= self.hop <= self.window:
            raise ConfigError(
                f"window_ms = {window_ms:g}, hop_ms = {hop_ms:g}: at {rate:,} Hz these are "
                f"{self.window} and {self.hop} samples; expected 1 <= hop <= window and "
                "window >= 2"
            )
        self.size = 1 << (self.window - 1).bit_length()  # of the Fourier transform
        taper = torch.hann_window(self.window)
        filters = mel_filterbank(
            mels, self.size // 2 + 1, rate, low_hz=low_hz, high_hz=high_hz, scale=scale
        )
        # known from the configuration, so not a part of what a model keeps
        self.register_buffer("taper", taper, persistent=False)
        self.register_buffer("filters", filters / taper.square().sum(), persistent=False)

    def frames(self, samples: int) -> int:
        """Return how many frames so many samples have; at least one if there is a sample."""
        return 0 if samples < 1 else 1 + max(0, -(-(samples - self.window) // self.hop))

    def forward(self, waves: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the frames and how many each row has; what is beyond a row's end is not read."""
        check_shape("waves", waves, B=None, N=None)
        check_shape("lengths", lengths, B=waves.shape[0])
        count = torch.where(
            lengths < 1,
            0,
            1
            + (lengths - self.window + self.hop - 1)
            .div_(self.hop, rounding_mode="floor")
            .clamp(min=0),
        )
        steps = self.frames(waves.shape[1])
        needed = (steps - 1) * self.hop + self.window if steps else 0
        inside = torch.arange(waves.shape[1], device=waves.device) < lengths[:, None]
        waves = nn.functional.pad(
            waves.masked_fill(~inside, 0), (0, max(0, needed - waves.shape[1]))
        )
        frames = self.whole_frames(waves)
        valid = torch.arange(frames.shape[1], device=waves.device) < count[:, None]
        return frames.masked_fill(~valid[:, :, None], 0), count

    def whole_frames(self, waves: Tensor) -> Tensor:
        """Return the frames ``(B, T, M)`` that lie wholly within the samples ``(B, N)``."""
        if waves.shape[1] < self.window:
            return waves.new_zeros(waves.shape[0], 0, self.mels)
        # torch puts the window into the middle of what it transforms; what is around it counts 0
        left = (self.size - self.window) // 2
        padded = nn.functional.pad(waves, (left, self.size - self.window - left))
        spectrum = torch.stft(
            padded,
            self.size,
            self.hop,
            self.window,
            self.taper,
            center=False,
            return_complex=True,
        )  # (B, bins, T)
        power = spectrum.real.square() + spectrum.imag.square()
        return torch.log(torch.matmul(power.transpose(1, 2), self.filters.T) + FLOOR)

    def extra_repr(self) -> str:
        """Show the sizes."""
        return f"rate={self.rate}, mels={self.mels}, window={self.window}, hop={self.hop}"
