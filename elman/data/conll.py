"""Sentences with tags in files: columns (CoNLL), CoNLL-U, JSON Lines, CSV; read and written.

A reader yields one sentence after the other, so a file of any length is read in constant memory.
What is wrong is said with the file and the line. Knows nothing of what tags mean: see `spans.py`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman._errors import DataError, did_you_mean
from elman.data.lines import read_lines
from elman.data.tagged_config import TaggedConfig

__all__ = ["Sentence", "conll_lines", "format_of", "json_line", "parse_sentences", "read_sentences"]

Column = int | str | None

CONLLU_COLUMNS = (
    *("id", "form", "lemma", "upos", "xpos"),
    *("feats", "head", "deprel", "deps", "misc"),
)
TOKEN_NAMES = ("tokens", "token", "words", "word", "form")
TAG_NAMES = ("tags", "tag", "ner_tags", "labels", "label", "ner", "upos", "pos")
DOCUMENT = "-DOCSTART-"
SPACE = re.compile(r"[ \t]+")
SUFFIXES = {
    ".conllu": "conllu",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """Tokens, their tags where the file has some, and the file's line of each token.

    A JSON line has all its tokens in one line.
    """

    tokens: list[str]
    tags: list[str] | None
    lines: Sequence[int]


def read_sentences(path: Path, config: TaggedConfig, *, tagged: bool = True) -> Iterator[Sentence]:
    """Yield the sentences of a file; ``.gz`` is unpacked on the way.

    Args:
        path: The file.
        config: Its format, and where tokens and tags stand.
        tagged: Whether tags are needed. Otherwise only the tokens are read.

    Raises:
        DataError: If the file cannot be read, or a line is not what the format says; with the
            line.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.conll"
        >>> _ = path.write_text("Ann B-PER\\nsleeps O\\n\\nHi O\\n")
        >>> [(s.tokens, s.tags) for s in read_sentences(path, TaggedConfig())]
        [(['Ann', 'sleeps'], ['B-PER', 'O']), (['Hi'], ['O'])]
    """
    lines = enumerate(read_lines(path, config.encoding), 1)
    return parse_sentences(lines, format_of(path, config), str(path), config, tagged=tagged)


def parse_sentences(
    lines: Iterable[tuple[int, str]], kind: str, name: str, config: TaggedConfig, *, tagged: bool
) -> Iterator[Sentence]:
    """Yield the sentences of lines in one of the formats.

    Args:
        lines: Each with its number.
        kind: The format: ``conll``, ``conllu``, ``jsonl`` or ``csv``.
        name: The file, for messages.
        config: Where tokens and tags stand.
        tagged: Whether tags are needed.
    """
    return READERS[kind](lines, name, config, tagged)


def format_of(path: Path, config: TaggedConfig) -> str:
    """Return a file's format by its name, unless the configuration says it.

    Example:
        >>> format_of(Path("train.conllu.gz"), TaggedConfig())
        'conllu'
    """
    if config.format != "auto":
        return config.format
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return SUFFIXES.get(suffixes[-1] if suffixes else "", "conll")


Lines = Iterable[tuple[int, str]]


class Building:
    """A sentence as it grows, token by token."""

    def __init__(self, tagged: bool) -> None:
        self.tagged = tagged
        self.tokens: list[str] = []
        self.tags: list[str] = []
        self.lines: list[int] = []

    def add(self, number: int, token: str, tag: str | None) -> None:
        """Add a token."""
        self.tokens.append(token)
        self.lines.append(number)
        if tag is not None:
            self.tags.append(tag)

    def end(self) -> Iterator[Sentence]:
        """Yield the sentence, if there is one, and begin a new one."""
        if self.tokens:
            yield Sentence(self.tokens, self.tags if self.tagged else None, self.lines)
        self.tokens, self.tags, self.lines = [], [], []


def read_columns(lines: Lines, name: str, config: TaggedConfig, tagged: bool) -> Iterator[Sentence]:
    """Yield the sentences of columns between tabs or spaces; an empty line ends one."""
    token_at = number_of(config.token_column, 1, "token_column", "columns")
    tag_at = number_of(config.tag_column, -1, "tag_column", "columns")
    counted = min(token_at, tag_at) < 0  # from the end: then all lines must have as many
    columns: int | None = None
    building = Building(tagged)
    for number, line in lines:
        if not line.strip(" \t"):
            yield from building.end()
            continue
        fields = line.strip("\t ").split("\t") if "\t" in line else SPACE.split(line.strip(" "))
        if fields[0] == DOCUMENT:
            yield from building.end()
            continue
        if is_comment(line, fields, columns, building):
            continue
        if columns is None:
            columns = len(fields)
            check_column(name, number, line, columns, token_at, "token_column")
            if tagged:
                check_column(name, number, line, columns, tag_at, "tag_column")
                if token_at % columns == tag_at % columns:
                    raise DataError(
                        f"{name}, line {number}: expected a token and its tag in two columns, got "
                        f"{shown(line)}. If tokens and tags are told apart by something other "
                        "than spaces or tabs, convert the file; JSON Lines is one way"
                    )
        short = len(fields) < columns if counted else len(fields) <= max(token_at, tag_at)
        if tagged and (short or (counted and len(fields) != columns)):
            few = "fewer" if len(fields) < columns else "more"
            raise DataError(
                f"{name}, line {number}: {len(fields)} columns, {few} than the {columns} of the "
                f"lines before: {shown(line)}. Mend the line, or name the columns with "
                "--text.token-column and --text.tag-column, counted from 1"
            )
        if not tagged:
            check_column(name, number, line, len(fields), token_at, "token_column")
        building.add(number, fields[token_at], fields[tag_at] if tagged else None)
    yield from building.end()


def is_comment(line: str, fields: Sequence[str], columns: int | None, building: Building) -> bool:
    """Return whether a line is a comment: it begins with #, stands before a sentence's first
    token, and has not as many columns as the tokens have.
    """
    if not line.startswith("#") or building.tokens:
        return False
    if columns is not None:
        return len(fields) != columns
    return line.startswith(("# ", "#begin ", "#end ")) and len(fields) != 2


def read_conllu(lines: Lines, name: str, config: TaggedConfig, tagged: bool) -> Iterator[Sentence]:
    """Yield the sentences of CoNLL-U; ranges of multiword tokens and empty nodes are left out."""
    token_at = number_of(config.token_column, 2, "token_column", "conllu")
    tag_at = number_of(config.tag_column, 4, "tag_column", "conllu")
    building = Building(tagged)
    for number, line in lines:
        if not line.strip():
            yield from building.end()
            continue
        if line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != len(CONLLU_COLUMNS):
            raise DataError(
                f"{name}, line {number}: {len(fields)} columns between tabs, CoNLL-U has "
                f"{len(CONLLU_COLUMNS)}: {shown(line)}. If it is a file of other columns, give "
                "--text.format conll"
            )
        if fields[0].isdecimal():  # 3-4 is a range of words, 8.1 a word that is not in the text
            building.add(number, fields[token_at], fields[tag_at] if tagged else None)
        elif not re.fullmatch(r"\d+-\d+|\d+\.\d+", fields[0]):
            raise DataError(
                f"{name}, line {number}: expected a token's number in the first column, got "
                f"{fields[0]!r}"
            )
    yield from building.end()


def read_json_lines(
    lines: Lines, name: str, config: TaggedConfig, tagged: bool
) -> Iterator[Sentence]:
    """Yield the sentences of JSON objects, one a line: lists of tokens and of tags."""
    for number, line in lines:
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            content = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: not a JSON object: {error}") from None
        if not isinstance(content, dict):
            raise DataError(f"{where}: expected a JSON object, got {shown(line)}")
        keys = list(content)
        tokens = strings(content, key_of(config.token_column, TOKEN_NAMES, keys, where), where)
        tags = None
        if tagged:
            tags = strings(content, key_of(config.tag_column, TAG_NAMES, keys, where), where)
            if len(tags) != len(tokens):
                raise DataError(f"{where}: {len(tokens)} tokens but {len(tags)} tags")
        if tokens:
            yield Sentence(tokens, tags, [number] * len(tokens))


def read_csv(lines: Lines, name: str, config: TaggedConfig, tagged: bool) -> Iterator[Sentence]:
    """Yield the sentences of a CSV file with a header, one token a row."""
    reached = [0]

    def text() -> Iterator[str]:
        for number, line in lines:
            reached[0] = number
            yield line + "\n"

    rows = csv.reader(text(), strict=True)
    try:
        header = [cell.strip() for cell in next(rows, [])]
        token_at = csv_column(config.token_column, TOKEN_NAMES, header, name)
        tag_at = csv_column(config.tag_column, TAG_NAMES, header, name) if tagged else None
        sentence_at = sentence_column(config.sentence_column, header, name)
        building, current = Building(tagged), ""
        for row in rows:
            number = reached[0]
            if not any(row):
                yield from building.end()
                continue
            if len(row) != len(header):
                raise DataError(
                    f"{name}, line {number}: {len(row)} columns, the header has {len(header)}"
                )
            if sentence_at is not None and row[sentence_at] not in ("", current):
                current = row[sentence_at]
                yield from building.end()
            if not row[token_at]:
                raise DataError(f"{name}, line {number}: the token is empty")
            building.add(number, row[token_at], None if tag_at is None else row[tag_at].strip())
        yield from building.end()
    except csv.Error as error:
        raise DataError(
            f"{name}, line {reached[0]}: {error}. Is a quotation mark not closed?"
        ) from None


READERS: dict[str, Callable[[Lines, str, TaggedConfig, bool], Iterator[Sentence]]] = {
    "conll": read_columns,
    "conllu": read_conllu,
    "jsonl": read_json_lines,
    "csv": read_csv,
}


def number_of(column: Column, default: int, what: str, kind: str) -> int:
    """Return the place of a column that is given by its number; in CoNLL-U by its name too."""
    if column is None:
        return place_of(default, what)
    if kind == "conllu":
        if isinstance(column, str) and not column.removeprefix("-").isdecimal():
            if column.lower() in CONLLU_COLUMNS:
                return CONLLU_COLUMNS.index(column.lower())
            raise DataError(
                f"{what}: CoNLL-U has no column {column!r}{did_you_mean(column, CONLLU_COLUMNS)}. "
                f"It has {', '.join(CONLLU_COLUMNS)}"
            )
        if abs(int(column)) > len(CONLLU_COLUMNS):
            raise DataError(f"{what}: CoNLL-U has {len(CONLLU_COLUMNS)} columns, got {column}")
    try:
        number = int(column)
    except ValueError:
        raise DataError(
            f"{what}: columns of this format have numbers, from 1, and no names; got {column!r}. "
            "If the file is CoNLL-U or CSV, say so with --text.format"
        ) from None
    return place_of(number, what)


def place_of(number: int, what: str) -> int:
    """Return the place of column ``number``, from 1 or, if negative, from the end.

    Example:
        >>> place_of(1, "tag_column"), place_of(-1, "tag_column")
        (0, -1)
    """
    if number == 0:
        raise DataError(f"{what}: columns are counted from 1, or from the end: -1; got 0")
    return number - 1 if number > 0 else number


def check_column(name: str, number: int, line: str, columns: int, at: int, what: str) -> None:
    """Raise unless a line has the column."""
    if not -columns <= at < columns:
        raise DataError(
            f"{name}, line {number}: {columns} columns, so there is no {what} "
            f"{at + 1 if at >= 0 else at}: {shown(line)}"
        )


def key_of(column: Column, names: Sequence[str], known: Sequence[str], where: str) -> str:
    """Return which key of a JSON object is meant."""
    if column is None:
        for name in names:
            if name in known:
                return name
        raise DataError(
            f"{where}: expected one of the keys {', '.join(names)}, got {', '.join(known)}. "
            "Name them with --text.token-column and --text.tag-column"
        )
    if str(column) not in known:
        raise DataError(
            f"{where}: no key {str(column)!r}{did_you_mean(str(column), known)}. "
            f"It has {', '.join(known)}"
        )
    return str(column)


def strings(content: dict[str, Any], key: str, where: str) -> list[str]:
    """Return a list of words from a JSON object."""
    value = content[key]
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        if "" in value:
            raise DataError(f"{where}: {key!r} has an empty text at place {value.index('')}")
        return value
    hint = ""
    if isinstance(value, list) and any(isinstance(part, int) for part in value):
        hint = ". Numbers do not say which tag they are: write the tags' names"
    raise DataError(f"{where}: {key!r} must be a list of texts, got {shown(repr(value))}{hint}")


def csv_column(column: Column, names: Sequence[str], header: Sequence[str], name: str) -> int:
    """Return which column of a CSV file is meant."""
    lower = [cell.lower() for cell in header]
    if column is None:
        for known in names:
            if known in lower:
                return lower.index(known)
        raise DataError(
            f"{name}, line 1: no column is called {', '.join(names[:-1])} or {names[-1]}; it has "
            f"{', '.join(header)}. Name them with --text.token-column and --text.tag-column"
        )
    if str(column).lower() in lower:
        return lower.index(str(column).lower())
    if str(column).removeprefix("-").isdecimal() and abs(int(column)) <= len(header):
        return place_of(int(column), f"{name}, line 1") % len(header)
    raise DataError(
        f"{name}, line 1: no column {str(column)!r}{did_you_mean(str(column), header)}. "
        f"It has {', '.join(header)}"
    )


def sentence_column(column: Column, header: Sequence[str], name: str) -> int | None:
    """Return which column of a CSV file tells sentences apart."""
    if column is not None:
        return csv_column(column, (), header, name)
    for k, cell in enumerate(header):
        if cell.lower().startswith("sent"):
            return k
    return None


def shown(line: str) -> str:
    """Return a line for a message, shortened."""
    return repr(line if len(line) <= 60 else line[:57] + "...")


def conll_lines(tokens: Sequence[str], *columns: Sequence[str]) -> str:
    r"""Return a sentence as columns between tabs, and the empty line that ends it.

    Example:
        >>> conll_lines(["Ann", "sleeps"], ["B-PER", "O"])
        'Ann\tB-PER\nsleeps\tO\n\n'
    """
    rows = zip(tokens, *columns, strict=True)
    return "".join("\t".join(row) + "\n" for row in rows) + "\n"


def json_line(**content: Any) -> str:
    """Return a sentence as one line of JSON.

    Example:
        >>> json_line(tokens=["Ann"], tags=["B-PER"])
        '{"tokens": ["Ann"], "tags": ["B-PER"]}\\n'
    """
    return json.dumps(content, ensure_ascii=False) + "\n"
