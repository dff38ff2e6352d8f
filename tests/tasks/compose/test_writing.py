"""What is written: as many bars as asked for, in the key asked for, the same for a seed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from elman._errors import ConfigError, DataError
from elman.data.music.grammar import Grammar
from elman.data.music.key import key_fits, parse_key
from elman.data.music.roll import roll_of
from elman.data.music.score import Score, Tempo, bar_lines, cut
from elman.tasks.compose.config import ComposeGenerate
from elman.tasks.compose.form import EventForm
from elman.tasks.compose.run import ComposeRun
from elman.tasks.compose.writing import drawn, write
from tests.data.music.tunes import scale


@pytest.mark.parametrize("bars", [1, 5])
def test_bars_seeds_and_whole_notes(either: ComposeRun, bars: int) -> None:
    one, again, other = (
        write(either.form, either.model, ComposeGenerate(bars=bars, seed=seed)).score
        for seed in (1, 1, 2)
    )
    assert one == again != other
    assert len(bar_lines(one)) == bars
    for track in one.tracks:
        for pitch in {note.pitch for note in track.notes}:
            line = [note for note in track.notes if note.pitch == pitch]
            assert all(a.end <= b.start for a, b in pairwise(line))
        assert all(note.end <= one.length for note in track.notes)


def test_without_bars_it_ends_by_itself(events: ComposeRun) -> None:
    score = write(events.form, events.model, ComposeGenerate(seed=3)).score
    assert 1 <= len(bar_lines(score)) <= 64 and score.count()


def test_any_temperature_is_music(either: ComposeRun) -> None:
    for temperature in (0.0, 0.3, 50.0):
        asked = ComposeGenerate(bars=2, seed=0, temperature=temperature)
        assert len(bar_lines(write(either.form, either.model, asked).score)) == 2


def test_going_on_keeps_what_was_given(either: ComposeRun) -> None:
    asked = ComposeGenerate(bars=2, seed=0, continue_="-", primer_bars=1)
    written = write(either.form, either.model, asked, scale())
    assert len(bar_lines(written.score)) == 3
    assert written.given == 4 * written.score.ticks_per_beat
    grid, given = either.task.music.grid, cut(scale(), 1)
    if isinstance(either.form, EventForm):  # as the model hears it: in its range of pitches
        given = either.form.vocabulary.quantised(given)
    np.testing.assert_array_equal(roll_of(written.score, grid)[: 4 * grid], roll_of(given, grid))


def test_going_on_carries_the_memory(roll: ComposeRun) -> None:
    """What is written after a piece is what the model says, read whole."""
    asked = ComposeGenerate(bars=1, seed=0, temperature=0.0, continue_="-")
    written = write(roll.form, roll.model, asked, scale())
    frames = torch.from_numpy(roll_of(written.score, roll.task.music.grid))[None]
    with torch.inference_mode():
        logits, _ = roll.model(frames)
    given = 8 * roll.task.music.grid
    wanted = (logits[0, given - 1 : -1] > 0).to(torch.uint8)
    assert torch.equal(frames[0, given:], wanted)


def test_a_primer_read_in_chunks_is_read_whole(
    either: ComposeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ComposeGenerate(bars=3, seed=5, continue_="-")
    whole = write(either.form, either.model, asked, scale())
    monkeypatch.setattr("elman.models.generate.CHUNK", 3)
    monkeypatch.setattr("elman.tasks.compose.writing.CHUNK", 3)
    assert write(either.form, either.model, asked, scale()) == whole


def test_events_written_are_what_the_model_says(events: ComposeRun) -> None:
    """Greedy events are the likeliest of those allowed, by the model that reads all at once."""
    form = events.form
    assert isinstance(form, EventForm)
    written: list[int] = []

    class Heard(Grammar):
        def write(self, number: int) -> None:
            written.append(number)
            super().write(number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("elman.tasks.compose.writing.Grammar", Heard)
        write(form, events.model, ComposeGenerate(bars=2, temperature=0.0, key="C"))
    with torch.inference_mode():
        logits, _ = events.model(torch.tensor([written]))
    grammar = Grammar(form.vocabulary, bars=2)
    for place, number in enumerate(written):
        if place >= 2:  # start and key were given
            may = torch.from_numpy(grammar.allowed())
            assert int(logits[0, place - 1].masked_fill(~may, -torch.inf).argmax()) == number
        grammar.write(number)


def test_key_and_style_stand_at_the_beginning(events: ComposeRun) -> None:
    found = {}
    for style in ("march", "waltz"):
        asked = ComposeGenerate(bars=4, key="C", style=style, temperature=0.0)
        found[style] = write(events.form, events.model, asked).score
    assert [m.beats for m in found["waltz"].meters] == [3] and found["march"].meters == ()


def test_a_piece_in_a_key_is_the_best_of_several(
    events: ComposeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = parse_key("D")
    asked = ComposeGenerate(bars=2, seed=0, key="D", temperature=1.5)
    best = write(events.form, events.model, asked)
    assert write(events.form, events.model, asked) == best
    monkeypatch.setattr("elman.tasks.compose.writing.MOST_TRIES", 1)
    first = write(events.form, events.model, asked)
    fits = [key_fits(written.score.notes())[key.number] for written in (best, first)]
    assert fits[0] >= fits[1]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"key": "H"}, "key: expected one such as"),
        ({"style": "polka"}, "style: expected one of march, waltz"),
    ],
)
def test_what_the_model_does_not_know(
    events: ComposeRun, asked: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        write(events.form, events.model, ComposeGenerate(**asked))


@pytest.mark.parametrize("asked", [{"key": "C"}, {"style": "a"}, {"top_k": 3}, {"top_p": 0.5}])
def test_a_roll_knows_no_keys(roll: ComposeRun, asked: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="does not know it"):
        write(roll.form, roll.model, ComposeGenerate(**asked))


def test_keys_that_were_not_told_cannot_be_asked_for(events: ComposeRun) -> None:
    form = events.form
    assert isinstance(form, EventForm)
    without = EventForm(replace(form.vocabulary, keys=False))
    with pytest.raises(ConfigError, match="trained without keys"):
        write(without, events.model, ComposeGenerate(key="C"))


def test_a_primer_without_notes_is_refused(either: ComposeRun) -> None:
    with pytest.raises(DataError, match="has no notes"):
        write(either.form, either.model, ComposeGenerate(continue_="-"), Score(1, (), 4))


def test_tempo_and_program(either: ComposeRun) -> None:
    asked = ComposeGenerate(bars=1, seed=0, tempo=90, program=19)
    score = write(either.form, either.model, asked).score
    assert score.tempos == (Tempo(0, 666_667),)
    assert {track.program for track in score.tracks} <= {19}


def test_frames_are_drawn_by_their_chances() -> None:
    logits, random = torch.tensor([-3.0, 0.0, 3.0]), torch.Generator().manual_seed(0)
    often = torch.stack([drawn(logits, 1.0, random) for _ in range(4000)]).float().mean(0)
    torch.testing.assert_close(often, torch.sigmoid(logits), atol=0.03, rtol=0)
    assert drawn(logits, 0, random).tolist() == [0, 0, 1]
