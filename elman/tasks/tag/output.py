"""Tagged sentences as text: spans in colour, columns, JSON; and lines of text as sentences."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from zlib import crc32

from rich.console import Console
from rich.text import Text

from elman.data.conll import conll_lines, json_line, parse_sentences
from elman.data.spans import Span, spans
from elman.data.tagged_config import TaggedConfig
from elman.data.words import cut_words
from elman.tasks.tag.config import TagPredict
from elman.train.log import printable

__all__ = ["TaggedSentence", "sentences_of", "written"]

COLORS = ("green", "magenta", "blue", "yellow", "cyan", "red")


class TaggedSentence(NamedTuple):
    """A sentence and what was found for it.

    Attributes:
        tokens: The words.
        tags: A tag for each, in the scheme of the files that were learned from.
        confidence: The probability of each tag, 0 to 1.
    """

    tokens: list[str]
    tags: list[str]
    confidence: list[float]


def sentences_of(
    lines: Iterable[str], options: TagPredict, config: TaggedConfig
) -> Iterator[list[str]]:
    """Yield the words of each sentence.

    Args:
        lines: The input; of text each line is a sentence, also an empty one.
        options: What the lines are.
        config: Where the tokens stand in files of columns, CSV and JSON.
    """
    if options.input == "text":
        yield from map(cut_words, lines)
    elif options.input == "words":
        yield from (line.split() for line in lines)
    else:
        numbered = enumerate(lines, 1)
        own = config if config.format in ("auto", options.input) else TaggedConfig()
        for sentence in parse_sentences(numbered, options.input, "the input", own, tagged=False):
            yield sentence.tokens


def written(
    found: Iterable[TaggedSentence], options: TagPredict, *, has_spans: bool, color: bool
) -> Iterator[str]:
    """Yield sentences as the command writes them.

    Args:
        found: As they come.
        options: The format.
        has_spans: Whether the tags write spans.
        color: Whether the reader shows colours.
    """
    for sentence in found:
        if options.format == "conll":
            yield conll_lines(sentence.tokens, sentence.tags) if sentence.tokens else "\n"
        elif options.format == "json":
            yield json_of(sentence, has_spans)
        else:
            text = marked(sentence, has_spans, color)
            yield (rendered(text) if color else text.plain) + "\n"


def json_of(sentence: TaggedSentence, has_spans: bool) -> str:
    """Return a sentence as a line of JSON; a span is as sure as its least sure tag."""
    sure = [round(chance, 4) for chance in sentence.confidence]
    content = {"tokens": sentence.tokens, "tags": sentence.tags, "confidence": sure}
    if has_spans:
        content["spans"] = [
            {
                **span._asdict(),
                "text": " ".join(sentence.tokens[span.start : span.end]),
                "confidence": min(sure[span.start : span.end]),
            }
            for span in spans(sentence.tags)
        ]
    return json_line(**content)


def marked(sentence: TaggedSentence, has_spans: bool, color: bool) -> Text:
    """Return the words with what was found: a span in its type's colour, a tag behind its word."""
    text = Text()
    tokens = [printable(token).replace("\n", " ") for token in sentence.tokens]
    marks = {span.start: span for span in spans(sentence.tags)} if has_spans else {}
    place = 0
    while place < len(tokens):
        text.append(" " if place else "")
        if has_spans and place not in marks:
            text.append(tokens[place])
            place += 1
            continue
        span = marks.get(place) or Span(place, place + 1, sentence.tags[place])
        words, kind = " ".join(tokens[place : span.end]), printable(span.type)
        if color:
            text.append(words, f"bold {color_of(span.type)}" if has_spans else "")
            text.append(f"/{kind}", f"dim {color_of(span.type)}")
        else:
            text.append(f"[{words}]/{kind}" if has_spans else f"{words}/{kind}")
        place = span.end
    return text


def color_of(kind: str) -> str:
    """Return the colour of a type, the same in every run.

    Example:
        >>> color_of("PER") == color_of("PER"), color_of("PER") in COLORS
        (True, True)
    """
    common = dict(zip(("PER", "LOC", "ORG", "MISC"), COLORS, strict=False))
    return common.get(kind) or COLORS[crc32(kind.encode()) % len(COLORS)]


def rendered(text: Text) -> str:
    """Return styled text with the terminal's codes for its colours."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, color_system="standard", width=10_000)
    console.print(text, end="", soft_wrap=True)
    return screen.getvalue()


def chunks(sentences: Iterable[list[str]], size: int) -> Iterator[list[list[str]]]:
    """Yield some sentences at a time."""
    stream = iter(sentences)
    while chunk := list(itertools.islice(stream, size)):
        yield chunk
