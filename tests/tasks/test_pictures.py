"""Pictures are image files, drawn without a screen; a confusion shows the classes that matter."""

from __future__ import annotations

import struct
import sys

import numpy as np
import pytest

from elman._errors import ConfigError
from elman.tasks.pictures import MOST_CLASSES, confusion_picture, new_figure, picture


def size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_picture_is_a_png_of_the_size_asked_for() -> None:
    drawn = picture("empty", new_figure(2.0, 1.0), "nothing")
    assert size(drawn.image) == (220, 110)
    assert (drawn.title, drawn.caption, drawn.kind) == ("empty", "nothing", "png")


def test_confusion_differs_with_the_counts() -> None:
    one = confusion_picture(["a", "b"], np.array([[3, 1], [0, 4]]))
    two = confusion_picture(["a", "b"], np.array([[3, 1], [4, 0]]))
    assert one.image != two.image


def test_confusion_of_many_classes_says_which_it_shows() -> None:
    classes = MOST_CLASSES + 3
    drawn = confusion_picture([str(k) for k in range(classes)], np.eye(classes, dtype=np.int64))
    assert f"{MOST_CLASSES} classes with the most mistakes, of {classes}" in drawn.caption


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r"pip install 'elman\[plot\]'"):
        new_figure(1, 1)
