"""The built-in recordings are made once, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from elman._errors import RunError
from elman.data.audio import builtin
from elman.data.audio.builtin import find_audio, make_morse
from elman.data.audio.config import AudioConfig
from elman.data.audio.manifest import read_manifest


def small(monkeypatch: pytest.MonkeyPatch, home: Path) -> list[int]:
    made: list[int] = []

    def make(folder: Path, progress: object = None) -> None:
        made.append(1)
        make_morse(folder, 4)

    monkeypatch.setenv("ELMAN_CACHE", str(home))
    monkeypatch.setitem(builtin.AUDIO_SETS, "morse", ("small", make))
    return made


def test_a_set_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = small(monkeypatch, tmp_path)
    table = find_audio("morse")
    assert find_audio("morse") == table and len(made) == 1
    found = read_manifest(table, AudioConfig())
    assert len(found) == 4 and found[0].sound.rate == 4000
    assert [p.name for p in Path(table).parent.parent.iterdir()] == ["small"]
    assert find_audio("morse.csv") == "morse.csv"


def test_a_set_is_the_same_on_every_machine(tmp_path: Path) -> None:
    waves = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make_morse(tmp_path / name, 2)
        waves.append(soundfile.read(str(tmp_path / name / "0001.wav"))[0])
    assert (waves[0] == waves[1]).all() and abs(waves[0]).max() <= 1


def test_what_breaks_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch, tmp_path)

    def full(folder: Path, progress: object = None) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(builtin.AUDIO_SETS, "morse", ("small", full))
    with pytest.raises(RunError, match="No space left on device. Make room, or set ELMAN_CACHE"):
        find_audio("morse")
    assert not list((tmp_path / "builtin").iterdir())
