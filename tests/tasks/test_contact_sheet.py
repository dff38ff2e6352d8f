from __future__ import annotations

import numpy as np
import pytest

from elman.tasks.contact_sheet import Strip, contact_sheet

pytest.importorskip("matplotlib")


@pytest.mark.parametrize("planes", [1, 3])
def test_every_clip_has_its_row(planes: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (20, 16, 24, planes), dtype=np.uint8)
    strips = [
        Strip(frames, "left, 90% sure", True),
        Strip(frames[:3], "up; it is down " * 20, False),
    ]
    one = contact_sheet("Clips", strips[:1], "what they are")
    two = contact_sheet("Clips", strips)
    assert one.image.startswith(b"\x89PNG") and one.title == "Clips"
    assert one.caption == "what they are"

    def height(png: bytes) -> int:
        return int.from_bytes(png[20:24], "big")

    assert height(two.image) > 1.7 * height(one.image)


def test_a_clip_of_one_frame() -> None:
    sheet = contact_sheet("Clips", [Strip(np.zeros((1, 8, 8, 1), np.uint8), "still", True)])
    assert sheet.kind == "png"
