"""Transcripts as lines, JSON and subtitles."""

from __future__ import annotations

import itertools
import json

from elman.tasks.transcribe.config import TranscribePredict
from elman.tasks.transcribe.output import clock, cues, written
from elman.tasks.transcribe.transcripts import Transcript, Word


def words(*times: tuple[str, float, float]) -> tuple[Word, ...]:
    return tuple(Word(text, start, end, 0.5) for text, start, end in times)


SAID = words(("one", 0.2, 0.5), ("two", 0.6, 0.9), ("<b>&", 3.0, 3.1))
FOUND = [("a.wav", Transcript("one two <b>&", (), SAID, 4.0))]


def test_pauses_and_lengths_cut_subtitles() -> None:
    assert [(c.start_s, c.end_s, c.text) for c in cues(SAID, 4.0)] == [
        (0.2, 0.9, "one two"),
        (3.0, 3.7, "<b>&"),
    ]
    many = words(*((f"word{k:02d}", k * 0.4, k * 0.4 + 0.3) for k in range(30)))
    found = cues(many, 20.0)
    assert " ".join(c.text for c in found).split() == [w.text for w in many]
    assert all(len(c.text) <= 42 and c.end_s - c.start_s <= 6.0 for c in found)
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(found))
    assert cues((), 4.0) == []


def test_json_has_times_and_confidence() -> None:
    (line,) = written(FOUND, TranscribePredict(format="json"))
    record = json.loads(line)
    assert record["file"] == "a.wav" and record["seconds"] == 4.0
    assert record["words"][1] == {"text": "two", "start_s": 0.6, "end_s": 0.9, "confidence": 0.5}


def test_subtitles() -> None:
    vtt = "".join(written(FOUND, TranscribePredict(format="vtt")))
    assert vtt.startswith("WEBVTT\n\n1\n00:00:00.200 --> 00:00:00.900\none two\n\n2\n")
    assert "&lt;b&gt;&amp;" in vtt
    srt = "".join(written([*FOUND, *FOUND], TranscribePredict(format="srt")))
    assert srt.startswith("1\n00:00:00,200 --> ") and "\n\n4\n" in srt and "<b>&" in srt
    assert clock(59.9996, vtt=True) == "00:01:00.000"
