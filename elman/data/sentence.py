"""A sentence or a word as ids and back: what stands alone, not in the run of a text.

Tokenizers that join a space to the word after it would know the first word of a line only
without one, as another token than the same word elsewhere. So every sentence begins with a
space here, and loses it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from numpy.typing import ArrayLike

from elman.data.config import TokenizerConfig
from elman.data.tokenizer import Ids, Tokenizer, train_tokenizer
from elman.data.tokenizer.word import WordTokenizer

__all__ = ["learn_tokenizer", "sentence_ids", "sentence_text", "source_words", "usual_tokenizer"]


def usual_tokenizer(texts: Iterable[str]) -> Literal["char", "word"]:
    """Return what texts are cut into if nobody says: characters where most are a single word.

    Example:
        >>> usual_tokenizer(["Ada", "Grace"]), usual_tokenizer(["HH AH L OW", "a film"])
        ('char', 'word')
    """
    single = [len(text.split()) < 2 for text in texts]
    return "char" if sum(single) > len(single) / 2 else "word"


def learn_tokenizer(sentences: Iterable[str], config: TokenizerConfig) -> Tokenizer:
    """Learn a tokenizer from sentences, each as `sentence_ids` will cut it."""
    spaced = joins_spaces(config.tokenizer, config.word_split)
    return train_tokenizer((f"{' ' * spaced}{sentence}\n" for sentence in sentences), config)


def sentence_ids(tokenizer: Tokenizer, sentence: str) -> Ids:
    """Return the ids of a sentence, ``(N,)``.

    Example:
        >>> tokenizer = WordTokenizer([" a", " b"])
        >>> sentence_ids(tokenizer, "b a b")
        array([3, 2, 3], dtype=uint8)
    """
    return tokenizer.encode(padded(tokenizer, sentence))


def sentence_text(tokenizer: Tokenizer, ids: ArrayLike) -> str:
    """Return the text of a sentence's ids."""
    return tokenizer.decode(ids).strip()


def padded(tokenizer: Tokenizer, sentence: str) -> str:
    """Return a sentence as the tokenizer gets it."""
    split = tokenizer.split if isinstance(tokenizer, WordTokenizer) else None
    return " " * joins_spaces(tokenizer.name, split) + sentence


def joins_spaces(name: str, split: str | None) -> bool:
    """Say whether a tokenizer's words hold the space before them."""
    return name == "bpe" or (name == "word" and split == "words")


def source_words(tokenizer: Tokenizer, sentence: str) -> list[str]:
    """Return, for each id of a sentence, the word as written that it is or is a part of.

    Words are what stands between white space, for a word tokenizer its own. This is what an
    unknown word of a translation is copied from.

    Example:
        >>> source_words(WordTokenizer([" a"]), "a Zürich!")
        ['a', 'Zürich', '!']
    """
    if isinstance(tokenizer, WordTokenizer):
        return [word.strip() for word in tokenizer.cut(padded(tokenizer, sentence))]
    words: list[str] = []
    places: list[int] = []
    for token in map(int, sentence_ids(tokenizer, sentence)):
        piece = tokenizer.token(token)
        if not words or piece[:1].isspace():
            words.append("")
        words[-1] += piece
        places.append(len(words) - 1)
    return [words[place].strip() for place in places]
