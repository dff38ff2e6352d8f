"""Transcripts as they are written: lines, JSON lines, subtitles (SRT, WebVTT)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import NamedTuple

from elman.tasks.transcribe.config import TranscribePredict
from elman.tasks.transcribe.transcripts import Transcript, Word

__all__ = ["Cue", "cues", "written"]

Transcribed = tuple[str, Transcript]
"""A recording's name and its transcript."""

PAUSE_S = 0.8
"""Silence that ends a subtitle."""
CUE_S, CUE_LETTERS = 6.0, 42
"""Longest subtitle, in seconds and in letters: what is read at a glance."""
SHOWN_S = 0.7
"""Shortest time that a subtitle is shown, unless the next one comes."""


class Cue(NamedTuple):
    """A subtitle."""

    start_s: float
    end_s: float
    text: str


def written(found: Iterable[Transcribed], options: TranscribePredict) -> Iterator[str]:
    r"""Yield what is written for each recording, its line ends included.

    Example:
        >>> word = Word("so", 0.5, 0.8, 0.9)
        >>> found = [("a.wav", Transcript("so", (), (word,), 2.0))]
        >>> list(written(found, TranscribePredict()))
        ['a.wav\tso\n']
        >>> print("".join(written(found, TranscribePredict(format="srt"))))
        1
        00:00:00,500 --> 00:00:01,200
        so
        <BLANKLINE>
        <BLANKLINE>
    """
    number = 0
    for count, (name, transcript) in enumerate(found):
        if options.format == "text":
            yield f"{name}\t{transcript.text}\n"
        elif options.format == "json":
            record = {
                "file": name,
                "text": transcript.text,
                "seconds": round(transcript.seconds, 3),
                "words": [asdict(word) for word in transcript.words],
            }
            yield json.dumps(record, ensure_ascii=False) + "\n"
        else:
            vtt = options.format == "vtt"
            if vtt and not count:
                yield "WEBVTT\n\n"
            for cue in cues(transcript.words, transcript.seconds):
                number += 1
                times = f"{clock(cue.start_s, vtt=vtt)} --> {clock(cue.end_s, vtt=vtt)}"
                yield f"{number}\n{times}\n{safe(cue.text) if vtt else cue.text}\n\n"


def cues(words: Sequence[Word], seconds: float) -> list[Cue]:
    """Group words into subtitles: cut at pauses, and where one would be too long to read."""
    groups: list[list[Word]] = []
    for word in words:
        group = groups[-1] if groups else None
        if (
            group is None
            or word.start_s - group[-1].end_s > PAUSE_S
            or word.end_s - group[0].start_s > CUE_S
            or sum(len(one.text) + 1 for one in group) + len(word.text) > CUE_LETTERS
        ):
            groups.append([word])
        else:
            group.append(word)
    found = []
    for k, group in enumerate(groups):
        start = group[0].start_s
        limit = groups[k + 1][0].start_s if k + 1 < len(groups) else seconds
        end = max(group[-1].end_s, min(limit, start + SHOWN_S))
        found.append(Cue(start, end, " ".join(word.text for word in group)))
    return found


def clock(seconds: float, *, vtt: bool) -> str:
    """Return a time as subtitles have it.

    Example:
        >>> clock(3725.5, vtt=False), clock(0.25, vtt=True)
        ('01:02:05,500', '00:00:00.250')
    """
    whole, millis = divmod(round(1000 * seconds), 1000)
    point = "." if vtt else ","
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{point}{millis:03d}"


def safe(text: str) -> str:
    """Return a text in which WebVTT sees no markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
