"""Frames of a video file, or of a folder of images, one by one with their times; by PyAV.

Nothing is held but the frame on the way, and the file is closed when the iterator is. Which
frames are wanted, `sampling.py` knows.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from elman._errors import DataError
from elman.data.video.errors import BrokenClip
from elman.data.video.look import Image, Look, Scaler

__all__ = ["Shown", "file_end", "file_frames", "folder_frames", "image_files", "is_image", "pyav"]

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
ENOUGH = 0.9
"""A file that gives less than this part of what its header promises was cut off."""
MOST_PIXELS = 1 << 26
"""Of one frame: twice 8K. A damaged header must not ask for all the memory there is."""
SEEK_S = 4.0
"""A clip that begins later than this in its file is looked for, not decoded up to."""


class Shown(NamedTuple):
    """A frame, and while it is on the screen.

    Args:
        time_s: When it appears, in seconds from the first frame of the file.
        end_s: When it goes, as far as the file says; the next frame may come earlier.
        image: Converts it, when it is wanted.
    """

    time_s: float
    end_s: float
    image: Callable[[], Image]


def pyav(name: object) -> Any:
    """Return the module ``av``.

    Raises:
        DataError: If it is not installed.
    """
    try:
        return importlib.import_module("av")
    except ImportError:
        raise DataError(
            f"{name} is video, and PyAV is not installed: pip install 'elman[video]'"
        ) from None


def is_image(path: Path) -> bool:
    """Say whether a file is an image, by its name."""
    return path.suffix.lower() in IMAGES and not path.name.startswith(".")


def image_files(folder: Path) -> list[Path]:
    """Return the images of a folder, in the order of the numbers in their names.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("10.png", "9.png", "notes.txt"):
        ...     _ = (folder / name).write_bytes(b"")
        >>> [path.name for path in image_files(folder)]
        ['9.png', '10.png']
    """
    return sorted(filter(is_image, folder.iterdir()), key=lambda path: numbered(path.name))


def numbered(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts by the numbers in a name, as people count."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


@contextmanager
def opened(source: Path | BinaryIO) -> Iterator[tuple[Any, Any]]:
    """Open a video file, or a stream of bytes: its container and its first video stream."""
    name = source if isinstance(source, Path) else "standard input"
    av = pyav(name)
    if isinstance(source, Path) and not source.exists():
        raise DataError(f"{source}: there is no such file")
    # "file:" and the whitelist: a name never means an address, and a playlist opens none
    target = f"file:{source.absolute()}" if isinstance(source, Path) else source
    options = {"protocol_whitelist": "file,pipe"}
    try:
        with av.open(target, options=options, metadata_errors="replace") as container:
            if not container.streams.video:
                raise BrokenClip(f"{name}: holds no video")
            stream = container.streams.video[0]
            if stream.codec_context is None:
                raise BrokenClip(f"{name}: damaged, or in a code that cannot be decoded")
            stream.codec_context.thread_count = 1  # clips are decoded side by side instead
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            yield container, stream
    except BrokenClip:
        raise
    except (av.error.FFmpegError, EOFError, UnicodeDecodeError, OverflowError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise BrokenClip(f"{name}: damaged, cut off or no video: {told}") from None


def file_frames(
    source: Path | BinaryIO, look: Look, *, start_s: float = 0.0, check: bool = True
) -> Generator[Shown, None, None]:
    """Yield the frames of a video file in the order they are shown, from ``start_s`` on.

    The first may have appeared before ``start_s``: it is the one on the screen then, or earlier.

    Args:
        source: A file, or bytes that arrive.
        look: Size and colours.
        start_s: Frames that are gone by then are left out.
        check: Refuse a file that ends long before its header says so.

    Raises:
        BrokenClip: If it is damaged or cut off, perhaps only after some good frames.
        DataError: If PyAV or the file is missing.
    """
    with opened(source) as (container, stream):
        scaler = Scaler(look)
        base = None if stream.start_time is None else float(stream.start_time * stream.time_base)
        sought = start_s > SEEK_S and base is not None and isinstance(source, Path)
        if sought and base is not None:
            container.seek(int((start_s + base) * 1_000_000), backward=True)
        usual = 1 / float(stream.average_rate or stream.base_rate or 25)
        promised_s = declared_s(container, stream) if check else 0.0
        count, time, end = 0, 0.0, 0.0
        for frame in container.decode(stream):
            if frame.is_corrupt:
                raise BrokenClip(f"{source}: damaged at {time:.2f} s")
            if frame.time is None:
                now = end
            else:
                base = frame.time if base is None else base
                now = max(time, frame.time - base)
            gap = now - time if count and now > time else usual
            lasts = float(frame.duration * frame.time_base) if frame.duration else gap
            count, time, end = count + 1, now, now + lasts
            if end > start_s:
                yield Shown(now, end, lambda frame=frame: scaler.image(frame))  # type: ignore[misc]
        if not count and not sought:
            raise BrokenClip(f"{source}: holds no frame that can be decoded")
        if not sought and end < ENOUGH * promised_s - usual:
            raise BrokenClip(
                f"{source}: cut off after {count} frames, {end:.1f} of {promised_s:.1f} s"
            )
        if container.format.name == "gif" and isinstance(source, Path) and not ends_as_gif(source):
            raise BrokenClip(f"{source}: cut off after {count} frames, {end:.1f} s")


def declared_s(container: Any, stream: Any) -> float:
    """Return how long the picture lasts, as the header says; 0 where it does not."""
    found = 0.0
    if stream.duration is not None:
        found = float(stream.duration * stream.time_base)
    elif container.duration is not None and len(container.streams) == 1:
        found = float(container.duration) / 1e6
    if stream.frames and stream.average_rate:  # of an AVI that is cut off only this is left
        found = max(found, float(stream.frames / stream.average_rate))
    return found


def ends_as_gif(path: Path) -> bool:
    """Say whether a GIF has its end mark; its header says nothing of its length."""
    with path.open("rb") as file:
        file.seek(-min(2, path.stat().st_size), 2)
        return b";" in file.read()


def file_end(path: Path) -> float:
    """Return when the last frame of a file goes, in seconds, without decoding anything.

    Raises:
        BrokenClip: If the file is damaged.
    """
    with opened(path) as (container, stream):
        usual = 1 / float(stream.average_rate or stream.base_rate or 25)
        times: list[tuple[float, float]] = []  # the first and the last shown, not all of them
        count = 0
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            count += 1
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None:
                continue
            begin = float(stamp * packet.time_base)
            lasts = float(packet.duration * packet.time_base) if packet.duration else usual
            ends = [*times, (begin, begin + lasts)]
            times = [min(ends), max(ends)]
        if not times:
            return count * usual
        return times[-1][1] - times[0][0]


def folder_frames(folder: Path, look: Look, rate: float) -> Iterator[Shown]:
    """Yield the images of a folder as frames, ``rate`` a second.

    Raises:
        BrokenClip: If one of them cannot be read, or there is none.
    """
    files = image_files(folder)
    if not files:
        raise BrokenClip(f"{folder}: holds no images ({', '.join(IMAGES)})")
    for number, path in enumerate(files):
        yield Shown(number / rate, (number + 1) / rate, lambda path=path: one_image(path, look))  # type: ignore[misc]


def one_image(path: Path, look: Look) -> Image:
    """Return the picture in an image file."""
    with opened(path) as (container, stream):
        for frame in container.decode(stream):
            return Scaler(look).image(frame)
    raise BrokenClip(f"{path}: holds no picture that can be decoded")
