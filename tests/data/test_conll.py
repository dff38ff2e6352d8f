"""Every format is read as written; what is wrong is said with file and line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from elman._errors import DataError
from elman.data.conll import Sentence, conll_lines, format_of, json_line, read_sentences
from elman.data.tagged_config import TaggedConfig

CONLL_2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O

Peter NNP B-NP B-PER
Blackburn NNP I-NP I-PER
"""

CONLLU = (
    "# sent_id = 1\n# text = Vámonos al mar\n"
    "1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "1\tVamos\tir\tVERB\tvm\t_\t0\troot\t_\t_\n"
    "2\tnos\tnosotros\tPRON\tpp\t_\t1\tobj\t_\t_\n"
    "2.1\tsomos\tser\tAUX\t_\t_\t_\t_\t_\t_\n"
    "3\tmar\tmar\tNOUN\tnc\t_\t1\tobl\t_\t_\n"
    "\n"
    "1\tSí\tsí\tINTJ\tin\t_\t0\troot\t_\t_\n"
)


def read(folder: Path, name: str, text: str, tagged: bool = True, **config: Any) -> list[Sentence]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return list(read_sentences(path, TaggedConfig(**config), tagged=tagged))


def pairs(sentences: list[Sentence]) -> list[list[tuple[str, str]]]:
    return [list(zip(s.tokens, s.tags or [], strict=True)) for s in sentences]


def test_conll_2003(tmp_path: Path) -> None:
    sentences = read(tmp_path, "a.txt", CONLL_2003)
    assert pairs(sentences) == [
        [("EU", "B-ORG"), ("rejects", "O")],
        [("Peter", "B-PER"), ("Blackburn", "I-PER")],
    ]
    assert sentences[1].lines == [6, 7]
    assert pairs(read(tmp_path, "a.txt", CONLL_2003, tag_column=2))[0][0] == ("EU", "NNP")
    assert pairs(read(tmp_path, "a.txt", CONLL_2003, tag_column="-2"))[0][0] == ("EU", "B-NP")


def test_tabs_crlf_comments_and_characters_that_unicode_calls_ends(tmp_path: Path) -> None:
    text = (
        "# id 7 domain=en\r\n#\tO\r\n#tag\tB-X\r\na\u2028b c\tO\r\n\r\n# id 8 domain=en\r\nx\tO\r\n"
    )
    assert pairs(read(tmp_path, "a.tsv", text)) == [
        [("#", "O"), ("#tag", "B-X"), ("a\u2028b c", "O")],
        [("x", "O")],
    ]


def test_conllu_leaves_out_ranges_and_empty_nodes(tmp_path: Path) -> None:
    assert pairs(read(tmp_path, "a.conllu", CONLLU)) == [
        [("Vamos", "VERB"), ("nos", "PRON"), ("mar", "NOUN")],
        [("Sí", "INTJ")],
    ]
    assert pairs(read(tmp_path, "a.conllu", CONLLU, tag_column="xpos"))[1] == [("Sí", "in")]
    assert pairs(read(tmp_path, "a.conllu", CONLLU, token_column="lemma"))[1] == [("sí", "INTJ")]


def test_json_lines(tmp_path: Path) -> None:
    text = '{"tokens": ["a", "b"], "tags": ["X", "Y"]}\n\n{"tokens": [], "tags": []}\n'
    assert pairs(read(tmp_path, "a.jsonl", text)) == [[("a", "X"), ("b", "Y")]]
    text = '{"words": ["a"], "tokens": ["no"], "kind": ["Z"]}\n'
    found = read(tmp_path, "a.jsonl", text, token_column="words", tag_column="kind")
    assert pairs(found) == [[("a", "Z")]]


def test_csv_with_sentence_numbers_in_the_first_row_only(tmp_path: Path) -> None:
    text = (
        "Sentence #,Word,POS,Tag\n"
        'Sentence: 1,Ann,NNP,B-PER\n,"1,000",CD,O\n'
        "Sentence: 2,Hi,UH,O\n,Bo,NNP,B-PER\n"
    )
    expected = [[("Ann", "B-PER"), ("1,000", "O")], [("Hi", "O"), ("Bo", "B-PER")]]
    assert pairs(read(tmp_path, "a.csv", text)) == expected
    text = "w,y\na,X\n,\nb,Y\n"
    found = read(tmp_path, "a.csv", text, token_column="w", tag_column="y")
    assert pairs(found) == [[("a", "X")], [("b", "Y")]]


def test_gzip_and_the_format_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu.gz"
    path.write_bytes(gzip.compress(CONLLU.encode()))
    assert len(list(read_sentences(path, TaggedConfig()))) == 2
    config = TaggedConfig()
    assert format_of(Path("x.ndjson"), config) == "jsonl"
    assert format_of(Path("x.iob2"), config) == "conll"
    assert format_of(Path("x.csv"), TaggedConfig(format="conll")) == "conll"


