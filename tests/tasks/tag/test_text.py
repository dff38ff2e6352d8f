"""Tagging from a file to tags: learned, scored, resumed, refused."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from elman._config import load_config
from elman._errors import DataError, RunError
from elman._run import RunDirectory
from elman.data.conll import conll_lines
from elman.tasks.tag.config import TagPredict, TagTask
from elman.tasks.tag.task import TagRun, TagTraining
from elman.train.events import Stopped, Validated

NAMES = ["Ann", "Bo", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal"]
PLACES = ["Oslo", "Rome", "Bonn", "Lima"]


def sentences(count: int, seed: int = 0) -> list[tuple[list[str], list[str]]]:
    """Sentences in which the place of a name tells its kind, not the name alone."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        first, last, place = rng.choice(NAMES), rng.choice(NAMES), rng.choice([*PLACES, *NAMES])
        made.append(
            (
                [first, last, "went", "to", place, str(rng.randint(1, 99))],
                ["B-PER", "I-PER", "O", "O", "B-LOC", "O"],
            )
        )
        made.append((["to", place, "went", first], ["O", "B-LOC", "O", "B-PER"]))
    return made


@pytest.fixture(scope="session")
def names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("names") / "names.conll"
    path.write_text("".join(conll_lines(*sentence) for sentence in sentences(100)))
    return path


SMALL = {
    "model": {"hidden_size": 16, "word_size": 12, "character_size": 6, "character_units": 6},
    "train": {"steps": 60, "lr": 0.02, "batch_size": 16, "eval_every": 20},
}


def configured(data: Path, **tables: dict[str, Any]) -> TagTask:
    both = {name: {**SMALL.get(name, {}), **tables.get(name, {})} for name in ("model", "train")}
    return load_config(TagTask, None, {"data": str(data), "text": tables.get("text", {}), **both})


def run_to_the_end(training: TagTraining) -> list[Any]:
    return list(training.events())


@pytest.fixture(scope="session")
def tagged_run(names: Path, tmp_path_factory: pytest.TempPathFactory) -> TagRun:
    training = TagTraining.start(configured(names), tmp_path_factory.mktemp("out") / "run")
    assert [word for word, _ in training.about()] == ["data", "tags", "network"]
    assert "bio in the file, learned as iobes" in training.about()[1][1]
    events = run_to_the_end(training)
    found = [event for event in events if isinstance(event, Validated)]
    assert found[-1].metrics["F1"] > 0.95 and isinstance(events[-1], Stopped)
    assert str(training.run.path) in training.next_steps()[0]
    return TagRun.open(training.run.path)


def test_it_learns_what_only_the_order_tells(tagged_run: TagRun) -> None:
    report = tagged_run.evaluate(split="test", baselines=True)
    assert (report["F1"] or 0) > 0.95
    assert report.baselines["most frequent tag"]["F1"] < 0.9
    assert report.tables[0].rows[0][0] == "LOC" and "most frequent tag" in report.text()
    assert (tagged_run.evaluate(split="valid")["accuracy"] or 0) > 0.95


def test_tags_of_a_stream_come_in_order_and_do_not_depend_on_the_chunk(tagged_run: TagRun) -> None:
    given = [tokens for tokens, _ in sentences(6, seed=5)] + [[], ["Oslo"]]
    together = list(tagged_run.tag(iter(given)))
    alone = list(tagged_run.tag(given, chunk=1))
    assert [found.tokens for found in together] == given
    assert [found.tags for found in together] == [found.tags for found in alone]
    assert together[-2].tags == [] and len(together[0].confidence) == 6
    assert together[0].tags == sentences(6, seed=5)[0][1]


def test_it_streams(tagged_run: TagRun) -> None:
    taken = 0

    def endless() -> Any:
        nonlocal taken
        while True:
            taken += 1
            yield ["Ann"]

    found = tagged_run.tag(endless(), chunk=8)
    next(found)
    assert taken == 8


