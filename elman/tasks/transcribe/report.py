"""What an evaluation of a transcriber tells: errors by kind, the worst recordings, the speed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from elman.data.audio.manifest import Utterance
from elman.tasks.report import Column, Figure, Picture, Report, Table
from elman.tasks.transcribe.scoring import ErrorCounts, compare
from elman.tasks.translate.scores import edit_distance

__all__ = ["Scored", "make_report"]

WORST, MOST_CONFUSED = 10, 10


class Scored(NamedTuple):
    """What is known after all recordings were transcribed.

    Attributes:
        utterances: What was said.
        texts: What was found.
        nats: Mean nats per letter.
        seconds: How long transcribing took, reading of files included.
    """

    utterances: Sequence[Utterance]
    texts: Sequence[str]
    nats: float
    seconds: float


def make_report(
    title: str,
    scored: Scored,
    *,
    common: str | None,
    notes: Sequence[str],
    pictures: tuple[Picture, ...] = (),
) -> Report:
    """Return the report.

    Args:
        title: What was scored.
        scored: Found texts beside the true ones.
        common: The most frequent transcript of the training part, if baselines are asked for.
        notes: Remarks.
        pictures: What there is to look at.
    """
    truths, texts = [u.text for u in scored.utterances], list(scored.texts)
    sound = sum(u.sound.seconds for u in scored.utterances)
    single = all(" " not in truth for truth in truths)
    words, letters = (compare(truths, texts, words=kind) for kind in (True, False))
    figures = [
        Figure("WER", words.rate, "%", 2),
        Figure("CER", letters.rate, "%", 2),
        Figure("exact match", exact(truths, texts), "%", 2),
        Figure("nats per letter", scored.nats),
        Figure("real-time factor", scored.seconds / max(1e-9, sound), digits=4),
    ]
    if single:
        figures.insert(0, Figure("accuracy", exact(truths, texts), "%", 2))
        del figures[3]
    baselines = {}
    if common is not None:
        same = [common] * len(truths)
        trivial = exact(truths, same)
        baselines["most frequent transcript"] = {
            "WER": compare(truths, same, words=True).rate,
            "CER": compare(truths, same, words=False).rate,
            "accuracy" if single else "exact match": trivial,
        }
    tables = [errors_table(words, letters)]
    tables += confused("words most often taken for another", words.confusions)
    tables += confused("letters most often taken for another", letters.confusions)
    tables += worst(scored)
    return Report(
        title,
        tuple(figures),
        baselines,
        tables=tuple(tables),
        notes=tuple(notes),
        pictures=pictures,
    )


def exact(truths: Sequence[str], texts: Sequence[str]) -> float:
    """Return the part of texts that are right to the letter."""
    return sum(a == b for a, b in zip(truths, texts, strict=True)) / max(1, len(truths))


def errors_table(words: ErrorCounts, letters: ErrorCounts) -> Table:
    """Return the errors by kind."""
    columns = ("", "said", "substituted", "inserted", "deleted")
    rows = tuple(
        (name, counts.total, counts.substitutions, counts.insertions, counts.deletions)
        for name, counts in (("words", words), ("letters", letters))
    )
    return Table("errors", tuple(Column(name) for name in columns), rows)


def confused(title: str, confusions: Counter[tuple[str, str]]) -> list[Table]:
    """Return the most frequent confusions, if there are any."""
    if not confusions:
        return []
    ordered = sorted(confusions.items(), key=lambda item: (-item[1], item[0]))
    rows = tuple((truth, text, count) for (truth, text), count in ordered[:MOST_CONFUSED])
    return [Table(title, (Column("said"), Column("written"), Column("times")), rows)]


def worst(scored: Scored) -> list[Table]:
    """Return the recordings with the most wrong letters, if any has one."""
    found = []
    for utterance, text in zip(scored.utterances, scored.texts, strict=True):
        wrong = edit_distance(utterance.text, text)
        if wrong:
            rate = wrong / len(utterance.text)
            found.append((rate, utterance.path, utterance.text, text))
    if not found:
        return []
    ordered = sorted(found, key=lambda row: (-row[0], row[1]))[:WORST]
    columns = (Column("recording"), Column("said"), Column("written"), Column("CER", "%", 0))
    rows = tuple((path, truth, text or "(nothing)", rate) for rate, path, truth, text in ordered)
    return [Table(f"worst recordings, of {len(found):,} with an error", columns, rows)]
