"""The commands of music, as a person types them: train, resume, eval, predict, generate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from elman.data.music.midi import midi_bytes
from tests.cli.small import Elman
from tests.data.music.tunes import scale
from tests.tasks.compose.tunes import book

SMALL = (
    *("--model.hidden-size", 16, "--model.embedding-size", 8, "--train.batch-size", 4),
    *("--train.tbptt-length", 32, "--train.epochs", 2, "--music.transpose", 0),
)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = book(tmp_path_factory.mktemp("music"))
    (folder / "march" / "broken.mid").write_bytes(b"MThd and no more")
    (folder / "waltz" / "empty.mid").write_bytes(b"")
    return folder


@pytest.fixture
def run(elman: Elman, music: Path) -> Path:
    done = elman("train", "compose", music, "--out", "run", *SMALL)
    assert done.code == 0, done.err
    assert "2 damaged files left out: march/broken.mid" in done.err
    assert "elman generate run" in done.err
    return Path("run")


def test_a_run_is_scored_and_goes_on(elman: Elman, run: Path, music: Path) -> None:
    done = elman("eval", run, "--baselines")
    assert done.code == 0 and "5-gram" in done.out and "nats per event" in done.out
    done = elman("eval", run, music, "--json", "--html", "report.html")
    told = json.loads(done.out)
    assert told["figures"]["nats per event"] > 0
    assert any(note.startswith("2 damaged files left out") for note in told["notes"])
    assert Path("report.html").read_text().count("<img") == 4
    done = elman("train", "--resume", run, "--train.epochs", 3)
    assert done.code == 0 and "stopped by epochs" in done.err


def test_music_is_written(elman: Elman, run: Path) -> None:
    words = ("--bars", 2, "--key", "Gm", "--style", "waltz", "--temperature", 0.9, "--seed", 1)
    done = elman("generate", run, "--out", "song.mid", *words, "--render", "song.wav")
    assert done.code == 0 and done.out.startswith("song.mid: 2 bars, ")
    first = Path("song.mid").read_bytes()
    assert Path("song.wav").stat().st_size > 1000
    elman("generate", run, "--out", "again.mid", *words)
    assert Path("again.mid").read_bytes() == first
    done = elman("generate", run, "--continue", "song.mid", "--primer-bars", 1, "--bars", 2)
    assert done.code == 0 and done.out.startswith("X:1\n")
    done = elman("predict", run, "song.mid", "--format", "json")
    assert json.loads(done.out)["piece"] == "song.mid"


def test_a_roll(elman: Elman, music: Path) -> None:
    form = ("--music.form", "roll", "--music.steps-per-beat", 1)
    done = elman("train", "compose", music, "--out", "rolls", *SMALL, *form)
    assert done.code == 0, done.err
    assert "NLL per frame" in elman("eval", "rolls").out
    done = elman("generate", "rolls", "--out", "a.mid", "--bars", 2, "--seed", 0)
    assert done.code == 0 and "2 bars" in done.out
    done = elman("generate", "rolls", "--key", "C")
    assert done.code == 2 and "does not know it" in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--prompt", "The"), "--prompt is for language-model"),
        (("--length", 3), "--length is for language-model"),
        (("--key", "H"), "key: expected one such as"),
        (("--style", "polka"), "style: expected one of march, waltz"),
        (("--out", "song.txt"), "ends in .mid or .abc"),
        (("--out", "none/song.mid"), "there is no folder"),
        (("--continue", "none.mid"), "no such file"),
        (("--continue", "broken.mid"), "broken.mid: expected a Standard MIDI file"),
        (("--continue", "words.mid"), "words.mid: expected a Standard MIDI file"),
        (("--primer-bars", 2), "says how much of --continue"),
        (("--bars", 0), "bars"),
        (("--temperature", -1), "temperature"),
    ],
)
def test_what_makes_no_sense_is_one_message(
    elman: Elman, run: Path, words: tuple[object, ...], message: str
) -> None:
    Path("broken.mid").write_bytes(midi_bytes(scale())[:50])
    Path("words.mid").write_text("no music at all")
    done = elman("generate", run, *words)
    assert done.code == 2 and done.out == ""
    assert message in done.err and "Traceback" not in done.err


@pytest.mark.parametrize("command", ["eval", "predict"])
def test_malformed_midi_alone_is_exit_2(elman: Elman, run: Path, command: str) -> None:
    Path("broken.mid").write_bytes(midi_bytes(scale())[:50])
    done = elman(command, run, "broken.mid")
    assert done.code == 2
    assert done.err.count("\n") == 1 and "broken.mid: expected a Standard MIDI file" in done.err
    done = elman("train", "compose", "broken.mid", "--out", "other")
    assert done.code == 2 and not Path("other").exists()


def test_other_runs_write_no_music(elman: Elman, trained: Path) -> None:
    done = elman("generate", trained, "--bars", 4)
    assert done.code == 2 and "--bars is for compose" in done.err
