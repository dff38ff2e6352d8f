"""Text into tokens, tokens into batches: tokenizers, readers, corpora, streams.

Public names are imported when they are used; only `stream` and `padding` need torch. Read
`tokenizer/base.py`, `text.py` and `corpus.py`, in this order.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "BUILTIN": "builtin",
    "Batch": "stream",
    "Buckets": "buckets",
    "ColumnsConfig": "table_config",
    "Corpus": "corpus",
    "LabelledConfig": "table_config",
    "LabelledSets": "labelled",
    "TOKENIZERS": "tokenizer",
    "SpanScores": "spans",
    "SplitConfig": "config",
    "TaggedConfig": "tagged_config",
    "TaggedSet": "tagged",
    "TaggedVocabulary": "tagged",
    "TextConfig": "config",
    "TokenStream": "stream",
    "Tokenizer": "tokenizer",
    "TokenizerConfig": "config",
    "open_table": "table",
    "pad": "padding",
    "prepare_corpus": "corpus",
    "read_labelled": "labelled",
    "read_sentences": "conll",
    "read_text": "text",
    "scoring_batches": "buckets",
    "scoring_windows": "stream",
    "split_rows": "split",
    "tokenizer_from_json": "tokenizer",
    "PairSets": "pairs",
    "PairsConfig": "pairs_config",
    "SequenceConfig": "pairs_config",
    "read_pair_sets": "pairs",
    "read_pairs": "pairs",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"elman.data.{_HOMES[name]}"), name)
    if name in set(_HOMES.values()):
        return importlib.import_module(f"elman.data.{name}")
    raise AttributeError(f"module 'elman.data' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(_HOMES)
