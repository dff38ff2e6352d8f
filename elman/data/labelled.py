"""Labelled texts as ids: columns found, labels numbered, rows split, texts tokenised.

The table is read three times, for the labels, the vocabulary and the tokens, so that its text
never has to fit into memory; only the ids do.
"""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError, did_you_mean
from elman.data.corpus import Progress
from elman.data.find import find_data
from elman.data.lines import read_lines
from elman.data.sentence import learn_tokenizer, sentence_ids, usual_tokenizer
from elman.data.split import split_rows
from elman.data.table import SAMPLE, Row, Table, listed, looks_like_table, open_table
from elman.data.table_config import ColumnsConfig, LabelledConfig
from elman.data.tokenizer import Ids, Tokenizer
from elman.data.tokenizer.base import ids_dtype

__all__ = [
    "Columns",
    "Examples",
    "LabelledSets",
    "choose_columns",
    "read_examples",
    "read_labelled",
    "read_texts",
    "with_tokenizer",
]

TEXT_NAMES = (
    *("text", "sentence", "review", "review_text", "comment", "content", "body", "message"),
    *("document", "question", "tweet", "utterance", "description", "headline", "title", "query"),
    *("phrase", "sms", "sequence", "name"),
)
LABEL_NAMES = (
    *("label", "labels", "class", "category", "sentiment", "target", "intent", "topic", "tag"),
    *("polarity", "rating", "stars", "score", "type", "language", "y"),
)
MANY = 100
"""So many labels are believed only if most of them come more than once."""
TOLD_EVERY = 1000
T = TypeVar("T")


class Columns(NamedTuple):
    """The columns of the text, joined by a space, and that of the label."""

    text: tuple[str, ...]
    label: str


