"""Series are cut without a trace of the future, and their fingerprint sees every change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.series.frequency import Frequency
from elman.data.series.series import Series, SeriesSet


def series(steps: int = 20, ahead: int = 3) -> Series:
    rng = np.random.default_rng(0)
    return Series(
        "a",
        np.arange(steps),
        rng.normal(size=(steps, 2)),
        rng.normal(size=(steps + ahead, 1)),
        rng.normal(size=(steps, 3)),
        {"region": "north", "size": 2.0},
        rng.random(steps) > 0.2,
    )


@given(origin=st.integers(0, 20), horizon=st.integers(0, 10))
def test_the_future_is_cut_off(origin: int, horizon: int) -> None:
    whole = series()
    cut = whole.until(origin, horizon)
    assert len(cut) == len(cut.ds) == len(cut.y) == len(cut.past) == len(cut.mask) == origin
    assert len(cut.known) == min(origin + horizon, 23)
    np.testing.assert_array_equal(cut.y[cut.mask], whole.y[:origin][cut.mask])
    if origin and not cut.mask[-1]:  # made up from what came later: made up anew
        last = np.flatnonzero(cut.mask)[-1] if cut.mask.any() else 0
        assert (cut.y[last:] == cut.y[last]).all()
    assert cut.static == whole.static and cut.unique_id == "a"


def test_all_is_observed_unless_said_otherwise() -> None:
    none = np.zeros((5, 0))
    assert Series("a", np.arange(5), np.zeros((5, 1)), none, none).mask.all()


def test_the_fingerprint_sees_every_change() -> None:
    one = SeriesSet([series()], Frequency("step"), ("u", "v"), ("k",), ("p", "q", "r"))
    assert one.fingerprint == SeriesSet([series()], Frequency("step"), *named(one)).fingerprint
    other = series()
    y = other.y.copy()
    y[3, 1] += 1e-12
    changes = [
        replace(other, y=y),
        replace(other, mask=~other.mask),
        replace(other, static={"region": "south", "size": 2.0}),
        replace(other, unique_id="b"),
        replace(other, ds=other.ds + 1),
        replace(other, known=other.known[:-1]),
    ]
    seen = {SeriesSet([s], Frequency("step"), *named(one)).fingerprint for s in changes}
    seen.add(replace(one, frequency=Frequency("step", 2)).fingerprint)
    seen.add(replace(one, target_names=("v", "u")).fingerprint)
    assert len(seen | {one.fingerprint}) == len(changes) + 3
    assert replace(one, notes=("sorted",)).fingerprint == one.fingerprint


def named(one: SeriesSet) -> tuple[tuple[str, ...], ...]:
    return one.target_names, one.known_names, one.past_names


def test_dates_have_a_fingerprint(tmp_path: object) -> None:
    times = Frequency("D").at(np.datetime64("2024-01-01"), np.arange(20))
    one = SeriesSet([replace(series(), ds=times)], Frequency("D"))
    assert len(one.fingerprint) == 64 and one.steps == 20 and len(one) == 1


def test_a_cut_is_no_copy() -> None:
    whole = series()
    assert whole.mask[2] and np.shares_memory(whole.until(3, 2).y, whole.y)
    with pytest.raises(AttributeError):
        whole.y = whole.y[:3]  # type: ignore[misc]
