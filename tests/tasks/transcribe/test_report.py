"""What an evaluation shows."""

from __future__ import annotations

from elman.data.audio.manifest import Utterance
from elman.data.audio.read import Sound
from elman.tasks.transcribe.report import Scored, make_report


def scored(truths: list[str], texts: list[str]) -> Scored:
    sound = Sound(8000, 1, 8000)
    found = [Utterance(f"{k}.wav", text, sound, "") for k, text in enumerate(truths)]
    return Scored(found, texts, 0.25, 0.1)


def test_sentences() -> None:
    given = scored(["one two", "two"], ["one too", "two"])
    report = make_report("test", given, common="two", notes=["a note"])
    assert [figure.name for figure in report.figures] == [
        *("WER", "CER", "exact match", "nats per letter", "real-time factor"),
    ]
    assert report["WER"] == 1 / 3 and report["exact match"] == 0.5
    assert report["real-time factor"] == 0.05
    trivial = report.baselines["most frequent transcript"]
    assert trivial["exact match"] == 0.5 and trivial["WER"] == 1 / 3
    titles = [table.title for table in report.tables]
    assert titles[0] == "errors" and titles[-1] == "worst recordings, of 1 with an error"
    assert report.tables[1].rows == (("two", "too", 1),)
    assert "a note" in report.text()


def test_single_words_have_an_accuracy() -> None:
    report = make_report("test", scored(["one", "two"], ["one", ""]), common=None, notes=[])
    assert [figure.name for figure in report.figures][:3] == ["accuracy", "WER", "CER"]
    assert report["accuracy"] == 0.5 and not report.baselines
    assert report.tables[-1].rows == (("1.wav", "two", "(nothing)", 1.0),)
    perfect = make_report("test", scored(["one"], ["one"]), common=None, notes=[])
    assert len(perfect.tables) == 1
