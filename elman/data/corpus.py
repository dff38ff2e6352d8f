"""A text, tokenised and split, on disk: made once in constant memory, then only mapped.

Pass one learns the vocabulary from the training part alone; pass two writes the tokens of each
part. How a text is read is in `text.py`, how the result is kept in `cache.py`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from elman._errors import DataError
from elman._files import cache_dir
from elman.data.cache import ArrayWriter, Entry, build_entry, open_entry
from elman.data.config import TextConfig
from elman.data.source import Source, open_source
from elman.data.text import Piece
from elman.data.tokenizer import Tokenizer, tokenizer_from_json, train_tokenizer
from elman.data.tokenizer.base import Ids, ids_dtype

__all__ = ["Corpus", "Facts", "PartFacts", "Progress", "prepare_corpus"]

Progress = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all, and the phase: ``"vocabulary"`` or ``"tokens"``."""

FORMAT = 1
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class PartFacts:
    """What a part of the text amounts to.

    Args:
        bytes: As in the file, unpacked.
        characters: As read.
        tokens: As encoded.
        unknown: Tokens that are ``<unk>``.
    """

    bytes: int = 0
    characters: int = 0
    tokens: int = 0
    unknown: int = 0

    @property
    def bytes_per_token(self) -> float:
        """Mean bytes of a token: nats per token over this is nats per byte."""
        return self.bytes / max(1, self.tokens)

    @property
    def characters_per_token(self) -> float:
        """Mean characters of a token: nats per token over this is nats per character."""
        return self.characters / max(1, self.tokens)

    @property
    def unknown_rate(self) -> float:
        """Part of the tokens that are ``<unk>``, 0 to 1."""
        return self.unknown / max(1, self.tokens)


@dataclass(frozen=True)
class Facts:
    """What a corpus amounts to, by part; a part that was not asked for is all zeros."""

    vocabulary: int
    train: PartFacts
    valid: PartFacts
    test: PartFacts


@dataclass(frozen=True)
class Corpus:
    """A tokenised text.

    Args:
        tokenizer: What made the tokens.
        train: Ids ``(N,)`` in the smallest unsigned dtype, memory-mapped.
        valid: Likewise; empty if nothing is held out.
        test: Likewise, or ``None`` if neither a fraction nor a file was asked for.
        facts: Sizes.
    """

    tokenizer: Tokenizer
    train: Ids
    valid: Ids
    test: Ids | None
    facts: Facts


def prepare_corpus(
    source: str,
    config: TextConfig | None = None,
    progress: Progress | None = None,
    cache: Path | None = None,
    tokenizer: Tokenizer | None = None,
) -> Corpus:
    """Tokenise a text, or find it in the cache.

    The first ``1 - valid_fraction - test_fraction`` of the bytes are for training, then follow
    validation and test; a character is never cut.

    Args:
        source: A path, or the name of a built-in text.
        config: Encoding, tokenizer and split.
        progress: Told how far the work is; not called when the cache has the corpus.
        cache: The folder to keep the tokens in, by default ``corpora`` in elman's cache.
        tokenizer: An existing one, to resume a run or to score another text with its vocabulary;
            then nothing is learned from this text.

    Raises:
        DataError: If a file cannot be read as text.
        RunError: If the cache cannot be written; nothing half-written stays.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.txt").write_text("abcdefghij" * 10)
        >>> corpus = prepare_corpus(str(folder / "a.txt"), cache=folder / "cache")
        >>> corpus.train.shape, corpus.valid.shape, corpus.facts.vocabulary
        ((90,), (10,), 11)
    """
    config = config or TextConfig()
    main = open_source(source, config.encoding)
    extra = {
        part: open_source(name, config.encoding)
        for part, name in (("valid", config.valid), ("test", config.test))
        if name is not None
    }
    key = corpus_key(main, extra, config, tokenizer)
    path = (cache or cache_dir() / "corpora") / key
    entry = open_entry(path)
    if entry is None:
        with build_entry(path) as writer:
            build(writer, main, extra, config, tokenizer, progress)
            unchanged([main, *extra.values()])
        entry = open_entry(path)
    if entry is None:
        raise DataError(f"{path} was changed while it was made. Try again")
    return mapped(entry)


def corpus_key(
    main: Source, extra: dict[str, Source], config: TextConfig, tokenizer: Tokenizer | None
) -> str:
    """Return the name of a corpus in the cache: equal when all that shapes its tokens is."""
    about = {
        "format": FORMAT,
        "main": main.identity,
        "extra": {part: source.identity for part, source in extra.items()},
        "config": config.model_dump(mode="json", exclude={"valid", "test"}),
        "held_out": config.held_out(),
        "tokenizer": tokenizer.to_json() if tokenizer else None,
    }
    if (tokenizer.name if tokenizer else config.tokenizer) == "bpe":
        about["tokenizers"] = bpe_version()
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


