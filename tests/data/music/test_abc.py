"""ABC is read as its standard says."""

from __future__ import annotations

import random

import pytest

from elman._errors import DataError
from elman.data.music.abc import read_abc
from elman.data.music.score import DRUMS, Score

HEAD = "X:1\nT:Tune\nM:4/4\nL:1/4\nK:C\n"


def notes(body: str, head: str = HEAD) -> list[tuple[float, int, float]]:
    """Start and length in quarters, and pitch."""
    [tune] = read_abc(head + body)
    beat = tune.score.ticks_per_beat
    return [(n.start / beat, n.pitch, n.duration / beat) for n in tune.score.notes()]


def lengths(body: str, head: str = HEAD) -> list[float]:
    return [length for _, _, length in notes(body, head)]


def pitches(body: str, head: str = HEAD) -> list[int]:
    return [pitch for _, pitch, _ in notes(body, head)]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("C D E F G A B c", [60, 62, 64, 65, 67, 69, 71, 72]),
        ("C, C,, c' c'' c',", [48, 36, 84, 96, 72]),
        ("^C _D =E ^^F __G", [61, 61, 64, 67, 65]),
        ("^C C | C", [61, 61, 60]),
        ("^C c C,", [61, 72, 48]),
    ],
)
def test_pitches(body: str, wanted: list[int]) -> None:
    assert pitches(body) == wanted


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("C C2 C/ C3/2 C/4 C// C3/", [1, 2, 0.5, 1.5, 0.25, 0.25, 1.5]),
        ("C>D C<D C>>D", [1.5, 0.5, 0.5, 1.5, 1.75, 0.25]),
        ("(3CDE F", [2 / 3, 2 / 3, 2 / 3, 1]),
        ("(3:2:2C2E F", [4 / 3, 2 / 3, 1]),
        ("(2CD (4CDEF", [1.5, 1.5, 0.75, 0.75, 0.75, 0.75]),
        ("C- C D-|D E-F", [2, 2, 1, 1]),
        ("[CE]-[CG]", [2, 1, 1]),
        ("C->D C", [1.5, 0.5, 1]),
        ("C D-D>E", [1, 2.5, 0.5]),
    ],
)
def test_lengths(body: str, wanted: list[float]) -> None:
    assert lengths(body) == pytest.approx(wanted, abs=1e-3)


def test_chords_and_rests() -> None:
    assert notes("[CEG]2 z [c2e2]/ Z C") == [
        (0, 60, 2),
        (0, 64, 2),
        (0, 67, 2),
        (3, 72, 1),
        (3, 76, 1),
        (8, 60, 1),
    ]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("C D :| E", [60, 62, 60, 62, 64]),
        ("C |: D E :| F", [60, 62, 64, 62, 64, 65]),
        ("|: C |1 D :|2 E || F", [60, 62, 60, 64, 65]),
        ("|: C :: D :|", [60, 60, 62, 62]),
        ("C |[1 D :|[2 E |]", [60, 62, 60, 64]),
        ("C || D :|", [60, 62, 62]),
    ],
)
def test_repeats_are_played(body: str, wanted: list[int]) -> None:
    assert pitches(body) == wanted


def test_what_is_no_music_is_passed_over() -> None:
    body = '!trill!C "Am"D {cd}E .F (G A) % a comment\nw:words of a song\n~B vc uc'
    assert pitches(body) == [60, 62, 64, 65, 67, 69, 71, 72, 72]


def test_fields_inside_and_between_lines() -> None:
    body = "C [K:D] F [L:1/8] C | [M:3/4] z\nM:2/4\nK:F\nB"
    [tune] = read_abc(HEAD + body)
    assert [n.pitch for n in tune.score.notes()] == [60, 66, 61, 70]
    assert [(m.beats, m.unit) for m in tune.score.meters] == [(3, 4), (2, 4)]


def test_voices_sound_together() -> None:
    [tune] = read_abc(HEAD + "V:1\n%%MIDI program 40\nC D\nV:2\n%%MIDI program 42\nE,2\nV:1\nE\n")
    assert [track.program for track in tune.score.tracks] == [40, 42]
    assert [[n.pitch for n in track.notes] for track in tune.score.tracks] == [[60, 62, 64], [52]]


def test_the_tenth_channel_is_percussion() -> None:
    [tune] = read_abc(HEAD + "V:1\n%%MIDI channel 10\nC\n")
    assert tune.score.tracks[0].program == DRUMS


def test_an_upbeat_ends_at_the_first_bar_line() -> None:
    assert [start for start, _, _ in notes("G | C D E F | G4 |")] == [3, 4, 5, 6, 7, 8]
    assert [start for start, _, _ in notes("C D E F | G |")] == [0, 1, 2, 3, 4]


def test_tempos() -> None:
    [tune] = read_abc("X:1\nL:1/4\nQ:1/8=180\nK:C\nC [Q:1/4=60] D")
    assert [(t.start, round(t.bpm)) for t in tune.score.tempos] == [(0, 90), (1, 60)]
    [tune] = read_abc('X:1\nQ:"Allegro"\nK:C\nC')
    assert tune.score.tempos == ()


def test_a_book_of_tunes() -> None:
    tunes = read_abc("% a book\n\n" + HEAD + "C\n\nX:2\nT:Other\nK:G\nF\n")
    assert [tune.title for tune in tunes] == ["Tune", "Other"]
    assert [next(tune.score.notes()).pitch for tune in tunes] == [60, 66]


def test_without_a_unit_short_meters_have_short_notes() -> None:
    assert lengths("C", "X:1\nM:2/4\nK:C\n") == [0.25]
    assert lengths("C", "X:1\nM:6/8\nK:C\n") == [0.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected ABC tunes"),
        ("X:1\nT:no key\nCDE", "expected ABC tunes"),
        (HEAD + "C D\nC ?", r"book.abc: line 7: expected a note.*got '\?'"),
        (HEAD + "[CE", "expected notes up to ]"),
        (HEAD + "C0", "expected a length above 0"),
        (HEAD + "C/0", "expected a length above 0"),
        (HEAD + "C,,,,,,,,", "beyond the pitches"),
        (HEAD + "> C", "no note before it"),
        (HEAD + "C9999 |: C9999 :|", "too long to be true"),
        ("X:1\nM:7\nK:C\nC", "line 2: M: expected a meter"),
        ("X:1\nL:0/8\nK:C\nC", "L: expected a length"),
        ("X:1\nK:Zz\nC", "K: expected a key"),
        (HEAD + "(7:0:2CC", "time of 0"),
        (HEAD + "%%MIDI program 200\nC", "program from 0 to 127"),
        (HEAD + "C/4096/ C/4095 C/4093", "expected a length|no common measure|expected a note"),
    ],
)
def test_what_is_no_abc_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_abc(text, "book.abc")


def test_any_text_is_a_score_or_an_error() -> None:
    rng, signs = random.Random(0), "ABCabc,'^_=|:[]()1234/>-z{}!\" \nV:KML%\\&#?~"
    read = 0
    for _ in range(400):
        text = HEAD + "".join(rng.choice(signs) for _ in range(rng.randrange(40)))
        try:
            assert all(isinstance(tune.score, Score) for tune in read_abc(text))
            read += 1
        except DataError:
            pass
    assert read > 10
