"""`transcribe` from the command: train, predict, eval, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.small import Done
from tests.data.audio.sounds import sung, tone, wav_bytes, write, write_songs

SMALL = (
    *("--model.hidden-size", 8, "--model.num-layers", 1, "--model.channels", 2),
    *("--model.mels", 12, "--train.batch-size", 8, "--train.steps", 4),
)


def elman(folder: Path, *words: object, stdin: bytes = b"") -> Done:
    """The real command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "elman", *map(str, words)],
        cwd=folder,
        input=stdin,
        capture_output=True,
        env={**os.environ, "ELMAN_CACHE": str(folder / "cache"), "COLUMNS": "100"},
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with recordings and a streaming run of them."""
    folder = tmp_path_factory.mktemp("home")
    write_songs(folder, 30)
    words = ("songs.csv", "--out", "run", "--model.streaming", "--model.lookahead", 2)
    done = elman(folder, "train", "transcribe", *words, *SMALL)
    assert done.code == 0, done.err
    assert "latency  105 ms" in done.err and "elman predict run" in done.err
    return folder


def test_predict_in_every_format(home: Path) -> None:
    done = elman(home, "predict", "run", "000.wav", "001.wav")
    assert [line.split("\t")[0] for line in done.out.splitlines()] == ["000.wav", "001.wav"]
    done = elman(home, "predict", "run", "000.wav", "--format", "json", "--beam", 4)
    assert json.loads(done.out)["file"] == "000.wav"
    done = elman(home, "predict", "run", "000.wav", "--format", "vtt", "--html", "page.html")
    assert done.out.startswith("WEBVTT") and "data:image/png" in (home / "page.html").read_text()
    done = elman(home, "predict", "run", "--file", "songs.csv")
    assert len(done.out.splitlines()) == 30


def test_streams(home: Path) -> None:
    whole = elman(home, "predict", "run", "000.wav").out.split("\t")[1]
    assert elman(home, "predict", "run", "000.wav", "--stream").out == whole
    sound = (home / "000.wav").read_bytes()
    assert elman(home, "predict", "run", "-", "--stream", stdin=sound).out == whole
    words = ("--stream", "--follow", "--idle-s", 0.3)
    (home / "live.wav").write_bytes(wav_bytes(sound[44:]))  # whose header says no length yet
    assert elman(home, "predict", "run", "live.wav", *words).out == whole
    bare = elman(home, "predict", "run", "--stream", "--raw-rate", 8000, stdin=sound[44:])
    assert bare.out == whole


def test_eval_and_resume(home: Path) -> None:
    done = elman(home, "eval", "run", "--baselines", "--html", "report.html")
    assert done.code == 0
    for part in ("WER", "CER", "real-time factor", "most frequent transcript", "latency 105 ms"):
        assert part in done.out
    assert (home / "report.html").read_text().count("data:image/png") == 3
    done = elman(home, "eval", "run", "songs.csv", "--beam", 4, "--json")
    assert json.loads(done.out)["title"].startswith("songs.csv, 30 recordings")
    assert elman(home, "train", "--resume", "run", "--train.steps", 6).code == 0


def refused(done: Done, *parts: str) -> None:
    assert done.code == 2 and "Traceback" not in done.err, done.err
    for part in parts:
        assert part in done.err


def test_a_table_that_names_missing_and_empty_files_lists_them_all(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", tone(440, 0.2))
    write(tmp_path / "empty.wav", np.zeros(0, np.float32))
    (tmp_path / "m.csv").write_text("audio,text\na.wav,a\nx.wav,b\nempty.wav,c\ny.wav,d\n")
    done = elman(tmp_path, "train", "transcribe", "m.csv", "--out", "run")
    refused(done, "3 of 4 recordings", "line 3: ", "x.wav is not there", "length 0", "y.wav is")
    assert not (tmp_path / "run").exists()


def test_bad_inputs_of_a_run(home: Path, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    refused(elman(home, "predict", "run", tmp_path / "text.wav"), "not a recording")
    refused(elman(home, "predict", "run", "gone.wav"), "gone.wav is not there")
    write(tmp_path / "empty.wav", np.zeros(0, np.float32))
    refused(elman(home, "predict", "run", tmp_path / "empty.wav"), "length 0")
    refused(elman(home, "predict", "run", "-", stdin=b""), "standard input")
    refused(elman(home, "predict", "run", "-", "--stream", stdin=b"12345678"), "--raw-rate")
    refused(elman(home, "predict", "run", "000.wav", "--lm", "run"), "without a beam")
    refused(elman(home, "predict", "run", "000.wav", "--follow"), "follow needs stream")
    (tmp_path / "m.csv").write_text(f"audio,text\n{home}/000.wav,\u0430\u0431 a\n")
    refused(elman(home, "eval", "run", tmp_path / "m.csv"), "'а', 'б'", "m.csv, line 2")


def test_stereo_and_eight_bits_are_read(home: Path, tmp_path: Path) -> None:
    wave = sung("ab ca", np.random.default_rng(1))
    write(tmp_path / "mono.wav", wave)
    write(tmp_path / "stereo.wav", np.stack([wave, wave], 1))
    write(tmp_path / "eight.wav", wave, subtype="PCM_U8")
    done = elman(home, "predict", "run", *(tmp_path / f"{n}.wav" for n in ("mono", "stereo")))
    assert len({line.split("\t")[1] for line in done.out.splitlines()}) == 1
    assert "stereo.wav has 2 channels, mixed into one" in done.err
    assert elman(home, "predict", "run", tmp_path / "eight.wav").code == 0


def test_a_network_of_both_directions_does_not_stream(home: Path) -> None:
    assert elman(home, "train", "transcribe", "songs.csv", "--out", "both", *SMALL).code == 0
    refused(
        elman(home, "predict", "both", "000.wav", "--stream"),
        "hears in both directions",
        "model.streaming",
    )
