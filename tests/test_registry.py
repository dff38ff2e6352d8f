from __future__ import annotations

import pytest

from elman._errors import UnknownName
from elman._registry import Registry


def test_names_keep_their_order() -> None:
    registry = Registry[int]("thing")
    registry.register("b", 1)
    registry.register("a", 2)
    assert list(registry) == ["b", "a"]
    assert "a" in registry and "c" not in registry


def test_a_name_is_taken_once() -> None:
    registry = Registry[int]("thing")
    registry.register("a", 1)
    with pytest.raises(ValueError, match="thing 'a' is registered already"):
        registry.register("a", 2)


def test_unknown_name_lists_what_is_known() -> None:
    registry = Registry[int]("thing")
    registry.register("alpha", 1)
    with pytest.raises(UnknownName, match=r"unknown thing 'zzz'\. Known: alpha"):
        registry["zzz"]
