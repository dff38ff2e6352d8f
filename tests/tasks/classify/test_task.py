"""Classify: trained, kept, resumed bit by bit, scored, explained; wrong data refused."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from elman._config import load_config
from elman._errors import ConfigError, DataError, RunError
from elman.tasks.classify.config import ClassifyPredict
from elman.tasks.classify.task import ClassifyRun, ClassifyTraining, class_weights
from elman.train.events import Saved, Stepped, Validated
from tests.tasks.classified import table, task_of


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return table(tmp_path_factory.mktemp("data") / "films.csv")


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> ClassifyRun:
    training = ClassifyTraining.start(task_of(data), tmp_path_factory.mktemp("out") / "run")
    events = list(training.events())
    best = [event for event in events if isinstance(event, Validated) and event.best][-1]
    assert best.metrics["accuracy"] == 1.0 and 0 < best.metrics["macro F1"] <= 1
    return ClassifyRun.open(training.run.path)


def test_it_learns_and_says_so(run: ClassifyRun) -> None:
    found = list(run.classify(["the film is great", "awful"]))
    assert [prediction.label for prediction in found] == ["up", "down"]
    assert found[0].probability == max(found[0].probabilities.values()) > 0.5
    assert sum(found[0].probabilities.values()) == pytest.approx(1)
    report = run.evaluate()
    assert report["accuracy"] == 1.0 and "12 texts" in report.title


def test_a_run_holds_what_a_stranger_needs(run: ClassifyRun, data: Path) -> None:
    files = {path.name for path in run.directory.path.iterdir()}
    assert files >= {
        "config.toml", "model.safetensors", "tokenizer.json", "columns.json", "labels.json",
        "data.json",
        "manifest.json",
    }  # fmt: skip
    assert json.loads((run.directory.path / "labels.json").read_text()) == ["down", "up"]
    assert run.task.data == str(data) and run.kind.columns == (("text",), "label")


def test_baselines_stand_beside(run: ClassifyRun) -> None:
    report = run.evaluate(split="valid", baselines=True)
    assert list(report.baselines) == ["bag of words", "naive Bayes", "commonest class"]
    assert report.baselines["commonest class"]["accuracy"] == 0.5
    assert report.baselines["bag of words"]["accuracy"] == 1.0


def test_another_table_is_scored(run: ClassifyRun, tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("label,text\nup,a great film\ndown,a great film\n")
    assert run.evaluate(str(tmp_path / "b.csv"))["accuracy"] == 0.5
    (tmp_path / "c.csv").write_text("label,text\nup,a great film\nso so,a film\n")
    with pytest.raises(DataError, match=r"c\.csv, line 3: label 'so so' does not occur"):
        run.evaluate(str(tmp_path / "c.csv"))
    (tmp_path / "d.csv").write_text("label,review\nup,a great film\n")
    with pytest.raises(DataError, match=r"d\.csv has no column 'text'.*Columns: label, review"):
        run.evaluate(str(tmp_path / "d.csv"))


def test_predictions_stream_in_order_and_do_not_depend_on_the_chunk(run: ClassifyRun) -> None:
    texts = [f"{'really ' * (n % 9)}{'good' if n % 3 else 'bad'}" for n in range(50)]
    whole = [p.probabilities["up"] for p in run.classify(texts)]
    parts = [p.probabilities["up"] for p in run.classify(texts, chunk=7)]
    np.testing.assert_allclose(parts, whole, rtol=1e-5)
    endless = run.classify((str(n) for n in itertools.count()), chunk=4)
    assert [next(endless).text for _ in range(6)] == ["0", "1", "2", "3", "4", "5"]


def test_nothing_and_the_never_seen_are_answered(run: ClassifyRun) -> None:
    found = list(run.classify(["", "  ", "日本語", "😀"]))
    assert all(0.5 <= prediction.probability < 1 for prediction in found)


def test_contributions_sum_to_the_log_odds(run: ClassifyRun) -> None:
    why = run.why("The film, is Great")
    assert [token for token, _ in why.tokens] == ["The", "film", ",", "is", "Great"]
    total = sum(value for _, value in why.tokens)
    assert total == pytest.approx(why.score - why.base, abs=0.02 * abs(why.score - why.base))
    assert why.label == "up" and max(why.tokens, key=lambda pair: pair[1])[0] == "Great"
    share = next(run.classify(["The film, is Great"])).probability
    assert why.score == pytest.approx(np.log(share / (1 - share)), rel=1e-3)
    assert run.why("great", "down").score == pytest.approx(-run.why("great", "up").score, rel=1e-4)
    with pytest.raises(ConfigError, match="no label 'upp'; did you mean 'up'"):
        run.why("great", "upp")
    with pytest.raises(DataError, match="there are no tokens"):
        run.why("  ")


@pytest.mark.parametrize("tokenizer", ["char", "byte", "word", "bpe"])
def test_every_tokenizer_is_trained_and_explained(data: Path, out: Path, tokenizer: str) -> None:
    text = {"tokenizer": tokenizer, "max_length": 20}
    if tokenizer == "bpe":
        text["vocab_size"] = 280  # type: ignore[assignment]
    training = ClassifyTraining.start(task_of(data, text=text, train={"steps": 3}), out)
    list(training.events())
    why = ClassifyRun.open(out).why("fine, really fine, naïve, really really fine film")
    assert 0 < len(why.tokens) <= 20 and all(token for token, _ in why.tokens)


def test_a_kill_and_a_resume_change_nothing(data: Path, tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "train": {
            **{"steps": 14, "epochs": None, "patience": None},
            **{"eval_every": 5, "checkpoint_every": 4, "report_every": 1},
        },
        "model": {"dropout_word": 0.2},
    }
    whole = ClassifyTraining.start(task_of(data, **changes), tmp_path / "whole")
    events = [event for event in whole.events() if isinstance(event, Stepped | Validated)]
    cut = ClassifyTraining.start(task_of(data, **changes), tmp_path / "cut")
    for event in cut.events():
        if isinstance(event, Saved) and event.step >= 8:
            break  # as if killed: nothing is written any more
    again = ClassifyTraining.resumed(tmp_path / "cut", {})
    later = [event for event in again.events() if isinstance(event, Stepped | Validated)]

    def losses(some: list[Any]) -> dict[Any, Any]:
        return {(type(e).__name__, e.step): (e.nats, getattr(e, "metrics", None)) for e in some}

    expected = losses(events)
    assert later and losses(later).items() <= expected.items()
    one, other = whole.model.state_dict(), again.model.state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_resume_refuses_other_data(data: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    shutil.copy(data, own)
    training = ClassifyTraining.start(task_of(own, train={"steps": 2}), tmp_path / "run")
    list(training.events())
    own.write_text(own.read_text().replace("fine", "kind", 1))
    with pytest.raises(DataError, match="is not what .* was trained on"):
        ClassifyTraining.resumed(tmp_path / "run", {"steps": 4})
    run = ClassifyRun.open(tmp_path / "run")  # the model itself is as good as before
    assert len(list(run.classify(["fine"]))) == 1
    with pytest.raises(DataError, match="is not what"):
        run.evaluate()


def test_the_best_is_chosen_by_what_is_asked(data: Path, out: Path) -> None:
    for select in ("accuracy", "macro_f1", "nats"):
        training = ClassifyTraining.start(
            task_of(data, train={"select": select, "steps": 1}), out / select
        )
        scores = training.validate()
        accuracy, macro = scores.metrics["accuracy"], scores.metrics["macro F1"]
        aim = {"accuracy": 1 - accuracy, "macro_f1": 1 - macro, "nats": scores.nats}[select]
        assert aim <= scores.judged <= aim + 1 / len(training.sets.valid)


def test_rare_classes_can_weigh_more(tmp_path: Path, out: Path) -> None:
    kinds = [("a rare one", "r") if n % 20 == 0 else ("common", "c") for n in range(200)]
    rows = "".join(f"{text} {n},{label}\n" for n, (text, label) in enumerate(kinds))
    (tmp_path / "a.csv").write_text("text,label\n" + rows)
    balanced = ClassifyTraining.start(task_of(tmp_path / "a.csv", train={"balanced": True}), out)
    assert balanced.weights is not None
    counts = np.bincount(balanced.sets.train.labels)
    assert (balanced.weights.numpy() * counts).tolist() == pytest.approx([80, 80])
    batch = balanced.source().batch(0, 0)
    logits = balanced.model.eval()(*batch.inputs)
    each = torch.nn.functional.cross_entropy(logits, batch.targets, reduction="none")
    outcome = balanced.loss(batch, None)
    expected = (each * balanced.weights[batch.targets]).mean()
    torch.testing.assert_close(outcome.loss, expected)
    torch.testing.assert_close(outcome.nats, each.mean().detach())
    given = task_of(tmp_path / "a.csv", train={"class_weights": {"r": 9.0}})
    assert class_weights(given, balanced.sets).tolist() == [1, 9]
    wrong = task_of(tmp_path / "a.csv", train={"class_weights": {"rr": 9.0}})
    with pytest.raises(ConfigError, match=r"train\.class_weights: no label 'rr'; did you mean 'r'"):
        ClassifyTraining.start(wrong, tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def test_a_document_of_50_000_tokens_is_trained_on_and_classified(
    tmp_path: Path, out: Path
) -> None:
    path = table(tmp_path / "a.csv")
    with path.open("a") as file:
        file.write("good " * 50_000 + ",up\n" + "bad " * 50_000 + ",down\n")
    task = task_of(path, model={"hidden_size": 2, "embedding_size": 2}, train={"epochs": 1})
    training = ClassifyTraining.start(task, out)
    assert any("batches of at most 65,536 tokens" in fact for _, fact in training.about())
    events = list(training.events())
    assert sum(event.tokens for event in events if isinstance(event, Stepped)) > 50_000
    run = ClassifyRun.open(out)
    assert len(list(run.classify(["good " * 50_000, "bad"]))) == 2
    cut = ClassifyTraining.start(task_of(path, text={"max_length": 100}), tmp_path / "cut")
    assert any("texts cut at 100 tokens" in fact for _, fact in cut.about())


def test_damaged_files_are_refused(run: ClassifyRun, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run.directory.path, copy)
    (copy / "labels.json").write_text("[1]")
    with pytest.raises(RunError, match=r"labels\.json is not what was written"):
        ClassifyRun.open(copy)
    for name, content in (("labels.json", b'{"a": 1}'), ("columns.json", b'{"label": 1}')):
        shutil.rmtree(copy)
        shutil.copytree(run.directory.path, copy)
        opened = type(run.directory).open(copy)
        opened.write({name: content})
        with pytest.raises(RunError, match=f"{name} is damaged"):
            ClassifyRun.open(copy)


def test_what_the_command_writes(run: ClassifyRun) -> None:
    pieces: list[str] = []
    options = load_config(ClassifyPredict, None, {"format": "json", "why": True})
    run.predict(["great", "bad"], options, pieces.append, False)
    first = json.loads(pieces[0])
    assert first["label"] == "up" and first["why"]["tokens"][0][0] == "great"


def test_a_part_that_was_not_held_out_cannot_be_scored(data: Path, out: Path) -> None:
    task = task_of(data, text={"test_fraction": 0.0}, train={"steps": 1})
    list(ClassifyTraining.start(task, out).events())
    with pytest.raises(DataError, match="has no test part"):
        ClassifyRun.open(out).evaluate()
