from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elman._config import load_config, merged
from elman._errors import ConfigError, DataError, RunError
from elman.tasks.classify.config import ClassifyPredict, ClassifyTask
from elman.tasks.classify.signal import SignalKind, numbered, spread
from elman.tasks.classify.task import ClassifyRun, ClassifyTraining
from elman.train.events import Stepped
from tests.data.signal import made
from tests.tasks import sensed


def task_of(data: Path, **tables: Any) -> ClassifyTask:
    small = {
        "data": str(data),
        "model": {"hidden_size": 10, "bidirectional": False, "dropout": 0.1},
        "train": {"epochs": 20, "lr": 0.02, "batch_size": 16, "report_every": 1},
    }
    return load_config(ClassifyTask, None, merged(small, tables))


def train(task: ClassifyTask, out: Path) -> ClassifyRun:
    for _ in ClassifyTraining.start(task, out).events():
        pass
    return ClassifyRun.open(out)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("classify") / "a.csv"
    return sensed.table(path, timed=True, missing=0.1, people=12)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> ClassifyRun:
    config = {"signal": {"deltas": True, "missing": "decay"}}
    return train(task_of(data, **config), tmp_path_factory.mktemp("out") / "run")


def test_a_table_of_numbers_is_known_without_being_told(run: ClassifyRun) -> None:
    assert run.task.input == "signal" and run.takes == "files"
    assert run.labels == ("down", "up")


def test_it_learns_and_stands_beside_linear_baselines(run: ClassifyRun) -> None:
    report = run.evaluate(baselines=True, pictures=True)
    assert float(report["accuracy"] or 0) > 0.85
    assert {"summary, linear", "16 steps, linear", "commonest class"} <= set(report.baselines)
    assert report.notes == ("12 groups (column 'subject'), each in one part only",)
    assert [picture.kind for picture in report.pictures] == ["png", "png"]


def test_no_person_is_in_two_parts(run: ClassifyRun) -> None:
    sets = run.own_sets()
    people = [
        {item.group for item in part.recordings} for part in (sets.train, sets.valid, sets.test)
    ]
    assert all(people) and sum(map(len, people)) == 12


def test_a_stream_says_after_each_row_what_is_said_of_the_rows_so_far(
    run: ClassifyRun, data: Path, tmp_path: Path
) -> None:
    one = sensed.without_labels(data, tmp_path / "one.csv", first=4)
    running = list(run.stream(run.kind.arriving(str(one))))
    named = next(run.kind.named(iter([str(one)])))
    assert len(running) == len(named.item)
    for steps in range(1, len(named.item) + 1):
        logits = run.kind.logits(run.model, [named.item.cut(0, steps)], [steps])[0]
        logits = logits / float(run.model.temperature)
        shares = np.exp(logits - logits.max())
        np.testing.assert_allclose(running[steps - 1][1], shares / shares.sum(), atol=1e-5)


