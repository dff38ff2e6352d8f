"""MusicXML is read: voices, chords, ties, upbeats, packed or not."""

from __future__ import annotations

import contextlib
import io
import random
import zipfile

import pytest

from elman._errors import DataError
from elman.data.music.musicxml import read_musicxml
from elman.data.music.score import Score


def note(step: str, octave: int, duration: int, more: str = "", alter: int = 0) -> str:
    pitch = f"<step>{step}</step><alter>{alter}</alter><octave>{octave}</octave>"
    return f"<note>{more}<pitch>{pitch}</pitch><duration>{duration}</duration></note>"


def rest(duration: int) -> str:
    return f"<note><rest/><duration>{duration}</duration></note>"


def document(*measures: str, attributes: str = "", part: str = "Soprano") -> bytes:
    first = f"<attributes><divisions>2</divisions>{attributes}</attributes>"
    inside = "".join(
        f"<measure>{first if k == 0 else ''}{measure}</measure>"
        for k, measure in enumerate(measures)
    )
    listed = (
        f'<score-part id="P1"><part-name>{part}</part-name><midi-instrument>'
        "<midi-program>53</midi-program></midi-instrument></score-part>"
    )
    return (
        f"<score-partwise><part-list>{listed}</part-list>"
        f'<part id="P1">{inside}</part></score-partwise>'
    ).encode()


def notes(score: Score) -> list[tuple[int, int, int]]:
    return [(n.start, n.pitch, n.duration) for n in score.notes()]


WALTZ = "<time><beats>3</beats><beat-type>4</beat-type></time>"


def test_notes_chords_rests_and_meters() -> None:
    chord = note("E", 4, 2, "<chord/>")
    content = document(
        note("C", 4, 2) + chord + rest(1) + note("F", 4, 3, alter=1), attributes=WALTZ
    )
    score = read_musicxml(content)
    assert score.ticks_per_beat == 2
    assert notes(score) == [(0, 60, 2), (0, 64, 2), (3, 66, 3)]
    assert (score.meters[0].beats, score.meters[0].unit) == (3, 4)
    assert score.tracks[0].program == 52


def test_ties_join_and_voices_go_back() -> None:
    content = document(
        note("C", 4, 8, '<tie type="start"/>')
        + "<backup><duration>8</duration></backup><forward><duration>4</duration></forward>"
        + note("G", 3, 4),
        note("C", 4, 2, '<tie type="stop"/>') + rest(6),
    )
    assert notes(read_musicxml(content)) == [(0, 60, 5), (2, 55, 2)]  # in quarters


def test_an_upbeat_ends_with_its_bar() -> None:
    score = read_musicxml(document(note("G", 4, 2), note("C", 5, 8)))
    beat = score.ticks_per_beat
    assert [(start / beat, pitch) for start, pitch, _ in notes(score)] == [(3, 67), (4, 72)]


def test_grace_notes_take_no_time() -> None:
    graced = document(note("D", 4, 0, "<grace/>") + note("C", 4, 8))
    assert notes(read_musicxml(graced)) == [(0, 60, 4)]


def test_parts_can_be_chosen() -> None:
    content = document(note("C", 4, 8), part="Horn 1")
    assert read_musicxml(content, wanted=lambda name: name == "Horn 1").count() == 1
    assert read_musicxml(content, wanted=lambda name: name == "Alto").count() == 0


def packed(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return content.getvalue()


def test_packed_files() -> None:
    content = document(note("C", 4, 8))
    assert read_musicxml(packed(song_xml=content)) == read_musicxml(content)


BOMB = b'<!DOCTYPE a [<!ENTITY b "c">]><score-partwise/>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged MusicXML"),
        (b"<a", "damaged MusicXML"),
        (b"<score-timewise/>", "expected a partwise score"),
        (BOMB, "declares entities"),
        (b"PK\x03\x04 no zip", "damaged MusicXML"),
        (packed(readme_txt=b"no score"), "holds no score"),
        (document(note("Q", 4, 1)), "damaged MusicXML"),
        (document(note("C", 12, 1)), "pitch 156"),
        (document(note("C", 4, 999_999)), "a duration of"),
        (document(rest(9000), rest(9000), rest(30_000)), "too long"),
        (document("").replace(b">2<", b">0<"), "divisions"),
    ],
)
def test_what_is_damaged_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"song.xml: .*{message}"):
        read_musicxml(content, "song.xml")


def test_an_archive_that_is_too_large_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.data.music.musicxml.MOST_BYTES", 100)
    with pytest.raises(DataError, match="its score has more"):
        read_musicxml(packed(song_xml=b"<a>" + b" " * 1000 + b"</a>"))


def test_damaged_bytes_are_a_score_or_an_error() -> None:
    rng, sound = random.Random(0), document(note("C", 4, 2) + note("E", 4, 2, "<chord/>"), rest(8))
    for _ in range(200):
        content = bytearray(sound)
        for _ in range(rng.randrange(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        with contextlib.suppress(DataError):
            notes = [n for track in read_musicxml(bytes(content)).tracks for n in track.notes]
            assert all(0 <= n.pitch <= 127 and n.start >= 0 for n in notes)
