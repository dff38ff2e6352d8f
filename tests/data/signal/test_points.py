from __future__ import annotations

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.signal.config import SignalFeatures
from elman.data.signal.points import Origin, check_points, from_centre


def test_where_somebody_stands_does_not_matter_but_their_way_does() -> None:
    values = np.random.default_rng(0).normal(size=(6, 9))
    features = SignalFeatures(coordinates=3, centre=2)
    moved = values + np.tile([5.0, -2.0, 1.0], 3)
    here = from_centre(values, features, Origin())
    np.testing.assert_allclose(here, from_centre(moved, features, Origin()), atol=1e-12)
    np.testing.assert_allclose(here[:, 3:6], values[:, 3:6] - values[:1, 3:6])
    np.testing.assert_allclose(here[:, :3], values[:, :3] - values[:, 3:6])


def test_the_origin_is_the_first_place_that_is_known() -> None:
    values = np.array([[np.nan, 7.0], [2.0, 3.0], [4.0, 3.0]])  # of half a place nothing follows
    origin = Origin()
    found = from_centre(values, SignalFeatures(coordinates=2, centre=1), origin)
    np.testing.assert_array_equal(found, [[np.nan, np.nan], [0, 0], [2, 0]])
    assert origin.place is not None and origin.place.tolist() == [2, 3]


def test_all_recordings_are_of_one_size() -> None:
    values = np.random.default_rng(0).normal(size=(6, 4))
    features = SignalFeatures(resize=True)
    found = from_centre(7 * values, features, Origin())
    np.testing.assert_allclose(found, from_centre(values, features, Origin()))
    assert np.sqrt((found**2).mean()) == pytest.approx(1.0)
    assert not from_centre(np.zeros((2, 2)), features, Origin()).any()


def test_channels_must_be_whole_points() -> None:
    with pytest.raises(DataError, match="7 channels are no whole number of points"):
        check_points(SignalFeatures(coordinates=3), 7)
    with pytest.raises(DataError, match="there are 3 points, counted from 1"):
        check_points(SignalFeatures(coordinates=3, centre=4), 9)
    check_points(SignalFeatures(coordinates=3, centre=3), 9)
