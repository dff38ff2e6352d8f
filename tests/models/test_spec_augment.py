"""SpecAugment blanks what it says, as often as it says, and nothing in evaluation."""

from __future__ import annotations

import torch

from elman.models.spec_augment import SpecAugment, random_spans


def test_widths_and_places_are_even() -> None:
    torch.manual_seed(0)
    rows, most, size = 20_000, 4, 10
    spans = random_spans(1, torch.full((rows,), float(most)), torch.full((rows,), 10.0), size)
    widths = spans.sum(1)
    counts = torch.bincount(widths, minlength=most + 1) / rows
    torch.testing.assert_close(counts, torch.full((5,), 0.2), rtol=0, atol=0.015)
    for width in range(1, most + 1):  # each span is one piece, anywhere it fits alike
        chosen = spans[widths == width]
        starts = chosen.float().argmax(1)
        assert bool((chosen.sum(1) == width).all())
        places = torch.bincount(starts, minlength=size - width + 1) / len(chosen)
        wanted = 1 / (size - width + 1)
        torch.testing.assert_close(
            places, torch.full((size - width + 1,), wanted), rtol=0, atol=0.02
        )


def test_rows_differ_and_masks_stay_within_their_row() -> None:
    torch.manual_seed(1)
    augment = SpecAugment(0, 0.25, 1, 0.5)
    frames = torch.ones(200, 60, 8)
    lengths = torch.randint(4, 61, (200,))
    blank = augment(frames, lengths)[:, :, 0] == 0
    for row, length in zip(blank, lengths.tolist(), strict=True):
        assert int(row.sum()) <= length // 2 and not row[length:].any()
    assert len({tuple(row.tolist()) for row in blank}) > 50


def test_the_part_that_is_blanked() -> None:
    torch.manual_seed(2)
    augment = SpecAugment(1, 0.5, 0, 0.1)
    blank = augment(torch.ones(4000, 1, 40), torch.full((4000,), 1)) == 0
    assert abs(float(blank.float().mean()) - 0.25) < 0.01  # the mean of 0 .. 20 of 40 bands
    long = SpecAugment(0, 0.5, 1, 1.0, time_frames=10)
    blank = long(torch.ones(500, 300, 1), torch.full((500,), 300)) == 0
    assert int(blank.sum(1).max()) == 10


def test_nothing_in_evaluation_and_nothing_without_masks() -> None:
    frames = torch.randn(3, 20, 8)
    lengths = torch.tensor([20, 5, 1])
    assert torch.equal(SpecAugment(2, 0.5, 2, 0.5).eval()(frames, lengths), frames)
    assert torch.equal(SpecAugment(0, 0.5, 0, 0.5)(frames, lengths), frames)
    assert "2 x 0.5 of the bands" in repr(SpecAugment(2, 0.5, 2, 0.5))
