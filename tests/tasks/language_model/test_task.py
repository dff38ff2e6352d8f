from __future__ import annotations

import math
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from elman._config import load_config
from elman._errors import ConfigError, DataError, RunError
from elman.models.config import LanguageModelConfig
from elman.models.language_model import LanguageModel
from elman.tasks.language_model.config import LanguageModelTask
from elman.tasks.language_model.task import LanguageModelRun, LanguageModelTraining, score
from elman.train.events import Sampled, Stopped, Validated


@pytest.fixture
def model() -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(7, LanguageModelConfig(hidden_size=5, num_layers=2)).double()


def plain_nats(model: LanguageModel, ids: np.ndarray, streams: int) -> float:
    """Score one token at a time, each stream on its own."""
    edges = np.arange(streams + 1) * (len(ids) - 1) // streams
    total = 0.0
    model.eval()
    with torch.no_grad():
        for begin, end in pairwise(edges):
            state = None
            for place in range(begin, end):
                logits, state = model(torch.tensor([[int(ids[place])]]), state)
                total -= float(logits[0, 0].log_softmax(0)[int(ids[place + 1])])
    return total / (len(ids) - 1)


@pytest.mark.parametrize("streams", [1, 3, 5])
@pytest.mark.parametrize("length", [4, 13, 512])
def test_score_is_the_exact_mean_over_every_token_but_the_first(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch, streams: int, length: int
) -> None:
    monkeypatch.setattr("elman.tasks.language_model.task.SCORE_LENGTH", length)
    ids = np.random.default_rng(0).integers(0, 7, 41).astype(np.uint8)
    assert score(model, ids, streams) == pytest.approx(plain_nats(model, ids, streams), abs=1e-12)


def test_score_leaves_the_model_in_its_mode(model: LanguageModel) -> None:
    model.train()
    score(model, np.arange(5, dtype=np.uint8))
    assert model.training


def test_training_learns_and_keeps_the_best(task: LanguageModelTask, out: Path) -> None:
    training = LanguageModelTraining.start(task, out)
    events = list(training.events())
    validations = [e.nats for e in events if isinstance(e, Validated)]
    assert validations[-1] < validations[0]
    assert min(validations) < 0.3
    assert any(isinstance(e, Sampled) for e in events)
    stopped = events[-1]
    assert isinstance(stopped, Stopped) and stopped.best == min(validations)
    kept = LanguageModelRun.open(out)
    assert score(kept.model, training.corpus.valid, 4) == pytest.approx(min(validations), rel=1e-6)


def test_the_run_names_its_text_from_the_root(
    task: LanguageModelTask, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path(task.data)
    monkeypatch.chdir(text.parent)
    short = task.model_copy(
        update={"data": text.name, "train": task.train.model_copy(update={"steps": 1})}
    )
    training = LanguageModelTraining.start(short, out)
    assert training.task.data == str(text)


def test_too_short_a_text_leaves_no_folder(task: LanguageModelTask, out: Path) -> None:
    long = task.model_copy(update={"train": task.train.model_copy(update={"batch_size": 999})})
    with pytest.raises(DataError, match="Give a longer text, or lower the batch size"):
        LanguageModelTraining.start(long, out)
    assert not out.exists()


def test_nothing_held_out_keeps_the_last(task: LanguageModelTask, out: Path) -> None:
    changed = task.model_copy(
        update={
            "text": task.text.model_copy(update={"valid_fraction": 0.0}),
            "train": task.train.model_copy(update={"steps": 3, "eval_every": None}),
        }
    )
    list(LanguageModelTraining.start(changed, out).events())
    run = LanguageModelRun.open(out)
    with pytest.raises(DataError, match="the valid part has 0 tokens"):
        run.scores()


def test_a_run_without_a_model_says_so(task: LanguageModelTask, out: Path) -> None:
    LanguageModelTraining.start(task, out)
    with pytest.raises(RunError, match="its training has not written one yet"):
        LanguageModelRun.open(out)


def test_evaluate_stands_beside_baselines(trained: LanguageModelRun) -> None:
    scores = {s.name: s for s in trained.scores(baselines=True)}
    assert scores["uniform"].nats == pytest.approx(math.log(trained.tokenizer.vocab_size))
    assert scores["uniform"].nats > scores["unigram"].nats > scores["5-gram"].nats
    assert scores["this network"].perplexity == math.exp(scores["this network"].nats)
    assert scores["this network"].bits_per_character == pytest.approx(
        scores["this network"].nats / math.log(2)
    )


def test_evaluate_of_another_text_uses_the_runs_vocabulary(
    trained: LanguageModelRun, tmp_path: Path
) -> None:
    (tmp_path / "t.txt").write_text("the cat sat. ZZZ")
    (only,) = trained.scores(str(tmp_path / "t.txt"))
    assert only.tokens == 16


def test_generation_repeats_with_a_seed_and_streams(trained: LanguageModelRun) -> None:
    first = list(trained.generate("the ", length=30, seed=3))
    assert first == list(trained.generate("the ", length=30, seed=3))
    assert len(first) == 30  # a piece for each character, as it is made


def test_generation_without_end(trained: LanguageModelRun) -> None:
    assert len(list(islice(trained.generate("", length=0, seed=1), 700))) == 700


def test_generation_refuses_a_negative_length(trained: LanguageModelRun) -> None:
    with pytest.raises(ConfigError, match="length"):
        trained.generate("", length=-1)


def test_word_and_character_runs_are_both_scored_per_character(
    task: LanguageModelTask, out: Path
) -> None:
    words = load_config(
        LanguageModelTask,
        None,
        {
            **task.model_dump(),
            "text": {"tokenizer": "word"},
            "train": {"steps": 5, "batch_size": 2, "tbptt_length": 8},
        },
    )
    list(LanguageModelTraining.start(words, out).events())
    (only,) = LanguageModelRun.open(out).scores()
    assert only.tokens < only.characters
    assert only.bits_per_character < only.nats / math.log(2)
