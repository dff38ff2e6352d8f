"""Which clips are for training, which for validation, which for the last test.

What a person says counts first: groups by name, then the set's own column; the rest is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.split import Rows, split_rows
from elman.data.table import listed
from elman.data.video.clips import Clips
from elman.data.video.config import VideoConfig

__all__ = ["divided"]

Indices = NDArray[np.int64]


def divided(clips: Clips, config: VideoConfig, strata: Sequence[str] | None = None) -> Rows:
    """Divide a set; a whole group is in one part.

    Args:
        clips: All clips.
        config: Fractions, groups, files: a part that has a file of its own takes nothing.
        strata: The class of each clip: then, without groups, every class is divided alike.

    Raises:
        DataError: If a group that is named is not there, or a part would be empty.
    """
    groups = [entry.group for entry in clips.entries]
    part_of = np.array([entry.part or "" for entry in clips.entries], "U5")
    if config.valid_groups or config.test_groups:
        part_of[:] = ""
        for part, named in (("valid", config.valid_groups), ("test", config.test_groups)):
            if unknown := [name for name in named if name not in groups]:
                raise DataError(
                    f"{clips.name}: video.{part}_groups: no clip is of {listed(unknown)}. "
                    f"Groups: {listed(sorted(set(groups) - {''})) or 'none; name their column'}"
                )
            part_of[np.isin(groups, named)] = part
    valid, test = config.held_out()
    asked = {"valid": valid, "test": test}
    if config.valid is not None:
        part_of[part_of == "valid"] = "none"
    if config.test is not None:
        part_of[part_of == "test"] = "none"
    for part in asked:  # what is there is not drawn
        if (part_of == part).any():
            asked[part] = 0.0
    pool = np.flatnonzero((part_of == "") | (part_of == "train"))
    fractions = {f"{part}_fraction": share for part, share in asked.items()}
    drawing = config.model_copy(update={**fractions, "valid": None, "test": None,
                                        "valid_groups": (), "test_groups": ()})  # fmt: skip
    if any(asked.values()):
        if all(groups[int(k)] for k in pool):
            drawn = by_group(clips.name, [groups[int(k)] for k in pool], drawing)
        else:
            drawn = split_rows(
                len(pool), drawing, None if strata is None else [strata[int(k)] for k in pool]
            )
        for part in asked:
            if asked[part]:
                part_of[pool[getattr(drawn, part)]] = part
    train = (part_of == "") | (part_of == "train")
    if not train.any():
        raise DataError(f"{clips.name}: no clip is left to train on")
    return Rows(*(np.flatnonzero(m) for m in (train, part_of == "valid", part_of == "test")))


def by_group(name: str, groups: Sequence[str], config: VideoConfig) -> Rows:
    """Draw whole groups until a part has about its share, one group at least."""
    order = np.random.default_rng(config.split_seed).permutation(sorted(set(groups)))
    valid, test = config.held_out()
    needed = 1 + bool(valid) + bool(test)
    if len(order) < needed:
        raise DataError(
            f"{name}: {len(order)} groups ({listed(order)}) leave one part empty. Draw less "
            "(video.valid_fraction, video.test_fraction), or let group be a column that is empty"
        )
    left, of = list(order), np.array(groups)
    taken: dict[str, list[str]] = {}
    for part, share, after in (("test", test, 1 + bool(valid)), ("valid", valid, 1)):
        own: list[str] = []
        while share and len(left) > after:
            ahead = np.isin(of, [*own, left[0]]).mean()
            if own and ahead - share > share - np.isin(of, own).mean():
                break  # one more would be further from the share
            own.append(left.pop(0))
        taken[part] = own
    held = {part: np.isin(of, own) for part, own in taken.items()}
    train = ~(held["test"] | held["valid"])
    return Rows(*(np.flatnonzero(m) for m in (train, held["valid"], held["test"])))
