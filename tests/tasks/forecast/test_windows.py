"""Windows are what the series say, and batches are the same for the same number."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from elman.data.series.series import Series
from elman.tasks.forecast.config import ForecastTrainConfig
from elman.tasks.forecast.learned import Prepared, Units
from elman.tasks.forecast.windows import (
    WindowBatches,
    WindowSource,
    last_steps,
    places_of,
    whole,
)


def prepared(steps: int, first: float, ahead: int = 0) -> Prepared:
    y = first + np.arange(steps, dtype=np.float32)
    known = first + np.arange(steps + ahead, dtype=np.float32)
    return Prepared(
        y[:, None],
        np.arange(steps) % 5 != 3,
        known[:, None],
        -y[:, None],
        np.array([int(first)]),
        np.array([first], np.float32),
        Units(np.zeros(1), np.ones(1)),
    )


def test_a_window_is_what_stands_around_its_place() -> None:
    source = WindowSource([prepared(20, 0), prepared(30, 100)], lookback=4, horizon=3)
    window, y, observed = source.windows((np.array([0, 1]), np.array([4, 27])))
    assert window.y[..., 0].tolist() == [[0, 1, 2, 3], [123, 124, 125, 126]]
    assert y[..., 0].tolist() == [[4, 5, 6], [127, 128, 129]]
    assert window.known[..., 0].tolist() == [[*range(7)], [*range(123, 130)]]
    assert window.past[0, :, 0].tolist() == [0, -1, -2, -3]
    assert window.observed[0].tolist() == [True, True, True, False]
    assert observed[1].tolist() == [True, False, True]
    assert window.categories.tolist() == [[0], [100]]
    assert window.lengths.tolist() == [4, 4]


@given(st.integers(1, 12), st.integers(1, 9), st.integers(0, 40))
def test_places_never_leave_their_span(lookback: int, horizon: int, length: int) -> None:
    spans = [(lookback, lookback + length), (lookback, lookback + 5)]
    series, origins = places_of(spans, horizon)
    for k, (first, end) in enumerate(spans):
        own = origins[series == k]
        assert own.tolist() == list(range(first, end - horizon + 1))


def batches(count: int, windows: int | None, seed: int = 0, size: int = 4) -> WindowBatches:
    source = WindowSource([prepared(count + 3, 0)], lookback=2, horizon=1)
    config = ForecastTrainConfig(batch_size=size, windows=windows, seed=seed)
    return WindowBatches(source, places_of([(2, count + 2)], 1), config)


def origins_in(found: WindowBatches, epoch: int) -> list[float]:
    return [
        v for k in range(len(found)) for v in found.batch(epoch, k).targets[0].flatten().tolist()
    ]


def test_a_batch_depends_on_its_number_alone() -> None:
    one, other = batches(50, 40), batches(50, 40)
    origins_in(one, 0)
    for epoch, index in ((3, 7), (0, 2), (3, 0)):
        a, b = one.batch(epoch, index), other.batch(epoch, index)
        assert all(torch.equal(x, y) for x, y in zip(a.inputs, b.inputs, strict=True))
    assert origins_in(one, 0) != origins_in(one, 1)
    assert origins_in(one, 0) != origins_in(batches(50, 40, seed=1), 0)


def test_an_epoch_has_all_windows_before_any_comes_again() -> None:
    for windows, times in ((50, (1, 1)), (20, (0, 1)), (130, (2, 3))):
        found = origins_in(batches(50, windows), 0)
        assert len(found) == windows
        counts = [found.count(float(k)) for k in range(2, 52)]
        assert (min(counts), max(counts)) == times


def test_how_many_windows_where_nobody_says() -> None:
    assert [batches(count, None).windows for count in (50, 300, 5000)] == [200, 300, 800]


def test_series_are_padded_before_their_beginning() -> None:
    window = whole([prepared(2, 10, ahead=2), prepared(4, 50, ahead=2)])
    assert window.y[..., 0].tolist() == [[0, 0, 10, 11], [50, 51, 52, 53]]
    assert window.known[..., 0].tolist() == [[0, 0, 10, 11, 12, 13], [50, 51, 52, 53, 54, 55]]
    assert window.observed[0].tolist() == [False, False, True, True]
    assert window.lengths.tolist() == [2, 4]


def test_the_last_steps_of_a_series() -> None:
    y = np.arange(10.0)[:, None]
    cut = last_steps(Series("a", np.arange(10), y, known=np.arange(12.0)[:, None], past=y), 3)
    assert (cut.ds.tolist(), cut.y[:, 0].tolist()) == ([7, 8, 9], [7, 8, 9])
    assert cut.known[:, 0].tolist() == [7, 8, 9, 10, 11]
    assert len(last_steps(cut, 99)) == 3
