from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from elman._errors import ConfigError, ShapeError
from elman.models.classifier import SequenceClassifier
from elman.models.classifier_config import ClassifierConfig
from elman.models.frame_encoder import FeatureEncoder, FrameEncoder, unpacked

H, W = 12, 10


def encoder(planes: int = 1, motion: bool = True) -> FrameEncoder:
    torch.manual_seed(0)
    made = FrameEncoder((H, W), planes, channels=(8, 16), features=6, motion=motion)
    made.scale_by([0.3] * planes, [0.2] * planes)
    return made.double()


def clips(lengths: list[int], planes: int = 1, seed: int = 0) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    shape = (H, W, planes)
    return [
        torch.randint(0, 256, (n, *shape), dtype=torch.uint8, generator=random) for n in lengths
    ]


def packed(some: list[Tensor]) -> tuple[Tensor, Tensor]:
    return torch.cat(some), torch.tensor([len(clip) for clip in some])


def by_the_book(model: FrameEncoder, clip: Tensor) -> Tensor:
    """Frame by frame, from the equations alone: features ``(T, E)``."""
    rows, before = [], None
    for frame in clip:
        z = (frame.double() / 255 - model.mean) / model.deviation
        z = z.permute(2, 0, 1)
        x = z
        if model.motion:
            x = torch.cat([z, 4 * (torch.zeros_like(z) if before is None else z - before)])
        before = z
        for layer in model.convolutions:
            if isinstance(layer, nn.GroupNorm):
                parts = x.reshape(layer.num_groups, -1)
                parts = (parts - parts.mean(1, keepdim=True)) / (
                    parts.var(1, correction=0, keepdim=True) + layer.eps
                ).sqrt()
                x = parts.reshape(x.shape)
                x = x * layer.weight[:, None, None] + layer.bias[:, None, None]
            else:
                x = layer(x[None])[0]
        rows.append(torch.relu(model.project.weight @ x.flatten() + model.project.bias))
    return torch.stack(rows)


@pytest.mark.parametrize("motion", [True, False])
@pytest.mark.parametrize("planes", [1, 3])
def test_a_batch_is_what_the_definition_says(planes: int, motion: bool) -> None:
    model, some = encoder(planes, motion), clips([4, 1, 6], planes)
    out = model(packed(some))
    assert out.shape == (6, 3, 6)
    for k, clip in enumerate(some):
        torch.testing.assert_close(out[: len(clip), k], by_the_book(model, clip))
        assert not out[len(clip) :, k].any(), "nothing is beyond a clip's end"


def test_only_frames_that_are_there_are_computed() -> None:
    model, counts = encoder(), []
    model.project.register_forward_hook(lambda _, x, y: counts.append(len(x[0])))
    model(packed(clips([2, 9, 1])))
    assert counts == [12]


def test_clips_do_not_know_of_each_other() -> None:
    model = encoder()
    a, b, c = clips([3, 5, 2])
    together = model(packed([a, b, c]))
    for k, clip in enumerate((a, b, c)):
        alone = model(packed([clip]))
        torch.testing.assert_close(together[: len(clip), k], alone[:, 0])
    swapped = model(packed([c, b, a]))
    torch.testing.assert_close(swapped.flip(1), together)


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_frames_as_they_arrive_give_the_same(cut: int) -> None:
    model = encoder()
    a, b = clips([7, 7])
    whole = model(packed([a, b]))
    pieces, state = [], None
    for k in range(0, 7, cut):
        piece, state = model.step(packed([a[k : k + cut], b[k : k + cut]]), state)
        pieces.append(piece)
    torch.testing.assert_close(torch.cat(pieces), whole)


