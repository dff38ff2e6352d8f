"""Sentences with tags as numbers: vocabulary, the distinct words of a data set, padded batches.

A word's characters are looked at once for each distinct word of a batch, not for each place it
stands at. NumPy alone; what becomes of the arrays is the model's business.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError, did_you_mean
from elman.data.conll import Sentence, read_sentences
from elman.data.find import find_data
from elman.data.spans import Scheme, convert, first_mistake, guess_scheme, not_of_spans, spans
from elman.data.split import split_rows
from elman.data.tagged_config import TaggedConfig
from elman.data.vectors import Vectors, read_vectors

__all__ = [
    "TaggedArrays",
    "TaggedParts",
    "TaggedSet",
    "TaggedVocabulary",
    "check_scheme",
    "find_scheme",
    "read_parts",
    "read_tagged",
    "word_vectors",
]

UNKNOWN = "<unk>"
SEEN_OFTEN = 2
"""A character that is seen less often is <unk>, so that there is something to learn it from."""
LONGEST = 32
"""Characters of a word that are looked at: of a longer one the first and the last 16."""
DIGIT = re.compile(r"\d")

Ints = NDArray[np.int64]


class TaggedParts(NamedTuple):
    """The sentences of each part, as read."""

    train: list[Sentence]
    valid: list[Sentence]
    test: list[Sentence]

    @property
    def fingerprint(self) -> str:
        """A number that differs when any token or tag of any part does."""
        digest = hashlib.sha256()
        for part in self:
            for sentence in part:
                digest.update(json.dumps([sentence.tokens, sentence.tags]).encode())
            digest.update(b"\n")
        return digest.hexdigest()


def read_parts(data: str, config: TaggedConfig) -> TaggedParts:
    """Read the file to learn from, and the held-out files or parts of it.

    Raises:
        DataError: If a file cannot be read, has no sentence, or leaves a part without one.
    """
    main = read_tagged(data, config)
    try:
        rows = split_rows(len(main), config)
    except DataError as error:
        raise DataError(f"{data}: {error}. An empty line ends a sentence") from None
    train, valid, test = ([main[k] for k in part] for part in rows)
    if config.valid is not None:
        valid = read_tagged(config.valid, config)
    if config.test is not None:
        test = read_tagged(config.test, config)
    return TaggedParts(train, valid, test)


def read_tagged(name: str, config: TaggedConfig) -> list[Sentence]:
    """Read all sentences, with their tags, of a file or of a set that is known by name."""
    sentences = list(read_sentences(Path(find_data(name)), config))
    if not sentences:
        raise DataError(f"{name} has no sentence in it")
    return sentences


def find_scheme(sentences: Sequence[Sentence], name: str, config: TaggedConfig) -> Scheme | None:
    """Return the scheme of the tags, ``None`` if each stands for itself.

    Raises:
        DataError: If they are said to be of a scheme and are not.
    """
    if config.scheme == "none":
        return None
    guess = guess_scheme(sentence.tags or () for sentence in sentences)
    if config.scheme != "auto" and guess is None:
        check_scheme(sentences, name, config.scheme)  # says where
    return guess if config.scheme == "auto" else config.scheme


def check_scheme(sentences: Iterable[Sentence], name: str, scheme: Scheme) -> None:
    """Raise at the first tag that breaks the scheme."""
    for sentence in sentences:
        tags = sentence.tags or ()
        if (found := first_mistake(tags, scheme)) is not None:
            place, message = found
            raise DataError(
                f"{name}, line {sentence.lines[place]}: {message}. Mend the file, or leave out "
                "--text.strict to have it read as conlleval does"
            )


class TaggedVocabulary:
    """Words, characters and tags by number; word and character 0 is ``<unk>``.

    Args:
        words: Known words as `normal` makes them, without ``<unk>``.
        characters: Known characters, without ``<unk>``.
        tags: All tags, in the scheme that is learned.
        scheme: The scheme of the files, ``None`` if a tag stands for itself.
        learned: The scheme of ``tags``, ``None`` likewise.
        lowercase: Whether words are looked up in lower case.
        digits: Whether words are looked up with 0 for every digit.

    Example:
        >>> vocabulary = TaggedVocabulary(["ann", "00"], "An0", ["NAME", "X"])
        >>> vocabulary.word_id("ANN"), vocabulary.word_id("37"), vocabulary.word_id("Bo")
        (1, 2, 0)
    """

    def __init__(
        self,
        words: Sequence[str],
        characters: str,
        tags: Sequence[str],
        *,
        scheme: Scheme | None = None,
        learned: Scheme | None = None,
        lowercase: bool = True,
        digits: bool = True,
    ) -> None:
        self.words, self.characters, self.tags = [UNKNOWN, *words], characters, list(tags)
        self.scheme, self.learned = scheme, learned
        self.lowercase, self.digits = lowercase, digits
        self._words = {word: k for k, word in enumerate(self.words)}
        self._characters = {character: k for k, character in enumerate(characters, 1)}
        self._tags = {tag: k for k, tag in enumerate(self.tags)}
        for what, index, size in (
            ("word", self._words, len(self.words)),
            ("character", self._characters, len(characters)),
            ("tag", self._tags, len(self.tags)),
        ):
            if len(index) != size:
                raise DataError(f"the vocabulary names a {what} twice")

    @classmethod
    def learn(
        cls,
        train: Sequence[Sentence],
        config: TaggedConfig,
        scheme: Scheme | None,
        *,
        inventory: Iterable[Sentence] | None = None,
        more_words: Iterable[str] = (),
    ) -> TaggedVocabulary:
        """Take the words and characters of the training part, the frequent first.

        Args:
            train: The training part.
            config: What is kept.
            scheme: The scheme of its tags.
            inventory: Where tags are taken from; ``None``: the training part.
            more_words: Words that are known too, such as those with pretrained vectors.
        """
        bare = cls((), "", (), lowercase=config.lowercase, digits=config.digits)
        counts: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        for sentence in train:
            counts.update(map(bare.normal, sentence.tokens))
            for token in sentence.tokens:
                characters.update(token)
        counts.pop(UNKNOWN, None)
        often = sorted((-n, word) for word, n in counts.items() if n >= config.min_count)
        words = dict.fromkeys(word for _, word in often[: config.vocab_size])
        words |= dict.fromkeys(word for word in map(bare.normal, more_words) if word != UNKNOWN)
        known = sorted(c for c, n in characters.items() if n >= max(SEEN_OFTEN, config.min_count))
        learned = config.learn if scheme is not None else None
        seen = {tag for s in (inventory or train) for tag in s.tags or ()}
        if learned is not None:
            kinds = sorted({s.type for s in spans_of(inventory or train)})
            prefixes = {"bio": "BI", "iob1": "BI", "iobes": "BIES"}[learned]
            tags = ["O", *(f"{prefix}-{kind}" for kind in kinds for prefix in prefixes)]
        else:
            tags = sorted(seen)
        return cls(
            list(words),
            "".join(known),
            tags,
            scheme=scheme,
            learned=learned,
            lowercase=config.lowercase,
            digits=config.digits,
        )

    def normal(self, word: str) -> str:
        """Return a word as it is looked up."""
        word = word.lower() if self.lowercase else word
        return DIGIT.sub("0", word) if self.digits else word

    def word_id(self, word: str) -> int:
        """Return a word's number, 0 for an unknown one."""
        return self._words.get(self.normal(word), 0)

    def character_ids(self, word: str) -> list[int]:
        """Return the numbers of a word's characters."""
        if len(word) > LONGEST:
            word = word[: LONGEST // 2] + word[-LONGEST // 2 :]
        return [self._characters.get(character, 0) for character in word]

    def tag_ids(self, sentence: Sentence, name: str) -> list[int]:
        """Return the numbers of a sentence's tags, in the scheme that is learned.

        Raises:
            DataError: If a tag is not known; with its line.
        """
        given = sentence.tags or []
        tags = given if self.learned is None else convert(given, self.learned)
        odd = () if self.learned is None else not_of_spans(given)
        try:
            return [self._tags[tag] for tag in (*odd, *tags)]
        except KeyError:
            unknown = {*odd, *tags} - self._tags.keys()
            pairs = zip(given, tags, strict=True)
            place = next(k for k, pair in enumerate(pairs) if unknown.intersection(pair))
            known = sorted({tag.partition("-")[2] for tag in self.tags if tag != "O"})
            if self.learned is None:
                known = self.tags
            raise DataError(
                f"{name}, line {sentence.lines[place]}: the tag {given[place]!r} is not in the "
                f"training part{did_you_mean(given[place], self.tags)}. It has "
                f"{', '.join(known[:30])}{', ...' if len(known) > 30 else ''}"
            ) from None

    def given_tags(self, ids: Iterable[int]) -> list[str]:
        """Return tags from their numbers, in the scheme of the files."""
        tags = [self.tags[k] for k in ids]
        return tags if self.scheme is None else convert(tags, self.scheme)

    def to_json(self) -> str:
        """Return the vocabulary as JSON."""
        content = {
            "format": 1,
            "scheme": self.scheme,
            "learned": self.learned,
            "lowercase": self.lowercase,
            "digits": self.digits,
            "tags": self.tags,
            "characters": self.characters,
            "words": self.words[1:],
        }
        return json.dumps(content, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> TaggedVocabulary:
        """Build a vocabulary from what `to_json` wrote; nothing in it is trusted.

        Raises:
            DataError: If it is not such JSON.
        """
        try:
            content: Any = json.loads(text)
            if content["format"] != 1:
                raise DataError(f"vocabulary format {content['format']!r} is not 1")
            schemes = [content["scheme"], content["learned"]]
            if any(name not in (None, "bio", "iob1", "iobes") for name in schemes):
                raise DataError(f"vocabulary: unknown schemes {schemes}")
            lists = [content["words"], content["tags"]]
            if not all(isinstance(e, str) for entries in lists for e in entries):
                raise DataError("vocabulary: words and tags must be texts")
            return cls(
                content["words"],
                str(content["characters"]),
                content["tags"],
                scheme=content["scheme"],
                learned=content["learned"],
                lowercase=bool(content["lowercase"]),
                digits=bool(content["digits"]),
            )
        except DataError:
            raise
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(f"not a vocabulary of a tagger: {error}") from None


def spans_of(sentences: Iterable[Sentence]) -> Iterable[Any]:
    """Yield all spans."""
    for sentence in sentences:
        yield from spans(sentence.tags or ())


class TaggedArrays(NamedTuple):
    """A batch of sentences, padded.

    Attributes:
        words: Word ids, ``(B, T)``.
        which: The row of ``characters`` for each word, ``(B, T)``.
        characters: Character ids of the batch's distinct words, ``(U, C)``.
        character_lengths: ``(U,)``.
        lengths: Words of each sentence, ``(B,)``.
        tags: Tag ids, ``(B, T)``; 0 where there are none.
    """

    words: Ints
    which: Ints
    characters: Ints
    character_lengths: Ints
    lengths: Ints
    tags: Ints


@dataclass(frozen=True)
class TaggedSet:
    """Sentences as numbers: each token is the number of its word among the set's distinct ones.

    Args:
        tokens: For each sentence, the distinct word at each place.
        tags: For each sentence, its tag ids; empty where it has none.
        words: Word id of each distinct word, ``(N,)``.
        characters: Character ids of all distinct words, one after the other.
        offsets: Where each begins, and the end, ``(N + 1,)``.
    """

    tokens: list[NDArray[np.int32]]
    tags: list[NDArray[np.int32]]
    words: Ints
    characters: NDArray[np.int32]
    offsets: Ints

    @classmethod
    def encode(
        cls, sentences: Iterable[Sentence], vocabulary: TaggedVocabulary, name: str = "the text"
    ) -> TaggedSet:
        """Look everything up.

        Args:
            sentences: With tags or without.
            vocabulary: The numbers.
            name: The file, for messages.

        Raises:
            DataError: If a tag is not in the vocabulary.
        """
        distinct: dict[str, int] = {}
        tokens, tags = [], []
        for sentence in sentences:
            places = [distinct.setdefault(token, len(distinct)) for token in sentence.tokens]
            tokens.append(np.array(places, np.int32))
            ids = vocabulary.tag_ids(sentence, name) if sentence.tags is not None else ()
            tags.append(np.array(ids, np.int32))
        spelled = [vocabulary.character_ids(word) for word in distinct]
        ends = np.cumsum([0, *map(len, spelled)], dtype=np.int64)
        flat = np.fromiter((c for word in spelled for c in word), np.int32, int(ends[-1]))
        words = np.fromiter(map(vocabulary.word_id, distinct), np.int64, len(distinct))
        return cls(tokens, tags, words, flat, ends)

    @property
    def lengths(self) -> Ints:
        """Words of each sentence, ``(S,)``."""
        return np.fromiter(map(len, self.tokens), np.int64, len(self.tokens))

    def batch(self, rows: Sequence[int] | Ints) -> TaggedArrays:
        """Return some sentences, padded to the longest."""
        lengths = np.array([len(self.tokens[k]) for k in rows], np.int64)
        inside = np.arange(lengths.max(initial=0)) < lengths[:, None]  # (B, T)
        flat = np.concatenate([self.tokens[k] for k in rows])
        kept, places = np.unique(flat, return_inverse=True)
        words, which, tags = (np.zeros(inside.shape, np.int64) for _ in range(3))
        words[inside] = self.words[flat]
        which[inside] = places
        if all(len(self.tags[k]) for k in rows):
            tags[inside] = np.concatenate([self.tags[k] for k in rows])
        starts, ends = self.offsets[kept], self.offsets[kept + 1]
        sizes = ends - starts
        columns = np.arange(max(1, sizes.max(initial=0)))
        spelled = columns < sizes[:, None]  # (U, C)
        at = np.where(spelled, starts[:, None] + columns, 0)
        characters = np.where(spelled, self.characters[at], 0).astype(np.int64)
        return TaggedArrays(words, which, characters, sizes, lengths, tags)


def word_vectors(path: str, vocabulary: TaggedVocabulary, limit: int) -> Vectors:
    """Read the vectors of a vocabulary's words and of the first words of the file.

    Args:
        path: The file of vectors.
        vocabulary: Says how words are looked up, and which are wanted in any case.
        limit: How many of the file's first words are wanted.

    Returns:
        Vectors by looked-up words, each once: the one that is spelled so, or the first in the
        file that is looked up so.
    """
    known = set(vocabulary.words)
    found = read_vectors(
        Path(path), lambda place, word: place < limit or vocabulary.normal(word) in known
    )
    chosen: dict[str, int] = {}
    for k, word in enumerate(found.words):
        normal = vocabulary.normal(word)
        if normal not in chosen or (word == normal and found.words[chosen[normal]] != normal):
            chosen[normal] = k
    return Vectors(list(chosen), found.matrix[list(chosen.values())])
