"""Recordings read, labelled, split into parts that share nobody, cut into windows, and scaled."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from elman._errors import DataError, did_you_mean
from elman.data.corpus import Progress
from elman.data.signal.config import SignalConfig, SignalLayout
from elman.data.signal.groups import split_recordings
from elman.data.signal.normalise import Scale, learn_scale
from elman.data.signal.points import check_points
from elman.data.signal.read import read_recordings
from elman.data.signal.recording import Recordings, as_one, where
from elman.data.signal.windows import cut_by_time, windows
from elman.data.table import listed

__all__ = ["Labelled", "SignalSets", "class_names", "numbers_of", "read_other", "read_sets"]

Labelled = Literal["one", "steps", "number"]
"""What a recording has: one label, one for each step, or one number."""


@dataclass(frozen=True)
class SignalSets:
    """Recordings in three parts, and the scale of the first.

    Args:
        train: To learn from.
        valid: To choose the model by; may be empty.
        test: For the last test; may be empty.
        scale: Learned from the training part.
        layout: How to read other files of the kind: columns by the names that were found.
        notes: What is worth knowing of how they were read, each in a few words.
    """

    train: Recordings
    valid: Recordings
    test: Recordings
    scale: Scale
    layout: SignalLayout
    notes: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        """Return what differs when any value, label or border of a part does."""
        parts = (self.train, self.valid, self.test)
        text = "".join(part.fingerprint() for part in parts)
        return hashlib.sha256(text.encode()).hexdigest()


def read_sets(
    data: str, config: SignalConfig, labelled: Labelled, progress: Progress | None = None
) -> SignalSets:
    """Read recordings and divide them.

    Args:
        data: A file, folder, or built-in set.
        config: Where things stand, what is held out, what the network sees.
        labelled: What labels there must be.
        progress: Told how many rows are read.

    Raises:
        DataError: If the data is not what it should be.
    """
    steps = labelled == "steps"
    whole = read_recordings(data, config, labelled=True, steps=steps, progress=progress)
    check_points(config, len(whole.channels))
    layout = layout_of(config, whole)
    if config.window is None:
        check_labels(whole, labelled)
    notes = [note for note in (grouped(whole),) if note]
    by_time = config.by_time
    if by_time is None:
        by_time = len(whole) == 1 and (steps or config.window is not None)
    if by_time:
        train, valid, test = cut_by_time(whole, config)
        notes.append("held out: the end of each recording")
    else:
        rows = split_recordings(whole, config)
        train, valid, test = (whole.take(part) for part in rows)
    parts = {"train": train, "valid": valid, "test": test}
    for name in ("valid", "test"):
        if (file := getattr(config, name)) is not None:
            parts[name] = read_other(
                file, layout, whole.channels, labelled, uncut=True, progress=progress
            )
    scale = learn_scale(parts["train"], config)
    cut = {name: in_windows(part, config, labelled, name) for name, part in parts.items()}
    return SignalSets(cut["train"], cut["valid"], cut["test"], scale, layout, tuple(notes))


def read_other(
    data: str,
    config: SignalLayout,
    channels: Sequence[str],
    labelled: Labelled | None,
    *,
    uncut: bool = False,
    progress: Progress | None = None,
) -> Recordings:
    """Read other recordings of the channels trained on.

    Args:
        data: A file or folder.
        config: As `SignalSets.layout` has it.
        channels: Those of the training.
        labelled: What labels there must be; None: none are looked for.
        uncut: Leave recordings whole, where the training cut them into windows.
        progress: Told how many rows are read.

    Raises:
        DataError: If the data is not what it should be.
    """
    found = read_recordings(
        data,
        config,
        labelled=labelled is not None,
        steps=labelled == "steps",
        learned=channels,
        progress=progress,
    )
    if labelled is not None and config.window is None:
        check_labels(found, labelled)
    return found if uncut else in_windows(found, config, labelled or "one", "test")


def in_windows(part: Recordings, config: SignalLayout, labelled: Labelled, name: str) -> Recordings:
    """Return a part in windows, if it is to be cut; those of held-out parts do not overlap.

    Where each step has a label, held-out recordings stay whole: that is how they are told.
    """
    if config.window is None or (labelled == "steps" and name != "train"):
        return part
    stride = config.stride if name == "train" and config.stride else config.window
    return windows(part, config.window, stride, single=labelled != "steps")


def layout_of(config: SignalConfig, found: Recordings) -> SignalLayout:
    """Return how to read other files like one: what was found in it is now said."""
    told = {key: name for key, name in found.columns.items() if key != "layout"}
    if found.columns["layout"] in ("long", "wide"):
        told["layout"] = found.columns["layout"]
    own = {key: getattr(config, key) for key in SignalLayout.model_fields}
    return SignalLayout(**{**own, **told})


def check_labels(part: Recordings, labelled: Labelled) -> None:
    """Refuse recordings whose labels are not what the task learns.

    Raises:
        DataError: Naming the first recording.
    """
    for item in part:
        if labelled == "steps":
            if len(item.labels) not in (1, len(item)):
                raise DataError(f"{where(item)}: expected a label for each of {len(item)} steps")
        else:
            as_one(item)


def grouped(whole: Recordings) -> str | None:
    """Say how many groups there are, or what is not known of them."""
    groups = {item.group for item in whole if item.group is not None}
    if not groups:
        return None
    column = whole.columns.get("group")
    named = f" (column '{column}')" if column is not None else ""
    return f"{len(groups)} groups{named}, each in one part only"


def class_names(
    data: str, train: Recordings, others: Sequence[tuple[str, Recordings]]
) -> tuple[str, ...]:
    """Return the labels of the training part, numbers by size and text by letters.

    Args:
        data: What was read, for messages.
        train: The training part.
        others: The held-out parts by name.

    Raises:
        DataError: If there is one label alone, or another part has one that cannot be learned.
    """
    known = labels_in(train)
    for name, part in others:
        for item in part:
            for label in dict.fromkeys(map(str, item.labels)):
                if label not in known:
                    raise DataError(
                        f"{where(item)}: label '{label}' of the {name} part is not in the training "
                        f"part{did_you_mean(label, known) or '.'} Known: {listed(sorted(known))}"
                    )
    if len(known) < 2:
        only = next(iter(known), "")
        raise DataError(
            f"{data}: every recording has the label '{only}'; two different ones are needed. If "
            "the labels are in another column: --signal.label NAME"
        )
    return tuple(sorted(known, key=by_size))


def labels_in(part: Recordings) -> set[str]:
    """Return all labels of some recordings."""
    return {str(label) for item in part for label in item.labels}


def by_size(label: str) -> tuple[float, str]:
    """Return what sorts numbers by size, before text."""
    try:
        return (float(label), "")
    except ValueError:
        return (np.inf, label)


def numbers_of(part: Recordings) -> np.ndarray:
    """Return the number of each recording, ``(N,)``.

    Raises:
        DataError: If a label is no finite number; the recording is named.
    """
    found = np.empty(len(part))
    for k, item in enumerate(part):
        label = as_one(item)
        try:
            found[k] = float(label)
        except ValueError:
            found[k] = np.nan
        if not np.isfinite(found[k]):
            raise DataError(
                f"{where(item)}: expected a number to learn, got '{label}'. To learn classes: "
                "elman train classify"
            )
    return found