def test_gradients_are_those_of_the_clips_one_by_one() -> None:
    model, some = encoder(), clips([4, 2])
    alone = copy.deepcopy(model)
    model(packed(some)).square().sum().backward()
    sum(alone(packed([clip])).square().sum() for clip in some).backward()  # type: ignore[union-attr]
    for own, other in zip(model.parameters(), alone.parameters(), strict=True):
        assert own.grad is not None and other.grad is not None and own.grad.any()
        torch.testing.assert_close(own.grad, other.grad)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_a_classifier_on_it_says_the_same_after_every_prefix(pooling: str) -> None:
    config = ClassifierConfig(
        cell="gru",
        hidden_size=5,
        bidirectional=False,
        pooling=pooling,
        dropout=0.0,  # type: ignore[arg-type]
    )
    model = SequenceClassifier(encoder(), 3, config).double().eval()
    (clip,) = clips([6])
    said, _ = model.step(packed([clip]), model.stream(1))
    for k in range(1, 7):
        inputs = packed([clip[:k]])
        torch.testing.assert_close(said[k - 1], model(inputs, inputs[1]))


def test_scaling_is_kept_with_the_weights() -> None:
    model, other = encoder(3), FrameEncoder((H, W), 3, channels=(8, 16), features=6).double()
    other.load_state_dict(model.state_dict())
    some = packed(clips([3], 3))
    torch.testing.assert_close(model(some), other(some))
    assert {"mean", "deviation"} <= set(model.state_dict())


def test_a_picture_without_contrast_is_finite() -> None:
    model = FrameEncoder((H, W), channels=(8,), features=4)
    model.scale_by([0.0], [0.0])
    black = torch.zeros(3, H, W, 1, dtype=torch.uint8)
    out = model((black, torch.tensor([3])))
    out.sum().backward()
    assert out.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_other_frames_are_refused() -> None:
    model = encoder()
    with pytest.raises(ShapeError, match=r"expected frames \(N, 12, 10, 1\) of uint8"):
        model((torch.zeros(2, H, W, 3, dtype=torch.uint8), torch.tensor([2])))
    with pytest.raises(ShapeError, match="of torch.float32"):
        model((torch.zeros(2, H, W, 1), torch.tensor([2])))
    with pytest.raises(ShapeError, match="lengths sum to 3, but there are 2 frames"):
        unpacked(torch.zeros(2, 4), torch.tensor([2, 1]))
    with pytest.raises(ConfigError, match="too small for 4 convolutions"):
        FrameEncoder((4, 4), channels=(8, 8, 8, 8))


def test_saved_features_take_the_same_way() -> None:
    model = FeatureEncoder(5, 4)
    x = torch.randn(5, 5)
    out = model((x, torch.tensor([3, 2])))
    assert out.shape == (3, 2, 4) and not out[2, 1].any()
    alone, state = model.step((x[3:], torch.tensor([2])))
    torch.testing.assert_close(alone[:, 0], out[:2, 1])
    assert state is None
    with pytest.raises(ShapeError, match=r"expected features \(N, 5\)"):
        model((torch.zeros(2, 6), torch.tensor([2])))


def test_shapes_are_seen_wherever_they_are() -> None:
    """The maxima over the frame stay the same when what is there moves."""
    torch.manual_seed(0)
    encoder = FrameEncoder((48, 48), channels=(8, 8), features=4, shapes=6, motion=False)
    assert encoder.output_size == 4 + 5 * 6
    frames = torch.zeros(2, 48, 48, 1, dtype=torch.uint8)
    thing = torch.randint(0, 255, (5, 5, 1), dtype=torch.uint8)
    frames[0, 16:21, 16:21], frames[1, 24:29, 20:25] = thing, thing
    with torch.no_grad():
        ((one,), (other,)) = encoder((frames, torch.tensor([1, 1]))).transpose(0, 1)
    anywhere = slice(4, 10)
    torch.testing.assert_close(one[anywhere], other[anywhere])
    assert not torch.allclose(one[:4], other[:4])  # where it is
    assert not torch.allclose(one[10:], other[10:])  # in which quarter


def test_shapes_come_frame_by_frame_as_in_a_clip() -> None:
    torch.manual_seed(0)
    encoder = FrameEncoder((16, 16), channels=(8,), features=4, shapes=3)
    frames = torch.randint(0, 255, (5, 16, 16, 1), dtype=torch.uint8)
    with torch.no_grad():
        whole = encoder((frames, torch.tensor([5])))
        state, found = None, []
        for frame in frames:
            features, state = encoder.step((frame[None], torch.tensor([1])), state)
            found.append(features)
    torch.testing.assert_close(torch.cat(found), whole)
