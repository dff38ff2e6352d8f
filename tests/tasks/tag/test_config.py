"""The configuration of tagging."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman._config import load_config, to_toml
from elman._errors import ConfigError
from elman.tasks.tag.config import TagPredict, TagTask

RECIPES = Path(__file__).parent.parent.parent.parent / "recipes"


def test_toml_and_back(tmp_path: Path) -> None:
    task = load_config(TagTask, None, {"data": "a.conll", "text": {"tag_column": 3}})
    path = tmp_path / "a.toml"
    path.write_text(to_toml(task))
    assert load_config(TagTask, path) == task


def test_without_data_it_is_the_built_in_set() -> None:
    assert load_config(TagTask).data == "roles"


@pytest.mark.parametrize("name", ["ud-english-pos", "conll2003-ner"])
def test_recipes_are_sound(name: str) -> None:
    assert load_config(TagTask, RECIPES / f"{name}.toml", {"data": "x"}).task == "tag"


def test_predict_options() -> None:
    with pytest.raises(ConfigError, match="'format' = 'xml'"):
        load_config(TagPredict, None, {"format": "xml"})
