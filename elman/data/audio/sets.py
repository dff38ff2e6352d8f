"""The recordings of each part: training, validation, test."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elman._errors import DataError
from elman.data.audio.config import AudioConfig
from elman.data.audio.manifest import Utterance, read_manifest
from elman.data.find import find_data
from elman.data.split import split_rows

__all__ = ["UtteranceSets", "read_utterance_sets", "read_utterances", "remarks", "usual_rate"]

Progress = Callable[[int, int, str], None]
MOST_HZ = 16_000


@dataclass(frozen=True)
class UtteranceSets:
    """The recordings of each part, in the order of their table.

    Args:
        train: To learn from.
        valid: To choose the model by; may be empty.
        test: For the last test; may be empty.
        fingerprint: Differs when a recording, its length or its transcript does.
    """

    train: list[Utterance]
    valid: list[Utterance]
    test: list[Utterance]
    fingerprint: str


def read_utterances(
    source: str, config: AudioConfig, progress: Progress | None = None
) -> list[Utterance]:
    """Return all recordings of a table, a folder, or a set that is known by name."""
    return read_manifest(find_data(source, progress), config, progress)


def read_utterance_sets(
    source: str, config: AudioConfig, progress: Progress | None = None
) -> UtteranceSets:
    """Read what there is and divide it as the configuration says.

    Raises:
        DataError: As `read_manifest`, or if a part would be empty.
    """
    main = read_utterances(source, config, progress)
    parts = dict(zip(("train", "valid", "test"), divided(main, config), strict=True))
    for name in ("valid", "test"):
        if (file := getattr(config, name)) is not None:
            parts[name] = read_utterances(file, config, progress)
    digest = hashlib.sha256()
    for part in parts.values():
        facts = [(os.path.basename(u.path), u.text, u.sound.frames, u.sound.rate) for u in part]
        digest.update(json.dumps(facts).encode())
    return UtteranceSets(**parts, fingerprint=digest.hexdigest())


def divided(main: Sequence[Utterance], config: AudioConfig) -> list[list[Utterance]]:
    """Return the parts of one table; all of a group are in the same part."""
    if config.group is None:
        rows = split_rows(len(main), config)
        return [[main[k] for k in part] for part in rows]
    groups = {name: k for k, name in enumerate(dict.fromkeys(u.group for u in main))}
    try:
        rows = split_rows(len(groups), config)
    except DataError as error:
        raise DataError(f"divided by audio.group = '{config.group}': {error}") from None
    part_of = np.zeros(len(groups), np.int64)
    for number, part in enumerate(rows):
        part_of[part] = number
    parts: list[list[Utterance]] = [[], [], []]
    for utterance in main:
        parts[part_of[groups[utterance.group]]].append(utterance)
    return parts


def usual_rate(utterances: Sequence[Utterance]) -> int:
    """Return the rate that most sound has, but at most 16,000 Hz."""
    seconds: Counter[int] = Counter()
    for utterance in utterances:
        seconds[utterance.sound.rate] += utterance.sound.frames // utterance.sound.rate + 1
    return min(MOST_HZ, seconds.most_common(1)[0][0])


def remarks(utterances: Sequence[Utterance], rate: int) -> list[str]:
    """Return what people should know of how the sound is read, each a sentence."""
    said = []
    total = f"of {len(utterances):,} recordings"
    if several := sum(u.sound.channels > 1 for u in utterances):
        said.append(f"{several:,} {total} have several channels, which are mixed into one")
    others = Counter(u.sound.rate for u in utterances if u.sound.rate != rate)
    if others:
        rates = ", ".join(f"{hz:,}" for hz in sorted(others))
        said.append(f"{sum(others.values()):,} {total} are resampled from {rates} Hz to {rate:,}")
    low = [u for u in utterances if u.sound.rate < rate]
    if low:
        said.append(
            f"{len(low):,} {total} have less than {rate:,} Hz: their upper bands are silent "
            f"({Path(low[0].path).name}, ...)"
        )
    return said
