"""Downloads from a local server: resumed, verified, whole or not there."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from elman._errors import DataError, UnknownName
from elman._registry import Registry
from elman.data import fetch as module
from elman.data.catalog import CATALOG, RemoteFile, RemoteSet
from elman.data.fetch import fetch, fetched, folder_of

CONTENT = bytes(range(256)) * 2000


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, parts of them where asked, and breaks off when told to."""

    ranges: ClassVar[list[str | None]] = []
    break_after: ClassVar[list[int]] = []
    knows_ranges = True

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        asked = self.headers.get("Range")
        self.ranges.append(asked)
        data = path.read_bytes()
        first = int(asked[6:-1]) if asked and self.knows_ranges else 0
        if asked and first >= len(data):
            self.send_error(416)
            return
        self.send_response(206 if asked and self.knows_ranges else 200)
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        last = first + self.break_after.pop(0) if self.break_after else len(data)
        self.wfile.write(data[first:last])
        self.close_connection = True

    def log_message(self, *words: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("ELMAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(Handler, "ranges", [])
    monkeypatch.setattr(Handler, "break_after", [])
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "a.bin").write_bytes(CONTENT)
    handler = functools.partial(Handler, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Registry[RemoteSet]:
    catalog: Registry[RemoteSet] = Registry("data set")
    monkeypatch.setattr(module, "CATALOG", catalog)
    return catalog


def entry(url: str, content: bytes = CONTENT, **options: Any) -> RemoteSet:
    digest = hashlib.sha256(content).hexdigest()
    file = RemoteFile(url, options.pop("name", "a.bin"), len(content), digest, **options)
    return RemoteSet("", "", "classify", (file,), "")


def test_a_set_is_downloaded_once(server: str, known: Registry[RemoteSet]) -> None:
    known.register("a", entry(f"{server}/a.bin"))
    told: list[tuple[int, int, str]] = []
    with pytest.raises(DataError, match="elman data fetch a"):
        fetched("a")
    folder = fetch("a", lambda *words: told.append(words))
    assert fetched("a") == folder / "a.bin"
    assert fetched("a").read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT), "a.bin")
    fetch("a")
    assert len(Handler.ranges) == 1
    assert [path.name for path in folder.iterdir()] == ["a.bin"]


def test_a_broken_line_is_taken_up_where_it_broke(server: str, known: Registry[RemoteSet]) -> None:
    known.register("a", entry(f"{server}/a.bin"))
    Handler.break_after[:] = [100_000, 50_000]
    assert (fetch("a") / "a.bin").read_bytes() == CONTENT
    assert Handler.ranges == [None, "bytes=100000-", "bytes=150000-"]


def test_a_download_that_was_stopped_goes_on(server: str, known: Registry[RemoteSet]) -> None:
    known.register("a", entry(f"{server}/a.bin"))
    folder_of("a").mkdir(parents=True)
    (folder_of("a") / "a.bin.part").write_bytes(CONTENT[:300_000])
    assert (fetch("a") / "a.bin").read_bytes() == CONTENT
    assert Handler.ranges == ["bytes=300000-"]


def test_a_whole_part_only_needs_its_name(server: str, known: Registry[RemoteSet]) -> None:
    known.register("a", entry(f"{server}/a.bin"))
    folder_of("a").mkdir(parents=True)
    (folder_of("a") / "a.bin.part").write_bytes(CONTENT)
    assert (fetch("a") / "a.bin").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_all_again(
    server: str, known: Registry[RemoteSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Handler, "knows_ranges", False)
    known.register("a", entry(f"{server}/a.bin"))
    folder_of("a").mkdir(parents=True)
    (folder_of("a") / "a.bin.part").write_bytes(b"x" * 1000)
    assert (fetch("a") / "a.bin").read_bytes() == CONTENT


def test_another_content_is_refused_and_forgotten(server: str, known: Registry[RemoteSet]) -> None:
    known.register("a", entry(f"{server}/a.bin", b"what was expected"))
    with pytest.raises(DataError, match="not the file that elman knows"):
        fetch("a")
    assert list(folder_of("a").iterdir()) == []


def test_a_damaged_file_is_downloaded_again(server: str, known: Registry[RemoteSet]) -> None:
    known.register("a", entry(f"{server}/a.bin"))
    path = fetch("a") / "a.bin"
    path.write_bytes(CONTENT[:-1])
    fetch("a")
    assert path.read_bytes() == CONTENT


def test_a_member_of_an_archive(server: str, known: Registry[RemoteSet], tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("in/a.txt", "../../evil"):
            info = tarfile.TarInfo(name)
            info.size = 5
            archive.addfile(info, io.BytesIO(b"hello"))
    (tmp_path / "www" / "all.tar.gz").write_bytes(packed.getvalue())
    url = f"{server}/all.tar.gz"
    known.register("a", entry(url, b"hello", name="a.txt", member="in/a.txt"))
    known.register("b", entry(url, b"hello", name="b.txt", member="in/b.txt"))
    assert (fetch("a") / "a.txt").read_bytes() == b"hello"
    assert not (tmp_path / "evil").exists()
    with pytest.raises(DataError, match=r"holds no in/b\.txt"):
        fetch("b")


def test_a_prepared_set_is_its_tables(server: str, known: Registry[RemoteSet]) -> None:
    remote = entry(f"{server}/a.bin")

    def prepare(folder: Path) -> dict[str, str]:
        return {"train.tsv": f"bytes\t{(folder / 'a.bin').stat().st_size}\n"}

    known.register("a", RemoteSet("", "", "", remote.files, "", prepare))
    fetch("a")
    assert fetched("a").read_text() == f"bytes\t{len(CONTENT)}\n"


def test_what_the_server_says_is_told(server: str, known: Registry[RemoteSet]) -> None:
    known.register("a", entry(f"{server}/nothing"))
    with pytest.raises(DataError, match="the server says 404"):
        fetch("a")
    with pytest.raises(UnknownName, match="unknown data set 'b'"):
        fetch("b")


def test_no_connection_is_one_message(known: Registry[RemoteSet], tmp_path: Path) -> None:
    known.register("a", entry("http://127.0.0.1:9/a.bin"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ELMAN_CACHE", str(tmp_path))
        patch.setenv("no_proxy", "127.0.0.1")
        with pytest.raises(DataError, match="cannot download http://127.0.0.1:9/a.bin"):
            fetch("a")


@pytest.mark.parametrize("name", list(CATALOG))
def test_every_set_is_described(name: str) -> None:
    remote = CATALOG[name]
    assert remote.description and remote.licence and remote.command.startswith("elman train")
    for file in remote.files:
        assert file.url.startswith("https://")
        assert len(bytes.fromhex(file.sha256)) == 32 and file.size > 0
