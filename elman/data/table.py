"""Tables of texts: CSV, TSV, JSON lines, Parquet, or a folder per class; rows by column name.

A table is read row by row, as often as one likes, in constant memory. What is wrong is refused
with its file and line. What a label or a split is, `labelled.py` knows.
"""

from __future__ import annotations

import csv
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from elman._errors import DataError, did_you_mean
from elman.data.parquet import ParquetFile, is_parquet
from elman.data.table_config import ColumnsConfig
from elman.data.text import read_text, reasons

__all__ = ["SAMPLE", "Row", "Table", "listed", "looks_like_table", "open_table"]

SAMPLE = 1000
"""Rows that are looked at to guess what a file leaves unsaid."""
FIELD_CHARACTERS = 1 << 24
"""Longest field of a CSV; beyond it a quote was not closed."""
DELIMITERS = ",;\t|"
KINDS = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".pq")


class Row(NamedTuple):
    """The asked columns of one row, and where it stands: a line or row number, or a file."""

    place: int | str
    values: tuple[str, ...]


class Table(ABC):
    """Rows under named columns.

    Args:
        name: The file or folder.
        columns: Their names, in order.
    """

    unit = "line"
    remark = ""
    """What messages add to the columns' names."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        self.name, self.columns = name, tuple(columns)

    @abstractmethod
    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the values of columns, row by row, from the beginning."""

    def where(self, place: int | str) -> str:
        """Return where a row stands, for messages: ``"a.csv, line 7"``."""
        return place if isinstance(place, str) else f"{self.name}, {self.unit} {place}"

    def find(self, name: str) -> str:
        """Return the name of a column that is given by its name or its number from 1.

        Raises:
            DataError: If there is none, naming those there are, or there are two.
        """
        if self.columns.count(name) > 1:
            raise DataError(f"{self.name} has two columns named '{name}'. Rename one of them")
        if name in self.columns:
            return name
        if name.isdecimal() and 1 <= int(name) <= len(self.columns):
            return self.find(self.columns[int(name) - 1])
        raise DataError(
            f"{self.name} has no column '{name}'{did_you_mean(name, self.columns) or '.'} "
            f"Columns: {listed(self.columns)}{self.remark}"
        )

    def places(self, columns: Sequence[str]) -> list[int]:
        """Return at which positions columns stand."""
        return [self.columns.index(self.find(name)) for name in columns]


def open_table(name: str, config: ColumnsConfig | None = None, encoding: str = "utf-8") -> Table:
    """Open a table; its kind is told by its ending (``.gz`` aside) or its first bytes.

    Raises:
        DataError: If it cannot be read, is empty, or has no rows that could be understood.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.csv"
        >>> _ = path.write_text('text,label\\n"so, fine",good\\nbad,poor\\n')
        >>> table = open_table(str(path))
        >>> table.columns
        ('text', 'label')
        >>> next(table.rows(["label", "text"]))
        Row(place=2, values=('good', 'so, fine'))
    """
    config = config or ColumnsConfig()
    path = Path(name)
    with reasons(path):
        if path.is_dir():
            return FolderTable(path, encoding)
        if is_parquet(path):
            return ParquetTable(path)
    suffix = kind_of(path)
    if suffix == ".json":
        raise DataError(f"{name}: expected JSON lines, one object a line: jq -c '.[]' {name}")
    if suffix in (".jsonl", ".ndjson"):
        return JsonTable(path, encoding)
    return DelimitedTable(path, encoding, suffix in (".tsv", ".tab"), config)


def looks_like_table(path: Path) -> bool:
    """Say whether a path is named as tables are, or is a folder; any other file is lines."""
    return kind_of(path) in KINDS or path.is_dir()


