from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch

from elman._errors import DataError, RunError
from elman._run import RunDirectory
from elman.data.signal.config import SignalConfig
from elman.tasks.signals import SignalReader, decoded, placed
from tests.data.signal import made


def learned(tmp_path: Path, **keys: object) -> SignalReader:
    path = made.long_csv(tmp_path / "a.csv", made.recordings(12, 3, missing=0.2, timed=True))
    return SignalReader.learn(str(path), SignalConfig.model_validate(keys), "one", None)[0]


def test_what_was_learned_comes_back_from_a_run(tmp_path: Path) -> None:
    reader = learned(tmp_path, deltas=True)
    run = RunDirectory.create(tmp_path / "run", reader.files())
    again = SignalReader.restored(reader.config, run)
    assert again.scale == reader.scale and again.layout == reader.layout
    run.write({"signal.json": b'{"layout": {"window": -1}, "scale": {}}'})
    with pytest.raises(RunError, match=r"signal.json is damaged"):
        SignalReader.restored(reader.config, run)


def test_batches_hold_zeros_beyond_the_ends(tmp_path: Path) -> None:
    reader = learned(tmp_path)
    found = made.recordings(3, 3, timed=True)
    steps, lengths = reader.collate(list(found))
    assert steps.dtype == torch.float32 and lengths.tolist() == [len(item) for item in found]
    for row, length in zip(steps, lengths, strict=True):
        assert not row[int(length) :].any()
    encoded = reader.encoder.encode(found.items[0])
    np.testing.assert_array_equal(steps[0, : len(encoded)], encoded)
    again, _ = reader.collate([encoded])
    np.testing.assert_array_equal(again[0], encoded)


def test_the_frontend_fits_the_rows(tmp_path: Path) -> None:
    for keys in ({"missing": "decay"}, {"rows_per_step": 2, "deltas": True}, {"project": 5}):
        reader = learned(tmp_path, **keys)
        steps, _ = reader.collate(list(made.recordings(3, 3, timed=True)))
        assert reader.frontend()(steps).shape[:2] == (steps.shape[1], 3)


def test_what_was_found_is_told(tmp_path: Path) -> None:
    ((word, facts),) = learned(tmp_path).about(made.recordings(4, 3, missing=0.2))
    assert word == "channels" and "3 (x, y, z)" in facts
    assert "of the values are missing" in facts and "apart" in facts


def test_lines_come_as_they_are_written_and_are_text() -> None:
    assert list(decoded(io.BytesIO(b"a\nb"), "utf-8")) == ["a\n", "b"]
    with pytest.raises(DataError, match="standard input, line 2: not utf-8"):
        list(decoded(io.BytesIO(b"a\n\xff\n"), "utf-8"))


def test_files_are_named_from_the_root() -> None:
    assert Path(str(placed(SignalConfig(test="b.csv")).test)).is_absolute()
