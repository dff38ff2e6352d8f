"""The mel scales and filters are the published ones; frames need nothing beyond themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from elman._errors import ConfigError
from elman.models.log_mel import FLOOR, LogMel, hz_to_mel, mel_filterbank, mel_to_hz

# HTK: 2595 log10(1 + f / 700), worked out by hand; 1000 Hz is 1000 mels but for the rounding of
# the constants. Slaney: 66.67 Hz a mel to 1 kHz, then 27 steps to each factor of 6.4.
HTK = {0.0: 0.0, 700.0: 2595 * math.log10(2), 1000.0: 999.9856, 4000.0: 2146.0645, 8000.0: 2840.023}
SLANEY = {60.0: 0.9, 110.0: 1.65, 440.0: 6.6, 1000.0: 15.0, 6400.0: 42.0}


@pytest.mark.parametrize(("scale", "table"), [("htk", HTK), ("slaney", SLANEY)])
def test_the_scales_are_the_published_ones(scale: str, table: dict[float, float]) -> None:
    hz = torch.tensor(list(table), dtype=torch.float64)
    mels = torch.tensor(list(table.values()), dtype=torch.float64)
    torch.testing.assert_close(hz_to_mel(hz, scale), mels, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(mel_to_hz(mels, scale), hz, rtol=1e-5, atol=1e-6)


def by_the_book(mels: int, bins: int, rate: int, slaney: bool) -> np.ndarray:
    """Triangles with their corners one by one, as a person would draw them."""

    def to_mel(f: float) -> float:
        if not slaney:
            return 2595 * math.log10(1 + f / 700)
        return 3 * f / 200 if f < 1000 else 15 + 27 * math.log(f / 1000) / math.log(6.4)

    def to_hz(m: float) -> float:
        if not slaney:
            return 700 * (10 ** (m / 2595) - 1)
        return 200 * m / 3 if m < 15 else 1000 * 6.4 ** ((m - 15) / 27)

    top = to_mel(rate / 2)
    corners = [to_hz(top * k / (mels + 1)) for k in range(mels + 2)]
    table = np.zeros((mels, bins))
    for m in range(mels):
        low, mid, high = corners[m : m + 3]
        for k in range(bins):
            f = k * rate / 2 / (bins - 1)
            if low < f <= mid:
                table[m, k] = (f - low) / (mid - low)
            elif mid < f < high:
                table[m, k] = (high - f) / (high - mid)
        if slaney:
            table[m] *= 2 / (high - low)
    return table


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_the_filters_are_triangles_between_those_corners(scale: str) -> None:
    for mels, bins, rate in ((40, 129, 8000), (80, 257, 16000), (3, 9, 1000)):
        found = mel_filterbank(mels, bins, rate, scale=scale)
        wanted = by_the_book(mels, bins, rate, scale == "slaney")
        torch.testing.assert_close(found, torch.from_numpy(wanted).float(), rtol=1e-5, atol=1e-7)


def test_htk_filters_overlap_to_one_and_slaney_filters_have_one_area() -> None:
    filters = mel_filterbank(20, 1025, 8000)
    inside = (filters.sum(0) > 0).nonzero().flatten()
    middle = slice(int(filters[0].argmax()) + 1, int(filters[-1].argmax()))
    torch.testing.assert_close(filters.sum(0)[middle], torch.ones(middle.stop - middle.start))
    assert int(inside[0]) == 1 and int(inside[-1]) == 1023  # nothing at 0 and at half the rate
    areas = mel_filterbank(20, 4097, 8000, scale="slaney").sum(1) * (4000 / 4096)
    torch.testing.assert_close(areas, torch.ones(20), rtol=5e-3, atol=0)


def test_what_cannot_be_filtered_is_refused() -> None:
    with pytest.raises(ConfigError, match="mels = 200: .* bands are narrower than the window"):
        mel_filterbank(200, 65, 8000)
    with pytest.raises(ConfigError, match="expected 0 <= low < high <= 4000 Hz.*got 20 and 7600"):
        mel_filterbank(40, 129, 8000, low_hz=20, high_hz=7600)
    with pytest.raises(ConfigError, match="window_ms = 10, hop_ms = 20: at 8,000 Hz these are 80"):
        LogMel(8000, window_ms=10, hop_ms=20)


def test_the_energy_of_a_tone_is_in_its_band_and_that_of_noise_is_its_variance() -> None:
    rate = 16000
    features = LogMel(rate, 80)
    seconds = torch.arange(rate) / rate
    for hz in (440.0, 1000.0, 3000.0):
        frames, _ = features(torch.sin(2 * math.pi * hz * seconds)[None], torch.tensor([rate]))
        corners = mel_to_hz(torch.linspace(0, float(hz_to_mel(torch.tensor(8000.0))), 82))
        band = int(frames[0].mean(0).argmax())
        assert corners[band] < hz < corners[band + 2]
    noise = 0.1 * torch.randn(1, 16 * rate, generator=torch.Generator().manual_seed(0))
    frames, _ = features(noise, torch.tensor([16 * rate]))
    flat = frames.exp().mean((0, 1)) / features.filters.sum(1) / features.taper.square().sum()
    torch.testing.assert_close(flat, torch.full((80,), 0.01), rtol=0.12, atol=0)


def test_silence_is_the_floor() -> None:
    frames, lengths = LogMel(8000, 40)(torch.zeros(1, 400), torch.tensor([400]))
    assert int(lengths) == 4 and torch.all(frames == math.log(FLOOR))


@pytest.mark.parametrize("samples", [1, 199, 200, 201, 279, 280, 281, 1000])
def test_the_frames_are_what_stft_gives_and_none_is_lost(samples: int) -> None:
    features = LogMel(8000, 24)
    wave = torch.randn(1, samples, generator=torch.Generator().manual_seed(samples))
    frames, lengths = features(wave, torch.tensor([samples]))
    count = 1 + max(0, math.ceil((samples - 200) / 80))
    assert frames.shape == (1, count, 24) and lengths.tolist() == [count]
    assert features.frames(samples) == count
    full = torch.zeros((count - 1) * 80 + 200)
    full[:samples] = wave[0]
    for t in range(count):
        piece = full[t * 80 : t * 80 + 200] * torch.hann_window(200)
        power = torch.fft.rfft(piece, 256).abs().square()
        wanted = torch.log(features.filters @ power + FLOOR)
        torch.testing.assert_close(frames[0, t], wanted, rtol=1e-4, atol=1e-4)


def test_padding_never_leaks() -> None:
    features = LogMel(8000, 24)
    wave = torch.randn(2, 2000)
    wave[1, 700:] = math.nan
    frames, lengths = features(wave, torch.tensor([2000, 700]))
    alone, _ = features(wave[1:, :700], torch.tensor([700]))
    torch.testing.assert_close(frames[1, : int(lengths[1])], alone[0])
    assert not frames[1, int(lengths[1]) :].any()
    assert features(torch.zeros(1, 0), torch.tensor([0]))[0].shape == (1, 0, 24)
