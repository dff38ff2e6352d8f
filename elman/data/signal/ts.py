"""The ``.ts`` files of the time series archives (UEA, UCR, TSER), as their tools write them.

::

    @problemName Walks
    @timeStamps false
    @univariate false
    @classLabel true fast slow
    @data
    1.0,2.5,?:0.1,0.2,0.3:fast

Each line under ``@data`` is a recording: dimensions between colons, values between commas, ``?``
where one is missing, the label at the end. With ``@timeStamps true`` values are ``(time,value)``.

Source:
    https://www.aeon-toolkit.org/en/stable/api_reference/file_specifications/ts.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elman._errors import DataError, did_you_mean
from elman.data.lines import read_lines
from elman.data.signal.cells import number, numbers, seconds
from elman.data.signal.config import SignalLayout
from elman.data.signal.recording import Recording, Recordings, Values
from elman.data.signal.tables import group_by

__all__ = ["read_ts"]

KNOWN = (
    *("problemName", "timeStamps", "missing", "univariate", "dimension", "dimensions"),
    *("equalLength", "seriesLength", "classLabel", "targetLabel", "data"),
)
SPELLED = {name.lower(): name for name in KNOWN}
PAIR = re.compile(r"\(\s*([^(),]+?)\s*,\s*([^(),]*?)\s*\)\s*(?:,|$)")


@dataclass
class Header:
    """What the lines before ``@data`` say."""

    timestamps: bool = False
    labelled: bool = False
    classes: tuple[str, ...] = ()
    dimensions: int | None = None
    length: int | None = None


def read_ts(path: Path, config: SignalLayout, *, labelled: bool) -> Recordings:
    """Read a ``.ts`` file.

    Args:
        path: The file.
        config: Encoding, and how a name tells the group.
        labelled: Whether there must be labels.

    Raises:
        DataError: If header or data are not as the format has them; the line is named.
    """
    header: Header | None = None
    said: dict[str, tuple[int, list[str]]] = {}
    items: list[Recording] = []
    group = group_by(config)
    for line, text in enumerate(read_lines(path, config.encoding), 1):
        bare, place = text.strip(), f"{path}, line {line}"
        if not bare or bare.startswith("#"):
            continue
        if header is not None:
            items.append(recording(bare, header, place, str(len(items) + 1), group))
            first = items[0].values.shape[1]
            if items[-1].values.shape[1] != first:
                raise DataError(
                    f"{place}: expected {first} dimensions as in the recordings above, found "
                    f"{items[-1].values.shape[1]}"
                )
            continue
        key, words = tag(bare, place)
        if key == "data":
            header = understood(said, path)
            if labelled and not header.labelled:
                raise DataError(
                    f"{path}: no labels: its header says neither @classLabel true nor "
                    "@targetLabel true"
                )
        elif key in said:
            raise DataError(f"{place}: @{key} is said a second time (first on line {said[key][0]})")
        else:
            said[key] = (line, words)
    if header is None:
        raise DataError(f"{path}: no line '@data'. A .ts file says so where its recordings begin")
    if not items:
        raise DataError(f"{path}: no recordings below @data")
    width = items[0].values.shape[1]
    channels = tuple(str(k) for k in range(1, width + 1))
    return Recordings(channels, items, {"layout": "ts"})


def tag(text: str, place: str) -> tuple[str, list[str]]:
    """Return the name of a header's line, and the words after it."""
    if not text.startswith("@"):
        raise DataError(
            f"{place}: expected a line of the header such as @timeStamps false, or @data, got "
            f"{text[:40]!r}"
        )
    name, *words = text[1:].split() or [""]
    if name.lower() not in SPELLED:
        hint = did_you_mean(name, KNOWN) or "."
        raise DataError(f"{place}: unknown '@{name}'{hint} Known: @{', @'.join(KNOWN)}")
    return SPELLED[name.lower()], words


def understood(said: dict[str, tuple[int, list[str]]], path: Path) -> Header:
    """Return what a header says."""
    header = Header()
    header.timestamps = truth(said, "timeStamps", path)
    header.labelled = truth(said, "classLabel", path)
    if header.labelled:
        header.classes = tuple(said["classLabel"][1][1:])
        if not header.classes:
            raise DataError(
                f"{path}, line {said['classLabel'][0]}: @classLabel true must list the classes"
            )
    elif truth(said, "targetLabel", path):
        header.labelled = True
    for key in ("dimension", "dimensions"):
        if key in said:
            header.dimensions = whole(said, key, path)
    if truth(said, "univariate", path):
        if header.dimensions not in (None, 1):
            raise DataError(f"{path}: @univariate true, and @dimensions {header.dimensions}")
        header.dimensions = 1
    if "seriesLength" in said and truth(said, "equalLength", path):
        header.length = whole(said, "seriesLength", path)
    return header


