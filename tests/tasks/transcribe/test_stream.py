"""Live sound: what comes in pieces is what the whole says, at any rate, from any source."""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from elman._errors import ConfigError, DataError
from elman.data.audio.read import read_sound, resampled
from elman.tasks.transcribe.config import TranscribePredict
from elman.tasks.transcribe.run import TranscribeRun
from elman.tasks.transcribe.stream import LiveTranscriber, stream_input
from tests.data.audio.sounds import wav_bytes, write


def streamed(run: TranscribeRun, name: str, **options: object) -> str:
    said: list[str] = []
    chosen = TranscribePredict.model_validate({"stream": True, **options})
    stream_input(name, run.model, run.alphabet, chosen, said.append)
    return "".join(said)


def recordings(table: Path, count: int) -> list[Path]:
    return [table.parent / f"{k:03d}.wav" for k in range(count)]


def test_a_stream_says_what_the_whole_says(live: TranscribeRun, table: Path) -> None:
    for path in recordings(table, 10):
        whole = live.transcribe(read_sound(path, 8000)).text
        assert streamed(live, str(path)) == whole + "\n"
        words = [
            json.loads(line) for line in streamed(live, str(path), format="json").split("\n")[:-1]
        ]
        assert " ".join(word["text"] for word in words) == whole


@pytest.mark.parametrize("sizes", [(1,), (3, 800), (5000,)])
def test_any_pieces_give_the_same_letters(
    live: TranscribeRun, table: Path, sizes: tuple[int, ...]
) -> None:
    wave = read_sound(recordings(table, 1)[0], 8000)[:6000]
    transcriber = LiveTranscriber(live.model, live.alphabet, 8000)
    letters, place, k = [], 0, 0
    while place < len(wave):
        size = sizes[k % len(sizes)]
        letters += transcriber.push(wave[place : place + size])
        place, k = place + size, k + 1
    letters += transcriber.finish()
    assert "".join(one.text for one in letters).strip() == live.transcribe(wave).text


def test_letters_come_while_the_sound_is_coming(live: TranscribeRun, table: Path) -> None:
    wave = read_sound(recordings(table, 1)[0], 8000)
    transcriber = LiveTranscriber(live.model, live.alphabet, 8000)
    early = [
        one for k in range(0, len(wave) - 800, 80) for one in transcriber.push(wave[k : k + 80])
    ]
    assert early  # before the end is there


def test_sound_of_another_rate_is_resampled_as_it_comes(live: TranscribeRun, table: Path) -> None:
    wave = read_sound(recordings(table, 1)[0], 8000)
    transcriber = LiveTranscriber(live.model, live.alphabet, 16000)
    letters = transcriber.push(resampled(wave, 8000, 16000)) + transcriber.finish()
    assert "".join(one.text for one in letters).strip() == live.transcribe(wave).text


def test_a_growing_file_is_followed(live: TranscribeRun, table: Path, tmp_path: Path) -> None:
    source = recordings(table, 1)[0]
    samples = (read_sound(source, 8000) * 32767).astype("<i2").tobytes()
    path = tmp_path / "live.wav"
    path.write_bytes(wav_bytes(samples[:2000]))

    def later() -> None:
        for start in range(2000, len(samples), 3000):
            time.sleep(0.05)
            with path.open("ab") as file:
                file.write(samples[start : start + 3000])

    writer = threading.Thread(target=later)
    writer.start()
    found = streamed(live, str(path), follow=True, idle_s=0.6)
    writer.join()
    assert found.strip() == live.transcribe(read_sound(source, 8000)).text


def test_standard_input(live: TranscribeRun, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = recordings(table, 1)[0]
    whole = live.transcribe(read_sound(source, 8000)).text
    raw = (read_sound(source, 8000) * 32767).astype("<i2").tobytes()
    for data, options in ((source.read_bytes(), {}), (raw, {"raw_rate": 8000})):
        stdin = io.TextIOWrapper(io.BytesIO(data))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert streamed(live, "-", **options).strip() == whole
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    with pytest.raises(DataError, match="standard input: does not begin as a WAV does"):
        streamed(live, "-")
    with pytest.raises(DataError, match="follow is for files"):
        streamed(live, "-", follow=True)


def test_an_interrupt_is_an_end(
    live: TranscribeRun, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Person(io.BytesIO):
        def read1(self, size: int | None = -1) -> bytes:
            if data := super().read1(size):
                return data
            raise KeyboardInterrupt

    source = recordings(table, 1)[0]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Person(source.read_bytes())))
    assert streamed(live, "-").strip() == live.transcribe(read_sound(source, 8000)).text


def test_what_cannot_be_streamed(both: TranscribeRun, live: TranscribeRun, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.zeros(800, np.float32))
    with pytest.raises(ConfigError, match="hears in both directions.*train one with model.stream"):
        streamed(both, str(path))
    with pytest.raises(DataError, match="cannot read .*gone.wav"):
        streamed(live, str(tmp_path / "gone.wav"), follow=True)