@dataclass(frozen=True)
class Examples:
    """Texts as ids, one after the other, with their labels.

    Args:
        ids: All tokens of all texts, ``(N,)``.
        starts: Where each text begins in ``ids``, and the end, ``(E + 1,)``.
        labels: The number of each text's label, ``(E,)``.
        cut: Texts that were longer than the limit.

    Example:
        >>> ids, starts = np.array([5, 6, 7], np.uint8), np.array([0, 2, 3])
        >>> examples = Examples(ids, starts, labels=np.array([0, 1]))
        >>> len(examples), examples[0], examples.lengths
        (2, array([5, 6], dtype=uint8), array([2, 1]))
    """

    ids: Ids
    starts: NDArray[np.int64]
    labels: NDArray[np.int64]
    cut: int = 0

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, key: int) -> Ids: ...
    @overload
    def __getitem__(self, key: NDArray[np.int64]) -> list[Ids]: ...
    def __getitem__(self, key: int | NDArray[np.int64]) -> Ids | list[Ids]:
        if isinstance(key, np.ndarray):
            return [self[int(k)] for k in key]
        return self.ids[self.starts[key] : self.starts[key + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Tokens of each text, ``(E,)``."""
        return np.diff(self.starts)


@dataclass(frozen=True)
class LabelledSets:
    """A table of labelled texts, tokenised and split.

    Args:
        tokenizer: Learned from the training part alone.
        labels: The names of the labels; an example's label is a place in it.
        columns: Where they were found.
        train: To learn from.
        valid: To choose the model by; may be empty.
        test: For the last test; may be empty.
        skipped: Rows left out because text or label was empty.
        fingerprint: Differs when any token or label of any part does.
    """

    tokenizer: Tokenizer
    labels: tuple[str, ...]
    columns: Columns
    train: Examples
    valid: Examples
    test: Examples
    skipped: int
    fingerprint: str


def read_labelled(
    data: str,
    config: LabelledConfig,
    columns: ColumnsConfig,
    *,
    tokenizer: Tokenizer | None = None,
    progress: Progress | None = None,
) -> LabelledSets:
    """Read a table of labelled texts.

    Args:
        data: A CSV, TSV, JSON lines or Parquet file, a folder with a folder for each class, or
            a set by its name.
        config: Encoding, split and tokenizer.
        columns: Where text and label stand.
        tokenizer: An existing one; then none is learned.
        progress: Told how far the work is.

    Raises:
        DataError: If the data is not what it should be; the message names file and line.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.csv"
        >>> _ = path.write_text("text,label\\n" + "fine,good\\nbad,poor\\n" * 10)
        >>> sets = read_labelled(str(path), LabelledConfig(), ColumnsConfig())
        >>> sets.labels, [len(part) for part in (sets.train, sets.valid, sets.test)]
        (('good', 'poor'), [16, 2, 2])
    """
    config = with_tokenizer(data, config, columns)
    table = open_table(find_data(data), columns, config.encoding)
    chosen = choose_columns(table, columns)
    source = Source(table, chosen, columns.skip_empty)
    names = [row.values[-1] for row in source.rows()]
    labels = label_names(table, chosen.label, names)
    number_of = {label: k for k, label in enumerate(labels)}
    numbers = np.array([number_of[name] for name in names], np.int64)
    del names
    rows = split_rows(len(numbers), config, numbers)
    part_of = np.zeros(len(numbers), np.int8)
    part_of[rows.valid], part_of[rows.test] = 1, 2
    if tokenizer is None:
        tokenizer = learn_tokenizer(
            told(source.parts(part_of, 0), len(rows.train), progress, "vocabulary"), config
        )
    builders = [Builder(tokenizer, config.max_length) for _ in range(3)]
    read = told(source.rows(), len(numbers), progress, "tokens")
    for row, part, number in zip(read, part_of, numbers, strict=True):
        builders[part].add(row_text(row.values[:-1]), int(number))
    parts = {
        name: builder.examples()
        for name, builder in zip(("train", "valid", "test"), builders, strict=True)
    }
    known = set(np.unique(parts["train"].labels).tolist())
    if missing := [label for k, label in enumerate(labels) if k not in known]:
        raise DataError(f"{data}: no example of {listed(missing)} is left to train on")
    for name in ("valid", "test"):
        if (file := getattr(config, name)) is not None:
            own = columns.model_copy(update={"text": chosen.text, "label": chosen.label})
            parts[name] = read_examples(file, config, own, tokenizer, labels, progress)
    digest = hashlib.sha256("\0".join(labels).encode("utf-8", "surrogatepass"))
    for examples in parts.values():
        for array in (examples.ids, examples.starts, examples.labels):
            digest.update(np.ascontiguousarray(array).tobytes())
    return LabelledSets(
        tokenizer, labels, chosen, **parts, skipped=source.skipped, fingerprint=digest.hexdigest()
    )


def read_examples(
    data: str,
    config: LabelledConfig,
    columns: ColumnsConfig,
    tokenizer: Tokenizer,
    labels: Sequence[str],
    progress: Progress | None = None,
) -> Examples:
    """Read all rows of another table, whose labels are known already.

    Raises:
        DataError: If a label is not one of them, with the line where it stands.
    """
    table = open_table(find_data(data), columns, config.encoding)
    source = Source(table, choose_columns(table, columns), columns.skip_empty)
    number_of = {label: k for k, label in enumerate(labels)}
    builder = Builder(tokenizer, config.max_length)
    for row in source.rows():
        *texts, label = row.values
        if label not in number_of:
            raise DataError(
                f"{table.where(row.place)}: label '{label}' does not occur in the training "
                f"part{did_you_mean(label, labels) or '.'} Its labels: {listed(labels)}. "
                "Add examples of it there, or take the row out"
            )
        builder.add(row_text(texts), number_of[label])
        if progress is not None and len(builder) % TOLD_EVERY == 0:
            progress(len(builder), 2 * len(builder), f"tokens of {data}")
    examples = builder.examples()
    if not len(examples):
        raise DataError(f"{data} has no rows")
    return examples


def with_tokenizer(data: str, config: LabelledConfig, columns: ColumnsConfig) -> LabelledConfig:
    """Return a configuration that names its tokenizer, chosen by the first texts if it did not.

    Most texts a single word, such as names: characters. Otherwise words.
    """
    if config.tokenizer is not None:
        return config
    table = open_table(find_data(data), columns, config.encoding)
    rows = itertools.islice(table.rows(choose_columns(table, columns).text), SAMPLE)
    chosen = usual_tokenizer(row_text(row.values) for row in rows)
    return config.model_copy(update={"tokenizer": chosen})


def read_texts(data: str, columns: ColumnsConfig, encoding: str = "utf-8") -> Iterator[str]:
    """Yield texts without labels: those of a table, or the lines of any other file.

    Args:
        data: A table, as for `read_labelled`, or a file with a text on each line.
        columns: Which columns of a table hold the text; the label's is not looked for.
        encoding: Of the file.

    Raises:
        DataError: If the file cannot be read or a column is missing.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.txt"
        >>> _ = path.write_text("one, two\\nthree\\n")
        >>> list(read_texts(str(path), ColumnsConfig()))
        ['one, two', 'three']
    """
    if not looks_like_table(Path(data)):
        yield from read_lines(Path(data), encoding)
        return
    table = open_table(data, columns, encoding)
    text = tuple(table.find(name) for name in columns.text) or usual(table.columns, TEXT_NAMES)
    if text is None:
        raise DataError(
            f"{data}: which column is the text? Say --columns.text NAME. "
            f"Columns: {listed(table.columns)}"
        )
    for row in table.rows([text] if isinstance(text, str) else text):
        yield row_text(row.values)


class Source:
    """The rows of a table that have text and label, as often as they are needed."""

    def __init__(self, table: Table, columns: Columns, skip_empty: bool) -> None:
        self._table, self._columns, self._skip_empty = table, columns, skip_empty
        self.skipped = 0

    def rows(self) -> Iterator[Row]:
        """Yield text columns and label, the label stripped of white space at its ends."""
        self.skipped = 0
        for place, (*texts, name) in self._table.rows([*self._columns.text, self._columns.label]):
            label = name.strip()
            has_text = any(text and not text.isspace() for text in texts)
            if label and has_text:
                yield Row(place, (*texts, label))
            elif self._skip_empty:
                self.skipped += 1
            else:
                what = "label" if has_text else "text"
                raise DataError(
                    f"{self._table.where(place)}: the {what} is empty. Fill it in, take the row "
                    "out, or leave such rows out with --columns.skip-empty"
                )

    def parts(self, part_of: NDArray[np.int8], part: int) -> Iterator[str]:
        """Yield the texts of one part."""
        for row, own in zip(self.rows(), part_of, strict=True):
            if own == part:
                yield row_text(row.values[:-1])


class Builder:
    """Examples that grow row by row, in one piece of memory."""

    def __init__(self, tokenizer: Tokenizer, max_length: int | None) -> None:
        self._tokenizer, self._max_length = tokenizer, max_length
        self._dtype = ids_dtype(tokenizer.vocab_size)
        self._ids = bytearray()
        self._starts = [0]
        self._labels: list[int] = []
        self._cut = 0

    def __len__(self) -> int:
        return len(self._labels)

    def add(self, text: str, label: int) -> None:
        """Take in one example."""
        ids = sentence_ids(self._tokenizer, text)
        if self._max_length is not None and len(ids) > self._max_length:
            ids, self._cut = ids[: self._max_length], self._cut + 1
        self._ids += ids.astype(self._dtype, copy=False).tobytes()
        self._starts.append(self._starts[-1] + len(ids))
        self._labels.append(label)

    def examples(self) -> Examples:
        """Return all of them."""
        return Examples(
            np.frombuffer(bytes(self._ids), self._dtype),
            np.array(self._starts, np.int64),
            np.array(self._labels, np.int64),
            self._cut,
        )


def row_text(texts: Sequence[str]) -> str:
    """Return the text of a row whose text stands in one column or several."""
    return texts[0] if len(texts) == 1 else " ".join(text for text in texts if text)


def label_names(table: Table, column: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the different labels, numbers by value, others by alphabet.

    Raises:
        DataError: If there are none, one alone, or so many that they cannot be labels.
    """
    counts = Counter(names)
    if not counts:
        raise DataError(f"{table.name} has no rows; expected texts, each with a label")
    if len(counts) == 1:
        raise DataError(
            f"{table.name}: all {len(names):,} rows have the label '{names[0]}' in column "
            f"'{column}'; a classifier needs two or more. If the labels are in another column: "
            f"--columns.label. Columns: {listed(table.columns)}"
        )
    once = sum(count == 1 for count in counts.values())
    if len(counts) > MANY and once > len(counts) / 2:
        raise DataError(
            f"{table.name}: column '{column}' has {len(counts):,} different values, most of them "
            "once: these are no labels. Name the column that holds them: --columns.label. "
            f"Columns: {listed(table.columns)}"
        )
    try:
        return tuple(sorted(counts, key=int))
    except ValueError:
        return tuple(sorted(counts))


def choose_columns(table: Table, config: ColumnsConfig) -> Columns:
    """Find the columns of text and label: as told, by usual names, or as the two that there are.

    Raises:
        DataError: If a named one is not there, or it cannot be told which is which.
    """
    text = tuple(table.find(name) for name in config.text)
    label = None if config.label is None else table.find(config.label)
    if label in text:
        raise DataError(f"{table.name}: column '{label}' cannot be both text and label")
    free = [name for name in table.columns if name != label and name not in text]
    label = label or usual(free, LABEL_NAMES)
    free = [name for name in free if name != label]
    text = text or tuple(name for name in [usual(free, TEXT_NAMES)] if name is not None)
    free = [name for name in free if name not in text]
    if label is None and not text and len(free) == 2:
        label = fewer_values(table, free)
        text = tuple(name for name in free if name != label)
    elif len(free) == 1 and len(table.columns) == 2:
        label, text = label or free[0], text or (free[0],)
    if label is None or not text:
        what = "text" if label else "label" if text else "text and which the label"
        flags = ("" if text else " --columns.text NAME") + (
            "" if label else " --columns.label NAME"
        )
        raise DataError(
            f"{table.name}: which column is the {what}? Say{flags}. "
            f"Columns: {listed(table.columns)}{table.remark}"
        )
    return Columns(text, label)


def usual(names: Iterable[str], known: Sequence[str]) -> str | None:
    """Return the name that comes first among those that are usual."""
    places = {name.strip().lower().replace(" ", "_"): name for name in names}
    return next((places[name] for name in known if name in places), None)


def fewer_values(table: Table, columns: Sequence[str]) -> str:
    """Return the column with fewer different values among the first rows."""
    seen: list[set[str]] = [set() for _ in columns]
    for _, row in zip(range(SAMPLE), table.rows(columns), strict=False):
        for values, value in zip(seen, row.values, strict=True):
            values.add(value)
    sizes = [len(values) for values in seen]
    if sizes[0] == sizes[1]:
        raise DataError(
            f"{table.name}: cannot tell which of its columns is the text: {listed(columns)}. "
            "Say --columns.text NAME --columns.label NAME"
        )
    return columns[int(sizes[1] < sizes[0])]


def told(items: Iterator[T], total: int, progress: Progress | None, phase: str) -> Iterator[T]:
    """Pass items on, and tell how many of them there were."""
    for number, item in enumerate(items, 1):
        yield item
        if progress is not None and number % TOLD_EVERY == 0:
            progress(number, total, phase)
