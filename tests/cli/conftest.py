"""A small trained run, and the command as a function."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.cli import main
from tests.cli.small import SMALL, TEXT, Done, Elman


@pytest.fixture
def elman(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Elman:
    """The command, run in an empty folder with a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")

    def run(*words: object) -> Done:
        capfd.readouterr()
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as leave:
            code = int(leave.code or 0)
        out, err = capfd.readouterr()
        return Done(code, out, err)

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory with a small model that has learned a little."""
    folder = tmp_path_factory.mktemp("trained")
    text = folder / "text.txt"
    text.write_text(TEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ELMAN_CACHE", str(folder / "cache"))
        words = ("train", "language-model", text, "--out", folder / "run", *SMALL)
        main([str(w) for w in (*words, "--train.steps", 60, "--train.lr", 0.02)])
    return folder / "run"
