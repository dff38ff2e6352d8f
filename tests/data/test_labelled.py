"""Labelled texts: columns found, labels numbered, rows split, texts as ids."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.labelled import (
    LabelledSets,
    choose_columns,
    label_names,
    read_examples,
    read_labelled,
    read_texts,
    with_tokenizer,
)
from elman.data.table import open_table
from elman.data.table_config import ColumnsConfig, LabelledConfig

TEXT = "text,label\n" + "a good one,yes\nno good,no\n" * 50


def made(folder: Path, text: str = TEXT, name: str = "a.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def read(data: str, columns: ColumnsConfig | None = None, **config: Any) -> LabelledSets:
    return read_labelled(data, LabelledConfig(**config), columns or ColumnsConfig())


def chosen(folder: Path, header: str, row: str = "", **config: Any) -> tuple[Any, ...]:
    body = row or ",".join("xyz"[: header.count(",") + 1])
    columns = ColumnsConfig(**config)
    return choose_columns(open_table(made(folder, f"{header}\n{body}\n"), columns), columns)


def test_every_row_is_in_one_part_with_its_own_text_and_label(tmp_path: Path) -> None:
    body = "".join(
        f"word{n} {'up' if n % 3 else 'down'},{'u' if n % 3 else 'd'}\n" for n in range(90)
    )
    sets = read(made(tmp_path, "text,label\n" + body), valid_fraction=0.2)
    seen = []
    for part, size in zip((sets.train, sets.valid, sets.test), (63, 18, 9), strict=True):
        assert len(part) == size and part.lengths.tolist() == [2] * size
        for k in range(size):
            words = [sets.tokenizer.token(int(i)) for i in part[k]]
            seen.append(words[0])
            if words[1] != "<unk>":
                assert sets.labels[part.labels[k]][0] == words[1][0]
        assert np.bincount(part.labels).tolist() == [size // 3, 2 * size // 3]
    known = [word for word in seen if word != "<unk>"]
    assert len(known) == len(set(known)) == 63  # the vocabulary is the training part's


def test_the_same_seed_gives_the_same_split_and_other_data_another_fingerprint(
    tmp_path: Path,
) -> None:
    body = "".join(f"w{n},{n % 2}\n" for n in range(40))
    data = made(tmp_path, "text,label\n" + body)
    assert read(data).fingerprint == read(data).fingerprint
    assert read(data).fingerprint != read(data, split_seed=1).fingerprint
    other = made(tmp_path, "text,label\n" + body.replace("w7,1", "w7,0"), "b.csv")
    assert read(data).fingerprint != read(other).fingerprint


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("text,label", ("text",), "label"),
        ("Sentiment,Review", ("Review",), "Sentiment"),
        ("id,label_text,label,sentence", ("sentence",), "label"),
        ("weird,label", ("weird",), "label"),
        ("text,odd", ("text",), "odd"),
    ],
)
def test_usual_names_are_found(
    tmp_path: Path, header: str, text: tuple[str, ...], label: str
) -> None:
    body = ",".join("wxyz"[: header.count(",") + 1])
    assert chosen(tmp_path, header, body) == (text, label)


def test_of_two_unknown_columns_the_label_has_fewer_values(tmp_path: Path) -> None:
    assert chosen(tmp_path, "p,q", "1,a\n2,a\n3,b") == (("p",), "q")
    assert chosen(tmp_path, "p,q", "a,1\na,2\nb,3") == (("q",), "p")
    with pytest.raises(DataError, match="cannot tell which of its columns is the text: p, q"):
        chosen(tmp_path, "p,q", "a,1\nb,2\nc,3")


def test_named_columns_win_and_several_texts_are_joined(tmp_path: Path) -> None:
    assert chosen(tmp_path, "a,b,c", text=("c", "1"), label="b") == (("c", "a"), "b")
    data = made(tmp_path, "title,body,topic\n" + "A,one,x\n,two,y\n" * 10)
    sets = read(data, ColumnsConfig(text=("title", "body"), label="topic"))
    words = {tuple(sets.tokenizer.token(int(i)) for i in sets.train[k]) for k in range(10)}
    assert words == {("a", "one"), ("two",)}


@pytest.mark.parametrize(
    ("header", "config", "message"),
    [
        ("a,b,c", {}, r"the text and which the label\? Say --columns\.text NAME --col"),
        ("a,b,label", {}, r"which column is the text\? Say --columns\.text NAME\. Columns"),
        ("a,b,text", {}, r"which column is the label\? Say --columns\.label NAME"),
        ("a,b", {"label": "c"}, "no column 'c'. Columns: a, b"),
        ("a,b", {"text": ("a",), "label": "a"}, "'a' cannot be both text and label"),
    ],
)  # fmt: skip
def test_unclear_columns_are_asked_for(
    tmp_path: Path, header: str, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        chosen(tmp_path, header, **config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text,label\n", r"has no rows"),
        ("text,label\na,x\nb,x\n", r"all 2 rows have the label 'x' in column 'label'"),
        ("text,label\na,x\n ,y\n", r"a\.csv, line 3: the text is empty.*--columns\.skip-empty"),
        ("text,label\na,x\nb, \n", r"a\.csv, line 3: the label is empty"),
        ("text,label\na,x\n,\n", r"a\.csv, line 3: the text is empty"),
        ("text,label\na,x\nb,y\n", r"2 examples leave none for the valid part"),
        ("text,label\n" + "".join(f"a,{n / 7}\n" for n in range(300)), "300 different values"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(made(tmp_path, text))


def test_empty_rows_can_be_left_out(tmp_path: Path) -> None:
    sets = read(made(tmp_path, TEXT + ",yes\n  ,\nx,\n"), ColumnsConfig(skip_empty=True))
    assert sets.skipped == 3 and len(sets.train) == 80


def test_parts_of_their_own_and_labels_that_only_they_have(tmp_path: Path) -> None:
    valid = made(tmp_path, "label,text\nno,x\nyes,good\n", "v.csv")
    sets = read(made(tmp_path), valid=valid, test_fraction=0.0)
    assert (len(sets.train), len(sets.valid), len(sets.test)) == (100, 2, 0)
    assert sets.valid.labels.tolist() == [0, 1] and sets.labels == ("no", "yes")
    bad = made(tmp_path, "text,label\ngood,yes\nso so,Yes\n", "t.csv")
    message = r"t\.csv, line 3: label 'Yes' does not occur in the training part; did you mean 'yes'"
    with pytest.raises(DataError, match=message + r"\? Its labels: no, yes"):
        read(made(tmp_path), test=bad)


def test_numbers_sort_as_numbers_and_spaces_around_labels_go(tmp_path: Path) -> None:
    table = open_table(made(tmp_path))
    assert label_names(table, "label", ["10", "9", "2"]) == ("2", "9", "10")
    assert label_names(table, "label", ["b", "10", "a"]) == ("10", "a", "b")
    sets = read(made(tmp_path, "text,label\n" + "a,not good\nb,  very good \n" * 10))
    assert sets.labels == ("not good", "very good")


@pytest.mark.parametrize("tokenizer", ["char", "byte", "word"])
def test_long_texts_are_cut_and_counted(tmp_path: Path, tokenizer: str) -> None:
    sets = read(made(tmp_path), tokenizer=tokenizer, max_length=2)
    assert sets.train.lengths.max() == 2
    assert sets.train.cut == (40 if tokenizer == "word" else 80)


def test_texts_of_tables_and_lines(tmp_path: Path) -> None:
    assert list(read_texts(made(tmp_path, "one, two\n\nthree", "a.txt"), ColumnsConfig())) == [
        "one, two", "", "three",
    ]  # fmt: skip
    data = made(tmp_path, "id,review\n1,fine\n2,\n")
    assert list(read_texts(data, ColumnsConfig())) == ["fine", ""]
    assert list(read_texts(data, ColumnsConfig(text=("id", "review")))) == ["1 fine", "2"]
    with pytest.raises(DataError, match="no column 'text'. Columns: id, review"):
        list(read_texts(data, ColumnsConfig(text=("text",))))


def test_single_words_are_read_by_character(tmp_path: Path) -> None:
    names = made(tmp_path, "name,sex\n" + "Ada,f\nAlan Mathison,m\nGrace,f\nKurt,m\n" * 5, "n.csv")
    assert [read(names).tokenizer.name, read(made(tmp_path)).tokenizer.name] == ["char", "word"]
    assert read(names, word_split="words").tokenizer.name == "word"
    config = with_tokenizer(names, LabelledConfig(), ColumnsConfig())
    assert config.tokenizer == "char" and config.lowercase


def test_another_table_is_read_with_known_labels(tmp_path: Path) -> None:
    sets = read(made(tmp_path))
    other = made(tmp_path, "label,text\nyes,good bad\n", "b.csv")
    config, columns = LabelledConfig(), ColumnsConfig(text=("text",), label="label")
    examples = read_examples(other, config, columns, sets.tokenizer, sets.labels)
    assert examples.labels.tolist() == [1] and examples.lengths.tolist() == [2]
    assert examples[0][1] == 0  # "bad" is unknown


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_holds_ids_not_text(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    line = "text,label\n" + "".join(
        f'"{" ".join(["lorem", "ipsum", "dolor", "sit", "amet"] * 40)}",{n % 2}\n'
        for n in range(1000)
    )
    with path.open("w") as file:
        file.write("text,label\n")
        for _ in range(30):
            file.write(line.split("\n", 1)[1])
    code = (
        "from elman.data.labelled import read_labelled\n"
        "from elman.data.table_config import ColumnsConfig, LabelledConfig\n"
        f"sets = read_labelled({str(path)!r}, LabelledConfig(), ColumnsConfig())\n"
        # not getrusage, which also knows the memory of the process that this one came from
        "status = dict(s.split(':', 1) for s in open('/proc/self/status'))\n"
        "print(len(sets.train), int(status['VmHWM'].split()[0]) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rows, megabytes = map(int, done.stdout.split())
    assert rows == 24_000 and path.stat().st_size > 32e6 and megabytes < 90, megabytes


def test_a_set_is_known_by_its_name_in_every_part() -> None:
    pytest.importorskip("names")
    config = LabelledConfig(test="names")
    sets = read_labelled("names", config, ColumnsConfig())
    assert sets.labels == ("female", "male")
    assert len(sets.test) == len(sets.train) + len(sets.valid)
