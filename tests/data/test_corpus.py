from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.config import TextConfig
from elman.data.corpus import Corpus, prepare_corpus, split_points
from elman.data.tokenizer import CharTokenizer, tokenizer_from_json


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "corpora"


def text_file(folder: Path, text: str, name: str = "a.txt") -> str:
    (folder / name).write_bytes(text.encode())
    return str(folder / name)


def prepare(path: str, **options: Any) -> Corpus:
    return prepare_corpus(path, TextConfig(**options))


def decoded(corpus: Corpus) -> list[str]:
    parts = [corpus.train, corpus.valid] + ([] if corpus.test is None else [corpus.test])
    return [corpus.tokenizer.decode(part) for part in parts]


def test_ascii_is_split_as_everybody_does(tmp_path: Path) -> None:
    text = "".join(chr(97 + i * i % 26) for i in range(12_347))
    corpus = prepare(text_file(tmp_path, text))
    n = int(0.9 * len(text))
    assert decoded(corpus) == [text[:n], text[n:]]
    assert isinstance(corpus.train, np.memmap)
    assert corpus.train.dtype == np.uint8
    assert corpus.test is None


@given(n=st.integers(1, 10**12))
def test_split_points_are_exact(n: int) -> None:
    assert split_points(n, 0.1, 0.0) == [n * 9 // 10]
    assert split_points(n, 0.05, 0.05) == [n * 9 // 10, n * 19 // 20]
    assert split_points(n, 0.0, 0.0) == []


@pytest.mark.parametrize("tokenizer", ["char", "byte", "word", "bpe"])
def test_parts_are_the_text(tmp_path: Path, tokenizer: str) -> None:
    text = "né 猫\r\nand so on\n" * 300
    corpus = prepare(text_file(tmp_path, text), tokenizer=tokenizer, test_fraction=0.2)
    assert "".join(decoded(corpus)) == text
    facts = corpus.facts
    parts = [facts.train, facts.valid, facts.test]
    assert sum(part.bytes for part in parts) == len(text.encode())
    assert sum(part.characters for part in parts) == len(text)
    assert [part.tokens for part in parts] == [
        len(corpus.train), len(corpus.valid), len(corpus.test),
    ]  # fmt: skip
    assert facts.train.bytes == pytest.approx(0.7 * len(text.encode()), abs=4)
    assert facts.vocabulary == corpus.tokenizer.vocab_size
    assert facts.train.bytes_per_token == facts.train.bytes / facts.train.tokens


def test_vocabulary_comes_from_the_training_part_alone(tmp_path: Path) -> None:
    corpus = prepare(text_file(tmp_path, "ab" * 45 + "abcdeabcde"))
    assert corpus.facts.vocabulary == 3
    assert corpus.facts.valid.unknown == 6
    assert corpus.facts.valid.unknown_rate == 0.6
    assert corpus.facts.train.unknown == 0


def test_separate_files(tmp_path: Path) -> None:
    corpus = prepare(
        text_file(tmp_path, "abc" * 10),
        valid=text_file(tmp_path, "cab", "v"),
        test=text_file(tmp_path, "bca", "t"),
    )
    assert decoded(corpus) == ["abc" * 10, "cab", "bca"]


def test_nothing_held_out(tmp_path: Path) -> None:
    corpus = prepare(text_file(tmp_path, "abc"), valid_fraction=0.0)
    assert (len(corpus.train), len(corpus.valid), corpus.test) == (3, 0, None)


def test_a_tokenizer_of_another_text(tmp_path: Path) -> None:
    corpus = prepare_corpus(
        text_file(tmp_path, "abz"), TextConfig(valid_fraction=0), tokenizer=CharTokenizer("abc")
    )
    assert corpus.train.tolist() == [1, 2, 0]
    assert corpus.facts.train.unknown == 1


def test_found_again_without_work(tmp_path: Path, own_cache: Path) -> None:
    path = text_file(tmp_path, "abc" * 100)
    calls: list[tuple[int, int, str]] = []
    first = prepare_corpus(path, progress=lambda *call: calls.append(call))
    assert {phase for *_, phase in calls} == {"vocabulary", "tokens"}
    assert calls[-1] == (300, 300, "tokens")
    calls.clear()
    again = prepare_corpus(path, progress=lambda *call: calls.append(call))
    assert calls == []
    np.testing.assert_array_equal(first.train, again.train)
    assert again.facts == first.facts
    assert again.tokenizer.to_json() == first.tokenizer.to_json()
    assert len(os.listdir(own_cache)) == 1


def test_other_text_or_options_are_another_corpus(tmp_path: Path, own_cache: Path) -> None:
    path = text_file(tmp_path, "abc" * 100)
    prepare(path)
    prepare(path, lowercase=True)
    prepare(path, valid_fraction=0.2)
    prepare(path, tokenizer="byte")
    assert len(os.listdir(own_cache)) == 4
    assert prepare(text_file(tmp_path, "xyz" * 100)).tokenizer.decode([1]) == "x"
    assert len(os.listdir(own_cache)) == 5


def test_damaged_cache_is_made_again(tmp_path: Path, own_cache: Path) -> None:
    path = text_file(tmp_path, "abc" * 100)
    prepare(path)
    (entry,) = own_cache.iterdir()
    (entry / "train.bin").write_bytes(b"\7" * 270)
    assert decoded(prepare(path)) == ["abc" * 90, "abc" * 10]


def test_bad_text_leaves_nothing(tmp_path: Path, own_cache: Path) -> None:
    (tmp_path / "bad").write_bytes(b"abc" * 1000 + b"\xff")
    with pytest.raises(DataError, match="at byte 3000"):
        prepare(str(tmp_path / "bad"))
    assert os.listdir(own_cache) == []


def test_text_that_changes_while_read(tmp_path: Path, own_cache: Path) -> None:
    path = text_file(tmp_path, "abc" * 100)

    def meddle(done: int, total: int, phase: str) -> None:
        if phase == "tokens":
            Path(path).write_text("xyz" * 100)

    with pytest.raises(DataError, match="changed while it was read"):
        prepare_corpus(path, progress=meddle)
    assert os.listdir(own_cache) == []


def test_gzip_and_builtin(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"abcdefghia"))
    assert decoded(prepare(str(tmp_path / "a.gz"))) == ["abcdefghi", "a"]
    manual = prepare("manual")
    assert manual.facts.train.characters > 300_000
    assert manual.facts.valid.unknown_rate < 1e-3


def test_two_processes_at_once(tmp_path: Path, own_cache: Path) -> None:
    path = text_file(tmp_path, "some words " * 20_000)
    code = (
        f"from elman.data.corpus import prepare_corpus; print(len(prepare_corpus({path!r}).train))"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert {racer.communicate()[0].strip() for racer in racers} == {"198000"}
    assert [name for name in os.listdir(own_cache) if name.startswith(".")] == []
    assert len(os.listdir(own_cache)) == 1


MEASURE = """
import resource, sys
from elman.data.config import TextConfig
from elman.data.corpus import prepare_corpus
from elman.data.tokenizer import bpe
prepare_corpus("manual", TextConfig(tokenizer=sys.argv[2]))  # all is imported and warm
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
corpus = prepare_corpus(sys.argv[1], TextConfig(tokenizer=sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, corpus.facts.train.characters)
"""


@pytest.fixture(scope="module", params=["lines", "one line"])
def large_file(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[str]:
    path = tmp_path_factory.mktemp("large") / "large.txt"
    random = np.random.default_rng(0)
    words = ["".join(chr(97 + c) for c in random.integers(0, 26, 6)) for _ in range(5000)]
    end = "\n" if request.param == "lines" else " "
    with path.open("w") as file:
        for _ in range(60):
            file.write(" ".join(words[i] for i in random.integers(0, 5000, 150_000))[:999_999])
            file.write(end)
    yield str(path)
    path.unlink()


@pytest.mark.parametrize("tokenizer", ["char", "byte", "word"])
def test_memory_does_not_grow_with_the_text(large_file: str, tokenizer: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, large_file, tokenizer],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    growth_kib, characters = map(int, done.stdout.split())
    assert characters == 54_000_000
    assert growth_kib < 45 * 1024  # less than the text itself


def test_resume_finds_the_same_tokens(tmp_path: Path) -> None:
    path = text_file(tmp_path, "the cat sat on the mat\n" * 50)
    corpus = prepare(path, tokenizer="bpe", vocab_size=270)
    kept = tokenizer_from_json(corpus.tokenizer.to_json())
    again = prepare_corpus(path, TextConfig(tokenizer="bpe", vocab_size=270), tokenizer=kept)
    np.testing.assert_array_equal(again.train, corpus.train)
