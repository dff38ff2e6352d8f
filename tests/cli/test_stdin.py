"""Standard input that is closed or not text is one error."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from elman._errors import DataError
from elman.cli.stdin import is_person, stdin_lines


def test_lines_without_their_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("one \n\ntwo"))
    assert list(stdin_lines()) == ["one ", "", "two"] and not is_person()


def test_what_is_no_text_is_refused_after_the_lines_before(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO(b"one\n" * 5000 + b"K\xe4se\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(raw, "utf-8"))
    lines = stdin_lines()
    assert next(lines) == "one"
    with pytest.raises(DataError, match=r"standard input is not utf-8 after line \d+ or so"):
        list(lines)


def test_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not is_person()
    with pytest.raises(DataError, match="standard input is closed"):
        next(stdin_lines())


def test_a_closed_one_is_none_in_python() -> None:
    shell = f"{sys.executable} -c 'import sys; print(sys.stdin)' <&-"
    done = subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
