"""A trained run: scored, looked at, and asked to write."""

from __future__ import annotations

import io
import json
from pathlib import Path

import mido
import pytest

from elman._errors import ConfigError, DataError
from elman.data.music.midi import midi_bytes
from elman.tasks.compose.config import ComposeGenerate, ComposePredict
from elman.tasks.compose.form import EventForm
from elman.tasks.compose.run import ComposeRun
from tests.data.music.tunes import scale


def main_figure(run: ComposeRun) -> str:
    return "nats per event" if isinstance(run.form, EventForm) else "NLL per frame"


def test_a_report_beside_baselines(either: ComposeRun) -> None:
    report = either.evaluate(baselines=True)
    name = main_figure(either)
    assert len(report.baselines) == 2
    weakest = max(values[name] for values in report.baselines.values())
    assert 0 < float(report[name] or 0) < weakest
    assert report.tables[0].title == "least expected"
    assert json.dumps(report.to_dict())
    assert either.evaluate(split="valid")[name] != report[name]


def test_pictures_are_drawn_when_asked_for(either: ComposeRun) -> None:
    pytest.importorskip("matplotlib")
    assert either.evaluate().pictures == ()
    pictures = either.evaluate(pictures=True).pictures
    assert len(pictures) == 4 and all(p.image.startswith(b"\x89PNG") for p in pictures)


def test_other_music_with_damaged_files(either: ComposeRun, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi_bytes(scale(65)))
    (tmp_path / "b.mid").write_bytes(midi_bytes(scale(67))[:40])
    (tmp_path / "c.mid").write_bytes(b"")
    report = either.evaluate(str(tmp_path))
    assert "1 pieces" in report.title
    [note] = [note for note in report.notes if "damaged" in note]
    assert note.startswith("2 damaged files left out: ") and "b.mid: " in note and "c.mid: " in note
    with pytest.raises(DataError, match="b.mid: expected a Standard MIDI file"):
        either.evaluate(str(tmp_path / "b.mid"))


def test_predict_tells_of_each_piece(either: ComposeRun, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(midi_bytes(scale(65)))
    (tmp_path / "broken.mid").write_bytes(b"MThd")
    lines: list[str] = []
    either.predict(iter([str(tmp_path)]), ComposePredict(), lines.append, False)
    assert lines[0].endswith("F\t2 bars\t10 notes\ta.mid\n")
    assert "1 damaged files left out: broken.mid" in lines[1]
    told: list[str] = []
    inputs = either.inputs(tmp_path / "a.mid")
    either.predict(inputs, ComposePredict(format="json"), told.append, False)
    found = json.loads(told[0])
    assert (found["key"], found["bars"], found["notes"]) == ("F", 2, 10)
    with pytest.raises(ConfigError, match="name one"):
        either.predict(iter(["-"]), ComposePredict(), told.append, False)


def test_files_are_written(either: ComposeRun, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out, wav, png = (str(tmp_path / f"song.{kind}") for kind in ("mid", "wav", "png"))
    asked = ComposeGenerate(out=out, render=wav, synth="plain", png=png, bars=2, seed=4)
    said: list[str] = []
    either.generate(asked, said.append)
    assert said[0].startswith(f"{out}: 2 bars, ") and "plain synthesiser" in said[1]
    assert Path(png).read_bytes().startswith(b"\x89PNG")
    assert Path(wav).read_bytes().startswith(b"RIFF")
    content = Path(out).read_bytes()
    assert mido.MidiFile(file=io.BytesIO(content)).length > 0
    symusic = pytest.importorskip("symusic")
    assert symusic.Score.from_midi(content).note_num() == either.write(asked).score.count()
    either.generate(asked, said.append)
    assert Path(out).read_bytes() == content


def test_a_piece_is_gone_on_with(either: ComposeRun, tmp_path: Path) -> None:
    given, out = tmp_path / "given.mid", tmp_path / "more.abc"
    given.write_bytes(midi_bytes(scale(60)))
    asked = ComposeGenerate(continue_=str(given), primer_bars=1, bars=3, seed=1, out=str(out))
    said: list[str] = []
    either.generate(asked, said.append)
    assert "4 bars (1 given)" in said[0] and out.read_text().startswith("X:1")


def test_without_a_file_abc_is_printed(either: ComposeRun) -> None:
    said: list[str] = []
    either.generate(ComposeGenerate(bars=1, seed=0), said.append)
    assert said[0].startswith("X:1\nT:")


def test_places_that_are_not_there(either: ComposeRun, tmp_path: Path) -> None:
    asked = ComposeGenerate(out=str(tmp_path / "no" / "song.mid"))
    with pytest.raises(ConfigError, match="out: there is no folder"):
        either.generate(asked, print)


def test_a_book_is_not_one_piece(either: ComposeRun, folder: Path) -> None:
    asked = ComposeGenerate(continue_=str(folder / "march" / "book.abc"))
    with pytest.raises(DataError, match="holds 12 pieces; give a file of one"):
        either.write(asked)


def test_a_part_without_pieces(either: ComposeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    sets = type("Sets", (), {"test": [], "train": []})()
    monkeypatch.setattr("elman.tasks.compose.run.own_pieces", lambda *words: sets)
    with pytest.raises(DataError, match="the test part has no pieces"):
        either.evaluate()
