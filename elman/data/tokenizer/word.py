"""Words as tokens."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from elman._errors import DataError
from elman.data.config import TokenizerConfig
from elman.data.tokenizer.base import Ids, PlainStream, StreamDecoder, check_ids, ids_dtype, lower
from elman.data.tokenizer.join import CJK, Joiner, PlainJoiner, SpaceJoiner

__all__ = ["WordTokenizer", "count_words"]

UNK, EOL = "<unk>", "<eol>"
VOCAB_SIZE = 50_000
MAX_COUNTED = 1_000_000

# Letters and digits, and the marks that some scripts write behind or above them; these are no
# letters to Python's `re`.
LETTER = rf"[^\W{CJK}]"
MARK = (
    r"[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u0eb1-\u0ecd]"
)
MORE = rf"(?:{LETTER}|{MARK})"

# A token is bounded, so that a text without a single space is still read in bounded memory.
PATTERNS = {
    # A word or a mark with the space before it, or one character of white space.
    "words": re.compile(r" ?\w(?:\w|['’](?=\w)){0,63}| ?[^\w\s]|\s"),
    # A Han or Kana character, a number, a word with what is inside it, or any other sign.
    "plain": re.compile(
        rf"[{CJK}]|\d{{1,64}}(?:[.,]\d{{1,64}}){{1,8}}"
        rf"|{LETTER}{{1,64}}(?:['’-]{MORE}{{1,64}}|{MARK}{{1,8}}{MORE}{{0,64}}){{0,8}}|[^\w\s]"
    ),
    "spaces": re.compile(r"\n|\S{1,256}"),
}
JOINERS: dict[str, type[Joiner]] = {"plain": PlainJoiner, "spaces": SpaceJoiner}


class WordTokenizer:
    r"""One token for each word; id 0 is ``<unk>``, id 1 the end of a line.

    Three ways to cut, ``word_split``:

    - ``"words"``: words, punctuation marks and white space. A space belongs to the word or mark
      that follows it, so ``"a"`` and ``" a"`` are two tokens, and ``decode(encode(text)) == text``
      where every word is known. Words longer than 64 characters are cut.
    - ``"plain"``: words, numbers and signs, without the white space, so that a word is the same
      token wherever it stands: for sentences that are read, not written. A hyphen or apostrophe
      inside a word belongs to it; Han and Kana characters are a token each. Decoding puts
      spaces where people would.
    - ``"spaces"``: what stands between white space, and one token for each ``\n``. This is how
      perplexities per word of Penn Treebank and WikiText are published: each line counts its
      words and one end of line, and a literal ``<unk>`` in the text is the unknown word. Decoding
      joins with single spaces. Words longer than 256 characters are cut.

    Args:
        words: The known words, the frequent first, without the two special ones.
        split: How to cut.
        lowercase: Make text lower case first.

    Example:
        >>> tokenizer = WordTokenizer(["the", "cat"], "spaces")
        >>> tokenizer.encode("the  cat\nthe dog\n")
        array([2, 3, 1, 2, 0, 1], dtype=uint8)
        >>> tokenizer.decode([2, 3, 1, 2, 0])
        'the cat\nthe <unk>'
    """

    name = "word"
    unk_id: int | None = 0
    eol_id = 1

    def __init__(self, words: Iterable[str], split: str = "words", lowercase: bool = False) -> None:
        if split not in PATTERNS:
            raise DataError(f"word split {split!r} is not one of: {', '.join(PATTERNS)}")
        self.split = split
        self.lowercase = lowercase
        # In text the end of a line is "\n"; people are shown <eol>.
        self._words = [UNK, "\n", *words]
        self._ids = {word: i for i, word in enumerate(self._words)}
        self.vocab_size = len(self._words)
        if len(self._ids) != self.vocab_size:
            raise DataError("the vocabulary of a word tokenizer names a word twice")
        self._dtype = ids_dtype(self.vocab_size)

    @classmethod
    def train(cls, texts: Iterable[str], config: TokenizerConfig) -> WordTokenizer:
        """Take the most frequent words of a text; equal counts go by alphabet."""
        counts = count_words(cut_chunks(texts, config.word_split, config.lowercase))
        for special in (UNK, "\n"):
            counts.pop(special, None)
        frequent = [(-n, word) for word, n in counts.items() if n >= config.min_count]
        room = (VOCAB_SIZE if config.vocab_size is None else config.vocab_size) - 2
        words = [word for _, word in sorted(frequent)[:room]]
        return cls(words, config.word_split, config.lowercase)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> WordTokenizer:
        """Build from what `to_json` wrote."""
        words = content["words"]
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise DataError("'words' must be a list of strings")
        return cls(words, content["split"], bool(content["lowercase"]))

    def to_json(self) -> str:
        """Return the tokenizer as JSON."""
        content = {
            "format": 1,
            "name": self.name,
            "split": self.split,
            "lowercase": self.lowercase,
            "words": self._words[2:],
        }
        return json.dumps(content)

    def encode(self, text: str) -> Ids:
        """Return the ids ``(N,)`` of ``text``."""
        return np.concatenate([np.empty(0, self._dtype), *self.encode_chunks([text])])

    def encode_chunks(self, texts: Iterable[str]) -> Iterator[Ids]:
        """Return the ids of one text that comes in chunks; words may cross their ends."""
        for words in cut_chunks(texts, self.split, self.lowercase):
            ids = map(self._ids.get, words, itertools.repeat(self.unk_id))
            yield np.fromiter(ids, self._dtype, len(words))

    def cut(self, text: str) -> list[str]:
        """Return the words of ``text`` as they stand there, one for each id of `encode`.

        Example:
            >>> WordTokenizer(["good"], "plain").cut("Good  dog!")
            ['Good', 'dog', '!']
        """
        words = [word for some in cut_chunks([text], self.split, False) for word in some]
        if not self.lowercase:
            return words
        low = [word for some in cut_chunks([text], self.split, True) for word in some]
        return words if len(words) == len(low) else low  # lower case can be longer

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of ``ids``."""
        words = [self._words[i] for i in check_ids(ids, self.vocab_size)]
        return "".join(words if self.split == "words" else map(JOINERS[self.split]().push, words))

    def stream(self) -> StreamDecoder:
        """Return a decoder that gives one word for each token."""
        if self.split == "words":
            return PlainStream(self)
        return JoinedStream(self, JOINERS[self.split]())

    def token(self, token_id: int) -> str:
        """Return the word, ``<unk>`` or ``<eol>``."""
        check_ids(token_id, self.vocab_size)
        return EOL if token_id == self.eol_id else self._words[token_id]


