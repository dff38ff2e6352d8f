"""The built-in recordings are the same on every machine, and a table of files."""

from __future__ import annotations

from pathlib import Path

import soundfile

from elman.data.audio.builtin import TABLE, make_dialled
from elman.data.audio.config import AudioConfig
from elman.data.audio.manifest import read_manifest


def test_a_set_is_the_same_every_time(tmp_path: Path) -> None:
    waves, told = [], list[tuple[int, int, str]]()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make_dialled(tmp_path / name, 3, progress=lambda *facts: told.append(facts))
        waves.append(soundfile.read(str(tmp_path / name / "0001.wav"))[0])
    assert (waves[0] == waves[1]).all() and abs(waves[0]).max() <= 1
    assert told[2] == (3, 3, "dialling numbers")
    found = read_manifest(str(tmp_path / "a" / TABLE), AudioConfig())
    assert len(found) == 3 and found[0].sound.rate == 4000
