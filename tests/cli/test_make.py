"""`elman data make` and video through the front door, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("av")
pytest.importorskip("sklearn")


def elman(*words: str, data: bytes | None = None) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "elman", *words], input=data, capture_output=True, check=False
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    return subprocess.CompletedProcess(words, done.returncode, out, err)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Moving digits, and a small network that reads them in one direction."""
    folder = tmp_path_factory.mktemp("made")
    made = elman("data", "make", "moving-digits", "--out", str(folder / "clips"), "--clips", "44")
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[0] == str(folder / "clips" / "clips.csv")
    small = ["--video.size", "16", "16", "--model.hidden-size", "8", "--model.no-bidirectional"]
    bad = folder / "clips" / "clips" / "00003.mp4"
    bad.write_bytes(bad.read_bytes()[:-500])
    run = ["--out", str(folder / "run"), "--train.epochs", "1", *small]
    done = elman("train", "classify", str(folder / "clips"), *run)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("warning: left out: ") == 1 and "00003.mp4" in done.stderr
    assert "1 broken clip left out" in done.stderr
    return folder


def test_the_report_counts_what_was_left_out(folder: Path) -> None:
    page = folder / "report.html"
    done = elman("eval", str(folder / "run"), "--html", str(page))
    assert done.returncode == 0 and "1 broken clip left out" in done.stdout
    assert "Clips and what was said of them" in page.read_text()


def test_a_label_for_each_file_and_for_each_second(folder: Path) -> None:
    path = folder / "clips" / "clips" / "00000.mp4"
    done = elman("predict", str(folder / "run"), str(path), str(path))
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2
    streamed = elman("predict", str(folder / "run"), str(path), "--stream")
    assert [line.split("\t")[0] for line in streamed.stdout.splitlines()] == ["1.0 s", "2.0 s"]
    piped = elman("predict", str(folder / "run"), "-", "--stream", data=path.read_bytes())
    assert piped.stdout == streamed.stdout, piped.stderr


def test_a_manifest_of_files_to_tell(folder: Path) -> None:
    (folder / "list.csv").write_text("path\nclips/clips/00000.mp4\nclips/clips/00001.mp4\n")
    done = elman("predict", str(folder / "run"), "--file", str(folder / "list.csv"))
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2


def test_mistakes_are_one_clear_line(folder: Path) -> None:
    for words, message in (
        (["predict", str(folder / "run"), str(folder / "none.mp4")], "no such file"),
        (["data", "make", "moving-digits", "--out", str(folder / "clips")], "is not empty"),
        (["data", "make", "moving-digits", "--out", str(folder / "b"), "--clips", "3"], "at least"),
    ):
        done = elman(*words)
        assert done.returncode == 2 and message in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1
