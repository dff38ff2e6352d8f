"""Write the tables of spoken digits that `recipes/fsdd.toml` is trained and scored on.

    python scripts/fsdd_manifest.py recordings fsdd

The recordings are those of the Free Spoken Digit Dataset, `{digit}_{speaker}_{take}.wav`. As its
authors say, takes 0 to 4 of each speaker and digit are the test; 5 to 9 are for validation here,
so that the test is read once.
"""

from __future__ import annotations

import csv
import os
import re
import sys
from pathlib import Path

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav")


def part_of(take: int) -> str:
    """Say which part a take belongs to.

    >>> [part_of(take) for take in (0, 4, 5, 9, 10, 49)]
    ['test', 'test', 'valid', 'valid', 'train', 'train']
    """
    return "test" if take < 5 else "valid" if take < 10 else "train"


def rows(recordings: Path) -> dict[str, list[tuple[str, str, str]]]:
    """Return the recordings of each part: file, word, speaker."""
    found: dict[str, list[tuple[str, str, str]]] = {"train": [], "valid": [], "test": []}
    for path in sorted(recordings.glob("*.wav")):
        match = NAME.fullmatch(path.name)
        if match is None:
            raise SystemExit(f"{path}: expected a name such as 7_theo_12.wav")
        digit, speaker, take = match.groups()
        found[part_of(int(take))].append((str(path), WORDS[int(digit)], speaker))
    if not all(found.values()):
        raise SystemExit(f"{recordings}: expected recordings of the takes 0 to 49")
    return found


def main(recordings: str, out: str) -> None:
    """Write a table for each part."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for part, entries in rows(Path(recordings)).items():
        with (folder / f"{part}.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(("audio", "text", "speaker"))
            for path, word, speaker in entries:
                table.writerow((os.path.relpath(path, folder), word, speaker))
        print(f"{folder / part}.csv: {len(entries):,} recordings")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit((__doc__ or "").strip())
    main(sys.argv[1], sys.argv[2])
