"""Labelled sequences of DNA: from headers, a table, or a folder with a file for each class."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError, did_you_mean
from elman.data.dna.alphabet import Codes, encoded, reverse_complement
from elman.data.dna.config import DnaConfig
from elman.data.dna.fasta import ENDINGS, Record, is_sequences, read_records
from elman.data.find import find_data
from elman.data.split import split_rows
from elman.data.table import Table, listed, open_table
from elman.data.table_config import ColumnsConfig

__all__ = [
    "DnaSets",
    "Sequences",
    "read_dna",
    "read_other_dna",
    "sequence_files",
    "sequences_of_table",
]

Progress = Callable[[int, int, str], None]
SEQUENCE_NAMES = ("sequence", "seq", "dna", "nucleotides", "bases", "letters", "text")
LABEL_NAMES = ("label", "class", "target", "category", "type", "y")
TOLD_EVERY = 20_000


class Labelled(NamedTuple):
    """A sequence, its label, and where it stands."""

    codes: Codes
    label: str
    where: str


@dataclass(frozen=True)
class Sequences:
    """Labelled sequences, in one piece of memory.

    Args:
        codes: All of them, one behind the other, ``(N,)``.
        starts: Where each begins, and where the last ends, ``(E + 1,)``.
        labels: The number of each one's label, ``(E,)``.
    """

    codes: Codes
    starts: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, key: int, /) -> Codes:
        return self.codes[self.starts[key] : self.starts[key + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Letters of each, ``(E,)``."""
        return np.diff(self.starts)


@dataclass(frozen=True)
class DnaSets:
    """Labelled sequences, read and split.

    Args:
        labels: Names of the classes.
        train: To learn from.
        valid: To choose by.
        test: For the last test.
        fingerprint: Differs when any letter or label does.
        notes: What was left out, in a few words each.
    """

    labels: tuple[str, ...]
    train: Sequences
    valid: Sequences
    test: Sequences
    fingerprint: str
    notes: tuple[str, ...]


def read_dna(data: str, config: DnaConfig, progress: Progress | None = None) -> DnaSets:
    """Read labelled sequences and divide them as the configuration says.

    Args:
        data: A FASTA or FASTQ file whose headers have labels, a table with a column of sequences
            and one of labels, a folder with a file of sequences for each class, or a built-in set.
        config: How it is read.
        progress: Told how much has been read.

    Raises:
        DataError: If it cannot be read or learned from, with file and line.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.fa"
        >>> _ = path.write_text("".join(f">s{k} label={'ab'[k % 2]}\\n{'ACGT'[k % 4] * (k + 1)}\\n"
        ...                             for k in range(40)))
        >>> sets = read_dna(str(path), DnaConfig())
        >>> sets.labels, len(sets.train), len(sets.valid), len(sets.test)
        (('a', 'b'), 32, 4, 4)
    """
    rows, notes = kept(told(labelled(find_data(data), config), progress, data), config)
    labels = tuple(sorted({row.label for row in rows}))
    if len(labels) < 2:
        only = f": all {len(rows):,} have '{labels[0]}'" if labels else ""
        raise DataError(f"{data}: expected sequences of two labels or more{only}")
    numbers = np.array([labels.index(row.label) for row in rows], np.int64)
    parts = split_rows(len(rows), config, strata=numbers)
    train = gathered([rows[k] for k in parts.train], labels)
    held: list[Sequences] = []
    for name, own, drawn in (
        ("validation", config.valid, parts.valid),
        ("test", config.test, parts.test),
    ):
        if own is None:
            held.append(gathered([rows[k] for k in drawn], labels))
            continue
        other = read_other_dna(own, config, labels, progress)
        twice = len(keys(other, config) & keys(train, config))
        if twice:
            notes += (f"{twice:,} of the {name} part are in the training part too",)
        held.append(other)
    valid, test = held
    return DnaSets(labels, train, valid, test, fingerprint(labels, [train, valid, test]), notes)


def read_other_dna(
    data: str, config: DnaConfig, labels: Sequence[str], progress: Progress | None = None
) -> Sequences:
    """Read all sequences of other data, whose labels are known already.

    Raises:
        DataError: If there is none, or a label is not one of them.
    """
    rows = []
    for row in told(labelled(find_data(data), config), progress, data):
        if row.label not in labels:
            raise DataError(
                f"{row.where}: label '{row.label}' does not occur in the training part"
                f"{did_you_mean(row.label, labels) or '.'} Its labels: {', '.join(labels)}"
            )
        rows.append(row)
    return gathered(rows, labels)


def labelled(path: str, config: DnaConfig) -> Iterator[Labelled]:
    """Yield the sequences of a file or folder with their labels."""
    if Path(path).is_dir():
        for file in sequence_files(path):
            stem = file.name.removesuffix(".gz").rpartition(".")[0]
            for record in read_records(str(file)):
                yield Labelled(record.codes, stem, f"{file}, line {record.line}")
    elif is_sequences(path):
        for record in read_records(path):
            where = f"{path}, line {record.line}"
            yield Labelled(record.codes, label_of(record, where, config.label or "label"), where)
    else:
        yield from of_table(path, config)


