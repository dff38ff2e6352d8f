"""Downloads: resumed where they broke off, verified, whole or not there.

A file grows under ``NAME.part`` and gets its name when its sha256 is right. Nothing is ever
unpacked to where an archive says; only the members that are asked for are read.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from elman._errors import DataError, RunError
from elman._files import atomic_write, cache_dir, sha256
from elman.data.catalog import CATALOG, RemoteFile

__all__ = ["fetch", "fetched", "folder_of"]

Progress = Callable[[int, int, str], None]
CHUNK_BYTES = 1 << 16
TIMEOUT_S = 30.0
TRIES = 3


def folder_of(name: str) -> Path:
    """Return where the files of a set are, or will be."""
    CATALOG[name]  # an unknown one is an error that names the nearest
    return cache_dir() / "fetched" / name


def fetched(name: str) -> Path:
    """Return the main file of a set that has been downloaded.

    Raises:
        DataError: If it has not.
    """
    remote = CATALOG[name]
    path = folder_of(name) / ("train.tsv" if remote.prepare else remote.files[0].name)
    if not path.exists():
        raise DataError(f"'{name}' is not here yet. Download it: elman data fetch {name}")
    return path


def fetch(name: str, progress: Progress | None = None) -> Path:
    """Download a set, as far as it is not here yet, and return its folder.

    Args:
        name: Its name in the catalog.
        progress: Told the bytes done, the bytes in all, and the file.

    Raises:
        UnknownName: If there is no such set.
        DataError: If a file cannot be had, or is not the one that was meant.
        RunError: If it cannot be written.
    """
    remote, folder = CATALOG[name], folder_of(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in remote.files:
            path = folder / file.name
            if not (path.exists() and sha256(path.read_bytes()) == file.sha256):
                get(file, path, progress)
        for made, content in (remote.prepare(folder) if remote.prepare else {}).items():
            atomic_write(folder / made, content.encode())
    except OSError as error:
        if isinstance(error, DataError | RunError):
            raise
        raise RunError(f"cannot write {folder}: {error.strerror}. Make room") from error
    return folder


def get(file: RemoteFile, path: Path, progress: Progress | None) -> None:
    """Download one file, verify it and put it in its place."""
    if file.member is None:
        part = download(file.url, path.with_name(f"{path.name}.part"), progress)
        check(file, digest_of(part), part)
        os.replace(part, path)
        return
    archive = path.with_name(f"{Path(file.url).name}.part")
    content = member(download(file.url, archive, progress), file)
    check(file, sha256(content), archive)
    atomic_write(path, content)


def check(file: RemoteFile, digest: str, part: Path) -> None:
    """Refuse a file that is not the one that was meant, and forget it."""
    if digest != file.sha256:
        part.unlink()
        raise DataError(
            f"{file.url} is not the file that elman knows: its sha256 is {digest}, expected "
            f"{file.sha256}. It has changed, or something stands between; try again, or give "
            "your own copy as a path"
        )


def digest_of(path: Path) -> str:
    """Return the sha256 of a file, in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def member(archive: Path, file: RemoteFile) -> bytes:
    """Return the content of one member of an archive."""
    try:
        with tarfile.open(archive) as opened:
            found = opened.extractfile(file.member or "")
            if found is None:
                raise KeyError(file.member)
            return found.read(file.size + 1)  # what is larger is not the file
    except (tarfile.TarError, EOFError, KeyError, OSError) as error:
        archive.unlink()
        raise DataError(f"{file.url} holds no {file.member}: {error}") from None


def download(url: str, part: Path, progress: Progress | None) -> Path:
    """Download to a file, going on behind what is there; a broken line is tried again.

    Raises:
        DataError: If the address does not answer, or breaks off again and again.
    """
    for left in reversed(range(TRIES)):
        before = part.stat().st_size if part.exists() else 0
        try:
            receive(url, part, progress)
            return part
        except urllib.error.HTTPError as error:
            if error.code == 416 and before:  # nothing is behind what is there
                return part
            raise DataError(f"{url}: the server says {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            after = part.stat().st_size if part.exists() else 0
            if left == 0 and after == before:
                reason = getattr(error, "reason", None) or error
                raise DataError(
                    f"cannot download {url}: {reason}. Check the connection and run the command "
                    "again: it goes on where it stopped"
                ) from None
    raise DataError(f"{url} broke off {TRIES} times. Run the command again: it goes on from there")


def receive(url: str, part: Path, progress: Progress | None) -> None:
    """Receive what is missing of a file."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "elman"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        if answer.status != 206:  # the server sends all of it again
            have = 0
        total = have + int(answer.headers.get("Content-Length") or 0)
        with part.open("ab" if have else "wb") as file:
            while chunk := answer.read(CHUNK_BYTES):
                file.write(chunk)
                have += len(chunk)
                if progress is not None:
                    progress(have, max(total, have), part.name.removesuffix(".part"))
        if have < total:
            raise ConnectionError("the connection broke off")