def test_without_tags_only_tokens_are_needed(tmp_path: Path) -> None:
    found = read(tmp_path, "a.txt", "Ann\nsleeps\n\nHi\n", tagged=False)
    assert [s.tokens for s in found] == [["Ann", "sleeps"], ["Hi"]] and found[0].tags is None
    assert read(tmp_path, "a.jsonl", '{"tokens": ["a"]}', tagged=False)[0].tokens == ["a"]
    assert read(tmp_path, "a.csv", "word\na\n", tagged=False)[0].tokens == ["a"]


@pytest.mark.parametrize(
    ("name", "text", "config", "message"),
    [
        ("a.txt", "a X\nb\n", {}, r"a.txt, line 2: 1 columns, fewer than the 2"),
        ("a.txt", "a X\nb c X\n", {}, r"line 2: 3 columns, more than the 2"),
        ("a.txt", "alone\n", {}, r"line 1: expected a token and its tag in two columns"),
        ("a.txt", "a X\n", {"tag_column": 3}, "2 columns, so there is no tag_column 3"),
        ("a.txt", "a X\n", {"tag_column": "upos"}, "columns of this format have numbers"),
        ("a.txt", "a X\n", {"tag_column": 0}, "tag_column: columns are counted from 1"),
        ("a.csv", "word,tag\n", {"tag_column": 0}, "columns are counted from 1"),
        ("a.txt", "", {}, "a.txt is empty"),
        ("a.conllu", "1\ta\tNOUN\n", {}, "line 1: 3 columns between tabs, CoNLL-U has 10"),
        ("a.conllu", "a" + "\t_" * 9, {}, "line 1: expected a token's number"),
        ("a.conllu", CONLLU, {"tag_column": "uposs"}, "did you mean 'upos'"),
        ("a.conllu", CONLLU, {"tag_column": 12}, "CoNLL-U has 10 columns, got 12"),
        ("a.jsonl", "{\n", {}, "a.jsonl, line 1: not a JSON object"),
        ("a.jsonl", "[1]\n", {}, "line 1: expected a JSON object"),
        ("a.jsonl", '{"tokens": ["a"]}', {}, "line 1: expected one of the keys tags, tag"),
        ("a.jsonl", '{"tokens": "a b", "tags": []}', {}, "'tokens' must be a list of texts"),
        ("a.jsonl", '{"tokens": ["a"], "tags": [3]}', {}, "write the tags' names"),
        ("a.jsonl", '{"tokens": ["a"], "tags": []}', {}, "line 1: 1 tokens but 0 tags"),
        ("a.jsonl", '{"tokens": ["a", ""], "tags": []}', {}, "an empty text at place 1"),
        ("a.jsonl", '{"a": 1}', {"token_column": "b"}, "no key 'b'"),
        ("a.csv", "x,y\n1,2\n", {}, "a.csv, line 1: no column is called tokens"),
        ("a.csv", "word,tag\na\n", {}, "a.csv, line 2: 1 columns, the header has 2"),
        ("a.csv", 'word,tag\n"a,X\nb,Y\n', {}, "Is a quotation mark not closed"),
        ("a.csv", "word,tag\n,X\n", {}, "a.csv, line 2: the token is empty"),
        ("a.csv", "word,tag\n", {"tag_column": "tags"}, "no column 'tags'; did you mean 'tag'"),
    ],
)
def test_bad_files(
    tmp_path: Path, name: str, text: str, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, name, text, **config)


def test_written_sentences_read_back(tmp_path: Path) -> None:
    tokens, tags = ["a b", "#", '"'], ["B-X", "O", "O"]
    assert (
        pairs(read(tmp_path, "a.tsv", conll_lines(tokens, tags) * 2))
        == [list(zip(tokens, tags, strict=True))] * 2
    )
    line = json_line(tokens=tokens, tags=tags)
    assert json.loads(line) == {"tokens": tokens, "tags": tags}
    assert pairs(read(tmp_path, "a.jsonl", line)) == [list(zip(tokens, tags, strict=True))]


def test_strict_needs_a_scheme() -> None:
    with pytest.raises(ValueError, match="strict checks a scheme"):
        TaggedConfig(scheme="none", strict=True)


def test_numbers_of_columns_count_from_1_in_every_format(tmp_path: Path) -> None:
    assert read(tmp_path, "a.conllu", CONLLU, token_column=3) == read(
        tmp_path, "a.conllu", CONLLU, token_column="lemma"
    )
    found = read(tmp_path, "a.csv", "tag,word\nX,a\n", token_column=2, tag_column=1)
    assert pairs(found) == [[("a", "X")]]


def test_a_short_line_without_tags_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="a.txt, line 2: 1 columns, so there is no token_column 2"):
        read(tmp_path, "a.txt", "1 Ann\n2\n", tagged=False, token_column=2)
