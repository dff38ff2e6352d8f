"""Scores that the tests of music share: hand-made ones, and any at all."""

from __future__ import annotations

from hypothesis import strategies as st

from elman.data.music.score import DRUMS, Meter, Note, Score, Tempo, Track, tidy

TICKS = 12


def scale(tonic: int = 60, ticks: int = TICKS) -> Score:
    """Two bars of a major scale, up and down, with a bass."""
    steps = (0, 2, 4, 5, 7, 9, 11, 12)
    melody = tuple(Note(k * ticks, tonic + step, ticks) for k, step in enumerate(steps))
    bass = tuple(Note(4 * k * ticks, tonic - 12, 4 * ticks) for k in range(2))
    return tidy(Score(ticks, (Track(0, melody + bass),), 8 * ticks))


@st.composite
def scores(draw: st.DrawFn, ticks: int = TICKS, drums: bool = True) -> Score:
    """Any score in normal form: several instruments, meters at bar lines, tempos."""
    programs = st.sampled_from((0, 19, 40, 127, *((DRUMS,) if drums else ())))
    note = st.builds(
        Note,
        st.integers(0, 40 * ticks),
        st.integers(0, 127),
        st.integers(1, 9 * ticks),
        st.integers(1, 127),
    )
    tracks = draw(
        st.lists(st.builds(Track, programs, st.lists(note, max_size=25).map(tuple)), max_size=3)
    )
    first = draw(st.sampled_from(((4, 4), (3, 4), (6, 8), (2, 2), (5, 8))))
    meters = [Meter(0, *first)]
    if draw(st.booleans()):
        later = draw(st.integers(1, 3)) * int(meters[0].bar(ticks))
        meters.append(Meter(later, *draw(st.sampled_from(((3, 4), (2, 4), (7, 8))))))
    tempo = st.integers(240_000, 1_500_000)
    tempos = draw(
        st.dictionaries(st.integers(0, 8).map(lambda beat: beat * ticks), tempo, max_size=3)
    )
    return tidy(
        Score(
            ticks,
            tuple(tracks),
            draw(st.integers(0, 12)) * ticks,
            tuple(meters),
            tuple(Tempo(start, tempo) for start, tempo in tempos.items()),
        )
    )
