"""Batched hearing is hearing one by one; long sounds are heard in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from elman.data.audio.config import AudioConfig
from elman.data.audio.manifest import read_manifest
from elman.data.audio.waves import Waves
from elman.tasks.transcribe import hearing
from elman.tasks.transcribe.hearing import hear, hear_all
from elman.tasks.transcribe.run import TranscribeRun


def test_all_are_heard_once_as_if_alone(both: TranscribeRun, table: Path) -> None:
    waves = Waves(read_manifest(str(table), AudioConfig())[:12], 8000)
    found = dict(hear_all(both.model, waves))
    assert sorted(found) == list(range(12))
    for row, log_probs in found.items():
        (alone,) = hear(both.model, [waves[row]])
        np.testing.assert_allclose(log_probs, alone, atol=1e-4)


def long_song(table: Path, seconds: float) -> np.ndarray:
    waves = Waves(read_manifest(str(table), AudioConfig()), 8000)
    parts, total = [], 0
    for k in range(len(waves)):
        parts.append(waves[k])
        total += len(parts[-1])
        if total > seconds * 8000:
            break
    return np.concatenate(parts)


def test_a_stream_in_pieces_is_the_whole(
    live: TranscribeRun, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = long_song(table, 8)
    (whole,) = hear(live.model, [wave])
    monkeypatch.setattr(hearing, "LONG_S", 1.0)
    monkeypatch.setattr(hearing, "PIECE_S", 0.77)
    (pieces,) = hear(live.model, [wave])
    np.testing.assert_allclose(pieces, whole, atol=1e-4)


def test_both_directions_in_pieces_is_nearly_the_whole(
    both: TranscribeRun, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = long_song(table, 12)
    (whole,) = hear(both.model, [wave])
    monkeypatch.setattr(hearing, "LONG_S", 1.0)
    monkeypatch.setattr(hearing, "PIECE_S", 3.0)
    monkeypatch.setattr(hearing, "MARGIN_S", 2.0)
    (pieces,) = hear(both.model, [wave])
    assert len(pieces) == len(whole) == int(both.model.steps(torch.tensor([len(wave)])))
    search = both.search()
    assert search.text(pieces) == search.text(whole)
    assert float(np.median(np.abs(pieces - whole))) < 0.05