class JoinedStream:
    """A stream decoder that puts spaces between words."""

    def __init__(self, tokenizer: WordTokenizer, joiner: Joiner) -> None:
        self._tokenizer = tokenizer
        self._joiner = joiner

    def push(self, token_id: int) -> str:
        """Return the word, with a space if one belongs before it."""
        return self._joiner.push(self._tokenizer.decode([token_id]))

    def finish(self) -> str:
        """Return nothing: nothing is held back."""
        return ""


def cut_chunks(texts: Iterable[str], split: str, lowercase: bool) -> Iterator[list[str]]:
    """Cut one text that comes in chunks into words; what may still grow waits for the next."""
    pattern = PATTERNS[split]
    rest = ""
    for chunk in texts:
        text = rest + (lower(chunk) if lowercase else chunk)
        end = settled(pattern, text)
        rest = text[end:]
        yield pattern.findall(text[:end])
    yield pattern.findall(rest)


def settled(pattern: re.Pattern[str], text: str) -> int:
    """Return where the part of ``text`` ends whose words no further text can change."""
    # White space starts a new match wherever it stands, so the walk can begin near the end.
    near = max(0, len(text) - 1024)
    space = re.search(r"\s(?=\S)", text[near:])
    end = near + space.start() if space else 0
    for match in pattern.finditer(text, end):
        # Two characters ahead decide: an apostrophe looks at the letter behind it.
        if match.end() > len(text) - 2:
            return end
        end = match.end()
    return len(text)  # after the last match only white space that no pattern wants


def count_words(texts: Iterable[list[str]], most: int = MAX_COUNTED) -> Counter[str]:
    """Count words in bounded memory.

    When more than ``most`` different words are held, the rarest are dropped until half are left;
    a word that is rare now and frequent later loses what was dropped ("lossy counting").

    Example:
        >>> count_words([["b", "a"], ["a"]])
        Counter({'a': 2, 'b': 1})
    """
    counts: Counter[str] = Counter()
    rare = 0
    for words in texts:
        counts.update(words)
        if len(counts) <= most:
            continue
        while len(counts) > most // 2:
            rare += 1
            counts = Counter({word: n for word, n in counts.items() if n > rare})
    return counts
