"""Training, resuming and scoring a translator."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman._config import load_config
from elman._errors import ConfigError, DataError, RunError
from elman.tasks.translate.config import TranslateEval, TranslateTask, Translating
from elman.tasks.translate.task import TranslateRun, TranslateTraining, mean_nats
from elman.train.events import Sampled, Stepped, Stopped, Validated
from tests.tasks.pairs import task_of, train, write_pairs


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("numbers") / "pairs.tsv", 120)


@pytest.fixture
def run(numbers: TranslateRun) -> TranslateRun:
    return numbers


def test_training_learns_shows_and_keeps_the_best(data: Path, tmp_path: Path) -> None:
    task = task_of(data, train={"epochs": 8, "eval_every": 8})
    training = TranslateTraining.start(task, tmp_path / "run")
    assert dict(training.about())["pairs"].endswith("96 to train on, 12 to validate, 12 to test")
    assert training.next_steps()[0].startswith(f"elman predict {tmp_path}")
    events = list(training.events())
    nats = [event.nats for event in events if isinstance(event, Validated)]
    assert min(nats) < 0.85 * nats[0]
    shown = [event.text for event in events if isinstance(event, Sampled)]
    assert shown and " -> " in shown[-1]
    assert isinstance(events[-1], Stopped)
    kept = TranslateRun.open(tmp_path / "run")
    assert mean_nats(kept.model, training.held_out) == pytest.approx(min(nats), rel=1e-5)


def test_a_resumed_training_is_the_one_that_was_not_stopped(data: Path, tmp_path: Path) -> None:
    forced = {"epochs": 2, "teacher_forcing": 0.5, "forcing_epochs": 1, "schedule": "constant"}
    forced |= {"report_every": 1}
    task = task_of(data, train=forced, model={"dropout": 0.2})
    whole = [e for e in TranslateTraining.start(task, tmp_path / "a").events()]
    first = task.model_copy(update={"train": task.train.model_copy(update={"epochs": 1})})
    list(TranslateTraining.start(first, tmp_path / "b").events())
    rest = [*TranslateTraining.resumed(tmp_path / "b", {"epochs": 2}).events()]
    wanted = {e.step: e.nats for e in whole if isinstance(e, Stepped)}
    found = {e.step: e.nats for e in rest if isinstance(e, Stepped)}
    assert found and all(wanted[step] == nats for step, nats in found.items())


def test_other_data_is_not_taken_up(tmp_path: Path) -> None:
    data = write_pairs(tmp_path / "pairs.tsv", 60)
    task = task_of(data, train={"epochs": 1})
    list(TranslateTraining.start(task, tmp_path / "run").events())
    data.write_text(data.read_text().replace("one", "uno"))
    with pytest.raises(DataError, match="is not what .* was trained on"):
        TranslateTraining.resumed(tmp_path / "run", {"epochs": 2})


def test_what_cannot_work_leaves_nothing_behind(tmp_path: Path) -> None:
    data = write_pairs(tmp_path / "pairs.tsv", 60)
    with pytest.raises(DataError, match="no pair has at most 1 tokens"):
        TranslateTraining.start(
            task_of(data, pairs={"max_length": 1}, text={"tokenizer": "byte"}), tmp_path / "run"
        )
    data.write_text("1\tone\n2\n")
    with pytest.raises(DataError, match="pairs.tsv, line 2: expected at least 2 columns"):
        TranslateTraining.start(task_of(data), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_files_are_named_from_the_root(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(data.parent)
    task = task_of(Path(data.name), train={"epochs": 1}, pairs={"valid": data.name})
    list(TranslateTraining.start(task, tmp_path / "run").events())
    monkeypatch.chdir(tmp_path)
    assert TranslateRun.open(tmp_path / "run").evaluate(split="valid")["exact match"] is not None


def test_the_report_and_its_baselines(run: TranslateRun) -> None:
    report = run.evaluate(baselines=True)
    assert report.title.endswith("pairs.tsv, 60 pairs, greedy")
    assert report["exact match"] > 0.9 and report["token error rate"] < 0.1
    copied = report.baselines["copy the source"]
    assert copied["exact match"] == 0 and copied["token error rate"] >= 1
    assert report.baselines["most frequent target"]["exact match"] < 0.5
    assert "this network  copy the source  most frequent target" in report.text()


def test_a_beam_and_other_data_can_be_scored(run: TranslateRun, tmp_path: Path) -> None:
    (tmp_path / "a.src").write_text("1 2\n3\n")
    (tmp_path / "a.tgt").write_text("one two\nthree\n")
    options = TranslateEval(beam=4, target=str(tmp_path / "a.tgt"))
    report = run.evaluate(str(tmp_path / "a.src"), options=options)
    assert report["exact match"] == 1.0
    assert report.title == f"{tmp_path / 'a.src'}, 2 pairs, beam 4"
    with pytest.raises(ConfigError, match="target: give the source side as well"):
        run.evaluate(options=TranslateEval(target="a.tgt"))


def test_a_part_without_pairs_is_refused(data: Path, tmp_path: Path) -> None:
    task = task_of(data, pairs={"test_fraction": 0.0}, train={"epochs": 1})
    with pytest.raises(DataError, match="the test part has no pairs"):
        train(task, tmp_path / "run").evaluate()


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ({"tokenizer": "char"}, {"tokenizer": "word", "word_split": "spaces"}),
        ({"tokenizer": "byte"}, {"tokenizer": "char"}),
        ({"tokenizer": "bpe", "vocab_size": 270}, {"tokenizer": "byte"}),
        ({"tokenizer": "word", "word_split": "plain"}, {"tokenizer": "bpe", "vocab_size": 270}),
    ],
)
def test_any_two_vocabularies(
    data: Path, tmp_path: Path, text: dict[str, object], target: dict[str, object]
) -> None:
    task = task_of(data, text=text, target_text=target, train={"epochs": 1})
    run = train(task, tmp_path / "run")
    for some in run.translate(["1 2", "7 ὕ", ""], Translating(beam=2), nbest=2):
        assert all(isinstance(one.text, str) for one in some)


def test_without_validation_the_last_model_is_kept(data: Path, tmp_path: Path) -> None:
    pairs = {"valid_fraction": 0.0, "test_fraction": 0.0}
    training = TranslateTraining.start(
        task_of(data, pairs=pairs, train={"steps": 2}), tmp_path / "run"
    )
    events = list(training.events())
    assert not any(isinstance(event, Validated) for event in events)
    assert TranslateRun.open(tmp_path / "run")


def test_a_run_without_a_model_or_of_another_task(data: Path, tmp_path: Path) -> None:
    TranslateTraining.start(task_of(data), tmp_path / "run")
    with pytest.raises(RunError, match="has no model.safetensors"):
        TranslateRun.open(tmp_path / "run")


def test_recipes_are_valid() -> None:
    for name in ("multi30k-de-en", "cmudict"):
        path = Path(__file__).parents[3] / "recipes" / f"{name}.toml"
        assert load_config(TranslateTask, path, {"data": "x"}).task == "translate"
