from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.signal.config import SignalFeatures
from elman.data.signal.normalise import Scale, is_scale, learn_scale, names_of
from elman.data.signal.recording import Recording, Recordings
from tests.data.signal import made


@given(st.integers(0, 10**6), st.floats(-1e6, 1e6), st.floats(1e-3, 1e3), st.booleans())
def test_values_get_mean_0_and_deviation_1(
    seed: int, shift: float, size: float, missing: bool
) -> None:
    found = made.recordings(4, 3, seed=seed, missing=0.3 if missing else 0.0)
    moved = [replace(item, values=item.values * size + shift) for item in found]
    values = np.concatenate([item.values for item in moved])
    if (np.sum(~np.isnan(values), 0) < 2).any():
        return
    scale = learn_scale(replace(found, items=moved), SignalFeatures())
    scaled = scale.apply(values)
    np.testing.assert_allclose(np.nanmean(scaled, 0), 0, atol=1e-5)
    np.testing.assert_allclose(np.nanstd(scaled, 0), 1, rtol=1e-5)
    assert scale.masked == bool(np.isnan(values).any())


def test_nothing_is_learned_from_other_parts() -> None:
    found = made.recordings(6)
    first = found.take([0, 1, 2])
    assert learn_scale(first, SignalFeatures()) != learn_scale(found, SignalFeatures())


def test_a_channel_that_never_changes_stays_still() -> None:
    values = np.full((5, 2), 7.3e8)
    values[:, 1] = np.arange(5.0)
    scale = learn_scale(Recordings(("x", "y"), [Recording("r", values)]), SignalFeatures())
    assert scale.deviation[0] == 1 and np.abs(scale.apply(values)[:, 0]).max() < 1e-6


def test_a_channel_without_values_is_refused_by_name() -> None:
    values = np.ones((5, 2))
    values[:, 1] = np.nan
    with pytest.raises(DataError, match="channel 'pulse' has no value in the training part"):
        learn_scale(Recordings(("x", "pulse"), [Recording("r", values)]), SignalFeatures())


def test_one_deviation_for_all_or_none() -> None:
    values = np.array([[0.0, 0.0], [2.0, 14.0]])
    found = Recordings(("x", "y"), [Recording("r", values)])
    together = learn_scale(found, SignalFeatures(normalise="all"))
    assert together.deviation == (5.0, 5.0)
    np.testing.assert_allclose(together.change, np.sqrt((0.4**2 + 2.8**2) / 2))
    points = SignalFeatures(coordinates=2)
    assert learn_scale(found, points) == together and points.scaling == "all"
    assert learn_scale(found, SignalFeatures()).deviation == (1.0, 7.0)
    plain = learn_scale(found, SignalFeatures(normalise="none"))
    assert plain.mean == (0, 0) and plain.deviation == (1, 1)


def test_the_usual_gap_is_the_middle_one() -> None:
    item = Recording("r", np.zeros((5, 1)), np.array([0, 1, 2, 3, 100.0]))
    assert learn_scale(Recordings(("x",), [item]), SignalFeatures()).gap == 1


def test_it_survives_json() -> None:
    scale = learn_scale(made.recordings(3, timed=True, missing=0.2), SignalFeatures())
    content = json.loads(scale.to_json())
    assert is_scale(content) and Scale.from_dict(content) == scale


@pytest.mark.parametrize(
    "change",
    [
        {"mean": [0.0]},
        {"mean": [0.0, float("nan")]},
        {"deviation": [1.0, 0.0]},
        {"deviation": [1.0, -1.0]},
        {"channels": []},
        {"channels": ["x", 3]},
        {"gap": 0},
        {"gap": "1"},
        {"masked": 1},
        {"more": 1},
        {"mean": [0.0, True]},
    ],
)
def test_what_is_no_scale_is_refused(change: dict[str, Any]) -> None:
    scale = Scale(("x", "y"), (0.0, 0.0), (1.0, 1.0), (1.0, 1.0), None, False)
    content = json.loads(scale.to_json())
    assert is_scale(content)
    assert not is_scale({**content, **change})


def test_many_channels_are_cut_short() -> None:
    assert names_of([str(k) for k in range(9)]) == "0, 1, 2, 3, 4, 5, ... (9)"
