"""Recordings in NPZ archives of NumPy: one array of values, and arrays of what is known of them.

Either recordings stand one after the other, ``values (sum of T, ...)`` with ``lengths (N,)``, or
all are as long, ``values (N, T)`` or ``(N, T, ...)``. What stands behind the steps is flattened to
channels. Archives that hold pickled objects are refused.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.signal.columns import GROUP_NAMES, LABEL_NAMES, TIME_NAMES
from elman.data.signal.config import SignalLayout
from elman.data.signal.recording import Recording, Recordings
from elman.data.signal.tables import folded
from elman.data.table import listed
from elman.data.text import reasons

__all__ = ["read_npz"]

VALUE_NAMES = ("x", "values", "data", "signals", "features", "frames", "series")
LENGTH_NAMES = ("lengths", "length", "lens", "sizes")
NAME_NAMES = ("names", "name", "ids", "id")

Array = NDArray[Any]


def read_npz(
    path: Path, config: SignalLayout, *, labelled: bool, learned: Sequence[str] | None = None
) -> Recordings:
    """Read an NPZ archive.

    Args:
        path: The file.
        config: What its arrays are called, where the names are not usual ones.
        labelled: Whether there must be labels.
        learned: The channels of the training; None: this is the training.

    Raises:
        DataError: If the archive is damaged, an array is missing, or sizes do not fit together.
    """
    with reasons(path):
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {key: load(path, archive, key) for key in archive.files}
        except (zipfile.BadZipFile, EOFError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{path}: damaged NPZ archive: {error}") from None
    values_key = needed(path, arrays, config.values, VALUE_NAMES, "values")
    values = checked(path, values_key, arrays[values_key])
    lengths_key = named(path, arrays, config.lengths, LENGTH_NAMES, "lengths")
    label_key = named(path, arrays, config.label, LABEL_NAMES, "label", must=labelled)
    group_key = None
    if config.group_pattern is None:
        group_key = named(path, arrays, config.group, GROUP_NAMES, "group")
    time_key = named(path, arrays, config.time, TIME_NAMES, "time")
    name_key = named(path, arrays, None, NAME_NAMES, "sequence")
    if labelled and label_key is None:
        raise DataError(
            f"{path}: which array holds the labels? None has a usual name such as y or label. "
            f"Arrays: {shapes(arrays)}. Say it: --signal.label NAME"
        )
    starts, steps = borders(path, values_key, values, lengths_key, arrays)
    width = int(np.prod(values.shape[1 if lengths_key else 2 :], dtype=np.int64))
    frames = values.reshape(-1, width)
    count = len(starts) - 1
    labels = rows_of(path, label_key, arrays, count, steps)
    groups = rows_of(path, group_key, arrays, count, count)
    names = rows_of(path, name_key, arrays, count, count)
    times = rows_of(path, time_key, arrays, steps, steps)
    items = []
    for k in range(count):
        own = slice(int(starts[k]), int(starts[k + 1]))
        place = f"{path}, recording {k + 1}"
        if own.start == own.stop:
            raise DataError(f"{place} is empty: its length is 0")
        moments = None if times is None else clock(times[own], place)
        label = np.empty(0, object)
        if labels is not None:
            one = len(labels) == count
            label = text_of(labels[k : k + 1] if one else labels[own])
            label = label if one else folded(label)
            if labelled and (label == "").any():
                raise DataError(f"{place}: the label is missing (array '{label_key}')")
        items.append(
            Recording(
                str(names[k]) if names is not None else str(k + 1),
                frames[own],
                moments,
                label,
                str(text_of(groups[k : k + 1])[0]) if groups is not None else None,
                place,
            )
        )
    if not items:
        raise DataError(f"{path}: array '{values_key}' holds no recordings")
    channels = channel_names(values.shape[1 if lengths_key else 2 :])
    if learned is not None and len(learned) != len(channels):
        raise DataError(
            f"{path}: {len(channels)} channels in '{values_key}', and "
            f"{len(learned)} were trained on"
        )
    told = {"values": values_key, "lengths": lengths_key, "label": label_key, "group": group_key,
            "time": time_key}  # fmt: skip
    columns = {"layout": "npz", **{key: name for key, name in told.items() if name is not None}}
    return Recordings(channels if learned is None else tuple(learned), items, columns)


def load(path: Path, archive: Mapping[str, Array], key: str) -> Array:
    """Return one array of an archive."""
    try:
        return np.asarray(archive[key])
    except (ValueError, zipfile.BadZipFile, EOFError, OSError) as error:
        if "pickle" in str(error).lower():
            raise DataError(
                f"{path}: array '{key}' holds Python objects, which are never loaded. Save numbers "
                "or text: np.array(..., dtype=np.float32), and recordings of unlike lengths one "
                "after the other with an array of lengths"
            ) from None
        raise DataError(f"{path}: array '{key}' is damaged: {error}") from None


def needed(
    path: Path, arrays: Mapping[str, Array], given: str | None, names: Sequence[str], option: str
) -> str:
    """Return the name of an array that must be there."""
    found = named(path, arrays, given, names, option)
    if found is None:
        raise DataError(
            f"{path}: which array holds the {option}? Arrays: {shapes(arrays)}. Say it: "
            f"--signal.{option} NAME"
        )
    return found


def named(
    path: Path,
    arrays: Mapping[str, Array],
    given: str | None,
    names: Sequence[str],
    option: str,
    *,
    must: bool = True,
) -> str | None:
    """Return an array's name as the person gave it, else the first of some usual names."""
    if given is not None:
        if given in arrays:
            return given
        if must:
            raise DataError(
                f"{path}: no array '{given}' (--signal.{option}). Arrays: {shapes(arrays)}"
            )
        return None
    by_name = {key.lower(): key for key in reversed(list(arrays))}
    return next((by_name[name] for name in names if name in by_name), None)


