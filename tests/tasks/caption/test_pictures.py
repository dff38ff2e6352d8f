"""Told clips drawn: what is in them, not how they look."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data.video.sampling import Clip
from elman.tasks.caption.captions import Caption
from elman.tasks.caption.clips import NamedClip
from elman.tasks.caption.output import Narrated
from elman.tasks.caption.pictures import told_picture

pytest.importorskip("matplotlib")


def narrated(frames: np.ndarray, weights: bool = True) -> Narrated:
    clip = Clip(frames, np.arange(len(frames), dtype=np.int32)[:, None])
    some = np.full((3, len(frames)), 1 / len(frames), np.float32) if weights else None
    return Narrated(
        NamedClip("a.mp4", clip), [Caption("$a dog", -1, -1, (1, 2))], ["$a", "dog", "⏎"], some
    )


def shape_of(image: bytes) -> tuple[int, int]:
    assert image.startswith(b"\x89PNG")
    width, height = (int.from_bytes(image[at : at + 4], "big") for at in (16, 20))
    return width, height


@pytest.mark.parametrize("steps", [1, 2, 7, 100])
@pytest.mark.parametrize("planes", [1, 3])
def test_clips_of_any_length(steps: int, planes: int) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (steps, 12, 16, planes), dtype=np.uint8)
    drawn = told_picture(narrated(frames), 10.0, ["a cat", "the cat"])
    assert drawn.title == "a.mp4" and drawn.caption.startswith("People said: a cat | the cat.")
    assert ("looked" in drawn.caption) == (steps > 1)
    width, height = shape_of(drawn.image)
    assert width == 1012 and height < width


def test_saved_features_have_no_frames_but_attention() -> None:
    drawn = told_picture(narrated(np.zeros((5, 7), np.float32)), None)
    assert drawn.caption.startswith("The darker")
    assert shape_of(drawn.image)[1] < 250


def test_right_and_wrong_look_different() -> None:
    frames = np.zeros((3, 8, 8, 1), np.uint8)
    right, wrong, unknown = (
        told_picture(narrated(frames, False), 10.0, said).image
        for said in (["$a dog"], ["a cat"], [])
    )
    assert len({right, wrong, unknown}) == 3
