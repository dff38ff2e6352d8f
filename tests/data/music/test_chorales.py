"""The chorales of music21 are four voices each, read without music21."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data.music import chorales as module
from elman.data.music.abc import Tune, read_abc
from elman.data.music.chorales import MUSIC21, by_number, chorales
from elman.data.music.key import estimate_key
from elman.data.package import Package

needs_music21 = pytest.mark.skipif(MUSIC21.folder() is None, reason="needs music21")


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> list[Tune]:
    told: list[tuple[int, int, str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ELMAN_CACHE", str(tmp_path_factory.mktemp("cache")))
        first = "".join(chorales(lambda *step: told.append(step)))
        assert told[-1][0] == told[-1][1] > 300
        told.clear()
        assert "".join(chorales(lambda *step: told.append(step))) == first
        assert not told  # from the cache
    return read_abc(first)


@needs_music21
def test_all_are_there(tunes: list[Tune]) -> None:
    assert len(tunes) > 380
    assert {track.program for tune in tunes for track in tune.score.tracks} == {module.CHOIR}
    assert all(24 <= tune.score.beats < 300 for tune in tunes)


@needs_music21
def test_a_known_chorale(tunes: list[Tune]) -> None:
    [tune] = [tune for tune in tunes if tune.title == "BWV 269"]
    score = tune.score
    assert str(estimate_key(score.notes())) == "G"
    assert (score.meters[0].beats, score.meters[0].unit) == (3, 4)
    upbeat = min(note.start for note in score.notes())
    assert upbeat == 2 * score.ticks_per_beat  # the third beat of the first bar
    first = sorted(note.pitch for note in score.notes() if note.start == upbeat)
    assert first == [43, 59, 62, 67]


@needs_music21
def test_four_voices_sound_at_a_time(tunes: list[Tune]) -> None:
    sounding = Counter[int]()
    for tune in tunes[:40]:
        beat = tune.score.ticks_per_beat
        for tick in range(4 * beat, tune.score.length - 4 * beat, beat):
            notes = tune.score.tracks[0].notes
            sounding[sum(n.start <= tick < n.end for n in notes)] += 1
    assert sounding[4] + sounding[3] > 0.9 * sum(sounding.values())
    assert max(sounding) == 4


def test_music21_itself_is_not_imported() -> None:
    code = (
        "import sys, elman.data.music.pieces; "
        "print([m for m in ('music21', 'torch', 'mido', 'symusic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_music21_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MUSIC21", Package("no_such_package_here"))
    with pytest.raises(DataError, match=r"pip install 'elman\[demo\]'"):
        list(chorales())


def test_works_are_in_the_order_of_their_numbers() -> None:
    assert sorted(["bwv10.7", "bwv9", "bwv9.2"], key=by_number) == ["bwv9", "bwv9.2", "bwv10.7"]
    assert Path(module.__file__).name == "chorales.py"