def test_unseen_characters_and_a_very_long_sentence(tagged_run: TagRun) -> None:
    found = next(tagged_run.tag([["北京", "x" * 5000, "\x00"] * 1000]))
    assert len(found.tags) == 3000


def test_the_command_s_forms(tagged_run: TagRun) -> None:
    out: list[str] = []
    lines = ["Ann Bo went to Rome"]
    tagged_run.predict(lines, TagPredict(format="json"), out.append, False)
    assert [span["type"] for span in json.loads(out[0])["spans"]] == ["PER", "LOC"]
    tagged_run.predict(lines, TagPredict(), out.append, False)
    assert out[1] == "[Ann Bo]/PER went to [Rome]/LOC\n"


def test_a_killed_training_goes_on_as_if_it_had_not_been(names: Path, tmp_path: Path) -> None:
    task = configured(names, train={"steps": 12, "checkpoint_every": 5, "eval_every": 6})
    whole = TagTraining.start(task, tmp_path / "whole")
    run_to_the_end(whole)
    broken = TagTraining.start(task, tmp_path / "broken")
    for event in broken.events():
        if getattr(event, "step", 0) >= 10 and type(event).__name__ == "Saved":
            break
    resumed = TagTraining.resumed(tmp_path / "broken", {})
    run_to_the_end(resumed)
    ours = (tmp_path / "broken" / "model.safetensors").read_bytes()
    assert ours == (tmp_path / "whole" / "model.safetensors").read_bytes()


def test_resume_refuses_other_data(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    text = "".join(conll_lines(*sentence) for sentence in sentences(20))
    path.write_text(text)
    run_to_the_end(TagTraining.start(configured(path, train={"steps": 2}), tmp_path / "run"))
    path.write_text(text.replace("Ann", "Amy"))
    with pytest.raises(DataError, match=r"a.conll is not what .*run was trained on: it, or a file"):
        TagTraining.resumed(tmp_path / "run", {"steps": 4})
    with pytest.raises(DataError, match=r"a.conll is not what .*run was trained on"):
        TagRun.open(tmp_path / "run").evaluate()
    assert TagRun.open(tmp_path / "run").evaluate(str(path))["accuracy"] is not None


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [("iob1", ["I-PER", "I-PER", "O"]), ("iobes", ["B-PER", "E-PER", "O"])],
)
def test_tags_are_written_as_the_file_had_them(
    tmp_path: Path, scheme: str, tags: list[str]
) -> None:
    path = tmp_path / "a.conll"
    path.write_text(conll_lines(["Ann", "Bo", "sat"], tags) * 30)
    training = TagTraining.start(configured(path, train={"steps": 30}), tmp_path / "run")
    assert training.vocabulary.scheme == scheme
    run_to_the_end(training)
    run = TagRun.open(tmp_path / "run")
    assert next(run.tag([["Ann", "Bo", "sat"]])).tags == tags
    assert run.evaluate()["F1"] == 1.0


def test_pretrained_vectors_reach_words_that_were_never_seen(names: Path, tmp_path: Path) -> None:
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("went 0.1 0.2 0.3\nXerxes 0.4 0.5 0.6\noslo 1 1 1\n")
    task = configured(
        names,
        text={"vectors": str(vectors)},
        model={"freeze_vectors": True},
        train={"steps": 3},
    )
    run_to_the_end(TagTraining.start(task, tmp_path / "run"))
    vectors.unlink()  # the run has its own
    run = TagRun.open(tmp_path / "run")
    known = run.vocabulary.word_id("Xerxes")
    assert known and run.model.embedding.weight[known].tolist() == pytest.approx([0.4, 0.5, 0.6])
    assert len(list(run.tag([["Xerxes"]]))) == 1


