"""Where a translator looked, as one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import ConfigError
from elman.data.sentence import sentence_ids
from elman.data.tokenizer import Tokenizer
from elman.models.translator import Translator
from elman.tasks.translate.data import Vocabularies
from elman.tasks.translate.translations import Translation, attention_weights
from elman.train.log import printable

__all__ = ["AttentionMap", "attention_map", "attention_page"]

END = "⏎"
"""Shown for the end of a sequence."""
HEAD = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Attention</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; color: #1a1a1a; background: #fff }
table { border-collapse: collapse; margin: 0 0 2.5em }
caption { text-align: left; font-weight: 600; padding-bottom: .5em }
th { font-weight: 400; padding: 0 .4em }
thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left }
tbody th { text-align: right; white-space: nowrap }
td { min-width: 1.5em; height: 1.5em; border: 1px solid #e6e6e6 }
</style>
<h1>Where the model looked</h1>
<p>A row for each token written, a column for each token read; the darker, the more attention.
Point at a cell for its part.</p>
"""


class AttentionMap(NamedTuple):
    """What was read, what was written, and where the model looked for it.

    Attributes:
        source: Tokens read, S of them, the end included.
        target: Tokens written, T of them, the end included.
        weights: ``(T, S)``, each row sums to one.
    """

    source: list[str]
    target: list[str]
    weights: NDArray[np.float32]


def attention_map(
    model: Translator, vocabularies: Vocabularies, source: str, translation: Translation
) -> AttentionMap:
    """Return where the model looked while it wrote a translation.

    Raises:
        ConfigError: If the model has no attention.
    """
    source = source.strip()
    weights = attention_weights(model, vocabularies, source, translation.tokens)
    if weights is None:
        raise ConfigError("this model has no attention to show: it was trained with 'none'")
    read = named(vocabularies.source, sentence_ids(vocabularies.source, source).tolist())
    return AttentionMap(read, named(vocabularies.target, translation.tokens), weights)


def named(tokenizer: Tokenizer, ids: Sequence[int]) -> list[str]:
    """Return tokens as people are shown them, and the end."""
    return [*(printable(tokenizer.token(token)).strip() or "␣" for token in ids), END]


def attention_page(maps: Iterable[AttentionMap]) -> Iterator[str]:
    """Yield the parts of the page: its head, then a table for each map.

    Nothing in it is loaded from elsewhere or run, and all text is escaped.

    Example:
        >>> page = attention_page([AttentionMap(["<a>", "."], ["b"], np.array([[0.25, 0.75]]))])
        >>> "&lt;a&gt;" in "".join(page)
        True
    """
    yield HEAD
    for one in maps:
        yield "".join(table(one))


def table(one: AttentionMap) -> Iterator[str]:
    """Yield a map as a table."""
    caption = " ".join(one.target[:-1]) or "nothing"
    yield f"<table><caption>{escape(caption)}</caption>\n<thead><tr><th></th>"
    yield from (f"<th>{escape(token)}</th>" for token in one.source)
    yield "</tr></thead>\n<tbody>\n"
    for token, row in zip(one.target, one.weights.tolist(), strict=True):
        yield f"<tr><th>{escape(token)}</th>"
        for weight in row:
            shade = f"rgba(31, 90, 166, {weight:.3f})"
            yield f'<td style="background: {shade}" title="{100 * weight:.1f} %"></td>'
        yield "</tr>\n"
    yield "</tbody></table>\n"
