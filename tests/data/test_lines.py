"""Lines do not depend on how a text is cut into chunks."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.lines import cut_lines, read_lines

TEXT = st.text(st.sampled_from("ab\r\n\f\u2028"), max_size=30)


@given(TEXT, st.lists(st.integers(0, 30), max_size=5))
def test_chunks_do_not_matter(text: str, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    chunks = [text[a:b] for a, b in itertools.pairwise(places)]
    expected = text.split("\n")
    if expected[-1] == "":
        expected.pop()  # the last line's end begins no other
    assert list(cut_lines(chunks)) == [line.removesuffix("\r") for line in expected]


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"eins\r\nzwei drei\n\nvier")
    assert list(read_lines(path)) == ["eins", "zwei drei", "", "vier"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.txt"):
        list(read_lines(tmp_path / "no.txt"))
