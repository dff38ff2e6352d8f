from __future__ import annotations

from elman._errors import DataError
from elman.data.video.errors import BrokenClip


def test_one_broken_clip_is_bad_data_with_its_exit_code() -> None:
    assert issubclass(BrokenClip, DataError) and BrokenClip("a.mp4").exit_code == 2
