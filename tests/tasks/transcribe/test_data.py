"""Batches of recordings: the same for the same number, and nothing that cannot be learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from elman._errors import DataError
from elman.data.audio.alphabet import Alphabet
from elman.data.audio.config import AudioConfig
from elman.data.audio.manifest import read_manifest
from elman.data.audio.waves import Waves
from elman.models.transcriber import Transcriber
from elman.tasks.transcribe.config import TranscribeTask
from elman.tasks.transcribe.data import (
    UtteranceBatches,
    fits,
    learn_bands,
    padded_waves,
    sound_bands,
)
from tests.tasks.transcribe.songs import task_of, write


def parts(
    tmp_path: Path, **tables: dict[str, object]
) -> tuple[Waves, Alphabet, TranscribeTask, Transcriber]:
    table = write(tmp_path, 20)
    task = task_of(table, **tables)
    found = read_manifest(str(table), AudioConfig())
    alphabet = Alphabet.learn(u.text for u in found)
    model = Transcriber(len(alphabet), 8000, task.model)
    return Waves(found, 8000, 10), alphabet, task, model


def test_a_batch_depends_on_its_number_alone(tmp_path: Path) -> None:
    given = parts(tmp_path, audio={"speed": [0.9, 1.0, 1.1]})
    one, other = UtteranceBatches(*given), UtteranceBatches(*given)
    list(map(lambda k: other.batch(0, k), range(len(other))))
    for epoch, index in ((0, 0), (3, 1)):
        a, b = one.batch(epoch, index), other.batch(epoch, index)
        assert torch.equal(a.inputs[0], b.inputs[0]) and torch.equal(a.targets[0], b.targets[0])
    assert one.batch(1, 0).inputs[0].shape != one.batch(2, 0).inputs[0].shape
    widths = [one.batch(0, k).inputs[0].shape[1] for k in range(len(one))]
    assert widths == sorted(widths)  # the first epoch goes from short to long
    assert sum(len(one.batch(0, k).inputs[1]) for k in range(len(one))) == 20


def test_what_cannot_be_learned_is_left_out_and_counted(tmp_path: Path) -> None:
    waves, alphabet, task, model = parts(tmp_path)
    length = float(np.median(waves.samples)) / 8000
    some = task.model_copy(update={"audio": task.audio.model_copy(update={"max_s": length})})
    batches = UtteranceBatches(waves, alphabet, some, model)
    assert 0 < batches.too_long < 20 and batches.too_short == 0
    coarse = Transcriber(
        len(alphabet), 8000, task.model.model_copy(update={"subsampling": 8, "hop_ms": 25.0})
    )
    batches = UtteranceBatches(waves, alphabet, task, coarse)
    assert 0 < batches.too_short < 20
    none = task.model_copy(update={"audio": task.audio.model_copy(update={"max_s": 0.01})})
    with pytest.raises(DataError, match="none of 20 recordings can be trained on: 20 are longer"):
        UtteranceBatches(waves, alphabet, none, model)


def test_what_fits_is_what_the_loss_takes(tmp_path: Path) -> None:
    waves, alphabet, task, _ = parts(tmp_path)
    coarse = Transcriber(
        len(alphabet), 8000, task.model.model_copy(update={"subsampling": 8, "hop_ms": 25.0})
    )
    good = fits(waves.utterances, waves.samples, alphabet, coarse)
    for row in range(20):
        wave, length = padded_waves([waves[row]])
        ids = torch.tensor([alphabet.encode(waves.utterances[row].text)])
        if good[row]:
            assert coarse.loss(wave, length, ids, torch.tensor([ids.shape[1]])).isfinite()
        else:
            with pytest.raises(DataError, match="letters need"):
                coarse.loss(wave, length, ids, torch.tensor([ids.shape[1]]))


def test_bands_are_mean_and_deviation_of_all_frames(tmp_path: Path) -> None:
    waves, _, _, model = parts(tmp_path)
    bands = learn_bands(waves, model.features)
    frames = [
        model.features(torch.from_numpy(waves[k])[None], torch.tensor([len(waves[k])]))[0][0]
        for k in range(20)
    ]
    every = torch.cat(frames)
    torch.testing.assert_close(torch.tensor(bands.mean), every.mean(0), rtol=1e-4, atol=1e-4)
    wanted = every.std(0, correction=0)
    torch.testing.assert_close(torch.tensor(bands.deviation), wanted, rtol=1e-3, atol=1e-3)


def test_a_file_of_bands_is_not_trusted() -> None:
    assert sound_bands({"rate": 8000, "mean": [0.0], "deviation": [1]})
    for wrong in (
        {"rate": 8000.0, "mean": [0.0], "deviation": [1]},
        {"rate": 8000, "mean": [0.0], "deviation": [1, 2]},
        {"rate": 8000, "mean": ["0"], "deviation": [1]},
        {"rate": 8000, "mean": [float("nan")], "deviation": [1.0]},
        {"rate": 10**9, "mean": [0.0], "deviation": [1.0]},
    ):
        assert not sound_bands(wrong)
    with pytest.raises(KeyError):
        sound_bands({})


def test_waves_are_padded_with_silence() -> None:
    waves, lengths = padded_waves([np.ones(3, np.float32), np.ones(1, np.float32)])
    assert waves.tolist() == [[1, 1, 1], [1, 0, 0]] and lengths.tolist() == [3, 1]
