"""Public sets as they are published, turned into the tables that tasks read."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

__all__ = ["m4_hourly", "mr", "multi30k", "trec"]

Rows = list[tuple[str, str]]
QUESTIONS = ("description", "entity", "abbreviation", "person", "place", "number")


def trec(folder: Path) -> dict[str, str]:
    """Return the tables of the question types; the last 10 % of the training are for validation.

    A line of ``TREC.train.all`` is a number, 0 to 5, and a question (Li & Roth 2002).
    """

    def rows(name: str) -> Rows:
        lines = (folder / name).read_text(encoding="latin-1").strip("\n").split("\n")
        split = (line.strip().split(" ", 1) for line in lines)
        return [(QUESTIONS[int(number)], text) for number, text in split]

    train = rows("TREC.train.all")
    cut = len(train) - len(train) // 10
    parts = {"train": train[:cut], "valid": train[cut:], "test": rows("TREC.test.all")}
    return tables(parts)


def mr(folder: Path) -> dict[str, str]:
    """Return the tables of the film reviews, a sentence in each line (Pang & Lee 2005).

    Of each file every 10th line is for the test, and the line after it for validation.
    """
    parts: dict[str, Rows] = {"train": [], "valid": [], "test": []}
    for label, ending in (("negative", "neg"), ("positive", "pos")):
        text = (folder / f"rt-polarity.{ending}").read_text(encoding="latin-1")
        for number, line in enumerate(text.strip("\n").split("\n")):
            part = {0: "test", 1: "valid"}.get(number % 10, "train")
            parts[part].append((label, line.strip()))
    return tables(parts)


def multi30k(folder: Path) -> dict[str, str]:
    """Return the captions as tables of two columns: German, English (Elliott et al. 2016)."""
    parts = {"train": "train", "valid": "val", "test": "test_2016_flickr"}
    found = {}
    for part, name in parts.items():
        sides = [
            gzip.decompress((folder / f"{name}.{side}.gz").read_bytes()).decode().split("\n")
            for side in ("de", "en")
        ]
        pairs = ([" ".join(text.split()) for text in pair] for pair in zip(*sides, strict=True))
        found[f"{part}.tsv"] = "".join(f"{de}\t{en}\n" for de, en in pairs if de or en)
    return found


def m4_hourly(folder: Path) -> dict[str, str]:
    """Return the hourly series of the M4 competition as one table, hours numbered from 1.

    ``Hourly-train.csv`` and ``Hourly-test.csv`` have a series in each row; the 48 hours of the
    test follow those of the training (Makridakis et al. 2020).
    """
    rows: dict[str, list[str]] = {}
    for name in ("Hourly-train.csv", "Hourly-test.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for series, *values in list(csv.reader(file))[1:]:
                rows.setdefault(series, []).extend(value for value in values if value)
    lines = (
        f"{series},{hour},{value}\n"
        for series, values in rows.items()
        for hour, value in enumerate(values, 1)
    )
    return {"hourly.csv": "unique_id,ds,y\n" + "".join(lines)}


def tables(parts: dict[str, Rows]) -> dict[str, str]:
    """Return each part as the content of a TSV file, by the file's name."""
    return {
        f"{part}.tsv": "label\ttext\n"
        + "".join(f"{label}\t{text.replace(chr(9), ' ')}\n" for label, text in rows)
        for part, rows in parts.items()
    }