@pytest.mark.parametrize(
    "model",
    [
        {"output": "softmax"},
        {"characters": "none", "character_size": 32, "character_units": 50, "cell": "gru"},
    ],
)
def test_plain_tags_and_other_models(tmp_path: Path, model: dict[str, Any]) -> None:
    path = tmp_path / "a.jsonl"
    line = json.dumps({"tokens": ["the", "cat"], "tags": ["DET", "NOUN"]})
    path.write_text(f"{line}\n" * 30)
    task = configured(path, model=model, train={"steps": 30})
    run_to_the_end(TagTraining.start(task, tmp_path / "run"))
    run = TagRun.open(tmp_path / "run")
    assert next(run.tag([["the", "cat"]])).tags == ["DET", "NOUN"]
    report = run.evaluate(str(path))
    assert report["accuracy"] == 1.0 and "F1" not in report.text().split("by tag")[0]


def test_without_held_out_data_the_last_model_is_kept(names: Path, tmp_path: Path) -> None:
    text = {"valid_fraction": 0, "test_fraction": 0}
    training = TagTraining.start(configured(names, text=text, train={"steps": 2}), tmp_path / "r")
    events = run_to_the_end(training)
    assert not any(isinstance(event, Validated) for event in events)
    with pytest.raises(DataError, match="the test part of .* is empty"):
        TagRun.open(tmp_path / "r").evaluate()


@pytest.mark.parametrize(
    ("train", "test", "text", "message"),
    [
        ("a X\nb Z\n\n" * 9, "b Y\n", {}, "test.conll, line 1: the tag 'Y' is not in the training"),
        ("a B-X\nb O\n\n" * 9, "b O\na X\n", {}, "test.conll, line 2: the tag 'X' is not in the"),
        ("a B-X\n\n" * 9, "b O\nc I-X\n", {"strict": True}, "test.conll, line 2: 'I-X' after 'O'"),
        ("a B-X\nb\n", "b O\n", {}, "train.conll, line 2: 1 columns, fewer than the 2"),
        ("", "b O\n", {}, "train.conll is empty"),
        ("a X\nb Y\n\n" * 9, "b X\n", {"vectors": "no.txt"}, "no.txt is not there"),
        ("a O\n\n" * 9, "b O\n", {}, "every word has the tag 'O'; a tagger needs two or more"),
    ],
)
def test_bad_data_writes_nothing(
    tmp_path: Path, train: str, test: str, text: dict[str, Any], message: str
) -> None:
    (tmp_path / "train.conll").write_text(train)
    (tmp_path / "test.conll").write_text(test)
    text = {"test": str(tmp_path / "test.conll"), **text}
    with pytest.raises(DataError, match=message):
        TagTraining.start(configured(tmp_path / "train.conll", text=text), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_stray_inside_tag_is_read_as_conlleval_does(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("a B-X\nb I-X\n\n" * 9 + "c O\nd I-X\n\n")
    training = TagTraining.start(configured(path, train={"steps": 1}), tmp_path / "run")
    assert training.vocabulary.scheme == "bio"


def test_a_tag_of_the_validation_file_alone_writes_nothing(names: Path, tmp_path: Path) -> None:
    (tmp_path / "valid.conll").write_text("a B-NEW\n")
    text = {"valid": str(tmp_path / "valid.conll")}
    with pytest.raises(DataError, match="valid.conll, line 1: the tag 'B-NEW' is not in the"):
        TagTraining.start(configured(names, text=text), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_file_to_predict_is_read_as_those_trained_on(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_bytes("K\xe4se X\nist Y\n\n".encode("latin-1") * 20)
    task = configured(path, text={"encoding": "latin-1"}, train={"steps": 1})
    run_to_the_end(TagTraining.start(task, tmp_path / "run"))
    assert next(TagRun.open(tmp_path / "run").inputs(path)) == "K\xe4se X"


@pytest.mark.parametrize("content", ["[", '{"fingerprint": ""}', '{"vector_size": 1e9}'])
def test_a_run_that_was_tampered_with(tagged_run: TagRun, tmp_path: Path, content: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(tagged_run.directory.path, folder)
    RunDirectory.open(folder).write({"data.json": content.encode()})
    with pytest.raises(RunError, match=r"data.json is damaged"):
        TagRun.open(folder)
