"""Trained networks: forecasts in the data's units, of what is looked back on alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError, RunError
from elman.data.series.read import read_series
from elman.data.series.series import Series
from elman.tasks.forecast.run import ForecastRun
from elman.tasks.registry import open_run
from tests.tasks.forecast.trained import table

LEVELS = (0.1, 0.5, 0.9)


@pytest.mark.parametrize("kind", ["run", "paths"])
def test_forecasts_have_the_size_of_their_series(kind: str, request: pytest.FixtureRequest) -> None:
    own: ForecastRun = request.getfixturevalue(kind)
    series = own.read(own.task.data).series
    small, large = own.forecast(series, LEVELS)
    assert small.mean.shape == (6, 1) and small.quantiles.shape == (6, 3, 1)
    assert 5 < small.mean.mean() < 15 and 250 < large.mean.mean() < 750
    for one in (small, large):
        assert (np.diff(one.quantiles, axis=1) >= 0).all()


def test_a_forecast_does_not_depend_on_its_company(run: ForecastRun) -> None:
    series = run.read(run.task.data).series
    both = run.forecast([series[0], series[1].until(80, 0)])
    alone = run.forecast([series[1].until(80, 0)])[0]
    np.testing.assert_allclose(both[1].mean, alone.mean, rtol=1e-4)


def test_only_the_lookback_is_read(run: ForecastRun) -> None:
    series = run.read(run.task.data).series[0]
    y = series.y.copy()
    y[: 120 - 24] = 1e5
    one, other = run.forecast([series, replace(series, y=y)])
    assert np.array_equal(one.mean, other.mean)
    y[120 - 24] = 1e5
    assert not np.array_equal(one.mean, run.forecast([replace(series, y=y)])[0].mean)


def test_paths_are_the_same_for_a_seed(paths: ForecastRun) -> None:
    series = paths.read(paths.task.data).series
    one, same, other = (paths.forecast(series, LEVELS, seed=k)[0] for k in (1, 1, 2))
    assert np.array_equal(one.quantiles, same.quantiles)
    assert not np.array_equal(one.quantiles, other.quantiles)


def test_a_short_series_is_refused(run: ForecastRun) -> None:
    series = run.read(run.task.data).series[0].until(20, 0)
    with pytest.raises(DataError, match="'a' has 20 steps, and the network looks back on 24"):
        run.forecast([series])


def test_a_network_that_streams_takes_any_length(paths: ForecastRun) -> None:
    series = paths.read(paths.task.data).series[0]
    assert paths.forecast([series.until(1, 0)])[0].mean.shape == (6, 1)


def test_another_step_is_refused(run: ForecastRun, tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_text("unique_id,ds,y\n" + "".join(f"a,{k},{k}\n" for k in range(40)))
    with pytest.raises(DataError, match="step of h and a season of 24 steps; these have"):
        run.read(str(path))


def test_a_run_is_opened_by_its_task_and_not_trusted(run: ForecastRun) -> None:
    path = run.directory.path
    assert isinstance(open_run(path), ForecastRun)
    file = path / "series.json"
    own = file.read_bytes()
    try:
        file.write_bytes(own.replace(b'"lookback": 24', b'"lookback": 25'))
        with pytest.raises(RunError, match="sha256"):
            ForecastRun.open(path)
        run.directory.write({"series.json": b'{"lookback": []}'})
        with pytest.raises(RunError, match="damaged"):
            ForecastRun.open(path)
    finally:
        run.directory.write({"series.json": own})


def test_a_series_alone_is_what_reading_the_table_gives(run: ForecastRun) -> None:
    """The Python way: arrays of one's own."""
    own = run.read(run.task.data).series[1]
    none = np.zeros((len(own), 0))
    mine = Series("b", own.ds, own.y, none, none)
    assert np.array_equal(run.forecast([own])[0].mean, run.forecast([mine])[0].mean)
    assert read_series(run.task.data, run.reading).fingerprint == run.learned.fingerprint


def test_other_data_is_read_to_its_end(run: ForecastRun, tmp_path: Path) -> None:
    cut = run.task.model_copy(update={"series": run.task.series.model_copy(update={"steps": 90})})
    assert len(replace(run, task=cut).read(table(tmp_path / "a.csv")).series[0]) == 120
