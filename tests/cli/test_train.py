"""`elman train` with good and bad input."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.small import SMALL, TEXT, Elman

BAD_FILES: dict[str, tuple[bytes | None, str]] = {
    "missing.txt": (None, "missing.txt is not there"),
    "empty.txt": (b"", "empty.txt is empty"),
    "newlines.txt": (b"\n\n\r\n\n", "holds only white space"),
    "invalid.txt": (b"hello \xff world", "is not utf-8 at byte 6 (line 1)"),
    "nul.txt": (b"hel\0lo", "has a NUL byte at byte 3"),
    "short.txt": (b"too short", "the text has 8 tokens, but one batch of 4 rows of 16 needs 65"),
    "model.pkl": (pickle.dumps([1]), "is a pickle, not text"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_text_is_one_message_and_leaves_nothing(
    elman: Elman, tmp_path: Path, name: str
) -> None:
    content, message = BAD_FILES[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = elman("train", "language-model", name, *SMALL, "--train.steps", 1)
    assert done.code == 2
    assert message in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "runs").exists()


def test_invalid_utf8_names_the_way_out(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes(TEXT.encode() + b"\xe9" + TEXT.encode())
    refused = elman("train", "language-model", "t.txt", *SMALL, "--train.steps", 1)
    assert f"byte {len(TEXT)}" in refused.err and "--text.encoding" in refused.err
    words = ("--text.encoding", "latin-1", "--train.steps", 1)
    assert elman("train", "language-model", "t.txt", *SMALL, *words).code == 0


def test_a_directory_is_no_text(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    done = elman("train", "language-model", "folder")
    assert done.code == 2 and "is a directory" in done.err


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[model]\nhiden_size = 3", "unknown key 'model.hiden_size'; did you mean 'hidden_size'?"),
        ('[train]\nlr = "fast"', "'train.lr' = 'fast': input should be a valid number"),
        ("[train\n", "not valid TOML"),
        ('task = "paint"', "'task' = 'paint'"),
    ],
)
def test_bad_configuration(elman: Elman, tmp_path: Path, toml: str, message: str) -> None:
    (tmp_path / "c.toml").write_text(toml)
    done = elman("train", "language-model", "--config", "c.toml")
    assert done.code == 2
    assert message in done.err and "c.toml" in done.err


def test_flags_win_over_the_file(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    (tmp_path / "c.toml").write_text("[model]\nhidden_size = 12\nnum_layers = 1\n")
    words = ("--config", "c.toml", "--model.hidden-size", 9, "--train.batch-size", 2)
    done = elman("train", "language-model", "t.txt", *words, "--train.steps", 1, "--out", "run")
    assert done.code == 0, done.err
    written = (tmp_path / "run" / "config.toml").read_text()
    assert "hidden_size = 9" in written and "num_layers = 1" in written


@pytest.mark.parametrize("out", ["taken", "taken/file", "taken/file/below", "/proc/run"])
def test_bad_output_place(elman: Elman, tmp_path: Path, out: str) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    done = elman("train", "language-model", "t.txt", *SMALL, "--train.steps", 1, "--out", out)
    assert done.code == 2
    assert "Choose another --out" in done.err
    assert [p.name for p in (tmp_path / "taken").iterdir()] == ["file"]
    assert (tmp_path / "taken" / "file").read_text() == "mine"


def test_runs_are_numbered(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    for number in (1, 2):
        assert elman("train", "language-model", "t.txt", *SMALL, "--train.steps", 1).code == 0
        assert (tmp_path / "runs" / f"language-model-{number}" / "model.safetensors").exists()


@pytest.mark.parametrize("tokenizer", ["char", "byte", "word", "bpe"])
@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_every_tokenizer_and_cell_trains_and_writes(
    elman: Elman, tmp_path: Path, tokenizer: str, cell: str
) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    words = ("--text.tokenizer", tokenizer, "--model.cell", cell, "--out", "run")
    if tokenizer == "bpe":
        words += ("--text.vocab-size", 270)
    shape = (*SMALL[:6], "--train.batch-size", 2, "--train.tbptt-length", 8, "--train.steps", 2)
    done = elman("train", "language-model", "t.txt", *words, *shape)
    assert done.code == 0, done.err
    assert len(elman("generate", "run", "--prompt", "the", "--length", 9).out) > 4
    assert "%" in elman("next", "run", "the cat").out


def test_awd_options_train(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    words = (
        *("--model.tie-weights", "--model.weight-drop", 0.3, "--model.dropout-embedding", 0.1),
        *("--model.dropout-hidden", 0.2, "--model.activation-reg", 2, "--model.temporal-reg", 1),
        *("--train.optimizer", "nt-asgd", "--train.vary-length", "--train.clip-norm", 0.25),
        *("--train.lr", 1, "--train.steps", 3, "--model.num-layers", 2),
    )
    done = elman("train", "language-model", "t.txt", *SMALL[:2], *SMALL[4:], *words)
    assert done.code == 0, done.err


def test_large_vocabulary_options_train(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(" ".join(f"w{i % 97}" for i in range(2000)))
    words = ("--text.tokenizer", "word", "--model.sparse-embedding", "--train.steps", 3)
    cut = ("--model.adaptive-cutoffs", 20, 50)
    done = elman("train", "language-model", "t.txt", *SMALL, *words, *cut)
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model.backend", "atne"), "unknown backend 'atne'; did you mean 'aten'?"),
        (("--model.backend", "aten", "--model.layer-norm"), "cannot serve this call"),
        (("--train.device", "cuda:9"), "finds no such device"),
        (("--train.patience", 2, "--text.valid-fraction", 0), "held-out data"),
        (("--model.tie-weights", "--model.sparse-embedding"), "cannot be combined"),
    ],
)
def test_a_refused_training_leaves_no_run(
    elman: Elman, tmp_path: Path, words: tuple[object, ...], message: str
) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    done = elman("train", "language-model", "t.txt", *SMALL, *words, "--train.steps", 2)
    assert done.code == 2
    assert message in done.err and "Traceback" not in done.err
    assert not list(tmp_path.glob("runs/*"))


def test_unknown_task_and_built_in_text_have_a_nearest_name(elman: Elman) -> None:
    assert "did you mean 'language-model'?" in elman("train", "language-modle").err
    assert "did you mean 'manual'?" in elman("train", "language-model", "manuel").err


def test_a_full_disk_is_one_message(elman: Elman, tmp_path: Path) -> None:
    # the kernel refuses every file beyond a size, as a full disk does
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from elman.cli import main\n"
        "main(['train', 'language-model', 't.txt', '--out', 'run', '--train.steps', '2',"
        " '--train.batch-size', '2', '--train.tbptt-length', '8'])"
    )
    (tmp_path / "t.txt").write_text(TEXT)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "cannot write" in done.stderr and "Traceback" not in done.stderr
    assert not [p for p in tmp_path.rglob("*.tmp")]


def test_diverged_training_exits_with_3(elman: Elman, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT)
    words = ("--train.lr", 1000, "--train.clip-norm", 0, "--train.steps", 400)
    cell = ("--model.cell", "rnn_relu", "--train.optimizer", "sgd", "--train.weight-decay", 0)
    done = elman("train", "language-model", "t.txt", *SMALL, *words, *cell, "--out", "run")
    assert done.code == 3, done.err
    assert "Traceback" not in done.err
