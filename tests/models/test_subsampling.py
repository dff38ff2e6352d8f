"""Subsampling: lengths, no leak from padding, and chunks that give what the whole gives."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman._errors import ConfigError, ShapeError
from elman.models.subsampling import Subsampling


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
@pytest.mark.parametrize("ahead", [0, 1])
def test_lengths_and_padding(factor: int, ahead: int) -> None:
    net = Subsampling(10, 3, factor, ahead=ahead)
    frames = torch.randn(3, 21, 10)
    lengths = torch.tensor([21, 13, 1])
    for row, length in enumerate(lengths.tolist()):
        frames[row, length:] = torch.nan
    steps, found = net(frames, lengths)
    assert found.tolist() == [-(-n // factor) for n in lengths.tolist()]
    assert torch.equal(found, net.lengths(lengths)) and steps.shape[2] == net.output_size
    for row, length in enumerate(lengths.tolist()):
        alone, _ = net(frames[row : row + 1, :length], torch.tensor([length]))
        torch.testing.assert_close(steps[: int(found[row]), row], alone[:, 0])


@given(cuts=st.lists(st.integers(0, 9), min_size=1, max_size=12), factor=st.sampled_from([1, 2, 4]))
@settings(max_examples=40)
def test_chunks_give_what_the_whole_gives(cuts: list[int], factor: int) -> None:
    torch.manual_seed(0)
    net = Subsampling(6, 2, factor)
    frames = torch.randn(2, sum(cuts) + 1, 6)
    whole, _ = net(frames, torch.full((2,), frames.shape[1]))
    state, parts, place = net.initial_state(2), [], 0
    for cut in [*cuts, 1]:
        steps, state = net.stream(frames[:, place : place + cut], state)
        parts.append(steps)
        place += cut
    torch.testing.assert_close(torch.cat(parts), whole)


def test_a_causal_step_knows_nothing_of_later_frames() -> None:
    net = Subsampling(6, 2, 4)
    frames = torch.randn(1, 20, 6)
    other = frames.clone()
    other[:, 9:] += 1
    a, b = (net(x, torch.tensor([20]))[0] for x in (frames, other))
    assert torch.equal(a[:3], b[:3]) and not torch.equal(a[3], b[3])  # step 2 ends with frame 8


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected 1, 2, 4 or 8 frames a step, got 3"):
        Subsampling(10, 3, 3)
    with pytest.raises(ConfigError, match="ahead: expected 0 to 2 frames, got 3"):
        Subsampling(10, 3, 2, ahead=3)
    net = Subsampling(10, 3, 2, ahead=1)
    with pytest.raises(ConfigError, match="only a subsampling with ahead = 0 runs on chunks"):
        net.stream(torch.zeros(1, 4, 10), net.initial_state(1))
    with pytest.raises(ShapeError, match="frames: expected"):
        net(torch.zeros(1, 4, 9), torch.tensor([4]))
