"""Parts of recordings: by chance, by file, by who speaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.audio.config import AudioConfig
from elman.data.audio.sets import read_utterance_sets, remarks, usual_rate
from tests.data.audio.sounds import tone, write, write_songs


def test_parts_have_nothing_in_common_and_a_fingerprint(tmp_path: Path) -> None:
    table = write_songs(tmp_path, 20)
    sets = read_utterance_sets(str(table), AudioConfig())
    paths = [u.path for part in (sets.train, sets.valid, sets.test) for u in part]
    assert [len(p) for p in (sets.train, sets.valid, sets.test)] == [16, 2, 2]
    assert len(set(paths)) == 20
    assert read_utterance_sets(str(table), AudioConfig()).fingerprint == sets.fingerprint
    table.write_text(table.read_text().replace("a\n", "b\n"))
    assert read_utterance_sets(str(table), AudioConfig()).fingerprint != sets.fingerprint


def test_parts_of_their_own(tmp_path: Path) -> None:
    main, other = write_songs(tmp_path / "a", 10), write_songs(tmp_path / "b", 3)
    sets = read_utterance_sets(str(main), AudioConfig(valid=str(other), test_fraction=0.0))
    assert (len(sets.train), len(sets.valid), len(sets.test)) == (10, 3, 0)


def test_a_voice_is_in_one_part_only(tmp_path: Path) -> None:
    for speaker in "abcdefghij":
        for take in range(3):
            write(tmp_path / f"yes_{speaker}_{take}.wav", tone(440, 0.05))
    config = AudioConfig(pattern="{text}_{speaker}_{}.wav", group="speaker")
    sets = read_utterance_sets(str(tmp_path), config)
    voices = [{u.group for u in part} for part in (sets.train, sets.valid, sets.test)]
    assert [len(v) for v in voices] == [8, 1, 1] and len(set.union(*voices)) == 10
    few = config.model_copy(update={"pattern": "{speaker}_{text}_{}.wav"})
    with pytest.raises(DataError, match="divided by audio.group = 'speaker': 1 examples"):
        read_utterance_sets(str(tmp_path), few)


def test_rates_and_remarks(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(440, 2.0, 16000), 16000)
    write(tmp_path / "b.wav", np.stack([tone(440, 0.1, 8000)] * 2, 1), 8000)
    (tmp_path / "m.csv").write_text("audio,text\na.wav,one\nb.wav,two\n")
    config = AudioConfig(valid_fraction=0, test_fraction=0)
    sets = read_utterance_sets(str(tmp_path / "m.csv"), config)
    assert usual_rate(sets.train) == 16000
    said = remarks(sets.train, 16000)
    assert said[0] == "1 of 2 recordings have several channels, which are mixed into one"
    assert said[1] == "1 of 2 recordings are resampled from 8,000 Hz to 16,000"
    assert "upper bands are silent (b.wav, ...)" in said[2] and len(said) == 3
    high = write(tmp_path / "c.wav", tone(440, 3.0, 48000), 48000)
    (tmp_path / "m.csv").write_text(f"audio,text\n{high},one\n{high},two\n")
    assert usual_rate(read_utterance_sets(str(tmp_path / "m.csv"), config).train) == 16000