def kind_of(path: Path) -> str:
    """Return a file's ending, that of the content if it is packed."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


class DelimitedTable(Table):
    """CSV or TSV."""

    def __init__(self, path: Path, encoding: str, tabs: bool, config: ColumnsConfig) -> None:
        self._path, self._encoding = path, encoding
        csv.field_size_limit(FIELD_CHARACTERS)
        first = next(lines(read_text(path, encoding)))
        self._delimiter = config.delimiter or ("\t" if tabs else likely_delimiter(first))
        self._quotes = not tabs if config.quotes is None else config.quotes
        super().__init__(str(path), ())
        sample = list(itertools.islice((fields for _, fields in self._records()), SAMPLE))
        self.header = names_columns(sample, config) if config.header is None else config.header
        if not self.header:
            self.remark = " (no line of names was found; if there is one: --columns.header)"
        numbers = (str(number) for number in range(1, len(sample[0]) + 1))
        self.columns = tuple(map(str.strip, sample[0])) if self.header else tuple(numbers)

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the values of columns."""
        places, width = self.places(columns), len(self.columns)
        for line, fields in itertools.islice(self._records(), int(self.header), None):
            if len(fields) != width:
                raise DataError(
                    f"{self.where(line)}: expected {width} columns, found {len(fields)}: "
                    f"{listed(self.columns)}. {self._advice()}"
                )
            yield Row(line, tuple([fields[k] for k in places]))

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record that is not a blank line, and the line where it begins."""
        text = lines(read_text(self._path, self._encoding))
        if not self._quotes:
            for number, line in enumerate(text, 1):
                if bare := line.rstrip("\r\n"):
                    yield number, bare.split(self._delimiter)
            return
        reader = csv.reader(text, delimiter=self._delimiter, strict=True)
        while True:
            began = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise DataError(self._broken(began, reader.line_num, str(error))) from None
            if fields:
                yield began, fields

    def _broken(self, began: int, line: int, error: str) -> str:
        if "unexpected end" in error or "field larger" in error:
            what = "a quote that is opened here is never closed"
        elif "expected after" in error:
            what = f"broken quoting (seen at line {line}): a quote inside a field is written twice"
        else:
            what = error
        return (
            f"{self.where(began)}: {what}. If quotes are ordinary signs in this file: "
            "--columns.no-quotes"
        )

    def _advice(self) -> str:
        if self._quotes:
            return f'Put a text that holds "{self._delimiter}" between quotes'
        return 'If quotes enclose fields ("...") in this file: --columns.quotes'


class JsonTable(Table):
    """JSON lines: an object a line."""

    def __init__(self, path: Path, encoding: str) -> None:
        self._path, self._encoding = path, encoding
        super().__init__(str(path), ())
        keys: dict[str, None] = {}
        for _, record in itertools.islice(self._records(), SAMPLE):
            keys.update(dict.fromkeys(record))
        self.columns = tuple(keys)

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the values of columns."""
        names = [self.find(name) for name in columns]
        for line, record in self._records():
            for name in names:
                if name not in record:
                    raise DataError(f"{self.where(line)}: no '{name}'; keys: {listed(record)}")
            yield Row(line, tuple([self._plain(line, name, record[name]) for name in names]))

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(lines(read_text(self._path, self._encoding)), 1):
            if line.isspace():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{self.where(number)}: not JSON: {error}") from None
            if not isinstance(record, dict):
                raise DataError(
                    f"{self.where(number)}: expected an object such as "
                    f'{{"text": "...", "label": "..."}}, got {type(record).__name__}'
                )
            yield number, record

    def _plain(self, line: int, name: str, value: Any) -> str:
        try:
            return as_text(value)
        except TypeError as error:
            raise DataError(f"{self.where(line)}: '{name}' {error}") from None


class ParquetTable(Table):
    """An Apache Parquet file."""

    unit = "row"

    def __init__(self, path: Path) -> None:
        self._file = ParquetFile(path)
        super().__init__(str(path), self._file.columns)

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the values of columns."""
        names = [self.find(name) for name in columns]
        for number, values in enumerate(self._file.rows(names), 1):
            try:
                yield Row(number, tuple([as_text(value) for value in values]))
            except TypeError as error:
                raise DataError(f"{self.where(number)}: a value {error}") from None


class FolderTable(Table):
    """A folder for each class, a file for each text."""

    def __init__(self, path: Path, encoding: str) -> None:
        super().__init__(str(path), ("text", "label"))
        self._encoding = encoding
        self._classes = [p for p in seen(path) if p.is_dir()]
        if not self._classes:
            raise DataError(
                f"{path} holds no folders. Expected a folder for each class with a file for "
                f"each text in it: {path}/good/1.txt, {path}/bad/2.txt"
            )
        for folder in self._classes:
            if deeper := next((p for p in seen(folder) if p.is_dir()), None):
                raise DataError(
                    f"{deeper} is a folder; expected files of text in {folder}, which would be "
                    f"a class. Give the folder that holds the classes, such as {folder}"
                )

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the files, class by class."""
        places = self.places(columns)
        for folder in self._classes:
            for path in seen(folder):
                text = "".join(read_text(path, self._encoding)) if path.stat().st_size else ""
                values = (text, folder.name)
                yield Row(str(path), tuple([values[k] for k in places]))


def seen(folder: Path) -> list[Path]:
    """Return what is in a folder and not hidden, by name."""
    with reasons(folder):
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def lines(chunks: Iterable[str]) -> Iterator[str]:
    r"""Yield the lines of a text that comes in chunks, with their ends; only ``\n`` ends one."""
    rest = ""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split("\n")
        for line in whole:
            yield line + "\n"
    if rest:
        yield rest


def likely_delimiter(line: str) -> str:
    """Return the delimiter that cuts a line into the most fields; a comma if none does."""
    counts = [len(next(csv.reader([line], delimiter=sign), [])) for sign in DELIMITERS]
    return DELIMITERS[counts.index(max(counts))]


def names_columns(sample: Sequence[Sequence[str]], config: ColumnsConfig) -> bool:
    """Say whether the first record names the columns: nothing in it occurs again below."""
    first, below = sample[0], sample[1:]
    asked = {*config.text, config.label} - {None}
    if asked and asked <= set(map(str.strip, first)):
        return True
    return not any(
        cell.strip() and any(len(row) > k and row[k] == cell for row in below)
        for k, cell in enumerate(first)
    )


def as_text(value: Any) -> str:
    """Return a value of JSON or Parquet as text; words in a list are joined.

    Raises:
        TypeError: If it is neither text, number, truth value, nothing, nor a list of words.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return " ".join(value)
    raise TypeError(f"must be text, a number or a list of words, got {type(value).__name__}")


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return names as a list to read, cut where it is long."""
    names = list(names)
    return ", ".join(names[:most]) + (f", ... ({len(names)} in all)" if len(names) > most else "")
