"""Turn the splice junctions of UCI, or of KEEL, into tables for a ten-fold cross-validation.

    python scripts/splice_csv.py splice.data FOLDER

Writes ``splice.csv`` with every sequence once, and ``fold-0`` to ``fold-9`` with ``train.csv``,
``valid.csv`` and ``test.csv`` each. A sequence that occurs again is left out before anything is
divided: 185 of the 3,190 do, and would be in training and test alike. Every class is dealt to the
folds alike; of the other nine folds a tenth is for validation.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from elman.data.lines import read_lines

FOLDS = 10
Row = tuple[str, str]


def sequences(lines: Iterable[str]) -> Iterator[Row]:
    """Yield letters and class of each row: UCI has the class first, KEEL has it last."""
    for line in lines:
        cells = [cell.strip() for cell in line.split(",")]
        if line.startswith("@") or len(cells) < 3:
            continue
        if len(cells) == 3:
            yield cells[2], cells[0]
        else:
            yield "".join(cells[:-1]), cells[-1]


def unique(rows: Iterable[Row]) -> list[Row]:
    """Return each sequence once, with the first of its classes."""
    first: dict[str, str] = {}
    for letters, name in rows:
        first.setdefault(letters, name)
    return list(first.items())


def dealt(rows: Sequence[Row], parts: int, rng: np.random.Generator) -> list[list[Row]]:
    """Deal rows to parts, class by class, in random order."""
    hands: list[list[Row]] = [[] for _ in range(parts)]
    place = 0
    for name in sorted({name for _, name in rows}):
        own = [row for row in rows if row[1] == name]
        for k in rng.permutation(len(own)):
            hands[place % parts].append(own[k])
            place += 1
    return hands


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{letters},{name}\n" for letters, name in rows]
    path.write_text("sequence,label\n" + "".join(lines), encoding="ascii")


def main(words: list[str]) -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the division into folds")
    given = parser.parse_args(words)
    every = list(sequences(read_lines(given.data)))
    rows = unique(every)
    print(f"{len(every):,} sequences, {len(rows):,} different ones")
    write(given.folder / "splice.csv", rows)
    rng = np.random.default_rng(given.seed)
    folds = dealt(rows, FOLDS, rng)
    for k, test in enumerate(folds):
        others = [row for j, fold in enumerate(folds) if j != k for row in fold]
        valid, *train = dealt(others, FOLDS, rng)
        parts = {"test": test, "valid": valid, "train": [row for hand in train for row in hand]}
        for name, part in parts.items():
            write(given.folder / f"fold-{k}" / f"{name}.csv", part)


if __name__ == "__main__":
    main(sys.argv[1:])
