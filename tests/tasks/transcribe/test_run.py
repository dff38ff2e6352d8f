"""A trained run: what it hears, what it writes, how it is scored."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError, RunError
from elman.data.audio.read import read_sound
from elman.tasks.transcribe.config import TranscribeEval, TranscribePredict
from elman.tasks.transcribe.run import TranscribeRun
from tests.data.audio.sounds import tone, write


def predicted(run: TranscribeRun, *names: object, **options: object) -> str:
    said: list[str] = []
    chosen = TranscribePredict.model_validate(options)
    run.predict(iter(map(str, names)), chosen, said.append, False)
    return "".join(said)


def test_it_has_learned_the_songs(both: TranscribeRun, live: TranscribeRun) -> None:
    for run in (both, live):
        report = run.evaluate(baselines=True)
        assert report["CER"] < 0.1
        assert report.baselines["most frequent transcript"]["CER"] > 0.5
        assert 0 < report["real-time factor"] < 0.5
    assert both.evaluate().title.endswith("24 recordings, 0.2 min, greedy")
    assert live.evaluate().notes[-1] == "streaming network: latency 105 ms"


def test_a_beam_is_at_least_nearly_as_good(both: TranscribeRun) -> None:
    report = both.evaluate(options=TranscribeEval(beam=8))
    assert report.title.endswith("beam 8") and report["CER"] <= both.evaluate()["CER"] + 0.02


def test_a_word_stands_where_its_tones_are(both: TranscribeRun) -> None:
    silence = np.zeros(8000, np.float32)
    song = np.concatenate([silence[:2400], tone(400, 0.15), tone(700, 0.15), silence[:2400]])
    found = both.transcribe(
        song + 0.005 * np.random.default_rng(0).standard_normal(len(song)).astype(np.float32)
    )
    assert found.text == "ab"
    (word,) = found.words
    assert 0.25 < word.start_s < 0.5 and word.start_s < word.end_s < 0.75
    assert 0.3 < word.confidence <= 1


def test_files_folders_tables_and_standard_input(
    both: TranscribeRun, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = table.parent / "000.wav"
    text = both.transcribe(read_sound(path, 8000)).text
    assert predicted(both, path) == f"{path}\t{text}\n"
    (tmp_path / "some").mkdir()
    for k in range(2):
        (tmp_path / "some" / f"{k}.wav").write_bytes(path.read_bytes())
    assert len(predicted(both, tmp_path / "some", path).splitlines()) == 3
    (tmp_path / "list.csv").write_text("audio,other\nsome/0.wav,x\nsome/1.wav,y\n")
    assert list(both.inputs(tmp_path / "list.csv")) == [
        str(tmp_path / "some" / f"{k}.wav") for k in range(2)
    ]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    assert predicted(both, "-") == f"-\t{text}\n"
    raw = (read_sound(path, 8000) * 32767).astype("<i2").tobytes()
    (tmp_path / "bare").write_bytes(raw)
    assert predicted(both, tmp_path / "bare", raw_rate=8000).endswith(f"\t{text}\n")


def test_a_page_of_pictures(both: TranscribeRun, table: Path, tmp_path: Path) -> None:
    path = table.parent / "000.wav"
    out = predicted(both, path, path, html=str(tmp_path / "page.html"), format="json")
    assert len([json.loads(line) for line in out.splitlines()]) == 2
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/png") == 2 and "Heard: " in page
    with pytest.raises(RunError, match="its folder is not there"):
        predicted(both, path, html=str(tmp_path / "gone" / "page.html"))
    report = both.evaluate(pictures=True)
    assert len(report.pictures) == 6 and "Said: " in report.pictures[0].caption


def test_stereo_and_other_rates_are_read_and_told(
    both: TranscribeRun, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wave = read_sound(table.parent / "000.wav", 16000)
    path = write(tmp_path / "stereo.wav", np.stack([wave, wave], 1), 16000)
    assert (
        predicted(both, path).split("\t")[1].strip()
        == both.transcribe(read_sound(table.parent / "000.wav", 8000)).text
    )
    assert "stereo.wav has 2 channels, mixed into one" in capsys.readouterr().err


def test_other_data_is_scored_whole_and_strange_letters_are_named(
    both: TranscribeRun, table: Path, tmp_path: Path
) -> None:
    lines = table.read_text().splitlines()[1:6]
    rows = [f"{table.parent}/{line}" for line in lines]
    other = tmp_path / "other.csv"
    other.write_text("\n".join(["audio,text", *rows]) + "\n")
    assert both.evaluate(str(other)).title.startswith(f"{other}, 5 recordings")
    other.write_text(f"audio,text\n{table.parent}/000.wav,\u0436\u0437 ab\n")
    with pytest.raises(DataError, match="outside the alphabet ' abc': 'ж', 'з'"):
        both.evaluate(str(other))


def test_damaged_and_empty_files_are_one_message(both: TranscribeRun, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound")
    with pytest.raises(DataError, match="a.wav: not a recording"):
        predicted(both, tmp_path / "a.wav")
    write(tmp_path / "b.wav", np.zeros(0, np.float32))
    with pytest.raises(DataError, match="no samples"):
        predicted(both, tmp_path / "b.wav")
    (tmp_path / "bare").write_bytes(b"")
    with pytest.raises(DataError, match="holds no sample"):
        predicted(both, tmp_path / "bare", raw_rate=8000)
