"""Turn public files, as they are published, into the tables that the recipes read.

    python scripts/public_data.py trec FOLDER OUT     TREC.train.all, TREC.test.all
    python scripts/public_data.py mr FOLDER OUT       rt-polarity.pos, rt-polarity.neg

Writes train.tsv, valid.tsv and test.tsv to OUT, with the columns label and text.

trec: question types, Li & Roth 2002; a line is a number, 0 to 5, and a question. The last 10 % of
the training file are for validation. mr: sentences of film reviews, Pang & Lee 2005, Latin-1. Of
each file every 10th line is for the test, and the line after it for validation.
"""

from __future__ import annotations

import argparse
from pathlib import Path

Rows = list[tuple[str, str]]
Parts = dict[str, Rows]
QUESTIONS = ("description", "entity", "abbreviation", "person", "place", "number")


def trec(folder: Path) -> Parts:
    def rows(name: str) -> Rows:
        lines = (folder / name).read_text(encoding="latin-1").strip("\n").split("\n")
        split = (line.strip().split(" ", 1) for line in lines)
        return [(QUESTIONS[int(number)], text) for number, text in split]

    train = rows("TREC.train.all")
    cut = len(train) - len(train) // 10
    return {"train": train[:cut], "valid": train[cut:], "test": rows("TREC.test.all")}


def mr(folder: Path) -> Parts:
    parts: Parts = {"train": [], "valid": [], "test": []}
    for label, ending in (("negative", "neg"), ("positive", "pos")):
        text = (folder / f"rt-polarity.{ending}").read_text(encoding="latin-1")
        for number, line in enumerate(text.strip("\n").split("\n")):
            part = {0: "test", 1: "valid"}.get(number % 10, "train")
            parts[part].append((label, line.strip()))
    return parts


READERS = {"trec": trec, "mr": mr}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip("\n").split("\n")[0])
    parser.add_argument("name", choices=READERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for part, rows in READERS[asked.name](asked.folder).items():
        lines = [f"{label}\t{text.replace(chr(9), ' ')}\n" for label, text in rows]
        path = asked.out / f"{part}.tsv"
        path.write_text("label\ttext\n" + "".join(lines), encoding="utf-8")
        print(f"{path}: {len(rows):,} rows")


if __name__ == "__main__":
    main()
