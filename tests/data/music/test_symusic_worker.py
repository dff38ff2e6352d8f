"""The process answers every line, whatever the file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from elman.data.music.midi import midi_bytes
from elman.data.music.symusic_worker import parse
from tests.data.music.tunes import scale

pytest.importorskip("symusic")


def test_a_file_is_plain_lists() -> None:
    told = parse(midi_bytes(scale()))
    assert told["ticks_per_beat"] == 12
    assert [0, 48, 48, 80] in told["tracks"][0]["notes"]
    json.dumps(told)


def test_every_question_has_an_answer(tmp_path: Path) -> None:
    sound, broken = tmp_path / "a.mid", tmp_path / "b.mid"
    sound.write_bytes(midi_bytes(scale()))
    broken.write_bytes(b"MThd")
    asked = [sound, broken, tmp_path / "missing.mid", sound]
    done = subprocess.run(
        [sys.executable, "-m", "elman.data.music.symusic_worker"],
        input="".join(json.dumps(str(path)) + "\n" for path in asked),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["error" in answer for answer in answers] == [False, True, True, False]
    assert answers[0] == answers[3]
