"""What the captioner adds to its decoder: frames are read through any frontend, and it learns."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from elman._errors import DataError, ShapeError
from elman.models.captioner import Captioner
from elman.models.captioner_config import CaptionerConfig
from elman.models.save import load_model, model_bytes

VOCABULARY = 6


class Flat(nn.Module):
    """Pixels ``(B, T, H, W)`` as features."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.output_size = 5
        self.map = nn.Linear(pixels, 5)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.map(inputs.flatten(2)).transpose(0, 1)


def build(seed: int = 0, **options: object) -> Captioner:
    small = {"hidden_size": 6, "embedding_size": 4, "dropout": 0.0, "label_smoothing": 0.0}
    torch.manual_seed(seed)
    config = CaptionerConfig.model_validate(small | options)
    return Captioner(Flat(4), VOCABULARY, config).double()


def batch() -> tuple[Tensor, Tensor, Tensor]:
    """Clips, their frames, captions."""
    generator = torch.Generator().manual_seed(0)
    frames = torch.randn(3, 6, 2, 2, dtype=torch.float64, generator=generator)
    return frames, torch.tensor([6, 1, 4]), torch.tensor([[1, 2, 6], [6, -1, -1], [3, 6, -1]])


@pytest.mark.parametrize("options", [{}, {"cell": "gru", "bidirectional": False}], ids=str)
def test_frames_beyond_a_clip_and_neighbours_never_count(options: dict[str, object]) -> None:
    model = build(**options)
    frames, lengths, targets = batch()
    scores = model.score(frames, lengths, targets)
    for row, length in enumerate(lengths.tolist()):
        part = slice(row, row + 1)
        alone = model.score(frames[part, :length], lengths[part], targets[part])
        torch.testing.assert_close(alone, scores[part])


def test_every_weight_learns() -> None:
    model = build()
    model.loss(*batch()).total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


def test_a_picture_is_one_frame() -> None:
    model = build()
    weights = model.attended(batch()[0][:, :1], torch.ones(3, dtype=torch.int64), batch()[2])
    assert weights is not None and (weights == 1).all()


def test_saved_and_loaded_it_says_the_same() -> None:
    model, other = build(seed=1), build(seed=2)
    load_model(other, model_bytes(model))
    torch.testing.assert_close(model(*batch()), other(*batch()))


def test_refusals() -> None:
    frames, lengths, targets = batch()
    with pytest.raises(DataError, match="at least one frame, got none"):
        build().loss(frames[:, :0], lengths * 0, targets)
    with pytest.raises(ShapeError, match="lengths: expected"):
        build().loss(frames, lengths[:2], targets)


def test_it_learns_to_say_what_passed_by() -> None:
    """Two of four lights go on, one after the other: their names in that order."""
    torch.manual_seed(0)
    options = {"hidden_size": 24, "embedding_size": 12, "dropout": 0.0, "label_smoothing": 0.0}
    model = Captioner(Flat(4), 4, CaptionerConfig.model_validate(options | {"cell": "gru"}))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(400):
        said = torch.randint(4, (32, 2))
        lit = torch.nn.functional.one_hot(said, 4).float()  # (B, 2, 4)
        frames = torch.zeros(32, 7, 4)
        when = torch.stack([torch.randint(0, 3, (32,)), torch.randint(4, 7, (32,))], 1)
        frames.scatter_(1, when.unsqueeze(2).expand(-1, -1, 4), lit)
        targets = torch.cat([said, torch.full((32, 1), 4)], 1)
        loss = model.loss(frames.view(32, 7, 2, 2), torch.full((32,), 7), targets)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
    assert float(loss.nats.detach()) < 0.1
    found = model.write(frames.view(32, 7, 2, 2), torch.full((32,), 7), torch.full((32,), 5))
    assert sum(best.tokens == row for (best,), row in zip(found, said.tolist(), strict=True)) > 28
