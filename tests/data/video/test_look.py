from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from elman.data.video.look import Look, Scaler
from tests.data.video.films import random_frames

av = pytest.importorskip("av")


def frame(image: np.ndarray) -> object:
    return av.VideoFrame.from_ndarray(image, format="gray" if image.ndim == 2 else "rgb24")


def test_a_frame_of_the_size_asked_for_is_itself() -> None:
    image = random_frames(1)[0]
    assert np.array_equal(Scaler(Look(16, 24)).image(frame(image))[:, :, 0], image)
    assert np.array_equal(Scaler(Look(16, 24)).array(image)[:, :, 0], image)


def test_shrinking_averages() -> None:
    image = np.kron(random_frames(1, 8, 8)[0], np.ones((4, 4), np.uint8))
    small = Scaler(Look(8, 8)).image(frame(image))[:, :, 0]
    assert np.abs(small.astype(int) - image[::4, ::4]).max() <= 1


def test_gray_becomes_colour_and_back() -> None:
    image = random_frames(1)[0]
    color = Scaler(Look(16, 24, 3)).image(frame(image))
    assert color.shape == (16, 24, 3) and np.array_equal(color[:, :, 0], color[:, :, 2])
    gray = Scaler(Look(16, 24, 1)).image(frame(color))
    assert np.abs(gray[:, :, 0].astype(int) - image).max() <= 1


def test_crop_keeps_proportions_and_the_middle() -> None:
    image = np.zeros((20, 60), np.uint8)
    image[:, 20:40] = 200
    cut = Scaler(Look(10, 10, crop=True)).image(frame(image))
    assert cut.shape == (10, 10, 1) and (cut > 150).all()
    squeezed = Scaler(Look(10, 10)).image(frame(image))
    assert squeezed[:, 0].max() == 0 and squeezed[:, 5].min() > 150


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_telephones_held_upright(turns: int) -> None:
    image = random_frames(1, 16, 24)[0]
    turned = av.VideoFrame.from_ndarray(
        np.ascontiguousarray(np.rot90(image, -turns)), format="gray"
    )
    # a display matrix cannot be written by PyAV: a frame that says so, and is otherwise the same
    held = SimpleNamespace(rotation=90 * turns, height=turned.height, width=turned.width)
    scaler = Scaler(Look(16, 24))
    inner = scaler._reformatter
    scaler._reformatter = SimpleNamespace(reformat=lambda _, **k: inner.reformat(turned, **k))
    assert np.array_equal(scaler.image(held)[:, :, 0], image)
