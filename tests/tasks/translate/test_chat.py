"""A conversation: what is remembered, what is said, what a seed repeats."""

from __future__ import annotations

import json
import random
from itertools import islice
from pathlib import Path

import pytest

from elman._errors import ConfigError
from elman.tasks.translate.chat import Conversation
from elman.tasks.translate.data import Sequence64, Vocabularies
from elman.tasks.translate.task import TranslateRun
from tests.tasks.pairs import task_of, train


def write_talks(path: Path, count: int = 60) -> Path:
    """Write talks in which the answer to "again?" is the turn before the last."""
    rng = random.Random(0)
    talks = []
    for _ in range(count):
        word = rng.choice(["red", "blue", "green"])
        talks.append(json.dumps({"turns": [word, "yes", "again?", word]}))
    path.write_text("\n".join(talks) + "\n")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> TranslateRun:
    folder = tmp_path_factory.mktemp("talk")
    tables = {"pairs": {"turns": 3}, "text": {"tokenizer": "word"}}
    task = task_of(write_talks(folder / "talk.jsonl"), **tables, train={"epochs": 4, "lr": 0.02})
    return train(task, folder / "run")


def said(conversation: Conversation, text: str) -> str:
    return "".join(conversation.reply(text))


@pytest.fixture
def read(run: TranslateRun, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the model is given to answer to."""
    texts: list[str] = []
    kept = Vocabularies.source_ids

    def spy(self: Vocabularies, text: str) -> Sequence64:
        texts.append(text)
        return kept(self, text)

    monkeypatch.setattr(Vocabularies, "source_ids", spy)
    return texts


def test_it_answers_to_the_turns_of_both(run: TranslateRun, read: list[str]) -> None:
    conversation = Conversation(run, temperature=0)
    assert said(conversation, "  red\n") == "yes"
    assert conversation.turns == ["red", "yes"]
    reply = said(conversation, "again?")
    assert reply and conversation.turns == ["yes", "again?", reply]
    said(conversation, "and now?")
    assert read == ["red", "red\nyes\nagain?", f"again?\n{reply}\nand now?"]


def test_what_is_forgotten_is_forgotten(run: TranslateRun, read: list[str]) -> None:
    conversation = Conversation(run, temperature=0)
    said(conversation, "red")
    conversation.reset()
    assert conversation.turns == []
    said(conversation, "blue")
    assert read == ["red", "blue"]


def test_a_stopped_reply_is_remembered_as_far_as_it_was_read(run: TranslateRun) -> None:
    for seed in range(20):
        whole = [*Conversation(run, temperature=50.0, seed=seed).reply("red")]
        conversation = Conversation(run, temperature=50.0, seed=seed)
        pieces = conversation.reply("red")
        if len(whole) > 3:
            first = [*islice(pieces, 2)]
            pieces.close()  # type: ignore[attr-defined]
            assert first == whole[:2]
            assert conversation.turns[-1] == " ".join("".join(first).split())
            return
    pytest.fail("no seed gave a long reply")


def test_a_seed_repeats_and_lengths_are_bounded(run: TranslateRun) -> None:
    replies = []
    for _ in range(2):
        conversation = Conversation(run, temperature=3.0, seed=5, max_length=7)
        replies.append([said(conversation, word) for word in ("red", "blue")])
        assert all(len(run.vocabularies.target.encode(reply)) <= 9 for reply in replies[-1])
    assert replies[0] == replies[1]


def test_no_unknown_word_is_said(run: TranslateRun) -> None:
    conversation = Conversation(run, temperature=50.0, seed=0)
    assert "<unk>" not in "".join(said(conversation, "ὕ") for _ in range(5))


def test_the_temperature_can_be_turned(run: TranslateRun) -> None:
    conversation = Conversation(run, temperature=0.5)
    conversation.temperature = 0
    assert conversation.temperature == 0
    with pytest.raises(ConfigError, match="temperature: expected a number of at least 0, got -1"):
        conversation.temperature = -1
    with pytest.raises(ConfigError, match="max_length: expected at least 1, got 0"):
        Conversation(run, max_length=0)


def test_a_reply_of_nothing_is_no_turn(run: TranslateRun, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = Conversation(run)
    monkeypatch.setattr(conversation, "_pieces", lambda context: iter([" "]))
    assert said(conversation, "red") == "" and conversation.turns == ["red"]
