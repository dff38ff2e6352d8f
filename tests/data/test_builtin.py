from __future__ import annotations

import sys
from pathlib import Path

import pytest

from elman._errors import DataError, UnknownName
from elman.data import builtin
from elman.data.builtin import BUILTIN

TASKS = ("language-model", "classify", "tag", "translate", "compose", "forecast", "regress")


def test_manual_is_the_whole_manual() -> None:
    text = "".join(BUILTIN["manual"].texts())
    assert text == "".join(BUILTIN["manual"].texts())
    assert BUILTIN["manual"].size == len(text.encode()) > 300_000
    assert text.startswith("assert\n======\n\n")
    assert 'The "with" statement' in text


def test_standard_library_in_order() -> None:
    texts = list(BUILTIN["stdlib"].texts())
    names = [text.split("\n", 1)[0].removeprefix("# ") for text in texts]
    assert [name.split("/") for name in names] == sorted(name.split("/") for name in names)
    assert {"os.py", "json/decoder.py"} <= set(names)
    assert not any({"test", "site-packages"} & set(name.split("/")) for name in names)
    assert sum(map(len, texts)) > 5_000_000


def test_each_is_described() -> None:
    assert "Python Software Foundation" in BUILTIN["stdlib"].licence
    for name in BUILTIN:
        assert BUILTIN[name].description and BUILTIN[name].licence
        assert BUILTIN[name].task in TASKS
    with pytest.raises(UnknownName, match="did you mean 'manual'"):
        BUILTIN["manuals"]


def test_python_without_its_manual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(DataError, match="without its manual"):
        list(BUILTIN["manual"].texts())


def test_python_without_its_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(builtin.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(DataError, match="without its source"):
        list(BUILTIN["stdlib"].texts())


def test_files_are_read_in_their_own_encoding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.py").write_bytes("# coding: latin-1\r\nx = 'é'\n".encode("latin-1"))
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "b.py").write_text("skipped")
    monkeypatch.setattr(builtin.sysconfig, "get_path", lambda name: str(tmp_path))
    assert list(BUILTIN["stdlib"].texts()) == ["# a.py\n\n# coding: latin-1\r\nx = 'é'\n\n\n"]
