"""Clips of handwritten digits that move, written as real video: data that can be made anywhere.

Each clip shows one digit or two, drawn from the 1,797 scans that come with scikit-learn, and has an
activity and a caption. No scan is shown in two of training, validation and test.
"""

from __future__ import annotations

import csv
import importlib
import io
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError
from elman._files import atomic_write
from elman.data.video.container import pyav
from elman.data.video.look import Image

__all__ = ["ACTIVITIES", "Scene", "draw", "encode", "invent", "make_moving_digits", "scans"]

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIRECTIONS = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
"""Down and to the right, for each step."""
ALONE = {
    **{name: f"moves {name}" for name in DIRECTIONS},
    **{"circle": "moves in a circle", "bounce": "bounces", "still": "stands still"},
    **{"grow": "grows", "shrink": "shrinks"},
}
"""What one digit does, and how that is said."""
ACTIVITIES = (*ALONE, "together", "scatter")
"""All activities; the last two are of two digits: in one direction, and in different ones."""
PARTS = {"train": 0.8, "valid": 0.1, "test": 0.1}
SIZE, FRAMES, RATE = 48, 20, 10
"""Pixels of height and width, frames of a clip, and of them in a second."""
DIGIT = 16
"""Pixels of a digit that neither grows nor shrinks."""
NOISE = 6.0
"""Deviation of the noise in each pixel, of 255."""


class Mover(NamedTuple):
    """One digit: which scan, what it shows, and where its middle is, and how large, over time.

    Args:
        scan: Its number among `scans`.
        digit: What it shows.
        path: Middle and height in pixels, ``(frames, 3)``: down, right, height.
    """

    scan: int
    digit: int
    path: NDArray[np.float64]


class Scene(NamedTuple):
    """What a clip shows, before it is drawn."""

    activity: str
    caption: str
    movers: tuple[Mover, ...]


def scans() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return handwritten digits ``(1797, 8, 8)``, 0 to 1, and what each of them is.

    Raises:
        DataError: If scikit-learn is not installed.
    """
    try:
        datasets: Any = importlib.import_module("sklearn.datasets")
    except ImportError:
        raise DataError(
            "moving digits are drawn from scans that come with scikit-learn: "
            "pip install 'elman[demo,video]'"
        ) from None
    digits = datasets.load_digits()
    return digits.images / 16.0, digits.target.astype(np.int64)


def make_moving_digits(
    out: Path, clips: int, seed: int = 0, progress: Callable[[int, int, str], None] | None = None
) -> Path:
    """Write a folder of mp4 files and ``clips.csv``: path, activity, caption, split.

    Args:
        out: The folder; it must be new or empty.
        clips: How many.
        seed: Of everything: the same seed shows the same.
        progress: Told how far the work is.

    Returns:
        The manifest.

    Raises:
        DataError: If the folder holds something, there are too few clips to split, or a package
            is missing.
    """
    least = 2 * len(ACTIVITIES)
    if clips < least:
        raise DataError(f"clips: expected at least {least}, two of each activity, got {clips}")
    if out.exists() and any(out.iterdir()):
        raise DataError(f"{out} is not empty: give a new folder, or empty it")
    pyav("a moving digit")
    images, targets = scans()
    rng = np.random.default_rng([seed, 0])
    own = split_scans(rng.permutation(len(targets)))
    (out / "clips").mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["path", "activity", "caption", "split"])
    counts = {part: round(share * clips) for part, share in PARTS.items()}
    counts["train"] = clips - counts["valid"] - counts["test"]
    number = 0
    for part, count in counts.items():
        for k in range(count):
            chance = np.random.default_rng([seed, 1, number])
            activity = ACTIVITIES[k % len(ACTIVITIES)]
            scene = invent(activity, own[part], targets, chance)
            name = f"clips/{number:05d}.mp4"
            encode(out / name, draw(scene, images, chance))
            writer.writerow([name, scene.activity, scene.caption, part])
            number += 1
            if progress is not None:
                progress(number, clips, "clips")
    manifest = out / "clips.csv"
    atomic_write(manifest, table.getvalue().encode())
    return manifest


def split_scans(order: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return which scans each part draws from; no scan is in two."""
    edges = np.rint(np.cumsum([0.0, *PARTS.values()]) * len(order)).astype(int)
    return {part: order[edges[k] : edges[k + 1]] for k, part in enumerate(PARTS)}


def invent(
    activity: str,
    own: NDArray[np.int64],
    targets: NDArray[np.int64],
    rng: np.random.Generator,
) -> Scene:
    """Return a scene of an activity, all else drawn.

    Args:
        activity: One of `ACTIVITIES`.
        own: Scans to draw from.
        targets: What each scan shows.
        rng: Where chances come from.
    """
    if activity in ALONE:
        scan = int(rng.choice(own))
        mover = Mover(scan, int(targets[scan]), lonely(activity, rng))
        return Scene(activity, f"the digit {WORDS[mover.digit]} {ALONE[activity]}", (mover,))
    names = list(DIRECTIONS)
    if activity == "together":
        first = second = names[rng.integers(4)]
    else:
        first, second = (names[k] for k in rng.permutation(4)[:2])
    left, right = (int(scan) for scan in rng.choice(own, 2, replace=False))
    # Each has its half of the picture, so that they never cover each other.
    half = SIZE / 2
    movers = (
        Mover(left, int(targets[left]), straight(first, rng, 0, half)),
        Mover(right, int(targets[right]), straight(second, rng, half, SIZE)),
    )
    one, other = (named(mover.digit) for mover in movers)
    if activity == "together":
        caption = f"{one} and {other} move {first}"
    else:
        caption = f"{one} moves {first} and {other} moves {second}"
    return Scene(activity, caption, movers)


