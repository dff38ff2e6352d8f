"""Keys of ABC, modes and single accidentals among them."""

from __future__ import annotations

import pytest

from elman.data.music.abc_key import signature
from elman.data.music.key import KEYS, Key


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("C", {}),
        ("Em", {"F": 1}),
        ("Bb", {"B": -1, "E": -1}),
        ("F#m", {"F": 1, "C": 1, "G": 1}),
        ("D dorian", {}),
        ("Amix", {"F": 1, "C": 1}),
        ("Elydian", {"F": 1, "C": 1, "G": 1, "D": 1, "A": 1}),
        ("HP", {"F": 1, "C": 1}),
        ("D ^G _B", {"F": 1, "C": 1, "G": 1, "B": -1}),
        ("Gm clef=bass", {"B": -1, "E": -1}),
        ("H", None),
        ("Cqqq", None),
        ("G#", None),
    ],
)
def test_keys(key: str, wanted: dict[str, int] | None) -> None:
    assert signature(key) == wanted


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_all_keys_are_known_by_their_names(key: Key) -> None:
    found = signature(str(key))
    assert found is not None and sum(found.values()) == key.sharps
