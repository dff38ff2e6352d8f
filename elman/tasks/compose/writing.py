"""Writing music with a trained model: from nothing, from a key and a style, or on from a piece."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from elman._errors import ConfigError, DataError
from elman.data.music.events import EventVocabulary
from elman.data.music.grammar import Grammar
from elman.data.music.key import Key, estimate_key, key_fits, parse_key
from elman.data.music.roll import KEYS, roll_of, score_of_roll
from elman.data.music.score import DRUMS, Meter, Score, Tempo, Track, bar_lines, cut, tidy
from elman.models.generate import CHUNK, evaluating, read
from elman.models.sampler import Sampler
from elman.tasks.compose.config import ComposeGenerate
from elman.tasks.compose.form import EventForm, Form, RollForm

__all__ = ["Written", "write"]

MOST_BARS = 64
"""Bars of a piece whose number is not asked for, at most."""
ROLL_BARS = 16
"""Bars of a roll, which has no end of its own."""
TICKS = 480
MOST_EVENTS_A_BAR = 2000
MOST_TRIES = 8
"""Pieces that are drawn, at most, for one that sounds like the key asked for."""


@dataclass(frozen=True)
class Written:
    """A piece that a model has written.

    Args:
        score: The whole piece, what was given included.
        given: Ticks at its beginning that were given.
    """

    score: Score
    given: int

    @property
    def key(self) -> Key | None:
        """The key that it sounds like."""
        return estimate_key(self.score.notes())


def write(
    form: Form, model: nn.Module, asked: ComposeGenerate, primer: Score | None = None
) -> Written:
    """Write a piece.

    Args:
        form: What the model's steps are.
        model: The network.
        asked: Bars, key, style, how to draw; files are not looked at.
        primer: What to go on from.

    Raises:
        ConfigError: If something is asked for that this model does not know.
        DataError: If the primer has no notes.
    """
    if primer is not None:
        if asked.primer_bars is not None:
            primer = cut(primer, asked.primer_bars)
        if not primer.count():
            raise DataError("continue: what is given of the piece has no notes; take more bars")
    if isinstance(form, EventForm):
        written = write_events(form, model, asked, primer)
    else:
        assert isinstance(form, RollForm)  # noqa: S101 (there are two)
        written = write_roll(form, model, asked, primer)
    return replace(written, score=arranged(written.score, asked))


def write_events(
    form: EventForm, model: Any, asked: ComposeGenerate, primer: Score | None
) -> Written:
    """Write events that obey the grammar, one after another.

    Of pieces that shall be in a key, the first is taken that sounds like it, or else the nearest
    of `MOST_TRIES`: a network told a key may still leave it.
    """
    vocabulary = form.vocabulary
    key = parse_key(asked.key) if asked.key is not None else None
    if key is not None and not vocabulary.keys:
        raise ConfigError("key: this run was trained without keys (music.keys = false)")
    if key is None and primer is not None:
        key = estimate_key(primer.notes()) or Key(0, False)
    given = 0
    if primer is None:
        prompt = vocabulary.header(key, asked.style or "")
    else:
        told = vocabulary.encode(primer, key, asked.style or "")[:-1].tolist()
        prompt = [*told, vocabulary.bar(key)]
        given = told.count(vocabulary.bar(key))
    sampler = Sampler(asked.temperature, asked.top_k, asked.top_p, asked.seed)
    drawn_once = asked.key is None or primer is not None or asked.temperature == 0
    best, best_fit = None, -math.inf
    for _ in range(1 if drawn_once else MOST_TRIES):
        score = draw_piece(vocabulary, model, asked, sampler, prompt, given)
        fits = key_fits(score.notes())
        fit = float(fits[key.number]) if key is not None else 0.0
        if best is None or fit > best_fit:
            best, best_fit = score, fit
        if key is not None and int(np.argmax(fits)) == key.number:
            break
    assert best is not None  # noqa: S101 (there was a first)
    starts = [start for start, _ in bar_lines(best)]
    return Written(best, int(starts[given]) if given < len(starts) else best.length)


def draw_piece(
    vocabulary: EventVocabulary,
    model: Any,
    asked: ComposeGenerate,
    sampler: Sampler,
    prompt: list[int],
    given: int,
) -> Score:
    """Draw a piece after a prompt of so many bars."""
    bars = None if asked.bars is None else given + asked.bars
    grammar = Grammar(vocabulary, bars=bars, most_bars=given + MOST_BARS)
    for number in prompt:
        grammar.write(number)
    logits, state = read(model, prompt)
    most = (asked.bars or MOST_BARS) * MOST_EVENTS_A_BAR
    while not grammar.over:
        may = torch.from_numpy(grammar.allowed())
        picked = sampler.pick(logits.cpu().masked_fill(~may, -math.inf))
        grammar.write(int(picked))
        most -= 1
        if most < 0:
            raise DataError("the model does not come to an end; lower --temperature")
        logits, state = read(model, [int(picked)], state)
    return grammar.player.score()


def write_roll(form: RollForm, model: Any, asked: ComposeGenerate, primer: Score | None) -> Written:
    """Write frames, every key by its own chance."""
    for name in ("key", "style", "top_k", "top_p"):
        if getattr(asked, name) is not None:
            raise ConfigError(f"{name}: a run of piano rolls does not know it; leave it out")
    meter = primer.meters[0] if primer is not None and primer.meters else Meter(0, 4, 4)
    bar = max(1, int(Fraction(4 * form.steps_per_beat * meter.beats, meter.unit)))
    random = torch.Generator()
    if asked.seed is None:
        random.seed()
    else:
        random.manual_seed(asked.seed)
    if primer is None:
        keys = form.beginnings[int(torch.randint(len(form.beginnings), (1,), generator=random))]
        given = np.zeros((1, KEYS), np.uint8)
        given[0, list(keys)] = 1
        steps = (asked.bars or ROLL_BARS) * bar - 1
    else:
        given = roll_of(primer, form.steps_per_beat)
        steps = (asked.bars or ROLL_BARS) * bar
    frames = [torch.from_numpy(given)]
    heard, state = frames[0].unsqueeze(0), None
    with torch.inference_mode(), evaluating(model):
        for _ in range(steps):
            for start in range(0, heard.shape[1], CHUNK):
                logits, state = model(heard[:, start : start + CHUNK].to(model.device), state)
            frame = drawn(logits[0, -1].cpu().float(), asked.temperature, random)
            frames.append(frame.unsqueeze(0))
            heard = frames[-1].unsqueeze(0)
    ticks = TICKS // form.steps_per_beat if TICKS % form.steps_per_beat == 0 else 1
    score = score_of_roll(torch.cat(frames).numpy(), form.steps_per_beat, ticks=ticks)
    if primer is not None:
        score = tidy(replace(score, meters=(meter._replace(start=0),)))
    return Written(score, len(given) * ticks if primer is not None else 0)


def drawn(logits: Tensor, temperature: float, random: torch.Generator) -> Tensor:
    """Return a frame of zeros and ones."""
    if temperature == 0:
        return (logits > 0).to(torch.uint8)
    chances = torch.sigmoid(logits / temperature)
    return (torch.rand(chances.shape, generator=random) < chances).to(torch.uint8)


def arranged(score: Score, asked: ComposeGenerate) -> Score:
    """Return a piece in the tempo and by the instrument that are asked for."""
    if asked.tempo is not None:
        score = replace(score, tempos=(Tempo(0, round(60e6 / asked.tempo)),))
    if asked.program is not None:
        tracks = tuple(
            track if track.program == DRUMS else Track(asked.program, track.notes)
            for track in score.tracks
        )
        score = replace(score, tracks=tracks)
    return tidy(score)