def named(digit: int) -> str:
    """Return a digit with its article: ``"an eight"``."""
    return ("an " if digit == 8 else "a ") + WORDS[digit]


def straight(
    direction: str, rng: np.random.Generator, left: float = 0.0, right: float = SIZE
) -> NDArray[np.float64]:
    """Return a path in one direction, within a part of the width."""
    down, across = DIRECTIONS[direction]
    size = DIGIT if right - left > DIGIT + 12 else 12.0
    room = np.array([SIZE - size, right - left - size])
    step = np.array([down, across], float)
    length = float(np.abs(step) @ room) * rng.uniform(0.75, 1.0)
    free = room - np.abs(step) * length  # where the whole way fits in
    corner = rng.uniform(0, 1, 2) * free + size / 2
    corner += np.where(step < 0, length, 0.0)
    corner[1] += left
    part = np.linspace(0, 1, FRAMES)[:, None]
    return np.concatenate([corner + part * step * length, np.full((FRAMES, 1), size)], 1)


def lonely(activity: str, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the path of one digit that does an activity."""
    if activity in DIRECTIONS:
        return straight(activity, rng)
    time = np.linspace(0, 1, FRAMES)
    size = np.full(FRAMES, float(DIGIT))
    if activity in ("grow", "shrink"):
        size = np.linspace(rng.uniform(9, 11), rng.uniform(19, 22), FRAMES)
        size = size if activity == "grow" else size[::-1]
    reach = 9.0 if activity == "circle" else 0.0
    margin = float(size.max()) / 2 + reach
    down, right = rng.uniform(margin, SIZE - margin, 2)
    path = np.tile([down, right], (FRAMES, 1))
    if activity == "circle":
        turn = 2 * math.pi * (time * rng.choice([-1, 1]) * rng.uniform(0.9, 1.2) + rng.uniform())
        path += reach * np.stack([np.sin(turn), np.cos(turn)], 1)
    elif activity == "bounce":
        # Falls onto the lower edge and springs off it, two or three times.
        floor, top = SIZE - DIGIT / 2, DIGIT / 2 + rng.uniform(0, 6)
        bounces = rng.uniform(1.8, 2.6)
        height = np.abs(np.cos(math.pi * bounces * time))
        path[:, 0] = floor - (floor - top) * height
    return np.concatenate([path, size[:, None]], 1)


def draw(scene: Scene, images: NDArray[np.float64], rng: np.random.Generator) -> list[Image]:
    """Return the frames of a scene, ``(48, 48, 1)`` each.

    Args:
        scene: What to draw.
        images: The `scans`, ``(N, 8, 8)``.
        rng: Of the noise and the light.
    """
    light = rng.uniform(190, 255)
    ground = rng.uniform(0, 40)
    frames = []
    for k in range(FRAMES):
        canvas = np.zeros((SIZE, SIZE))
        for mover in scene.movers:
            canvas = np.maximum(canvas, placed(images[mover.scan], *mover.path[k]))
        grey = ground + (light - ground) * canvas + rng.normal(0, NOISE, canvas.shape)
        frames.append(grey.clip(0, 255).astype(np.uint8)[:, :, None])
    return frames


Canvas = NDArray[np.float64]


def placed(image: Canvas, down: float, right: float, size: float) -> Canvas:
    """Return a canvas with an image on it, smooth in place and size."""
    rows = weights(np.arange(SIZE), down, size, len(image))
    columns = weights(np.arange(SIZE), right, size, len(image))
    return rows @ image @ columns.T


def weights(places: NDArray[Any], middle: float, size: float, pixels: int) -> NDArray[np.float64]:
    """Return how much of each pixel is seen at each place, linear between pixels."""
    inside = (places + 0.5 - middle + size / 2) / size * pixels - 0.5  # (places,), in pixels
    near: NDArray[np.float64] = np.maximum(0.0, 1 - np.abs(inside[:, None] - np.arange(pixels)))
    return near


def encode(path: Path, frames: list[Image], rate: float = RATE) -> None:
    """Write frames ``(H, W, 1)`` or ``(H, W, 3)`` as an mp4 file.

    Height and width must be even, as the codec wants them.

    Raises:
        DataError: If this build of PyAV has no codec for it.
    """
    av = pyav(path)
    codec = next((name for name in ("libx264", "mpeg4") if name in av.codecs_available), None)
    if codec is None:
        raise DataError("this build of PyAV can write neither H.264 nor MPEG-4: pip install av")
    # A fixed quality and nothing that looks ahead: x264's rate control is not the same every time.
    options = {"qp": "18", "preset": "veryfast", "bf": "0", "x264-params": "scenecut=0:weightp=0"}
    if codec != "libx264":
        options = {"qmin": "2", "qmax": "2"}
    height, width, planes = frames[0].shape
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=Fraction(rate).limit_denominator(1000))
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = options
        for image in frames:
            flat = np.ascontiguousarray(image if planes == 3 else image[:, :, 0])
            frame = av.VideoFrame.from_ndarray(flat, format="rgb24" if planes == 3 else "gray")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode())