def sequence_files(folder: str) -> list[Path]:
    """Return the files of sequences in a folder, by name.

    Raises:
        DataError: If there is none.
    """
    files = sorted(file for file in Path(folder).iterdir() if is_sequences(file.name))
    if not files:
        raise DataError(
            f"{folder} has no files of sequences ({', '.join(ENDINGS)}, or these with .gz); "
            "expected one for each class"
        )
    return files


def label_of(record: Record, where: str, key: str) -> str:
    """Return the label that stands in a header: behind ``key=``, or as its only other word."""
    found = re.search(rf"(?:^|[\s;|]){re.escape(key)}=(\"[^\"]*\"|[^\s;|]+)", record.about)
    if found:
        return found[1].strip('"')
    words = record.about.split()
    if len(words) == 1 and "=" not in words[0]:
        return words[0]
    raise DataError(
        f"{where}: no label of '{record.name}' in its header; expected >{record.name} LABEL or "
        f">{record.name} {key}=LABEL. Labels elsewhere: give a table with the columns sequence and "
        "label, or a folder with a file for each class"
    )


def of_table(path: str, config: DnaConfig) -> Iterator[Labelled]:
    """Yield the sequences of a table with their labels."""
    table = open_table(path, ColumnsConfig(), config.encoding)
    column = column_of(table, config.sequence, SEQUENCE_NAMES, "sequence")
    columns = [column, column_of(table, config.label, LABEL_NAMES, "label")]
    for place, (letters, label) in table.rows(columns):
        where = table.where(place)
        if not label.strip():
            raise DataError(f"{where}: the label is empty. Fill it in, or take the row out")
        yield Labelled(codes_of(letters, where, column), label.strip(), where)


def sequences_of_table(path: str, config: DnaConfig) -> Iterator[tuple[str, Codes]]:
    """Yield the sequences of a table, each with where it stands."""
    table = open_table(path, ColumnsConfig(), config.encoding)
    column = column_of(table, config.sequence, SEQUENCE_NAMES, "sequence")
    for place, (letters,) in table.rows([column]):
        where = table.where(place)
        yield where, codes_of(letters, where, column)


def column_of(table: Table, name: str | None, usual: Sequence[str], what: str) -> str:
    """Return the column that was named, or has a usual name."""
    if name is not None:
        return table.find(name)
    places = {column.strip().lower(): column for column in table.columns}
    for known in usual:
        if known in places:
            return places[known]
    raise DataError(
        f"{table.name}: which column is the {what}? Say --dna.{what} NAME. "
        f"Columns: {listed(table.columns)}{table.remark}"
    )


def codes_of(text: str, where: str, column: str) -> Codes:
    """Return the codes of the letters in a table.

    Raises:
        DataError: If there is none, or one is no nucleotide.
    """
    letters = "".join(text.split())
    codes = encoded(letters)
    if not len(codes):
        raise DataError(f"{where}: the sequence is empty. Fill it in, or take the row out")
    if not codes.all():
        raise DataError(
            f"{where}: {letters[int(np.argmin(codes))]!r} in column '{column}' is no nucleotide; "
            "expected A, C, G, T, U and the codes RYSWKMBDHVN"
        )
    return codes


def kept(rows: Iterator[Labelled], config: DnaConfig) -> tuple[list[Labelled], tuple[str, ...]]:
    """Return the sequences that are read, and a note of those that are left out."""
    if not config.unique:
        return list(rows), ()
    first: dict[bytes, str] = {}
    found, differing, every = [], 0, 0
    for row in rows:
        every += 1
        key = identity(row.codes, config)
        if key in first:
            differing += first[key] != row.label
            continue
        first[key] = row.label
        found.append(row)
    twice = every - len(found)
    if not twice:
        return found, ()
    other = f", {differing:,} of them with another label" if differing else ""
    return found, (f"{twice:,} repeated sequences left out{other}",)


def identity(codes: Codes, config: DnaConfig) -> bytes:
    """Return what is the same for sequences that count as one."""
    letters = codes.tobytes()
    if config.both_strands:
        letters = min(letters, reverse_complement(codes).tobytes())
    return hashlib.blake2b(letters, digest_size=16).digest()


def keys(sequences: Sequences, config: DnaConfig) -> set[bytes]:
    """Return the identities of some sequences."""
    return {identity(sequences[k], config) for k in range(len(sequences))}


def gathered(rows: Sequence[Labelled], labels: Sequence[str]) -> Sequences:
    """Lay sequences one behind the other."""
    number = {label: k for k, label in enumerate(labels)}
    starts = np.cumsum([0, *(len(row.codes) for row in rows)], dtype=np.int64)
    codes = np.concatenate([row.codes for row in rows]) if rows else np.empty(0, np.uint8)
    return Sequences(codes, starts, np.array([number[row.label] for row in rows], np.int64))


def fingerprint(labels: Sequence[str], parts: Sequence[Sequences]) -> str:
    """Return what differs when any letter, label or part does."""
    digest = hashlib.sha256("\0".join(labels).encode())
    for part in parts:
        for array in (part.starts, part.labels, part.codes):
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def told(rows: Iterator[Labelled], progress: Progress | None, name: str) -> Iterator[Labelled]:
    """Pass sequences on, and say how many there were."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts["all"] += 1
        if progress is not None and counts["all"] % TOLD_EVERY == 0:
            progress(counts["all"], 2 * counts["all"], f"sequences of {name}")
        yield row
