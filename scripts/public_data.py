"""Turn public files, as they are published, into the tables that the recipes read.

    python scripts/public_data.py trec FOLDER OUT     TREC.train.all, TREC.test.all
    python scripts/public_data.py mr FOLDER OUT       rt-polarity.pos, rt-polarity.neg
    python scripts/public_data.py m4-hourly FOLDER OUT    Hourly-train.csv, Hourly-test.csv

Writes train.tsv, valid.tsv and test.tsv to OUT, with the columns label and text; of the series
one table, hourly.csv. How the parts
are divided is in elman/data/public.py; `elman data fetch` does the same with what it downloads.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from elman.data import public

READERS = {"trec": public.trec, "mr": public.mr, "m4-hourly": public.m4_hourly}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name", choices=READERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for name, table in READERS[asked.name](asked.folder).items():
        (asked.out / name).write_text(table, encoding="utf-8")
        print(f"{asked.out / name}: {table.count(chr(10)) - 1:,} rows")


if __name__ == "__main__":
    main()
