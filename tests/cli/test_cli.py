"""The frame of the command: help at once, one clear line for every mistake."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

import pytest

from tests.cli.small import Elman


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "elman", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", [["--help"], ["train", "language-model", "--help"]])
def test_help_does_not_import_torch(words: list[str]) -> None:
    code = (
        "import sys; from elman.cli import main\n"
        f"try: main({words!r})\n"
        "except SystemExit: pass\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage: elman" in done.stdout
    assert done.stdout.splitlines()[-1] == "False"


def test_help_names_every_command(elman: Elman) -> None:
    shown = elman("--help").out
    for name in (
        "demo",
        "train",
        "eval",
        "generate",
        "next",
        "data",
        "bench",
        "chat",
        "predict",
        "doctor",
    ):
        assert f" {name} " in shown


@pytest.mark.parametrize(
    "name",
    ["demo", "train", "eval", "generate", "next", "data", "bench", "chat", "predict", "doctor"],
)
def test_every_command_has_help(elman: Elman, name: str) -> None:
    done = elman(name, "--help")
    assert done.code == 0
    assert f"Usage: elman {name}" in done.out


def test_version(elman: Elman) -> None:
    import elman as package

    assert elman("--version").out.strip() == package.__version__


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["frobnicate"], 'Unknown command "frobnicate"'),
        (["generate"], "RUN"),
        (
            ["train", "language-model", "--model.hiden-size", "3"],
            "Did you mean --model.hidden-size",
        ),
        (["train", "language-model", "--train.lr", "fast"], "--train.lr fast: input should be a"),
        (["train", "language-model", "--train.lr", "-1"], "'train.lr' = -1.0: input should be gr"),
        (["train", "language-model", "--model.cell", "lsmt"], "--model.cell lsmt: input should be"),
        (["train"], "elman train language-model [DATA]"),
    ],
)
def test_wrong_words_are_one_message_and_exit_2(
    elman: Elman, words: list[str], message: str
) -> None:
    done = elman(*words)
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert message in done.err
    assert "Traceback" not in done.err and "pydantic" not in done.err
    assert done.out == ""


def test_real_process_exits_with_2() -> None:
    done = command("generate", os.devnull)
    assert done.returncode == 2
    assert "not a run directory" in done.stderr


def test_a_closed_pipe_is_no_error() -> None:
    code = f"{sys.executable} -m elman --help | head -n 1"
    done = subprocess.run(code, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.slow
def test_help_answers_in_250_ms() -> None:
    times = []
    for _ in range(9):
        began = time.perf_counter()
        command("--help")
        times.append(time.perf_counter() - began)
    assert statistics.median(times) < 0.25 * 2  # twice, for a machine that does other work


def test_what_the_terminal_cannot_show_is_no_error() -> None:
    code = (
        "from elman.cli import main\ntry: main(['--version'])\nfinally: print('K\\xe4se \\udcff')"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0 and "K\\xe4se \\udcff" in done.stdout, done.stderr
