from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from elman._errors import DataError
from elman.data.video.container import file_end, file_frames, folder_frames, image_files, pyav
from elman.data.video.errors import BrokenClip
from elman.data.video.look import Look
from tests.data.video.films import flat_frames, random_frames, write_film, write_image

av = pytest.importorskip("av")

LOOK = Look(16, 24)
FRAMES = random_frames(20)


def handles() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("ending", ["avi", "mkv"])
def test_every_frame_comes_back_at_its_time(tmp_path: Path, ending: str) -> None:
    path = write_film(tmp_path / f"a.{ending}", FRAMES)
    shown = [(s.time_s, s.end_s, s.image()) for s in file_frames(path, LOOK)]
    assert np.array_equal(np.stack([image for *_, image in shown])[..., 0], FRAMES)
    assert np.allclose([t for t, *_ in shown], np.arange(20) / 10, atol=1e-3)
    assert np.allclose([e for _, e, _ in shown], np.arange(1, 21) / 10, atol=1e-3)
    assert abs(file_end(path) - 2.0) < 2e-3


def test_uneven_times_are_those_of_the_file(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.5, 0.55, 1.2]
    path = write_film(tmp_path / "a.mkv", FRAMES[:5], times=times)
    assert np.allclose([s.time_s for s in file_frames(path, LOOK)], times, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mp4", "mpeg4", "yuv420p"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.gif", "gif", "gray"),
        ("a.mov", "mjpeg", "yuvj420p"),
    ],
)
def test_the_containers_people_have(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    levels = [20, 60, 100, 140, 180, 220]
    path = write_film(tmp_path / name, flat_frames(levels), codec=codec, pixels=pixels)
    shown = [s.image().mean() for s in file_frames(path, LOOK)]
    assert np.allclose(shown, levels, atol=6)


def test_seeking_gives_what_decoding_up_to_there_gives(tmp_path: Path) -> None:
    frames = random_frames(120)
    path = write_film(tmp_path / "a.mp4", frames, codec="libx264", pixels="yuv420p", gop=12)
    every = [(s.time_s, s.image()) for s in file_frames(path, LOOK)]
    late = [(s.time_s, s.image()) for s in file_frames(path, LOOK, start_s=7.05)]
    wanted = [(t, i) for t, i in every if t + 0.1 > 7.05]
    assert [t for t, _ in late] == pytest.approx([t for t, _ in wanted])
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(late, wanted, strict=True))


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "options"),
    [
        ("a.mp4", "libx264", "yuv420p", {}),
        ("a.mp4", "libx264", "yuv420p", {"movflags": "+faststart"}),
        ("a.avi", "mpeg4", "yuv420p", {}),
        ("a.webm", "libvpx-vp9", "yuv420p", {}),
        ("a.gif", "gif", "gray", {}),
    ],
)
def test_a_file_cut_anywhere_is_whole_or_broken(
    tmp_path: Path, name: str, codec: str, pixels: str, options: dict[str, str]
) -> None:
    path = write_film(tmp_path / name, FRAMES, codec=codec, pixels=pixels, container=options)
    content = path.read_bytes()
    before, broken = handles(), 0
    for size in [0, 1, 7, *range(20, len(content), max(1, len(content) // 60))]:
        path.write_bytes(content[:size])
        try:
            shown = [s.image() for s in file_frames(path, LOOK)]
        except BrokenClip as error:
            assert str(path) in str(error)
            broken += 1
        else:
            # an index at the end, or a few last frames, may be missed; no more
            assert len(shown) >= 17, size
    assert broken > 40 and handles() == before


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.gif", "a.webm"])
def test_noise_is_a_broken_clip(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(BrokenClip, match="no video"):
        list(file_frames(path, LOOK))
    path.write_bytes(b"just a text\n" * 50)
    with pytest.raises(BrokenClip):
        list(file_frames(path, LOOK))


def test_titles_in_any_code_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as file:
        file.metadata["title"] = "QQQQQQQQ"
        stream = file.add_stream("ffv1", rate=10)
        stream.height, stream.width, stream.pix_fmt = 16, 24, "gray"
        for image in FRAMES:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="gray")))
        file.mux(stream.encode())
    content = path.read_bytes()
    assert b"QQQQQQQQ" in content
    path.write_bytes(content.replace(b"QQQQQQQQ", b"na\xefve\xff\xfe!"))
    assert len(list(file_frames(path, LOOK))) == 20


def test_a_header_cannot_ask_for_all_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_film(tmp_path / "a.mp4", FRAMES, codec="libx264", pixels="yuv420p")
    monkeypatch.setattr("elman.data.video.container.MOST_PIXELS", 16 * 16)
    with pytest.raises(BrokenClip):
        list(file_frames(path, LOOK))


def test_damage_anywhere_neither_crashes_nor_hangs(tmp_path: Path) -> None:
    rng, before = np.random.default_rng(0), handles()
    for name, codec, pixels in (
        ("a.mp4", "libx264", "yuv420p"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.gif", "gif", "gray"),
        ("a.avi", "mpeg4", "yuv420p"),
    ):
        path = write_film(tmp_path / name, FRAMES, codec=codec, pixels=pixels)
        whole = np.frombuffer(path.read_bytes(), np.uint8)
        for k in range(25):
            damaged = whole.copy()
            places = rng.integers(len(whole) if k % 2 else 400, size=6)
            damaged[places] = rng.integers(256, size=6)
            path.write_bytes(damaged.tobytes())
            try:
                for shown in file_frames(path, LOOK):
                    shown.image()
                file_end(path)
            except BrokenClip as error:
                assert str(path) in str(error)
    assert handles() == before


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        list(file_frames(tmp_path / "none.mp4", LOOK))


def test_a_name_is_never_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_film(tmp_path / "a.mkv", FRAMES)
    odd = tmp_path / "concat:a.mkv"
    path.rename(odd)
    assert len(list(file_frames(Path("concat:a.mkv"), LOOK))) == 20


def test_an_iterator_left_early_closes_its_file(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES)
    before = handles()
    for _ in range(20):
        shown = file_frames(path, LOOK)
        next(shown)
        shown.close()
    assert handles() == before


def test_bytes_that_arrive(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", FRAMES)
    stream = io.BytesIO(path.read_bytes())
    assert len(list(file_frames(stream, LOOK, check=False))) == 20


def test_a_folder_of_images_is_a_film(tmp_path: Path) -> None:
    for k in range(12):
        write_image(tmp_path / f"frame{k}.png", FRAMES[k])
    (tmp_path / "notes.txt").write_text("not an image")
    shown = [(s.time_s, s.image()) for s in folder_frames(tmp_path, LOOK, 4.0)]
    assert np.array_equal(np.stack([i for _, i in shown])[..., 0], FRAMES[:12])
    assert [t for t, _ in shown] == [k / 4 for k in range(12)]


def test_jpeg_images(tmp_path: Path) -> None:
    write_image(tmp_path / "1.jpg", flat_frames([90])[0], "mjpeg")
    (shown,) = folder_frames(tmp_path, LOOK, 1.0)
    assert np.allclose(shown.image(), 90, atol=2)


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    (shown,) = folder_frames(tmp_path, LOOK, 1.0)
    with pytest.raises(BrokenClip, match=r"1\.png"):
        shown.image()
    assert image_files(tmp_path) == [tmp_path / "1.png"]


def test_without_pyav_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(DataError, match=r"pip install 'elman\[video\]'"):
        pyav("a.mp4")
