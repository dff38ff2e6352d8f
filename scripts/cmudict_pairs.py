"""Turn the CMU pronouncing dictionary into three tables of words and phonemes.

    python scripts/cmudict_pairs.py cmudict.dict.gz FOLDER

Writes ``train.tsv``, ``valid.tsv`` and ``test.tsv``. Which word goes where is decided by the
CRC-32 of its UTF-8 bytes modulo 10: 0 is test, 1 validation. All pronunciations of a word stay
together. With ``--no-stress`` phonemes lose the number of their stress, as most published figures
have it.
"""

from __future__ import annotations

import argparse
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from elman.data.lines import read_lines

PARTS = {0: "test", 1: "valid"}


def pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield words and phonemes; ``word(2)`` is another pronunciation, ``#`` begins a comment."""
    for line in lines:
        word, _, phonemes = line.partition("#")[0].strip().partition(" ")
        if phonemes:
            yield re.sub(r"\(\d+\)$", "", word), phonemes


def part(word: str) -> str:
    """Return the part that a word belongs to."""
    return PARTS.get(zlib.crc32(word.encode()) % 10, "train")


def main(words: list[str]) -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("dictionary", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-stress", action="store_true")
    given = parser.parse_args(words)
    tables: dict[str, list[str]] = {"train": [], "valid": [], "test": []}
    for word, phonemes in pairs(read_lines(given.dictionary)):
        if given.no_stress:
            phonemes = re.sub(r"\d", "", phonemes)
        tables[part(word)].append(f"{word}\t{phonemes}\n")
    given.folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        (given.folder / f"{name}.tsv").write_text("".join(rows), encoding="utf-8")
        print(f"{name}: {len(rows):,} pronunciations")


if __name__ == "__main__":
    main(sys.argv[1:])
