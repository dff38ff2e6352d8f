from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elman._config import load_config, merged
from elman._errors import ConfigError, DataError
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.tag.signal import SignalTagKind, episodes
from elman.tasks.tag.steps import StepTagRun, StepTagTraining
from elman.tasks.tag.task import TagRun, TagTraining
from elman.train.events import Stepped
from tests.tasks import sensed


def task_of(data: Path, **tables: Any) -> TagTask:
    small = {
        "data": str(data),
        "model": {"hidden_size": 10, "bidirectional": False, "dropout": 0.1, "num_layers": 1},
        "train": {"epochs": 15, "lr": 0.02, "batch_size": 16, "report_every": 1},
    }
    return load_config(TagTask, None, merged(small, tables))


def train(task: TagTask, out: Path) -> StepTagRun:
    for _ in TagTraining.start(task, out).events():
        pass
    run = TagRun.open(out)
    assert isinstance(run, StepTagRun)
    return run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tag") / "a.csv"
    return sensed.table(path, label="steps", timed=True, people=12)


@pytest.fixture(scope="module", params=["softmax", "crf"])
def run(
    request: pytest.FixtureRequest, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> StepTagRun:
    task = task_of(data, model={"output": request.param}, signal={"deltas": True})
    return train(task, tmp_path_factory.mktemp("out") / "run")


def test_rows_are_told_better_than_by_the_most_frequent_tag(run: StepTagRun) -> None:
    report = run.evaluate(baselines=True, pictures=True)
    assert float(report["accuracy"] or 0) > report.baselines["most frequent tag"]["accuracy"] + 0.2
    assert len(report.pictures) == 2


def test_rows_are_written_as_episodes_csv_and_json(
    run: StepTagRun, data: Path, tmp_path: Path
) -> None:
    bare = sensed.without_labels(data, tmp_path / "bare.csv")

    def told(**options: Any) -> str:
        written: list[str] = []
        run.predict(iter([str(bare)]), TagPredict(**options), written.append, False)
        return "".join(written)

    rows = told(format="csv").splitlines()
    assert rows[0] == "recording,at,tag,confidence"
    assert len(rows) == len(bare.read_text().splitlines())
    objects = [json.loads(line) for line in told(format="json").splitlines()]
    assert len(objects) == 60
    assert [tag for o in objects for tag in o["tags"]] == [row.split(",")[2] for row in rows[1:]]
    assert told().count("\n") <= len(rows) and " to " in told()


def test_a_stream_tags_each_row_from_the_rows_so_far(data: Path, tmp_path: Path) -> None:
    run = train(task_of(data, train={"epochs": 2}), tmp_path / "run")
    one = sensed.without_labels(data, tmp_path / "one.csv", first=4)
    written: list[str] = []
    run.predict(iter([str(one)]), TagPredict(stream=True, format="json"), written.append, False)
    kind = run.kind
    item = next(kind.reader.named(iter([str(one)])))
    inputs, lengths = kind.collate([item])
    with torch.inference_mode():
        wanted = run.model(inputs, lengths)[0].softmax(-1).numpy()
    found = [list(json.loads(line)["probabilities"].values()) for line in written]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_belief_of_a_crf_is_streamed(run: StepTagRun, data: Path, tmp_path: Path) -> None:
    one = sensed.without_labels(data, tmp_path / "one.csv", first=4)
    written: list[str] = []
    run.predict(iter([str(one)]), TagPredict(stream=True), written.append, False)
    assert len(written) == len(one.read_text().splitlines()) - 1
    stamp, tag, share = written[-1].rstrip().split("\t")
    assert tag in run.labels and share.endswith("%") and float(stamp) > 0


def test_one_long_recording_is_held_out_by_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["x,label"]
    for k in range(600):
        state = k // 20 % 2
        lines.append(f"{3 * state + rng.normal():.3f},{'hot' if state else 'cold'}")
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines) + "\n")
    task = task_of(path, input="signal", signal={"window": 40, "stride": 20})
    run = train(task, tmp_path / "run")
    report = run.evaluate()
    assert float(report["accuracy"] or 0) > 0.8 and "60 rows" in report.title
    assert "held out: the end of each recording" in report.notes


def test_a_resumed_training_has_the_same_bits(data: Path, tmp_path: Path) -> None:
    tables = {"signal": {"augment_noise": 0.2}, "train": {"epochs": 3, "checkpoint_every": 1}}
    whole = StepTagTraining.start(task_of(data, **tables), tmp_path / "whole")
    losses = [event.nats for event in whole.events() if isinstance(event, Stepped)]
    seen = 0
    for event in StepTagTraining.start(task_of(data, **tables), tmp_path / "half").events():
        seen += isinstance(event, Stepped)
        if seen == 5:
            break
    resumed = StepTagTraining.resumed(tmp_path / "half", {})
    rest = [event.nats for event in resumed.events() if isinstance(event, Stepped)]
    assert 0 < len(rest) < len(losses) and losses[-len(rest) :] == rest


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"signal": {"rows_per_step": 2}}, "a tag for each row needs a step for each row"),
        ({"signal": {"augment_time": 0.1}}, "another pace would part rows from their tags"),
        ({"model": {"word_size": 7}}, "word_size: has no effect on recordings"),
    ],
)
def test_what_does_not_fit_is_refused(
    data: Path, tmp_path: Path, tables: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        TagTraining.start(task_of(data, **tables), tmp_path / "run")


def test_options_and_labels_that_do_not_fit(run: StepTagRun, tmp_path: Path) -> None:
    for options in ({"format": "conll"}, {"chunk": 3}, {"input": "words"}):
        with pytest.raises(ConfigError, match="recordings"):
            run.predict(iter([]), TagPredict.model_validate(options), print, False)
    other = sensed.table(tmp_path / "b.csv", label="name", timed=True)
    with pytest.raises(DataError, match="label 'down' was not learned"):
        run.evaluate(str(other))


def test_episodes_are_stretches_of_one_tag() -> None:
    found = list(episodes(list("123456"), list("aabbba"), np.linspace(0.5, 1, 6)))
    assert [(e.first, e.last, e.tag) for e in found] == [
        ("1", "2", "a"),
        ("3", "5", "b"),
        ("6", "6", "a"),
    ]
    assert SignalTagKind.noun == "recordings"
