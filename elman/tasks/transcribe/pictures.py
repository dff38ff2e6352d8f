"""Pictures of a recording: its spectrogram, with the letters where they were heard."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman.models.log_mel import hz_to_mel
from elman.models.transcriber import Transcriber
from elman.tasks.pictures import COLORS, new_figure, picture
from elman.tasks.report import Picture
from elman.tasks.transcribe.transcripts import Letter, Transcript

__all__ = ["heard_picture"]

Wave = NDArray[np.float32]
MOST_S = 15.0
"""Seconds that one picture shows."""


def heard_picture(
    name: str, wave: Wave, model: Transcriber, transcript: Transcript, said: str | None = None
) -> Picture:
    """Draw the mel spectrogram of a recording, and each letter above the moment it was heard.

    Args:
        name: What it is called.
        wave: The sound, at the network's rate.
        model: Whose features are shown.
        transcript: What it heard.
        said: What was really said, if that is known.
    """
    seconds = min(MOST_S, len(wave) / model.rate)
    frames, bands = features_of(wave[: round(MOST_S * model.rate)], model)
    width = float(np.clip(2.2 + 1.5 * seconds, 5.5, 12.0))
    figure = new_figure(width, 3.4)
    top, axes = figure.subplots(2, 1, sharex=True, height_ratios=[1, 5])
    axes.imshow(
        frames.T,
        origin="lower",
        aspect="auto",
        extent=(0, seconds, 0, bands),
        cmap="magma",
        vmin=float(np.percentile(frames, 5)),
        vmax=float(np.percentile(frames, 99.5)),
    )
    hertz_axis(axes, model)
    axes.locator_params(axis="x", nbins=max(3, int(width)))
    axes.set_xlabel("seconds")
    letters = [one for one in transcript.letters if one.start_s < seconds]
    for letter in letters:
        middle = (letter.start_s + min(seconds, letter.end_s)) / 2
        axes.axvline(middle, color="white", linewidth=0.6, alpha=0.45)
    written(top, letters, seconds, width)
    cut = f" The first {MOST_S:g} seconds." if len(wave) / model.rate > MOST_S else ""
    truth = "" if said is None else f" Said: {said}."
    return picture(
        name,
        figure,
        f"Heard: {transcript.text or '(nothing)'}.{truth}{cut} Letters stand where the network "
        "heard them; orange ones it was less than 80 % sure of.",
    )


def features_of(wave: Wave, model: Transcriber) -> tuple[NDArray[np.float32], int]:
    """Return the log-mel frames ``(T, M)`` and how many bands they have."""
    with torch.inference_mode():
        samples = torch.from_numpy(wave)[None].to(model.device)
        frames, _ = model.features(samples, torch.tensor([len(wave)], device=model.device))
    return frames[0].cpu().numpy(), model.config.mels


def hertz_axis(axes: Any, model: Transcriber) -> None:
    """Mark bands by the frequency of their middle."""
    config = model.config
    ends = torch.tensor([config.low_hz, config.high_hz or model.rate / 2], dtype=torch.float64)
    low, high = hz_to_mel(ends, config.mel_scale).tolist()
    step = (high - low) / (config.mels + 1)
    shown = [hz for hz in (125, 250, 500, 1000, 2000, 4000, 8000) if ends[0] < hz < ends[1]]
    mels = hz_to_mel(torch.tensor(shown, dtype=torch.float64), config.mel_scale)
    places = ((mels - low) / step - 0.5).tolist()
    kept = [(p, hz) for p, hz in zip(places, shown, strict=True) if 0 <= p <= config.mels]
    axes.set_yticks([p for p, _ in kept], [f"{hz:,}" for _, hz in kept], fontsize=8)
    axes.set_ylabel("Hz")


def written(axes: Any, letters: list[Letter], seconds: float, width: float) -> None:
    """Write letters above the spectrogram; those too close to each other take turns in height."""
    axes.set_ylim(0, 1)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(bottom=False, left=False, labelleft=False, labelbottom=False)
    room = 0.13 * seconds / max(0.5, width - 1.0)  # seconds that a letter takes on paper
    ends = [-1.0, -1.0, -1.0]
    for letter in letters:
        middle = (letter.start_s + min(seconds, letter.end_s)) / 2
        level = next((k for k, end in enumerate(ends) if middle - end >= room), 0)
        ends[level] = middle
        axes.text(
            middle,
            0.08 + 0.3 * level,
            "␣" if letter.text == " " else letter.text,
            ha="center",
            va="bottom",
            fontsize=10,
            color="#1a1a1a" if letter.confidence >= 0.8 else COLORS[1],
            fontweight="normal" if letter.confidence >= 0.8 else "bold",
        )
