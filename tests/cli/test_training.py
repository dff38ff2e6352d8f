"""A training that is interrupted, killed and taken up again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from elman.train.checkpoint import CheckpointStore
from elman.train.tree import dump_tree
from tests.cli.small import SMALL, TEXT, Elman


def losses(run: Path) -> list[tuple[int, float]]:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(line["step"], line["nats"]) for line in lines if line["event"] == "stepped"]


def final(run: Path) -> bytes:
    """The whole last checkpoint, less the clock."""
    newest = CheckpointStore(run / "checkpoints").newest()
    assert newest is not None
    state = dict(newest.state)
    del state["elapsed_s"]
    state["meter"] = {k: v for k, v in state["meter"].items() if k != "seconds"}
    return dump_tree(state)


LONG = (
    *("--train.steps", "120", "--train.checkpoint-every", "7", "--train.report-every", "1"),
    *("--model.dropout", "0.3", "--model.zoneout", "0.1", "--train.vary-length"),
)


def start(folder: Path, *words: object) -> subprocess.Popen[bytes]:
    """Start the command in a folder; what it says goes to ``said.txt`` there."""
    environment = {**os.environ, "ELMAN_CACHE": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    with (folder / "said.txt").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "elman", *map(str, words)],
            cwd=folder,
            env=environment,
            stdout=said,
            stderr=said,
        )


def wait_for_step(run: Path, step: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (run / "metrics.jsonl").exists():
            seen = (run / "metrics.jsonl").read_text().splitlines()
            if any(f'"step": {step},' in line for line in seen):
                return
        time.sleep(0.002)
    raise AssertionError(f"step {step} was never reached")


def test_kill_and_resume_is_bit_exact(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    base = ("train", "language-model", "t.txt", *SMALL, *LONG)
    assert start(tmp_path, *base, "--out", "whole").wait(120) == 0
    process = start(tmp_path, *base, "--out", "killed")
    for at in (11, 40, 83):  # in the middle of epochs, between checkpoints
        wait_for_step(tmp_path / "killed", at)
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        process = start(tmp_path, "train", "--resume", "killed")
    assert process.wait(120) == 0
    assert losses(tmp_path / "killed") == losses(tmp_path / "whole")
    assert final(tmp_path / "killed") == final(tmp_path / "whole")
    model = "model.safetensors"
    assert (tmp_path / "killed" / model).read_bytes() == (tmp_path / "whole" / model).read_bytes()


def test_interrupt_saves_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    words = ("--train.minutes", "5", "--train.report-every", "1", "--out", "run")
    process = start(tmp_path, "train", "language-model", "t.txt", *SMALL, *words)
    wait_for_step(tmp_path / "run", 5)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert "elman train --resume run" in (tmp_path / "said.txt").read_text()
    assert list((tmp_path / "run" / "checkpoints").glob("*.safetensors"))


def test_held_out_bits_are_of_the_held_out_text(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("a b c d " * 300 + "longword " * 40)
    words = ("--text.tokenizer", "word", "--train.steps", 2, "--out", "run")
    said = elman("train", "language-model", "t.txt", *SMALL, *words).err
    shown = re.search(r"best validation at step 2: [\d.]+ nats \(([\d.]+) bits/char\)", said)
    evaluated = json.loads(elman("eval", "run", "--streams", 4, "--json").out)["figures"]
    assert shown is not None
    assert float(shown[1]) == pytest.approx(evaluated["bits/character"], abs=0.01)


def test_interrupted_early_leaves_a_model_to_try(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    words = ("--train.minutes", "5", "--train.eval-every", "100000", "--out", "run")
    process = start(tmp_path, "train", "language-model", "t.txt", *SMALL, *words)
    wait_for_step(tmp_path / "run", 10)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert (tmp_path / "run" / "model.safetensors").exists()


def test_resume_with_a_new_limit_goes_further(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    words = ("--train.steps", 4, "--train.schedule", "constant", "--out", "run")
    assert elman("train", "language-model", "t.txt", *SMALL, *words).code == 0
    done = elman("train", "--resume", "run", "--train.steps", 9)
    assert done.code == 0, done.err
    assert "from 00000004" in done.err
    assert "after 9 steps" in done.err
    assert "steps = 9" in (tmp_path / "run" / "config.toml").read_text()


def test_resume_refuses_another_batch_size(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    elman("train", "language-model", "t.txt", *SMALL, "--train.steps", 4, "--out", "run")
    done = elman("train", "--resume", "run", "--train.batch-size", 2)
    assert done.code == 2
    assert "cannot resume" in done.err
    assert "batch_size = 4" in (tmp_path / "run" / "config.toml").read_text()
    assert elman("train", "--resume", "run", "--train.steps", 6).code == 0


def test_resume_refuses_a_changed_text(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    elman("train", "language-model", "t.txt", *SMALL, "--train.steps", 4, "--out", "run")
    (tmp_path / "t.txt").write_text(TEXT.replace("cat", "tac"))  # as long, with the same letters
    done = elman("train", "--resume", "run", "--train.steps", 6)
    assert done.code == 2
    assert "is not what run was trained on" in done.err
    (tmp_path / "t.txt").write_text(TEXT)
    assert elman("train", "--resume", "run", "--train.steps", 6).code == 0


@pytest.mark.parametrize("name", ["events.out", "tensorboard"])
def test_tensorboard_is_written_where_asked(elman: Elman, tmp_path: Path, name: str) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    words = ("--train.steps", 2, "--train.tensorboard", "--out", "run")
    assert elman("train", "language-model", "t.txt", *SMALL, *words).code == 0
    assert any(name in str(path) for path in (tmp_path / "run").rglob("*"))
