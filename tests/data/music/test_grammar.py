"""Whatever is drawn among what is allowed is music."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data.music.config import MusicConfig
from elman.data.music.events import EventVocabulary
from elman.data.music.grammar import Grammar
from elman.data.music.score import DRUMS, Meter, Note, Score, Track, bar_lines, tidy
from tests.data.music.tunes import TICKS, scale

BAND = tidy(
    Score(
        TICKS,
        (
            Track(DRUMS, tuple(Note(k * 6, 36 + k % 2, 6, 50 + k) for k in range(8))),
            Track(40, (Note(0, 72, 36),)),
            *scale().tracks,
        ),
        8 * TICKS,
        (Meter(0, 3, 4), Meter(36, 4, 4)),
    )
)
CONFIGS = {"scale": ([scale()], MusicConfig(keys=False)), "band": ([BAND, scale()], MusicConfig())}


@pytest.fixture(params=CONFIGS, scope="module")
def vocabulary(request: pytest.FixtureRequest) -> EventVocabulary:
    scores, config = CONFIGS[request.param]
    return EventVocabulary.learn(scores, config, ["a", "b"])


def drawn(vocabulary: EventVocabulary, seed: int, bars: int | None) -> tuple[Grammar, list[int]]:
    rng, ids = np.random.default_rng(seed), vocabulary.header()
    grammar = Grammar(vocabulary, bars=bars, most_bars=6)
    for number in ids:
        grammar.write(number)
    while not grammar.over:
        allowed = np.flatnonzero(grammar.allowed())
        assert len(allowed) > 0
        ids.append(int(rng.choice(allowed)))
        grammar.write(ids[-1])
        assert len(ids) < 20_000
    return grammar, ids


@given(seed=st.integers(0, 10**6), bars=st.sampled_from((None, 1, 3)))
@settings(max_examples=30)
def test_what_is_drawn_is_music(vocabulary: EventVocabulary, seed: int, bars: int | None) -> None:
    grammar, ids = drawn(vocabulary, seed, bars)
    score = grammar.player.score()
    assert len(bar_lines(score)) == (bars or grammar.player.bars) <= 6
    struck = [vocabulary.event(k).kind in ("pitch", "drum") for k in ids]
    # no note was lost: none began twice at once, each has its duration
    assert score.count() == sum(struck)
    known = vocabulary.decode(ids)
    assert known == score
    keys = {vocabulary.event(k).value for k in ids if vocabulary.event(k).kind in ("key", "bar")}
    assert len(keys) == 1  # the same to the end
    np.testing.assert_array_equal([vocabulary.event(k).kind for k in ids][-1:], ["end"])


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_encoded_is_allowed(name: str) -> None:
    scores, config = CONFIGS[name]
    vocabulary = EventVocabulary.learn(scores, config, ["a", "b"])
    for score in scores:
        grammar = Grammar(vocabulary)
        for number in vocabulary.encode(score, style="a"):
            if vocabulary.event(int(number)).kind != "start":
                assert grammar.allowed()[number], vocabulary.event(int(number))
            grammar.write(int(number))
        assert grammar.over


def test_a_piece_of_so_many_bars_ends_there() -> None:
    vocabulary = EventVocabulary.learn([scale()], MusicConfig(keys=False))
    grammar = Grammar(vocabulary, bars=2)
    for kind in ("start", "bar"):
        grammar.write(vocabulary.id(kind))
        assert not grammar.allowed()[vocabulary.id("end")]
    grammar.write(vocabulary.id("bar"))
    assert grammar.allowed()[vocabulary.id("end")] and not grammar.allowed()[vocabulary.id("bar")]