def truth(said: dict[str, tuple[int, list[str]]], key: str, path: Path) -> bool:
    """Return whether a line of the header says true; one that is not there does not."""
    if key not in said:
        return False
    line, words = said[key]
    first = words[0].lower() if words else ""
    if first not in ("true", "false"):
        raise DataError(f"{path}, line {line}: @{key} must be true or false, got '{first}'")
    return first == "true"


def whole(said: dict[str, tuple[int, list[str]]], key: str, path: Path) -> int:
    """Return the number that a line of the header says."""
    line, words = said[key]
    if len(words) != 1 or not words[0].isdecimal() or int(words[0]) < 1:
        raise DataError(
            f"{path}, line {line}: @{key} must be a whole number, got '{' '.join(words)}'"
        )
    return int(words[0])


def recording(text: str, header: Header, place: str, name: str, group: object) -> Recording:
    """Return one line of data."""
    parts = text.split(":") if not header.timestamps else split_stamped(text)
    labels = []
    if header.labelled:
        *parts, last = parts
        label = last.strip()
        if not label or label == "?":
            raise DataError(f"{place}: the label is missing")
        if header.classes and label not in header.classes:
            raise DataError(
                f"{place}: label '{label}' is not one of @classLabel: {', '.join(header.classes)}"
                f"{did_you_mean(label, header.classes)}"
            )
        labels = [label]
    if header.dimensions is not None and len(parts) != header.dimensions:
        raise DataError(
            f"{place}: expected {header.dimensions} dimensions"
            f"{' and a label' if header.labelled else ''}, found {len(parts)}"
        )
    values, times = (stamped if header.timestamps else even)(parts, place)
    if header.length is not None and len(values) != header.length:
        raise DataError(
            f"{place}: {len(values)} values, and the header says @equalLength true and "
            f"@seriesLength {header.length}"
        )
    if not len(values) or np.isnan(values).all():
        raise DataError(f"{place}: this recording is empty: no value is there")
    own = group(name) if callable(group) else None
    return Recording(name, values, times, np.array(labels, object), own, place)


def even(parts: list[str], place: str) -> tuple[Values, None]:
    """Return dimensions whose steps are evenly spaced."""
    columns = [part.split(",") if part.strip() else [] for part in parts]
    for k, cells in enumerate(columns):
        if len(cells) != len(columns[0]):
            raise DataError(
                f"{place}: dimension {k + 1} has {len(cells)} values, dimension 1 has "
                f"{len(columns[0])}"
            )
    names = [f"dimension {k + 1}" for k in range(len(columns))]
    rows = list(zip(*columns, strict=True))
    return numbers(rows, [place] * len(rows), names), None


def split_stamped(text: str) -> list[str]:
    """Cut a line at the colons that are not in brackets: dates have colons of their own."""
    return re.split(r":(?![^()]*\))", text)


def stamped(parts: list[str], place: str) -> tuple[Values, np.ndarray]:
    """Return dimensions that each have times of their own, on the times of all of them."""
    found: list[dict[float, float]] = []
    for k, part in enumerate(parts):
        own: dict[float, float] = {}
        bare, end = part.strip(), 0
        while end < len(bare):
            pair = PAIR.match(bare, end)
            if pair is None:
                raise DataError(
                    f"{place}, dimension {k + 1}: expected (time,value) pairs, got "
                    f"{bare[end : end + 30]!r}"
                )
            moment = seconds(pair[1], place, f"dimension {k + 1}")
            if own and moment <= next(reversed(own)):
                raise DataError(f"{place}, dimension {k + 1}: time does not rise at {pair[1]}")
            try:
                own[moment] = number(pair[2])
            except ValueError:
                raise DataError(
                    f"{place}, dimension {k + 1}: expected a number at {pair[1]}, got {pair[2]!r}"
                ) from None
            end = pair.end()
        found.append(own)
    times = np.array(sorted(set().union(*found)), np.float64)
    values = np.full((len(times), len(found)), np.nan)
    for k, own in enumerate(found):
        values[np.searchsorted(times, list(own)), k] = list(own.values())
    return values, times
