"""Turn the tables of the M4 competition into one in the long format.

    python scripts/m4_long.py Hourly-train.csv Hourly-test.csv hourly.csv

The competition has a series in each row, training and test in files of their own. Written is a row
for each step: ``unique_id,ds,y``, steps counted from 1, the test part last. As many steps as the
test file has are the horizon: ``--series.test-size``.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path


def wide(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the values of each series."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        for name, *values in rows:
            yield name, [value for value in values if value]


def main(words: list[str]) -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args(words)
    test = dict(wide(given.test))
    series = steps = 0
    with given.out.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("unique_id", "ds", "y"))
        for name, values in wide(given.train):
            whole = values + test[name]
            rows.writerows((name, step, value) for step, value in enumerate(whole, 1))
            series, steps = series + 1, steps + len(whole)
    print(f"{given.out}: {series:,} series, {steps:,} steps")


if __name__ == "__main__":
    main(sys.argv[1:])
