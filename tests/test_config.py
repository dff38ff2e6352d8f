from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from elman._config import Config, load_config, table_of, to_toml
from elman._errors import ConfigError


class Part(Config):
    hidden_size: int = Field(default=4, ge=1)
    ratio: float = 0.5
    cutoffs: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Part:
        if self.ratio > self.hidden_size:
            raise ValueError("ratio must not exceed hidden_size")
        return self


class Whole(Config):
    name: str = "x"
    limit: int | None = None
    part: Part = Field(default_factory=Part)


def write(folder: Path, text: str) -> Path:
    path = folder / "c.toml"
    path.write_text(text)
    return path


def test_overrides_win_over_the_file_which_wins_over_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, 'name = "file"\n[part]\nhidden_size = 8\nratio = 0.1')
    config = load_config(Whole, path, {"part": {"ratio": 0.2}})
    assert (config.name, config.part.hidden_size, config.part.ratio) == ("file", 8, 0.2)


def test_unknown_key_names_file_and_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, "[part]\nhiden_size = 8")
    message = r"c\.toml: unknown key 'part\.hiden_size'; did you mean 'hidden_size'\?"
    with pytest.raises(ConfigError, match=message):
        load_config(Whole, path)


def test_stranger_key_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="unknown key 'zzz'. Known: name, limit, part"):
        load_config(Whole, None, {"zzz": 1})


def test_all_mistakes_are_listed_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, '[part]\nhidden_size = 0\nratio = "fast"')
    with pytest.raises(ConfigError) as caught:
        load_config(Whole, path)
    first, second = str(caught.value).splitlines()
    assert "'part.hidden_size' = 0: input should be greater than or equal to 1" in first
    assert "'part.ratio' = 'fast': input should be a valid number" in second
    assert "pydantic" not in str(caught.value)


def test_a_table_where_a_value_belongs() -> None:
    with pytest.raises(ConfigError, match="'part' = 3"):
        load_config(Whole, None, {"part": 3})


def test_values_that_do_not_fit_each_other() -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Whole, None, {"part": {"ratio": 9.0}})
    assert str(caught.value) == "[part] ratio must not exceed hidden_size"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"x = [", "not valid TOML"), (b'name = "\xff"', "not UTF-8 text at byte 8")],
)
def test_broken_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "c.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load_config(Whole, path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_config(Whole, tmp_path / "none.toml")


def test_infinity_is_not_a_value() -> None:
    with pytest.raises(ConfigError, match="finite number"):
        load_config(Whole, None, {"part": {"ratio": float("inf")}})


@given(
    st.builds(
        Whole,
        name=st.text(st.characters(exclude_categories=["Cs"])),
        limit=st.none() | st.integers(-(2**53), 2**53),
        part=st.builds(
            Part,
            hidden_size=st.integers(1, 9999),
            ratio=st.floats(max_value=1, allow_nan=False, allow_infinity=False),
            cutoffs=st.lists(st.integers(0, 99)).map(tuple),
        ),
    )
)
def test_toml_round_trip(config: Whole) -> None:
    import tomllib

    assert Whole.model_validate(tomllib.loads(to_toml(config))) == config


class Outer(Config):
    inner: Part | None = None


def test_a_table_that_may_be_left_out_is_a_table() -> None:
    assert table_of(Outer.model_fields["inner"].annotation) is Part
    assert table_of(int) is None and table_of(int | None) is None