def bpe_version() -> str:
    """Return the version of the library that cuts text for BPE."""
    try:
        return importlib.metadata.version("tokenizers")
    except importlib.metadata.PackageNotFoundError:
        return "missing"  # whoever needs it says how to install it


def build(
    writer: ArrayWriter,
    main: Source,
    extra: dict[str, Source],
    config: TextConfig,
    tokenizer: Tokenizer | None,
    progress: Progress | None,
) -> None:
    """Tokenise the sources into an entry of the cache."""
    boundaries = split_points(main.size, *config.held_out())
    if tokenizer is None:
        tokenizer = train_tokenizer(training_text(main, boundaries, progress), config)
    facts = dict.fromkeys(PARTS, PartFacts())
    total = main.size + sum(source.size for source in extra.values())
    done = Done(total, progress)
    wanted = ["train", *extra] + [p for p, f in zip(PARTS[1:], config.held_out(), strict=True) if f]
    for part in wanted:
        writer.append(part, np.empty(0, ids_dtype(tokenizer.vocab_size)))
    facts.update(write_parts(writer, main, boundaries, PARTS, tokenizer, done))
    for part, source in extra.items():
        facts.update(write_parts(writer, source, [], [part], tokenizer, done))
    writer.finish({"tokenizer": tokenizer.to_json(), "parts": {p: asdict(facts[p]) for p in PARTS}})


def split_points(size: int, valid: float, test: float) -> list[int]:
    """Return where validation and test begin, in bytes; exact for decimal fractions.

    Example:
        >>> split_points(1115394, 0.1, 0.0), split_points(100, 0.1, 0.1)
        ([1003854], [80, 90])
    """
    held_valid, held_test = Fraction(str(valid)), Fraction(str(test))
    train_end = int((1 - held_valid - held_test) * size)
    if not test:
        return [train_end] if valid else []
    return [train_end, int((1 - held_test) * size)]


def training_text(main: Source, boundaries: list[int], progress: Progress | None) -> Iterator[str]:
    """Return the training part in chunks."""
    end = boundaries[0] if boundaries else main.size
    done = Done(end, progress)
    for piece in main.read(boundaries):
        if piece.part:
            return
        done.add(piece.size, "vocabulary")
        yield piece.text


class Done:
    """Counts bytes for the progress of a phase."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._total = total
        self._progress = progress
        self._bytes = 0

    def add(self, size: int, phase: str) -> None:
        """Count ``size`` bytes more and tell."""
        self._bytes += size
        if self._progress is not None:
            self._progress(min(self._bytes, self._total), self._total, phase)


def write_parts(
    writer: ArrayWriter,
    source: Source,
    boundaries: list[int],
    names: Sequence[str],
    tokenizer: Tokenizer,
    done: Done,
) -> dict[str, PartFacts]:
    """Write the tokens of a source's parts and count what they hold."""
    facts: dict[str, PartFacts] = {}
    for part, pieces in itertools.groupby(source.read(boundaries), lambda piece: piece.part):
        texts = Counted(pieces, done)
        tokens, unknown = 0, 0
        for ids in tokenizer.encode_chunks(texts):
            writer.append(names[part], ids)
            tokens += len(ids)
            if tokenizer.unk_id is not None:
                unknown += int(np.count_nonzero(ids == tokenizer.unk_id))
        facts[names[part]] = PartFacts(texts.bytes, texts.characters, tokens, unknown)
    return facts


class Counted:
    """The texts of some pieces, counted as they pass."""

    def __init__(self, pieces: Iterable[Piece], done: Done) -> None:
        self._pieces = pieces
        self._done = done
        self.bytes = 0
        self.characters = 0

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            self.bytes += piece.size
            self.characters += len(piece.text)
            self._done.add(piece.size, "tokens")
            yield piece.text


def unchanged(sources: list[Source]) -> None:
    """Refuse a text that was written to while it was read.

    Raises:
        DataError: Naming the file.
    """
    for source in sources:
        if open_source(source.name, source.encoding).identity != source.identity:
            raise DataError(f"{source.name} changed while it was read. Try again when it is still")


def mapped(entry: Entry) -> Corpus:
    """Return the corpus of an entry."""
    tokenizer = tokenizer_from_json(entry.facts["tokenizer"])
    parts = {part: PartFacts(**entry.facts["parts"][part]) for part in PARTS}
    empty: Ids = np.empty(0, ids_dtype(tokenizer.vocab_size))
    return Corpus(
        tokenizer=tokenizer,
        train=entry.array("train"),
        valid=entry.array("valid") if "valid" in entry else empty,
        test=entry.array("test") if "test" in entry else None,
        facts=Facts(tokenizer.vocab_size, **parts),
    )
