"""Translations as they are written: lines, JSON lines, and the page of attention."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from elman._errors import RunError
from elman._files import atomic_write
from elman.models.translator import Translator
from elman.tasks.translate.attention_page import AttentionMap, attention_map, attention_page
from elman.tasks.translate.config import TranslatePredict
from elman.tasks.translate.data import Vocabularies
from elman.tasks.translate.translations import Translation

__all__ = ["MAPS", "attention_file", "written"]

MAPS = 100
"""Lines whose attention a page shows."""

Translated = tuple[str, list[Translation]]
"""A source and its translations, the best first."""


def written(found: Iterable[Translated], options: TranslatePredict) -> Iterator[str]:
    r"""Yield what is written for each source, its line ends included.

    Example:
        >>> found = [("ein Hund", [Translation("a dog", -0.5, -0.4, [1])])]
        >>> list(written(found, TranslatePredict()))
        ['a dog\n']
        >>> list(written(found, TranslatePredict(beam=2, nbest=2)))
        ['1\t1\t-0.4000\ta dog\n']
    """
    for number, (source, some) in enumerate(found, 1):
        if options.format == "json":
            translations = [
                {"text": one.text, "score": one.score, "log_prob": one.log_prob} for one in some
            ]
            record = {"source": source, "translations": translations}
            yield json.dumps(record, ensure_ascii=False) + "\n"
        elif options.nbest == 1:
            yield one_line(some[0].text) + "\n"
        else:
            for rank, one in enumerate(some, 1):
                yield f"{number}\t{rank}\t{one.score:.4f}\t{one_line(one.text)}\n"


def one_line(text: str) -> str:
    """Return a text that does not end its line."""
    return " ".join(text.splitlines()) if len(text.splitlines()) > 1 else text


@contextmanager
def attention_file(
    path: Path, model: Translator, vocabularies: Vocabularies
) -> Iterator[Callable[[Translated], Translated]]:
    """Give a function that notes where the model looked; write the page at the end.

    Raises:
        ConfigError: If the model has no attention.
        RunError: If the file cannot be written.
    """
    # Found before the work, not after it.
    if path.is_dir():
        raise RunError(f"cannot write {path}: it is a folder. Give the name of a file")
    if not path.absolute().parent.is_dir():
        raise RunError(f"cannot write {path}: its folder is not there. Make it first")
    maps: list[AttentionMap] = []

    def look(translated: Translated) -> Translated:
        source, some = translated
        if len(maps) < MAPS and source.strip():
            maps.append(attention_map(model, vocabularies, source, some[0]))
        return translated

    yield look
    atomic_write(path, "".join(attention_page(maps)).encode())
