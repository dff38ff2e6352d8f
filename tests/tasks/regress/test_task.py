from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elman._config import load_config, merged
from elman._errors import DataError, RunError
from elman.data.signal.arriving import arriving_rows
from elman.tasks.regress.config import RegressPredict, RegressTask
from elman.tasks.regress.task import RegressRun, RegressTraining, in_variances
from elman.train.events import Stepped
from tests.tasks import sensed


def task_of(data: Path, **tables: Any) -> RegressTask:
    small = {
        "data": str(data),
        "model": {"hidden_size": 12, "bidirectional": False},
        "train": {"epochs": 25, "lr": 0.02, "batch_size": 16, "report_every": 1},
    }
    return load_config(RegressTask, None, merged(small, tables))


def train(task: RegressTask, out: Path) -> RegressRun:
    for _ in RegressTraining.start(task, out).events():
        pass
    return RegressRun.open(out)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("regress") / "a.csv"
    return sensed.table(path, label="number", timed=True, missing=0.1, people=30)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> RegressRun:
    normal = {"model": {"output": "normal"}}
    return train(task_of(data, **normal), tmp_path_factory.mktemp("out") / "run")


def test_it_learns_more_than_the_mean_and_says_how_sure_it_is(run: RegressRun) -> None:
    report = run.evaluate(baselines=True, pictures=True)
    assert float(report["R2"] or 0) > 0.6
    assert set(report.baselines) == {"mean", "summary, linear", "16 steps, linear"}
    assert report.baselines["mean"]["R2"] < 0.1
    assert report.pictures[0].image.startswith(b"\x89PNG")
    assert report.notes == ("30 groups (column 'subject'), each in one part only",)


def test_a_stream_says_after_each_row_what_is_said_of_the_rows_so_far(
    run: RegressRun, data: Path, tmp_path: Path
) -> None:
    one = sensed.without_labels(data, tmp_path / "one.csv", first=3)
    running = list(run.stream(str(one)))
    item = next(run.reader.named(iter([str(one)])))
    assert len(running) == len(item)
    for steps in range(1, len(item) + 1):
        whole = next(run.answers([item.cut(0, steps)]))
        assert running[steps - 1].number == pytest.approx(whole.number, abs=1e-5)
        assert running[steps - 1].deviation == pytest.approx(whole.deviation, abs=1e-5)
    lines = one.read_text().splitlines()
    stamps = [row.stamp for row in arriving_rows(lines, run.reader.scale.channels, "time")]
    assert [answer.at for answer in running] == stamps


def test_files_without_numbers_are_told(run: RegressRun, data: Path, tmp_path: Path) -> None:
    bare = sensed.without_labels(data, tmp_path / "bare.csv")
    answers = list(run.tell([str(bare)], chunk=7))
    assert len(answers) == 60
    written: list[str] = []
    run.predict([str(bare)], RegressPredict(format="csv"), written.append, False)
    assert written[0] == "number,deviation,low,high,input\n" and len(written) == 61
    told = [float(line.split(",")[0]) for line in written[1:]]
    np.testing.assert_allclose(told, [answer.number for answer in answers], rtol=1e-4)


def test_standard_input_is_a_table(
    run: RegressRun, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = sensed.without_labels(data, tmp_path / "bare.csv", first=5)

    class Stdin:
        buffer = io.BytesIO(bare.read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin)
    (answer,) = run.tell(["-"])
    assert answer == next(run.tell([str(bare)]))
    monkeypatch.setattr(Stdin, "buffer", io.BytesIO(b"x,y,time\n1,2,oops\n"))
    with pytest.raises(DataError, match="^standard input, line 2, column 'time'"):
        list(run.tell(["-"]))


@pytest.mark.parametrize(
    "tables",
    [
        {"signal": {"augment_noise": 0.2, "augment_time": 0.2}, "model": {"dropout": 0.3}},
        {"train": {"loss": "huber", "huber_delta": 0.5}, "signal": {"missing": "decay"}},
    ],
)
def test_a_resumed_training_has_the_same_bits(
    data: Path, tmp_path: Path, tables: dict[str, Any]
) -> None:
    whole = RegressTraining.start(
        task_of(data, **merged(tables, {"train": {"epochs": 4}})), tmp_path / "whole"
    )
    losses = [event.nats for event in whole.events() if isinstance(event, Stepped)]
    half = merged(tables, {"train": {"epochs": 4, "checkpoint_every": 1}})
    broken = RegressTraining.start(task_of(data, **half), tmp_path / "broken")
    first = []
    for event in broken.events():
        if isinstance(event, Stepped):
            first.append(event.nats)
        if len(first) == 7:
            break
    resumed = RegressTraining.resumed(tmp_path / "broken", {})
    rest = [event.nats for event in resumed.events() if isinstance(event, Stepped)]
    assert losses[-len(rest) :] == rest and len(rest) < len(losses)
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_changed_data_and_damaged_files_are_refused(data: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data.read_bytes())
    run = train(task_of(path, train={"epochs": 1}), tmp_path / "run")
    path.write_text(path.read_text().replace("p0", "p1"))
    with pytest.raises(DataError, match="is not what .* was trained on"):
        run.evaluate()
    run.directory.write({"data.json": b'{"fingerprint": "", "target": {"mean": 0}}'})
    with pytest.raises(RunError, match=r"data.json is damaged"):
        RegressRun.open(tmp_path / "run")


def test_labels_that_are_no_numbers_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    path = sensed.table(tmp_path / "a.csv", label="name")
    with pytest.raises(DataError, match="expected a number to learn, got 'down'"):
        RegressTraining.start(task_of(path), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_loss_is_a_part_of_the_variance() -> None:
    assert in_variances(1.0) == "1.0000 of the variance"
