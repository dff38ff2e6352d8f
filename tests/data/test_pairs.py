"""Pairs are read from every form, and the first wrong line is named with its file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from elman._errors import DataError
from elman.data.pairs import TURN, Pair, read_pair_sets, read_pairs
from elman.data.pairs_config import PairsConfig


def read(path: Path, target: Path | None = None, **options: object) -> list[Pair]:
    config = PairsConfig.model_validate(options)
    return list(read_pairs(str(path), None if target is None else str(target), config))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pairs.tsv"


def test_a_table_with_tabs(file: Path) -> None:
    file.write_bytes(b"ein Hund\ta dog\r\n eine Katze \ta cat\tmore\n")
    assert read(file) == [("ein Hund", "a dog"), ("eine Katze", "a cat")]


def test_columns_by_number_and_by_name(file: Path) -> None:
    file.write_text("id\ten\tde\n1\ta dog\tein Hund\n")
    assert read(file, source_column="de", target_column="en") == [("ein Hund", "a dog")]
    assert read(file, source_column="3", target_column="en") == [("ein Hund", "a dog")]
    assert read(file, source_column="3")[1] == ("ein Hund", "a dog")
    with pytest.raises(DataError, match=r"pairs.tsv, line 1: no column 'dee'; did you mean 'de'\?"):
        read(file, source_column="dee")


def test_two_files_and_gzip(tmp_path: Path) -> None:
    source, target = tmp_path / "a.de", tmp_path / "a.en.gz"
    source.write_text("ein Hund\neine Katze")
    target.write_bytes(gzip.compress(b"a dog\na cat\n"))
    assert read(source, target) == [("ein Hund", "a dog"), ("eine Katze", "a cat")]


def test_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text('{"source": "1 2", "target": "3"}\n{"target": "b", "source": "a", "n": 1}\n')
    assert read(file) == [("1 2", "3"), ("a", "b")]
    packed = tmp_path / "pairs.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"question": "q", "answer": "a"}\n'))
    assert read(packed, source_column="question", target_column="answer") == [("q", "a")]


@pytest.mark.parametrize("window", [1, 2, 9])
def test_every_turn_answers_to_those_before_it(tmp_path: Path, window: int) -> None:
    file = tmp_path / "talk.jsonl"
    turns = ["hi", {"role": "model", "content": "hello\nyou"}, {"text": "how are you?"}, "well"]
    file.write_text(json.dumps({"turns": turns}) + "\n")
    texts = ["hi", "hello you", "how are you?", "well"]
    wanted = [(TURN.join(texts[max(0, k - window) : k]), texts[k]) for k in (1, 2, 3)]
    assert read(file, turns=window) == wanted


WRONG = {
    "a\tb\nonly one\n": "line 2: expected at least 2 columns between tabs, got 1: 'only one'",
    "a\tb\n\nc\td\n": "line 2: expected at least 2 columns between tabs, got 1: ''",
    "a\tb\n \tc\n": "line 2: the source side is empty",
    "a\t\n": "line 1: the target side is empty",
}


@pytest.mark.parametrize("text", WRONG, ids=str)
def test_the_first_wrong_row_is_named(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(DataError, match="pairs.tsv, " + WRONG[text]):
        read(file)


def test_empty_lines_between_records_mean_nothing(tmp_path: Path) -> None:
    file = tmp_path / "PAIRS.JSONL"
    file.write_text('{"source": "a", "target": "b"}\n\n')
    assert read(file) == [("a", "b")]


WRONG_JSON = {
    "{": "line 1: not a JSON object",
    "[1]": r"line 1: expected a JSON object, got '\[1\]'",
    '{"sourse": "a", "target": "b"}': "expected a text under 'source'; did you mean 'sourse'",
    '{"source": 3, "target": "b"}': "expected a text under 'source'.* it has: source, target",
    '{"source": "a", "target": " "}': "line 1: the target side is empty",
    '{"turns": ["a"]}': "line 1: expected 'turns' to be a list of at least two texts",
    '{"turns": ["a", ""]}': "line 1, turn 2: expected a text that is not empty",
    '{"turns": ["a", {"role": "b"}]}': "line 1, turn 2: expected a text",
    "[" * 100_000: "line 1: not a JSON object",
}


@pytest.mark.parametrize("text", WRONG_JSON, ids=lambda text: text[:20])
def test_the_first_wrong_record_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_text(text + "\n")
    with pytest.raises(DataError, match=WRONG_JSON[text]):
        read(file)


def test_parallel_files_must_be_as_long(tmp_path: Path) -> None:
    source, target = tmp_path / "a.de", tmp_path / "a.en"
    source.write_text("1\n2\n3\n")
    target.write_text("1\n2\n3\n4\n5\n")
    with pytest.raises(DataError, match="a.en has 5 lines, .*a.de has 3: two parallel files"):
        read(source, target)
    with pytest.raises(DataError, match="a.en has 5 lines, .*a.de has 3: two parallel files"):
        read(target, source)
    target.write_text("1\n\n3\n")
    with pytest.raises(DataError, match="a.en, line 2: the target side is empty.*both files"):
        read(source, target)
    with pytest.raises(DataError, match="a.en, line 2: the source side is empty"):
        read(target, source)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none.tsv is not there"):
        read(tmp_path / "none.tsv")
    latin = tmp_path / "latin.tsv"
    latin.write_bytes("Käse\tcheese\n".encode("latin-1"))
    with pytest.raises(DataError, match="is not utf-8 at byte 1 .line 1."):
        read(latin)
    assert read(latin, encoding="latin-1") == [("Käse", "cheese")]


def test_a_line_may_cross_chunks(file: Path) -> None:
    long = "x" * 1_500_000
    file.write_text(f"{long}\ty\n{long}\tz\n")
    assert [len(source) for source, _ in read(file)] == [1_500_000] * 2


def test_sets_by_fraction_and_by_file(tmp_path: Path) -> None:
    main, other = tmp_path / "main.tsv", tmp_path / "other.tsv"
    main.write_text("".join(f"{n}\t{n}\n" for n in range(100)))
    other.write_text("v\tw\n")
    sets = read_pair_sets(str(main), None, PairsConfig())
    assert [len(part) for part in (sets.train, sets.valid, sets.test)] == [80, 10, 10]
    assert len({*sets.train, *sets.valid, *sets.test}) == 100
    assert sets == read_pair_sets(str(main), None, PairsConfig())
    given = read_pair_sets(str(main), None, PairsConfig(valid=str(other), test=str(other)))
    assert len(given.train) == 100 and given.valid == given.test == [("v", "w")]
    assert given.fingerprint != sets.fingerprint


def test_the_fingerprint_sees_every_pair(tmp_path: Path) -> None:
    main = tmp_path / "main.tsv"
    prints = set()
    for last in ("9\t9", "9\t8", "8\t9"):
        main.write_text("".join(f"{n}\t{n}\n" for n in range(20)) + last + "\n")
        prints.add(read_pair_sets(str(main), None, PairsConfig()).fingerprint)
    assert len(prints) == 3
