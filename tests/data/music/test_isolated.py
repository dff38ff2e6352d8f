"""symusic and mido say the same, and no file brings this process down."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from elman._errors import DataError
from elman.data.music import isolated
from elman.data.music.isolated import MidiReader, Worker
from elman.data.music.midi import midi_bytes, read_midi
from elman.data.music.score import Note, Score, Track, tidy
from tests.data.music.tunes import scale, scores

pytest.importorskip("symusic")


@pytest.fixture(scope="module")
def fast() -> MidiReader:
    with MidiReader() as reader:
        yield reader  # type: ignore[misc]


@given(score=scores())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_give_the_same_notes(fast: MidiReader, tmp_path: Path, score: Score) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(score))
    assert fast.read(path) == MidiReader(fast=False).read(path)


def test_both_pair_overlapping_notes_alike(fast: MidiReader, tmp_path: Path) -> None:
    rng = random.Random(0)
    for number in range(30):
        body = b""
        for _ in range(60):  # notes on and off at random, by running over few pitches
            kind = rng.choice((0x90, 0x80, 0x91, 0x81, 0x99, 0x89))
            body += bytes([rng.randrange(4), kind, rng.randrange(60, 64), rng.randrange(128)])
            if rng.random() < 0.1:
                body += bytes([0, 0xC0 | rng.randrange(2), rng.randrange(128)])
        body += b"\x00\xff\x2f\x00"
        path = tmp_path / f"{number}.mid"
        head = b"MThd\x00\x00\x00\x06\x00\x01\x00\x01\x00\x60MTrk"
        path.write_bytes(head + len(body).to_bytes(4, "big") + body)
        assert fast.read(path) == MidiReader(fast=False).read(path)


def test_a_fuzzed_corpus_never_crashes_or_hangs(fast: MidiReader, tmp_path: Path) -> None:
    rng, path = random.Random(1), tmp_path / "broken.mid"
    sound = [midi_bytes(scale()), midi_bytes(tidy(Score(480, (Track(9, (Note(0, 1, 1),)),), 0)))]
    read = refused = 0
    began = time.monotonic()
    for case in range(300):
        content = bytearray(rng.choice(sound))
        if case % 3 == 0:
            del content[rng.randrange(len(content)) :]
        for _ in range(rng.choice((0, 1, 3, 20)) if case % 3 else 1):
            if content:
                content[rng.randrange(len(content))] = rng.randrange(256)
        path.write_bytes(bytes(content))
        for reader in (fast, MidiReader(fast=False)):
            try:
                notes = [n for track in tidy(reader.read(path)).tracks for n in track.notes]
                assert all(0 <= note.pitch <= 127 and note.start >= 0 for note in notes)
                read += 1
            except DataError as error:
                assert "broken.mid" in str(error)
                refused += 1
    assert read > 50 and refused > 50
    assert time.monotonic() - began < 60


def test_a_process_that_dies_or_hangs_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(scale()))
    with MidiReader(patience_s=0.01) as hasty:
        assert hasty.read(path) == read_midi(path.read_bytes())  # by mido: nothing came in time
        assert hasty._worker is None
    with MidiReader() as reader:
        assert reader.read(path) == read_midi(path.read_bytes())
        worker = reader._worker
        assert worker is not None
        worker._process.kill()
        worker._process.wait()
        assert reader.read(path) == read_midi(path.read_bytes())
        assert reader.read(path) == read_midi(path.read_bytes())
        assert reader._worker is not worker


def test_a_closed_worker_has_no_answer() -> None:
    worker = Worker()
    worker.close()
    assert worker.ask('"nothing.mid"', 5) is None


def test_without_symusic_mido_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated.importlib.util, "find_spec", lambda name: None)
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(scale()))
    with MidiReader() as reader:
        assert reader.read(path) == read_midi(path.read_bytes())
        assert reader._worker is None


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "this one is empty"), (b"ID3\x03 sound", "begins with MThd"), (None, "cannot read")],
)
def test_what_is_no_midi_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "song.mid"
    if content is not None:
        path.write_bytes(content)
    with MidiReader() as reader, pytest.raises(DataError, match=message):
        reader.read(path)


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated, "MOST_BYTES", 10)
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(scale()))
    with MidiReader() as reader, pytest.raises(DataError, match="no MIDI file of a piece"):
        reader.read(path)


def test_what_symusic_reads_is_checked_too() -> None:
    reply = {
        "ticks_per_beat": 1,
        "tracks": [{"program": 0, "notes": [[0, 60, 10**9, 1]]}],
        "meters": [],
        "tempos": [],
    }
    with pytest.raises(DataError, match=r"long.mid: it lasts"):
        isolated.as_score(reply, Path("long.mid"))
