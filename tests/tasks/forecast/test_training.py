"""Training on windows: it learns, is chosen on validation, resumes exactly, refuses early."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elman._errors import ConfigError, DataError
from elman._run import RunDirectory
from elman.tasks.forecast.learned import Learned
from elman.tasks.forecast.training import ForecastTraining, read_learned
from elman.train.events import Saved, Stepped, Stopped, Validated
from tests.tasks.forecast.trained import STREAM, config, table


def weights(training: ForecastTraining) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in training.model.state_dict().items()}


@pytest.mark.parametrize("model", [{}, STREAM, {"head": "point", "norm": "last"}])
def test_it_learns(tmp_path: Path, model: dict[str, Any]) -> None:
    task = config(table(tmp_path / "a.csv"), model=model, train={"epochs": 8})
    scores = [
        event.nats
        for event in ForecastTraining.start(task, tmp_path / "run").events()
        if isinstance(event, Validated)
    ]
    assert min(scores) < scores[0]


@pytest.mark.parametrize("model", [{"dropout": 0.3}, {**STREAM, "dropout": 0.3}])
def test_a_resumed_training_has_the_same_bits(tmp_path: Path, model: dict[str, Any]) -> None:
    train = {"epochs": 3, "minutes": None, "checkpoint_every": 3, "keep_checkpoints": 99}
    task = config(table(tmp_path / "a.csv"), model=model, train=train)
    straight = ForecastTraining.start(task, tmp_path / "straight")
    for _ in straight.events():
        pass
    broken = ForecastTraining.start(task, tmp_path / "broken")
    for event in broken.events():
        if isinstance(event, Saved) and event.step == 6:
            break  # in the middle of an epoch of four batches
    resumed = ForecastTraining.resumed(tmp_path / "broken", {})
    steps = [event.step for event in resumed.events() if isinstance(event, Stepped | Stopped)]
    assert steps[0] > 6
    for name, value in weights(straight).items():
        assert torch.equal(value, weights(resumed)[name]), name


def test_windows_stay_in_their_parts(tmp_path: Path) -> None:
    training = ForecastTraining.start(config(table(tmp_path / "a.csv")), tmp_path / "run")
    train, valid = training.batches.places, training.held_out
    assert (train[1].min(), train[1].max()) == (24, 96 - 6)
    assert (valid[1].min(), valid[1].max()) == (96, 108 - 6)
    assert training.validates


def test_nothing_after_the_training_part_is_learned_from(tmp_path: Path) -> None:
    """Other validation and test parts give the same network, where nothing is chosen by them."""
    path = tmp_path / "a.csv"
    one = config(table(path), train={"patience": None, "epochs": 1})
    first = ForecastTraining.start(one, tmp_path / "one")
    rows = list(csv.reader(path.read_text().splitlines()))
    for row in rows[1:]:
        if row[1] >= "2024-01-05":
            row[2] = str(float(row[2]) * 10 + 5)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    second = ForecastTraining.start(one, tmp_path / "two")
    for _ in first.events():
        pass
    for _ in second.events():
        pass
    assert all(torch.equal(v, weights(second)[n]) for n, v in weights(first).items())


def test_without_a_validation_part(tmp_path: Path) -> None:
    task = config(table(tmp_path / "a.csv"), series={"valid_size": 0})
    training = ForecastTraining.start(task, tmp_path / "run")
    assert not training.validates
    assert any(isinstance(event, Stopped) for event in training.events())
    assert "model.safetensors" in training.run
    again = ForecastTraining.resumed(tmp_path / "run", {"epochs": 3})
    assert again.task.train.patience is None
    assert any(isinstance(event, Stopped) for event in again.events())
    with pytest.raises(ConfigError, match="patience does nothing"):
        task = config(task.data, series={"valid_size": 0}, train={"patience": 3})
        list(ForecastTraining.start(task, tmp_path / "other").events())


def test_what_is_told(tmp_path: Path) -> None:
    columns = {"known": ["price"], "past": ["rain"], "static": ["shop"]}
    task = config(table(tmp_path / "a.csv", columns=True, gap=2), series=columns)
    training = ForecastTraining.start(task, tmp_path / "run")
    told = dict(training.about())
    assert "2 of 120 steps (every h, season 24); also read: price, rain, shop" in told["series"]
    assert told["windows"].startswith("24 steps back, 6 ahead; 134 to train on, 14 to validate")
    assert "quantiles, all steps at once" in told["network"]
    assert "gap" in told["note"]
    assert training.units[0](0.5) == "0.5000 pinball"
    assert training.next_steps()[0] == f"elman eval {tmp_path / 'run'} --baselines"


def test_the_lookback_where_nobody_says(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", 300)
    task = config(path, window={"lookback": None})
    assert ForecastTraining.start(task, tmp_path / "long").learned.lookback == 3 * 24
    path = table(tmp_path / "b.csv", 90)
    task = config(path, window={"lookback": None}, series={"valid_size": 10, "test_size": 10})
    assert ForecastTraining.start(task, tmp_path / "short").learned.lookback == 70 - 6


@pytest.mark.parametrize(
    ("tables", "error", "message"),
    [
        ({"window": {"lookback": 100}}, DataError, "too short"),
        ({"model": {"head": "negative_binomial"}}, DataError, "counts are 0, 1, 2"),
        (
            {"series": {"past": ["rain"]}, "model": STREAM},
            ConfigError,
            "1 column is known up to now only",
        ),
    ],
)
def test_nothing_is_left_where_it_cannot_work(
    tmp_path: Path, tables: dict[str, Any], error: type[Exception], message: str
) -> None:
    task = config(table(tmp_path / "a.csv", columns=True), **tables)
    with pytest.raises(error, match=message):
        ForecastTraining.start(task, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_changed_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for _ in ForecastTraining.start(config(table(path)), tmp_path / "run").events():
        pass
    path.write_text(path.read_text().replace("2024-01-01 00:00:00,", "2024-01-01 00:00:00,1"))
    with pytest.raises(DataError, match="not what"):
        ForecastTraining.resumed(tmp_path / "run", {})


def test_gaps_are_not_learned_from(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = table(tmp_path / "a.csv", gap=10)
        training = ForecastTraining.start(config(path), tmp_path / "run")
    mask = np.stack([series.mask for series in training.split.set.series])
    assert mask.sum() == 2 * 110
    batch = training.batches.batch(0, 0)
    outcome = training.loss(batch, None)
    assert outcome.count == int(batch.targets[1].sum()) < batch.targets[1].numel() + 1
    assert isinstance(read_learned(RunDirectory.open(tmp_path / "run")), Learned)


def test_the_lags_where_nobody_says(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv")
    season = ForecastTraining.start(config(path), tmp_path / "season")
    assert (season.task.model.lags, season.model.config.adds) == ((24,), True)
    short = ForecastTraining.start(config(path, window={"lookback": 12}), tmp_path / "short")
    assert short.task.model.lags == ()
    none = ForecastTraining.start(config(path, model={"lags": []}), tmp_path / "none")
    assert none.task.model.lags == ()
