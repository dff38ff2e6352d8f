"""Tables are read by column name, and what is wrong is refused with file and line."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.table import as_text, likely_delimiter, lines, looks_like_table, open_table
from elman.data.table_config import ColumnsConfig


def rows(path: Path, columns: list[str], **config: Any) -> list[tuple[int | str, ...]]:
    table = open_table(str(path), ColumnsConfig(**config))
    return [(row.place, *row.values) for row in table.rows(columns)]


def made(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_csv_by_name_with_quotes_and_line_ends_inside(tmp_path: Path) -> None:
    text = 'id,text,label\r\n1,"so, ""fine""\nindeed",good\r\n\r\n2, bad ,poor one\r\n'
    path = made(tmp_path, "a.csv", text)
    assert rows(path, ["label", "text"]) == [
        (2, "good", 'so, "fine"\nindeed'),
        (5, "poor one", " bad "),
    ]


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), min_size=1, max_size=20))
def test_csv_comes_back_as_python_wrote_it(pairs: list[tuple[str, str]]) -> None:
    import tempfile

    # A lone carriage return outside quotes and NUL are refused, not read.
    pairs = [tuple(cell.replace("\0", "").replace("\r", "") for cell in pair) for pair in pairs]  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
            csv.writer(file).writerows([("the text", "the label"), *pairs])
        expected = [tuple(c.encode(errors="replace").decode() for c in pair) for pair in pairs]
        assert [row[1:] for row in rows(path, ["1", "2"], header=True)] == expected


def test_tsv_takes_quotes_as_they_are_unless_told(tmp_path: Path) -> None:
    path = made(tmp_path, "a.tsv", 'label\ttext\ngood\t"extreme ops" wins\n')
    assert rows(path, ["text"]) == [(2, '"extreme ops" wins')]
    quoted = made(tmp_path, "b.tsv", 'label\ttext\ngood\t"a\tb\nc"\n')
    assert rows(quoted, ["text"], quotes=True) == [(2, "a\tb\nc")]
    with pytest.raises(
        DataError, match=r"b\.tsv, line 2: expected 2 columns, found 3.*--columns\.quotes"
    ):
        rows(quoted, ["text"])


def test_gzip_and_encodings(tmp_path: Path) -> None:
    packed = tmp_path / "a.csv.gz"
    packed.write_bytes(gzip.compress("text,label\nnaïve,x\n".encode("latin-1")))
    table = open_table(str(packed), encoding="latin-1")
    assert [row.values for row in table.rows(["text"])] == [("naïve",)]
    with pytest.raises(DataError, match=r"is not utf-8 at byte 13 \(line 2\).*latin-1"):
        open_table(str(packed))


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_other_delimiters_are_found(tmp_path: Path, sign: str) -> None:
    path = made(tmp_path, "a.csv", f"text{sign}label\na, b{sign}x\n")
    assert rows(path, ["text", "label"]) == [(2, "a, b", "x")]
    assert likely_delimiter("one column alone\n") == ","


def test_a_missing_header_is_noticed(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", "pos,so good\nneg,so bad\npos,fine\n")
    table = open_table(str(path))
    assert table.columns == ("1", "2")
    assert [row.place for row in table.rows(["1"])] == [1, 2, 3]
    assert rows(path, ["pos"], header=True) == [(2, "neg"), (3, "pos")]
    # the names that were asked for are there, though one comes again below
    twice = made(tmp_path, "b.csv", "text,label\nlabel,label\n")
    assert rows(twice, ["text"], text=("text",), label="label") == [(2, "label")]


def test_json_lines(tmp_path: Path) -> None:
    records = [
        {"text": "a\nb", "label": 1, "x": None},
        {"label": True, "text": ["to", "kens"], "y": 1},
        {"text": 1.5, "label": None},
    ]
    path = made(tmp_path, "a.jsonl", "\n\n".join(map(json.dumps, records)) + "\n")
    assert rows(path, ["text", "label"]) == [
        (1, "a\nb", "1"),
        (3, "to kens", "true"),
        (5, "1.5", ""),
    ]
    assert open_table(str(path)).columns == ("text", "label", "x", "y")


def test_folder_for_each_class(tmp_path: Path) -> None:
    for name, text in {"good/1.txt": "fine", "good/2.txt": "great", "bad/x": "poor"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "good" / ".DS_Store").write_bytes(b"\0")
    (tmp_path / "bad" / "y.txt").write_text("")
    found = rows(tmp_path, ["label", "text"])
    assert [row[1:] for row in found] == [
        ("bad", "poor"),
        ("bad", ""),
        ("good", "fine"),
        ("good", "great"),
    ]
    assert found[0][0] == str(tmp_path / "bad" / "x")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", 'text,label\nok,x\n"open,y\nmore\n', r"line 3: a quote .* is never closed"),
        ("a.csv", 'text,label\n"a" b,x\n', r"line 2: broken quoting .*--columns\.no-quotes"),
        ("a.csv", "text,label\na,b,c\n", r"line 2: expected 2 columns, found 3: text, label"),
        ("a.csv", "", r"is empty"),
        ("a.jsonl", '{"text": "a"}\n{"text": \n', r"a\.jsonl, line 2: not JSON"),
        ("a.jsonl", '{"text": "a"}\n[1]\n', r"a\.jsonl, line 2: expected an object"),
        ("a.jsonl", '{"text": "a"}\n{"label": "a"}\n', r"a\.jsonl, line 2: no 'text'; keys: label"),
        ("a.jsonl", '{"text": {"a": 1}}\n', r"a\.jsonl, line 1: 'text' must be text.*got dict"),
        ("a.json", "[]", "expected JSON lines"),
        ("a.csv", "text,text\na,b\n", "two columns named 'text'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = made(tmp_path, name, text)
    with pytest.raises(DataError, match=message):
        rows(path, ["text"])


def test_missing_columns_and_files_name_what_is_there(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", "review,stars\na,1\n")
    with pytest.raises(
        DataError, match=r"no column 'reviw'; did you mean 'review'\?.*review, stars"
    ):
        rows(path, ["reviw"])
    with pytest.raises(DataError, match=r"gone\.csv is not there"):
        open_table(str(tmp_path / "gone.csv"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no folders"):
        open_table(str(tmp_path / "empty"))
    (tmp_path / "deep" / "train" / "pos").mkdir(parents=True)
    with pytest.raises(DataError, match=r"pos is a folder.*Give the folder that holds the classes"):
        open_table(str(tmp_path / "deep"))


def test_a_long_field_is_read_and_an_endless_one_refused(tmp_path: Path) -> None:
    path = made(tmp_path, "a.csv", "text,label\n" + "word " * 60_000 + ",x\n")
    assert len(str(rows(path, ["text"])[0][1])) == 300_000
    endless = made(tmp_path, "b.csv", 'text,label\n"' + "word,\n" * 3_000_000)
    with pytest.raises(DataError, match="line 2: a quote that is opened here is never closed"):
        rows(endless, ["text"])


@given(st.text("ab\n\r", max_size=30), st.integers(1, 5))
def test_lines_do_not_depend_on_chunks(text: str, size: int) -> None:
    chunks = [text[k : k + size] for k in range(0, len(text), size)]
    found = list(lines(chunks))
    assert "".join(found) == text
    assert all(line.count("\n") == line.endswith("\n") for line in found)


def test_values_become_text() -> None:
    assert [as_text(v) for v in ("a", None, False, 3, 0.5, ["b", "c"])] == [
        "a", "", "false", "3", "0.5", "b c",
    ]  # fmt: skip
    with pytest.raises(TypeError, match="got list"):
        as_text([1])


def test_tables_are_known_by_their_names(tmp_path: Path) -> None:
    assert looks_like_table(tmp_path) and looks_like_table(Path("a.csv.gz"))
    assert not looks_like_table(Path("a.txt")) and not looks_like_table(Path("a.gz"))


def test_the_first_line_may_be_a_long_document(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{'word ' * 50_000},x\nshort,y\n")
    csv.field_size_limit(1 << 17)  # as Python starts
    table = open_table(str(path), ColumnsConfig(header=False))
    assert [row.values for row in table.rows(["2"])] == [("x",), ("y",)]
