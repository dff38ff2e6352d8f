from __future__ import annotations

from elman._machine import WANTED_FEATURES, processor


def test_processor_names_itself() -> None:
    name, features = processor()
    assert name
    assert set(features) <= set(WANTED_FEATURES)