def shapes(arrays: Mapping[str, Array]) -> str:
    """Return what an archive holds, to read."""
    return listed(f"{key} {array.shape}" for key, array in arrays.items())


def checked(path: Path, key: str, values: Array) -> Array:
    """Return values if they are numbers and none of them is infinite."""
    if values.dtype.kind not in "fiub":
        raise DataError(f"{path}: array '{key}' must hold numbers, got {values.dtype}")
    if values.ndim == 0:
        raise DataError(f"{path}: array '{key}' is a single number")
    if values.dtype.kind == "f" and np.isinf(values).any():
        at = tuple(int(k) for k in np.argwhere(np.isinf(values))[0])
        raise DataError(
            f"{path}: array '{key}' is infinite at {list(at)}. Write NaN where a value is missing"
        )
    return values if values.dtype.kind == "f" else values.astype(np.float32)


def borders(
    path: Path, key: str, values: Array, lengths_key: str | None, arrays: Mapping[str, Array]
) -> tuple[NDArray[np.int64], int]:
    """Return where each recording begins, and the end; and the number of steps."""
    if lengths_key is None:
        if values.ndim < 2:
            raise DataError(
                f"{path}: array '{key}' has the shape {values.shape}; expected (N, T) or (N, T, "
                "channels), or recordings one after the other and their lengths "
                "(--signal.lengths NAME)"
            )
        count, steps = values.shape[:2]
        return np.arange(count + 1, dtype=np.int64) * steps, count * steps
    lengths = arrays[lengths_key]
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or (lengths < 0).any():
        raise DataError(
            f"{path}: array '{lengths_key}' must hold a whole number for each recording, got "
            f"{lengths.dtype} {lengths.shape}"
        )
    total = int(lengths.sum(dtype=np.int64))
    if total != len(values):
        raise DataError(
            f"{path}: the lengths in '{lengths_key}' add up to {total:,}, and '{key}' has "
            f"{len(values):,} frames"
        )
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]), total


def rows_of(
    path: Path, key: str | None, arrays: Mapping[str, Array], count: int, steps: int
) -> Array | None:
    """Return an array with an entry for each recording, or for each step."""
    if key is None:
        return None
    array = arrays[key]
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and array.size == steps:
        array = array.reshape(-1)
    if array.ndim != 1 or len(array) not in (count, steps):
        expected = (
            f"{count:,}" if count == steps else f"{count:,} (recordings) or {steps:,} (steps)"
        )
        raise DataError(f"{path}: array '{key}' has the shape {array.shape}, expected {expected}")
    return array


def clock(times: Array, place: str) -> NDArray[np.float64]:
    """Return times in seconds, or whatever unit their numbers have."""
    if times.dtype.kind == "M":
        times = times.astype("datetime64[us]").astype(np.int64) / 1e6
    if times.dtype.kind not in "fiu" or not np.isfinite(times).all():
        raise DataError(f"{place}: its times must be finite numbers")
    if (falls := np.flatnonzero(np.diff(times.astype(np.float64)) < 0)).size:
        raise DataError(f"{place}: time runs backwards at step {falls[0] + 2}")
    return times.astype(np.float64)


def text_of(array: Array) -> NDArray[np.object_]:
    """Return labels as text: whole numbers without a point, what is not a number as nothing."""
    if array.dtype.kind == "f":
        told = ["" if np.isnan(v) else repr(float(v)) for v in array]
        whole = all(t == "" or t.endswith(".0") for t in told)
        return np.array([t.removesuffix(".0") if whole else t for t in told], object)
    return np.array([str(v).strip() for v in array.tolist()], object)


def channel_names(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Return a name for each channel: its place from 1, ``3.2`` where there are two axes.

    Example:
        >>> channel_names((2, 2)), channel_names(())
        (('1.1', '1.2', '2.1', '2.2'), ('value',))
    """
    if not shape:
        return ("value",)
    return tuple(".".join(str(k + 1) for k in place) for place in np.ndindex(*shape))
