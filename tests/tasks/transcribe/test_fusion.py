"""A language model in the beam: what it adds is what it says of the text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from elman._config import load_config
from elman._errors import ConfigError
from elman.data.audio.alphabet import Alphabet
from elman.models.ctc import prefix_beam_search
from elman.tasks.language_model.config import LanguageModelTask
from elman.tasks.language_model.task import LanguageModelRun, LanguageModelTraining
from elman.tasks.transcribe.config import Searching
from elman.tasks.transcribe.fusion import open_scorer
from elman.tasks.transcribe.run import TranscribeRun

ALPHABET = Alphabet(" abc")
TEXT = "ab ab c\nab c\nc ab\n" * 200


@pytest.fixture(scope="module", params=["char", "word"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "text.txt").write_text(TEXT)
    settings = {
        "data": str(folder / "text.txt"),
        "text": {"tokenizer": request.param},
        "model": {"hidden_size": 16, "num_layers": 1, "embedding_size": 8, "dropout": 0.0},
        "train": {"batch_size": 4, "tbptt_length": 16, "steps": 120, "lr": 0.02},
    }
    training = LanguageModelTraining.start(
        load_config(LanguageModelTask, None, settings), folder / "run"
    )
    for _ in training.events():
        pass
    return folder / "run"


def said(run: LanguageModelRun, text: str, *, end: bool) -> float:
    """The log-probability of a text behind a line's end."""
    tokenizer = run.tokenizer
    pieces = ["\n", *text] if tokenizer.name == "char" else ["\n", *split(text)]
    ids = [int(k) for piece in pieces for k in tokenizer.encode(piece)]
    if end and tokenizer.name == "char":
        ids += [int(k) for k in tokenizer.encode("\n")]
    begin = len(tokenizer.encode("\n"))
    with torch.no_grad():
        log_probs, _ = run.model.log_probs(torch.tensor([ids]))
    return float(sum(log_probs[0, k - 1, ids[k]] for k in range(begin, len(ids))))


def split(text: str) -> list[str]:
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


@pytest.mark.parametrize("text", ["ab", "ab c", "c ab ab", "b a"])
def test_the_score_of_a_text_is_the_models(model: Path, text: str) -> None:
    table = np.log(np.full((2 * len(text), 5), 0.01))
    for k, number in enumerate(ALPHABET.encode(text)):
        table[2 * k + 1, 0] = table[2 * k, number] = np.log(0.96)
    found = prefix_beam_search(table, 1, open_scorer(model, ALPHABET), weight=0.4, bonus=0.1)[0]
    assert ALPHABET.decode(found.letters) == text
    wanted = 0.4 * said(LanguageModelRun.open(model), text, end=True) + 0.1 * len(text)
    assert found.score - found.log_prob == pytest.approx(wanted, abs=1e-4)


def test_it_decides_where_the_sound_does_not(model: Path) -> None:
    steps = np.full((3, 5), 0.01)
    steps[0, 2], steps[1, 3], steps[1, 4], steps[2, 0] = 0.96, 0.48, 0.49, 0.96
    table = np.log(steps)
    alone = prefix_beam_search(table, 8)[0].letters
    assert ALPHABET.decode(alone) == "ac"
    fused = prefix_beam_search(table, 8, open_scorer(model, ALPHABET), weight=1.0)[0].letters
    assert ALPHABET.decode(fused) == "ab"


def test_what_is_no_such_model_is_refused(model: Path, both: TranscribeRun) -> None:
    with pytest.raises(ConfigError, match="is a run of transcribe; expected one of language-model"):
        open_scorer(both.directory.path, ALPHABET)
    run = LanguageModelRun.open(model)
    if run.tokenizer.name == "char":
        with pytest.raises(ConfigError, match="knows 1 of 4 letters; not 'ABC'"):
            open_scorer(model, Alphabet("aABC"))


def test_a_run_takes_it_by_name(both: TranscribeRun, model: Path) -> None:
    search = both.search(Searching(beam=4, lm=str(model)))
    assert search.scorer is not None
