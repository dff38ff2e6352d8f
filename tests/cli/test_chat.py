"""`elman chat` with a person and through a pipe."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from elman._errors import RunError
from elman.cli import chat as module
from elman.cli.chat import HELP, chat, obey
from tests.cli.small import Elman


class Echo:
    """A conversation that says what it hears."""

    def __init__(self) -> None:
        self.temperature = 0.7
        self.heard: list[str] = []

    def reset(self) -> None:
        self.heard.clear()

    def reply(self, text: str) -> Iterator[str]:
        self.heard.append(text)
        yield from (f"{word} " for word in text.split())
        if text == "stop":
            raise KeyboardInterrupt


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Echo:
    one = Echo()
    monkeypatch.setattr("elman.tasks.translate.chat.Conversation", lambda run, **options: one)
    monkeypatch.setattr("elman.tasks.translate.task.TranslateRun.open", lambda path: None)
    monkeypatch.setattr("elman.tasks.registry.task_of", lambda path: "translate")
    return one


def test_through_a_pipe_every_line_has_its_reply(
    echo: Echo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hello you\n\n  \nbye\n/quit\nnever heard\n"))
    chat(Path("run"))
    assert capsys.readouterr().out == "hello you \nbye \n"
    assert echo.heard == ["hello you", "bye"]


def test_without_a_last_line_end_and_without_quit(
    echo: Echo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a\x1b[2J\nb"))
    chat(Path("run"))
    assert capsys.readouterr().out == "a·[2J \nb \n"  # nothing said can move the cursor


def test_ctrl_c_ends_a_reply_not_the_conversation(
    echo: Echo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("stop\ngo on\n"))
    chat(Path("run"))
    assert capsys.readouterr().out == "stop  ...\ngo on \n"


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_a_person_leaves_with_ctrl_d_or_ctrl_c(
    end: type[BaseException],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def prompt(shown: str) -> str:
        raise end

    monkeypatch.setattr("builtins.input", prompt)
    assert list(module.prompted()) == []
    assert capsys.readouterr().out == "\n"


def test_commands(echo: Echo) -> None:
    said: list[str] = []

    def do(text: str) -> bool:
        return obey(text, echo, said.append)  # type: ignore[arg-type]

    echo.heard = ["a"]
    assert do("/reset") and echo.heard == []
    assert do("/temperature 0.2") and echo.temperature == 0.2
    assert do("/temperature") and said[-1] == "temperature 0.2"
    assert do("/temperature hot") and "wants a number" in said[-1] and echo.temperature == 0.2
    assert do("/help") and said[-1] == HELP
    assert do("/quti") and said[-1].startswith("unknown: /quti")
    assert not do("/quit")


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not there"):
        chat(tmp_path / "none")


def test_a_run_of_another_task_is_named(elman: Elman, trained: Path) -> None:
    done = elman("chat", trained)
    assert done.code == 2 and "is a run of language-model; a chat needs" in done.err
