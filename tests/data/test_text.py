from __future__ import annotations

import gzip
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman._errors import DataError
from elman.data.text import decode_chunks, read_text


def write(folder: Path, data: bytes, name: str = "a.txt") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_every_character_of_the_file(tmp_path: Path, chunk: int) -> None:
    text = "a\r\nb\rc\n猫😀\u2028é\n\n"
    path = write(tmp_path, text.encode())
    assert "".join(read_text(path, chunk_bytes=chunk)) == text


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig", "cp1252", "utf-32-le"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, "né\r\nà".encode(encoding))
    assert "".join(read_text(path, encoding, chunk_bytes=3)) == "né\r\nà"


def test_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    assert "".join(read_text(write(tmp_path, b"\xef\xbb\xbfab"))) == "ab"


@pytest.mark.parametrize("chunk", [2, 1 << 20])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n\n \r\n\t", "only white space"),
        (b"\xef\xbb\xbf", "only white space"),
        (b"abc\nd\xffe", r"not utf-8 at byte 5 \(line 2\).*pairs.encoding\) latin-1"),
        (b"\xef\xbb\xbfab\xff", r"not utf-8 at byte 5 "),
        ("é".encode()[:1] + b"a", r"not utf-8 at byte 0 \(line 1\)"),
        (b"a\nb\n" + "猫".encode()[:2], r"at byte 4 \(line 3\).*unexpected end"),
        (b"ab\0c", "NUL byte at byte 2: it looks binary"),
        ("ab".encode("utf-16"), r"mark of UTF-16.*pairs.encoding\) utf-16"),
        (b"%PDF-1.7 ...", "is a PDF"),
    ],
)
def test_what_is_not_text_is_refused(tmp_path: Path, data: bytes, message: str, chunk: int) -> None:
    path = write(tmp_path, data)
    with pytest.raises(DataError, match=message) as caught:
        list(read_text(path, chunk_bytes=chunk))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nul_in_utf_16(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="NUL character before byte"):
        list(read_text(write(tmp_path, "a\0b".encode("utf-16")), "utf-16"))


def test_models_and_archives_are_named(tmp_path: Path) -> None:
    from safetensors.numpy import save

    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("data.pkl", b"")
    cases = {
        "a pickle": write(tmp_path, pickle.dumps({"a": 1}), "p"),
        "a zip archive": tmp_path / "model.pt",
        "a safetensors file": write(tmp_path, save({"w": np.zeros(2)}), "s"),
    }
    for what, path in cases.items():
        with pytest.raises(DataError, match=f"is {what}.*not text"):
            list(read_text(path))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not there.*elman data list"):
        list(read_text(tmp_path / "no"))
    with pytest.raises(DataError, match="is a directory"):
        list(read_text(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="not a regular file"):
        list(read_text(tmp_path / "pipe"))
    with pytest.raises(DataError, match="Not a directory"):
        list(read_text(write(tmp_path, b"a") / "b"))
    with pytest.raises(DataError, match="null"):
        list(read_text(Path("a\0b")))


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path, b"a")
    path.chmod(0)
    with pytest.raises(DataError, match="Permission denied"):
        list(read_text(path))


def test_gzip_is_unpacked(tmp_path: Path) -> None:
    text = "né\n" * 1000
    assert "".join(read_text(write(tmp_path, gzip.compress(text.encode())))) == text


def test_gzip_that_grows_too_much_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(b"a" * 10_000_000))
    with pytest.raises(DataError, match="more than 100 times its size"):
        list(read_text(path))


def test_damaged_gzip(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(1000).hex().encode())
    with pytest.raises(DataError, match="damaged gzip"):
        list(read_text(write(tmp_path, whole[:-9])))
    with pytest.raises(DataError, match="damaged gzip"):
        list(read_text(write(tmp_path, whole[:50] + b"xxxx" + whole[54:])))


@given(
    text=st.text(
        st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40
    ).map(lambda text: "x" + text),
    places=st.lists(st.integers(0, 160), max_size=3).map(sorted),
    size=st.integers(1, 20),
    encoding=st.sampled_from(["utf-8", "utf-16-le"]),
)
def test_parts_meet_at_whole_characters(
    text: str, places: list[int], size: int, encoding: str
) -> None:
    data = text.encode(encoding)
    places = [min(place, len(data) - 1) for place in places]
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    pieces = list(decode_chunks(chunks, encoding, "x", places))
    assert "".join(piece.text for piece in pieces) == text
    assert sum(piece.size for piece in pieces) == len(data)
    for number, place in enumerate(places):
        before = "".join(piece.text for piece in pieces if piece.part <= number)
        rest = text[len(before) :]
        end = len(before.encode(encoding))
        assert end <= place < end + len(rest[0].encode(encoding))
