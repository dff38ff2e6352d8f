"""Channels that are the coordinates of points: seen from one of them, and of one size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman.data.signal.config import SignalFeatures

__all__ = ["Origin", "check_points", "from_centre"]

Floats = NDArray[np.float64]


@dataclass
class Origin:
    """Where the centre was at first; a stream carries it from chunk to chunk."""

    place: Floats | None = None


def check_points(features: SignalFeatures, channels: int) -> None:
    """Refuse channels that are no whole number of points, or a centre that is none of them.

    Raises:
        DataError: If they do not fit.
    """
    size = features.coordinates
    if size is None:
        return
    if channels % size:
        raise DataError(
            f"{channels} channels are no whole number of points with {size} coordinates "
            "(--signal.coordinates)"
        )
    if features.centre is not None and features.centre > channels // size:
        raise DataError(
            f"--signal.centre {features.centre}: there are {channels // size} points, counted "
            "from 1"
        )


def from_centre(values: Floats, features: SignalFeatures, origin: Origin) -> Floats:
    """Return values as seen from the centre point, and all of one size, where that is asked for.

    The centre's own coordinates become its way since the first step that has them.

    Args:
        values: ``(T, C)``.
        features: Which point is the centre, and whether recordings are resized.
        origin: Where the centre was at first; found here if it is not known yet.

    Example:
        >>> features = SignalFeatures(coordinates=2, centre=1)
        >>> from_centre(np.array([[1.0, 1.0, 4.0, 5.0], [2.0, 1.0, 4.0, 5.0]]), features, Origin())
        array([[0., 0., 3., 4.],
               [1., 0., 2., 4.]])
    """
    if features.centre is not None and features.coordinates is not None:
        size = features.coordinates
        points = values.reshape(len(values), values.shape[1] // size, size)
        centre = points[:, features.centre - 1]
        way = np.full_like(centre, np.nan)  # not known before the centre has been seen whole
        first = 0
        if origin.place is None:
            there = np.flatnonzero(~np.isnan(centre).any(1))
            first = int(there[0]) if len(there) else len(centre)
            origin.place = centre[first].copy() if len(there) else None
        if origin.place is not None:
            way[first:] = centre[first:] - origin.place
        points = points - centre[:, None]
        points[:, features.centre - 1] = way
        values = points.reshape(values.shape)
    if features.resize:
        mean = float(np.sqrt(np.nanmean(values**2))) if not np.isnan(values).all() else 0.0
        values = values / (mean if mean > 0 else 1.0)
    return values
