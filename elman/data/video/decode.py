"""Labelled or captioned clips, decoded when asked for: checked once, the recent ones remembered.

The check decodes every clip before the training begins: so broken ones are known by name, lengths
are right, and a resume can tell whether the data has changed.
"""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman._errors import DataError, ElmanWarning
from elman.data.video.clips import Clips
from elman.data.video.errors import BrokenClip
from elman.data.video.sampling import Clip

__all__ = ["Cache", "Checked", "DecodedClips", "checked"]

Progress = Callable[[int, int, str], None]


class Cache:
    """Decoded clips that fit into a budget; those that do not are decoded again.

    What came first stays: an epoch goes through all clips, so to drop the oldest would drop each
    one just before it is needed again.

    Args:
        budget: Bytes.
    """

    def __init__(self, budget: int) -> None:
        self._budget, self._lock = budget, threading.Lock()
        self._kept: dict[object, Clip] = {}
        self.nbytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: object, read: Callable[[], Clip]) -> Clip:
        """Return a clip, read if it is not kept; from any thread."""
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        clip = read()
        with self._lock:
            if key not in self._kept and self.nbytes + clip.nbytes <= self._budget:
                self._kept[key] = clip
                self.nbytes += clip.nbytes
        return clip


class DecodedClips:
    """Clips by number, decoded when asked for; from any thread.

    Args:
        clips: The clips, each sound.
        lengths: Steps of each, ``(E,)``.
        cache: Shared by the parts of a data set.
        fine: Also keep what training may draw instead of the middle frames.

    Attributes:
        shape: Of one frame, ``(H, W, C)``, or of saved features ``(E,)``.
        digest: Differs when a frame that is looked at does.
        broken: What `checked` left out, each a sentence that names it.
        left_out: Clips that go on after their last step.
    """

    def __init__(
        self,
        clips: Clips,
        lengths: NDArray[np.int64],
        cache: Cache,
        *,
        fine: bool,
        shape: tuple[int, ...] = (),
        digest: str = "",
        broken: tuple[str, ...] = (),
        left_out: int = 0,
    ) -> None:
        self.clips, self.lengths = clips, lengths
        self._cache, self._fine = cache, fine
        self.shape, self.digest, self.broken, self.left_out = shape, digest, broken, left_out

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, k: int) -> Clip:
        if not -len(self) <= k < len(self):
            raise IndexError(f"clip {k} of {len(self)}")
        if self.clips.stack is not None:  # its frames are in memory already
            return self.clips.read(k, fine=self._fine)
        entry = self.clips.entries[k]
        key = (entry.path, entry.start_s, entry.end_s, self._fine)
        return self._cache.get(key, lambda: self.clips.read(k, fine=self._fine))


class Checked(NamedTuple):
    """What the check found out about one clip; ``error`` is empty for a sound one."""

    steps: int
    digest: bytes
    shape: tuple[int, ...]
    left_out: bool
    error: str


def checked(
    clips: Clips,
    cache: Cache,
    *,
    fine: bool = False,
    progress: Progress | None = None,
    phase: str = "clips",
) -> DecodedClips:
    """Decode every clip once, a few at a time; broken ones are left out with a warning.

    Args:
        clips: A part of a data set.
        cache: Filled as far as it goes.
        fine: For training: also keep what may be drawn.
        progress: Told how far the work is.
        phase: What it is told.

    Raises:
        DataError: If none is sound, or they differ in size.
    """
    everything = DecodedClips(clips, np.zeros(len(clips), np.int64), cache, fine=fine)
    found: list[Checked] = []
    with (
        ThreadPoolExecutor(clips.config.threads, thread_name_prefix="elman-video") as pool,
        closing(in_order(pool, lambda k: one(everything, k), len(clips))) as results,
    ):
        for result in results:
            found.append(result)
            if result.error:
                warnings.warn(f"left out: {result.error}", ElmanWarning, stacklevel=2)
            if progress is not None:
                progress(len(found), len(clips), phase)
    sound = [k for k, result in enumerate(found) if not result.error]
    broken = tuple(result.error for result in found if result.error)
    if not sound:
        first = f"; the first: {broken[0]}" if broken else ""
        raise DataError(f"{clips.name}: none of {len(found):,} clips can be read{first}")
    first_shape = found[sound[0]].shape
    for k in sound:
        if found[k].shape != first_shape:
            raise DataError(
                f"{clips.name}: clips must be alike, but {clips.entries[sound[0]].name} has frames "
                f"of {first_shape} and {clips.entries[k].name} of {found[k].shape}. "
                "Set video.size, or make saved features alike"
            )
    digest = hashlib.sha256(b"".join(found[k].digest for k in sound)).hexdigest()
    return DecodedClips(
        clips.chosen(sound),
        np.array([found[k].steps for k in sound], np.int64),
        cache,
        fine=fine,
        shape=first_shape,
        digest=digest,
        broken=broken,
        left_out=sum(found[k].left_out for k in sound),
    )


def one(clips: DecodedClips, k: int) -> Checked:
    """Decode one clip and say what it is."""
    try:
        clip = clips[k]
    except BrokenClip as error:
        return Checked(0, b"", (), False, str(error))
    seen = clip.seen()
    digest = hashlib.sha256(np.ascontiguousarray(seen).tobytes()).digest()
    return Checked(len(seen), digest, seen.shape[1:], clip.left_out, "")


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[int], Checked], count: int
) -> Generator[Checked, None, None]:
    """Yield the results of ``work`` in order; only a few are begun before they are wanted."""
    waiting: list[Future[Checked]] = []
    begun = 0
    try:
        for _ in range(count):
            while begun < count and len(waiting) < 32:
                waiting.append(pool.submit(work, begun))
                begun += 1
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()
