"""Clips in, captions out: in batches as one by one, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from elman.data.video.captions import Told
from elman.data.video.decode import Cache, checked
from elman.tasks.caption.captions import Narrator
from elman.tasks.caption.clips import NamedClip
from elman.tasks.caption.data import targets_of
from elman.tasks.caption.run import CaptionRun
from elman.tasks.caption.training import own_sets
from elman.tasks.decoding_config import Decoding


@pytest.fixture(scope="module")
def narrator(narrating: CaptionRun) -> Narrator:
    return narrating.narrator


@pytest.fixture(scope="module")
def told(narrating: CaptionRun) -> Told:
    return own_sets(narrating.directory, narrating.task, narrating.narrator.facts, None).train


@pytest.mark.parametrize("beam", [1, 3])
def test_a_batch_is_its_clips_one_by_one(narrator: Narrator, told: Told, beam: int) -> None:
    # clips of different lengths, so that there is padding
    clips = [told.clips[k] for k in range(6)]
    clips = [type(c)(c.frames, c.index[: 7 - k]) for k, c in enumerate(clips)]
    how = Decoding(beam=beam)
    together = narrator.captions(clips, [len(clip) for clip in clips], how)
    for clip, some in zip(clips, together, strict=True):
        (alone,) = narrator.captions([clip], [len(clip)], how)
        assert [one.text for one in alone] == [one.text for one in some]
        assert [one.log_prob for one in alone] == pytest.approx(
            [one.log_prob for one in some], abs=1e-4
        )
        assert len(some) <= beam


def test_a_beam_of_one_is_greedy(narrator: Narrator, told: Told) -> None:
    inputs, sizes = narrator.laid([told.clips[k] for k in range(8)])
    limits = torch.full_like(sizes, 20)
    greedy = narrator.model.write(inputs, sizes, limits)
    state, memory = narrator.model.encode(inputs, sizes)
    from elman.models.decode import beam_search

    beams = beam_search(narrator.model.step, state, memory, limits, end=narrator.model.end, beam=1)
    assert [one.tokens for one, *_ in greedy] == [one.tokens for one, *_ in beams]


def test_captions_end_even_if_the_network_never_would(narrator: Narrator, told: Told) -> None:
    model = narrator.model
    with torch.no_grad():
        before = float(model.head.bias[model.end])
        model.head.bias[model.end] = -1e9
    try:
        ((caption,),) = narrator.captions([told.clips[0]], [7], Decoding())
    finally:
        with torch.no_grad():
            model.head.bias[model.end] = before
    assert len(caption.tokens) == narrator.facts.most_tokens


def test_streams_are_read_a_chunk_ahead_and_answered_in_order(
    narrator: Narrator, told: Told
) -> None:
    read: list[int] = []

    def clips() -> Iterator[NamedClip]:
        for k in range(10):
            read.append(k)
            yield NamedClip(str(k), told.clips[k])

    found = narrator.stream(clips(), Decoding(), chunk=4)
    named, captions = next(found)
    assert named.name == "0" and len(read) == 4
    assert captions[0].text == told.captions[0][0]
    assert [named.name for named, _ in found] == [str(k) for k in range(1, 10)]


def test_attention_is_that_of_the_caption(narrator: Narrator, told: Told) -> None:
    ((caption,),) = narrator.captions([told.clips[1]], [7], Decoding())
    weights = narrator.attention(told.clips[1], caption)
    assert weights is not None and weights.shape == (len(caption.tokens) + 1, 7)
    np.testing.assert_allclose(weights.sum(1), 1, rtol=1e-5)


def test_nats_are_the_mean_over_all_captions_of_all_clips(narrator: Narrator, told: Told) -> None:
    captions = (("a square goes up", "a square"), ("a square goes left",), ("goes",))
    clips = told.clips.clips.chosen(range(3))
    some = Told(checked(clips, Cache(1 << 20)), captions)
    total, count = 0.0, 0
    for k, said in enumerate(captions):
        for text in said:
            inputs, sizes = narrator.laid([some.clips[k]])
            targets = targets_of(narrator.tokenizer, [text])
            with torch.no_grad():
                total -= float(narrator.model.eval().score(inputs, sizes, targets))
            count += targets.shape[1]
    told_of: list[tuple[int, int, str]] = []
    judged = narrator.judged(some, progress=lambda *how: told_of.append(how))
    assert judged.nats == pytest.approx(total / count, rel=1e-5)
    assert told_of[-1] == (3, 3, "telling")
    assert judged.texts == [one.text for one, *_ in judged.captions]
    assert judged.captions == narrator.captions(
        [some.clips[k] for k in range(3)], [7] * 3, Decoding()
    )


def test_unknown_words_are_not_written(narrator: Narrator, told: Told) -> None:
    unknown = narrator.tokenizer.unk_id
    assert unknown is not None
    model = narrator.model
    with torch.no_grad():
        before = float(model.head.bias[unknown])
        model.head.bias[unknown] = 50.0
    try:
        ((caption,),) = narrator.captions([told.clips[0]], [7], Decoding())
    finally:
        with torch.no_grad():
            model.head.bias[unknown] = before
    assert unknown not in caption.tokens