def test_steps_of_several_rows_are_streamed_too(data: Path, tmp_path: Path) -> None:
    task = task_of(data, signal={"rows_per_step": 3}, train={"epochs": 1})
    run = train(task, tmp_path / "run")
    one = sensed.without_labels(data, tmp_path / "one.csv", first=4)
    running = list(run.stream(run.kind.arriving(str(one))))
    rows = len(next(run.kind.named(iter([str(one)]))).item)
    assert len(running) == -(-rows // 3)
    (told,) = run.classify([str(one)])
    np.testing.assert_allclose(running[-1][1], list(told.probabilities.values()), atol=1e-5)


def test_the_command_writes_a_line_for_each_row(
    run: ClassifyRun, data: Path, tmp_path: Path
) -> None:
    one = sensed.without_labels(data, tmp_path / "one.csv", first=4)
    written: list[str] = []
    run.predict([str(one)], ClassifyPredict(stream=True), written.append, False)
    times = [line.split(",")[2] for line in one.read_text().splitlines()[1:]]
    assert [line.split("\t")[0] for line in written] == times
    why = run.why(str(one))
    assert [stamp for stamp, _ in why.tokens] == [f"{float(time):g}" for time in times]


def test_whole_recordings_cannot_be_streamed(data: Path, tmp_path: Path) -> None:
    run = train(task_of(data, signal={"resize": True}, train={"epochs": 1}), tmp_path / "run")
    with pytest.raises(ConfigError, match=r"trained with signal\.resize"):
        list(run.kind.arriving(str(data)))
    with pytest.raises(ConfigError, match="does not arrive row by row"):
        list(train(task_of(data, train={"epochs": 1}), tmp_path / "b").kind.arriving("a.npz"))


def test_other_recordings_are_scored_whole(run: ClassifyRun, tmp_path: Path) -> None:
    other = sensed.table(tmp_path / "b.csv", timed=True, count=10, seed=3)
    assert "10 recordings" in run.evaluate(str(other)).title
    wrong = tmp_path / "c.csv"
    wrong.write_text(other.read_text().replace(",down\n", ",dwn\n"))
    with pytest.raises(DataError, match="label 'dwn' was not learned; did you mean 'down'"):
        run.evaluate(str(wrong))


@pytest.mark.parametrize("missing", ["zero", "decay"])
def test_a_resumed_training_has_the_same_bits(data: Path, tmp_path: Path, missing: str) -> None:
    tables: dict[str, Any] = {
        "signal": {"augment_noise": 0.2, "augment_time": 0.2, "missing": missing},
        "train": {"epochs": 4, "checkpoint_every": 1},
    }
    whole = ClassifyTraining.start(task_of(data, **tables), tmp_path / "whole")
    losses = [event.nats for event in whole.events() if isinstance(event, Stepped)]
    seen = 0
    for event in ClassifyTraining.start(task_of(data, **tables), tmp_path / "half").events():
        seen += isinstance(event, Stepped)
        if seen == 7:
            break
    resumed = ClassifyTraining.resumed(tmp_path / "half", {})
    rest = [event.nats for event in resumed.events() if isinstance(event, Stepped)]
    assert 0 < len(rest) < len(losses) and losses[-len(rest) :] == rest
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_windows_are_told_one_by_one(data: Path, tmp_path: Path) -> None:
    run = train(task_of(data, signal={"window": 4}, train={"epochs": 1}), tmp_path / "run")
    one = sensed.without_labels(data, tmp_path / "one.csv", first=4)
    names = [told.text for told in run.classify([str(one)])]
    assert names[:2] == ["4[0:4]", "4[4:8]"]


def test_a_damaged_file_of_the_run_is_refused(data: Path, tmp_path: Path) -> None:
    run = train(task_of(data, train={"epochs": 1}), tmp_path / "run")
    sound = run.directory.read("signal.json")
    for old, new in ((b'"masked": true', b'"masked": 7'), (b'"layout"', b'"layuot"')):
        assert old in sound
        run.directory.write({"signal.json": sound.replace(old, new, 1)})
        with pytest.raises(RunError, match=r"signal.json is damaged"):
            ClassifyRun.open(tmp_path / "run")


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"signal": {"test_groups": ["nobody"]}}, "no group 'nobody'"),
        ({"signal": {"coordinates": 3}}, "2 channels are no whole number of points"),
        ({"signal": {"label": "lable"}}, "no column 'lable'; did you mean 'label'"),
        ({"model": {"embedding_size": 3}}, "embedding_size: has no effect on recordings"),
        ({"text": {}}, "text: has no effect on recordings"),
    ],
)
def test_mistakes_leave_nothing_behind(
    data: Path, tmp_path: Path, tables: dict[str, Any], message: str
) -> None:
    with pytest.raises((ConfigError, DataError), match=message):
        ClassifyTraining.start(task_of(data, **tables), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_texts_are_left_to_others(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\ngood,yes\n")
    assert not SignalKind.recognises(str(path))


def test_some_of_all_are_drawn() -> None:
    assert spread(np.arange(3), 5) == [0, 1, 2]
    assert spread(np.arange(10), 3) == [0, 4, 9]
    with pytest.raises(DataError, match="label 'b' was not learned"):
        numbered(made.recordings(2), ["a", "c"])


def test_all_may_be_trained_on_and_patience_must_then_be_asked_for(
    data: Path, tmp_path: Path
) -> None:
    everything = {"signal": {"valid_fraction": 0.0, "test_groups": ["p1"]}, "train": {"epochs": 1}}
    run = train(task_of(data, **everything), tmp_path / "run")
    assert {item.group for item in run.own_sets().test.recordings} == {"p1"}
    assert "summary, linear" in run.evaluate(baselines=True).baselines
    with pytest.raises(ConfigError, match="patience does nothing without"):
        train(task_of(data, **merged(everything, {"train": {"patience": 3}})), tmp_path / "other")
    assert not (tmp_path / "other").exists()
