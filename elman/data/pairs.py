r"""Pairs of sequences: a table of two columns, JSON lines, conversations, or two parallel files.

Every line must hold a whole pair; the first that does not is an error with its file and number.
What is a token is not known here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from elman._errors import DataError, did_you_mean
from elman.data.find import find_data
from elman.data.lines import read_lines
from elman.data.pairs_config import PairsConfig
from elman.data.split import split_rows

__all__ = ["TURN", "Pair", "PairSets", "read_pair_sets", "read_pairs"]

Pair = tuple[str, str]
"""Source and target, without white space at their ends."""

TURN = "\n"
"""Stands between the turns of a conversation: a token of its own in every vocabulary."""


@dataclass(frozen=True)
class PairSets:
    """The pairs of each part, in the order of their file.

    Args:
        train: To learn from.
        valid: To choose the model by; may be empty.
        test: For the last test; may be empty.
        fingerprint: Differs when any pair of any part does.
    """

    train: list[Pair]
    valid: list[Pair]
    test: list[Pair]
    fingerprint: str


def read_pair_sets(source: str, target: str | None, config: PairsConfig) -> PairSets:
    r"""Read all pairs and divide them as the configuration says.

    Args:
        source: The file of pairs, or of the source side.
        target: The file of the target side, if it is another one.
        config: The columns and the split.

    Raises:
        DataError: If a file cannot be read, a line does not hold a pair, or a part is empty.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "pairs.tsv"
        >>> _ = path.write_text("".join(f"{n}\t{n * n}\n" for n in range(10)))
        >>> sets = read_pair_sets(str(path), None, PairsConfig())
        >>> len(sets.train), len(sets.valid), sets.test
        (8, 1, [('4', '16')])
    """
    main = list(read_pairs(source, target, config))
    rows = split_rows(len(main), config)
    parts = {name: [main[k] for k in getattr(rows, name)] for name in ("train", "valid", "test")}
    for name in ("valid", "test"):
        if (file := getattr(config, name)) is not None:
            parts[name] = list(read_pairs(file, getattr(config, f"{name}_target"), config))
    digest = hashlib.sha256()
    for part in parts.values():
        digest.update(json.dumps(part).encode())
    return PairSets(**parts, fingerprint=digest.hexdigest())


def read_pairs(source: str, target: str | None, config: PairsConfig) -> Iterator[Pair]:
    """Yield the pairs of a file, of a set that is known by name, or of two parallel files.

    A name that ends in ``.jsonl``, ``.ndjson`` or ``.json`` is JSON lines, anything else a table
    with tabs; ``.gz`` may follow.

    Raises:
        DataError: At the first line that holds no pair, with its file and number.
    """
    if target is not None:
        yield from parallel(source, target, config.encoding)
        return
    source = find_data(source)
    if Path(source.lower().removesuffix(".gz")).suffix in {".jsonl", ".ndjson", ".json"}:
        yield from json_pairs(source, config)
    else:
        yield from table_pairs(source, config)


def parallel(source: str, target: str, encoding: str) -> Iterator[Pair]:
    """Yield the lines of two files side by side."""
    sides = zip_longest(read_lines(Path(source), encoding), read_lines(Path(target), encoding))
    count = 0
    for count, (left, right) in enumerate(sides, 1):
        if left is None or right is None:
            longer, shorter = (target, source) if left is None else (source, target)
            lines = count + sum(1 for _ in sides)
            raise DataError(
                f"{longer} has {lines:,} lines, {shorter} has {count - 1:,}: two parallel files "
                "need a line in each for every pair"
            )
        yield whole(left, right, f"{source}, line {count}", f"{target}, line {count}")


def table_pairs(path: str, config: PairsConfig) -> Iterator[Pair]:
    """Yield two columns of a table with tabs."""
    names = [config.source_column or "1", config.target_column or "2"]
    columns: list[int] | None = None
    if all(name.isdecimal() and int(name) for name in names):
        columns = [int(name) - 1 for name in names]
    for number, line in enumerate(read_lines(Path(path), config.encoding), 1):
        cells = line.split("\t")
        where = f"{path}, line {number}"
        if columns is None:
            columns = [column(name, cells, where) for name in names]
            continue
        if len(cells) <= max(columns):
            raise DataError(
                f"{where}: expected at least {max(columns) + 1} columns between tabs, got "
                f"{len(cells)}: {shown(line)}"
            )
        left, right = (cells[k] for k in columns)
        yield whole(left, right, where, where)


def column(name: str, header: list[str], where: str) -> int:
    """Return the place of a column that is named by its heading or by a number from 1."""
    if name.isdecimal() and int(name):
        return int(name) - 1
    if name not in header:
        near = did_you_mean(name, header) or "."
        raise DataError(f"{where}: no column '{name}'{near} There are: {', '.join(header)}")
    return header.index(name)


def json_pairs(path: str, config: PairsConfig) -> Iterator[Pair]:
    """Yield the pairs of JSON lines: objects with two texts, or with turns."""
    keys = config.source_column or "source", config.target_column or "target"
    for number, line in enumerate(read_lines(Path(path), config.encoding), 1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: not a JSON object: {error}: {shown(line)}") from None
        if not isinstance(record, dict):
            raise DataError(f"{where}: expected a JSON object, got {shown(line)}")
        if "turns" in record:
            yield from replies(record["turns"], config.turns, where)
            continue
        for key in keys:
            if not isinstance(record.get(key), str):
                near = did_you_mean(key, record) or ". "
                raise DataError(
                    f"{where}: expected a text under '{key}'{near}; it has: {', '.join(record)}"
                )
        yield whole(record[keys[0]], record[keys[1]], where, where)


def replies(turns: Any, window: int, where: str) -> Iterator[Pair]:
    """Yield every turn but the first as the reply to the turns before it."""
    if not isinstance(turns, list) or len(turns) < 2:
        raise DataError(f"{where}: expected 'turns' to be a list of at least two texts")
    texts = [turn_text(turn, f"{where}, turn {k}") for k, turn in enumerate(turns, 1)]
    for k in range(1, len(texts)):
        yield TURN.join(texts[max(0, k - window) : k]), texts[k]


def turn_text(turn: Any, where: str) -> str:
    """Return the text of a turn: a string, or an object with ``content`` or ``text``."""
    if isinstance(turn, dict):
        turn = turn.get("content", turn.get("text"))
    if not isinstance(turn, str) or not turn.strip():
        raise DataError(f"{where}: expected a text that is not empty, or an object with 'content'")
    return " ".join(turn.split())


def whole(source: str, target: str, where: str, where_target: str) -> Pair:
    """Return a pair if neither side is empty."""
    source, target = source.strip(), target.strip()
    if not source or not target:
        side, place = ("target", where_target) if source else ("source", where)
        raise DataError(
            f"{place}: the {side} side is empty. Remove the pair, in both files if there are two"
        )
    return source, target


def shown(line: str) -> str:
    """Return the beginning of a line for a message."""
    return repr(line if len(line) <= 60 else f"{line[:57]}...")
