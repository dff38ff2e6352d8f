"""Captions as they are written."""

from __future__ import annotations

import json

import numpy as np
import pytest

from elman.data.tokenizer import ByteTokenizer
from elman.data.video.sampling import Clip
from elman.tasks.caption.captions import Caption
from elman.tasks.caption.clips import NamedClip
from elman.tasks.caption.config import CaptionPredict
from elman.tasks.caption.output import END, Narrated, shown_words, spark, written

WEIGHTS = np.array([[0.1, 0.7, 0.2], [0.0, 0.0, 1.0], [1 / 3, 1 / 3, 1 / 3]], np.float32)


def narrated(until_s: float | None = None, weights: np.ndarray | None = WEIGHTS) -> Narrated:
    frames = Clip(np.zeros((3, 4, 4, 1), np.uint8), np.arange(3, dtype=np.int32)[:, None])
    captions = [Caption("a\tdog", -0.5, -0.4, (1, 2)), Caption("a cat", -2.0, -1.5, (1, 3))]
    return Narrated(NamedClip("a.mp4", frames, until_s), captions, ["a", "dog", END], weights)


def test_a_line_holds_one_tab() -> None:
    assert written(narrated(), CaptionPredict(), 10.0) == "a.mp4\ta dog\n"
    assert written(narrated(4.0), CaptionPredict(stream=True), 10.0) == "4.0 s\ta dog\n"


def test_attention_is_a_line_for_each_word() -> None:
    lines = written(narrated(), CaptionPredict(attention=True), 10.0).splitlines()
    assert lines == [
        "a.mp4\ta dog",
        "  a    ▂█▃  0.15 s",
        "  dog  ▁▁█  0.25 s",
        "  ⏎    ███  0.05 s",
    ]
    lines = written(narrated(), CaptionPredict(attention=True), None).splitlines()
    assert lines[1].endswith("frame 2")


def test_json_has_all_of_it() -> None:
    record = json.loads(written(narrated(), CaptionPredict(format="json"), 10.0))
    assert record["file"] == "a.mp4" and record["caption"] == "a\tdog"
    assert [one["score"] for one in record["captions"]] == [-0.4, -1.5]
    assert record["frames"] == 3 and record["frames_per_s"] == 10.0 and "until_s" not in record
    assert record["attention"][1] == {"word": "dog", "frames": [0.0, 0.0, 1.0]}
    streamed = written(narrated(2.5, None), CaptionPredict(format="json", stream=True), 10.0)
    assert json.loads(streamed)["until_s"] == 2.5 and "attention" not in json.loads(streamed)


def test_words_are_shown_safely() -> None:
    assert shown_words(ByteTokenizer(), Caption("", 0, 0, (97, 27))) == ["a", "·", END]
    assert shown_words(ByteTokenizer(), Caption("", 0, 0, (32,))) == ["␣", END]


@pytest.mark.parametrize("count", [1, 60, 61, 256])
def test_bars_fit_into_a_line(count: int) -> None:
    weights = np.zeros(count, np.float32)
    weights[count // 2] = 1.0
    line = spark(weights)
    assert len(line) == min(count, 60) and line.count("█") == 1
    assert spark(np.zeros(3, np.float32)) == "▁▁▁"
