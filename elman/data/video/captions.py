"""Clips and pictures with what people said of them: found, divided, and checked once.

A clip that a set names several times has several captions; it is one clip all the same, and never
in two parts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from elman._errors import DataError
from elman.data.table import listed
from elman.data.video.captions_config import CaptionedConfig
from elman.data.video.clips import Clips, find_clips
from elman.data.video.decode import Cache, DecodedClips, checked
from elman.data.video.parts import divided

__all__ = ["CaptionSets", "Told", "find_captioned", "read_caption_sets", "read_told"]

Progress = Callable[[int, int, str], None]
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Told:
    """Clips, and what people said of each.

    Args:
        clips: Decoded when asked for, all sound.
        captions: One or several of each clip.
    """

    clips: DecodedClips
    captions: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.captions)

    @property
    def names(self) -> list[str]:
        """What the clips are called."""
        return [entry.name for entry in self.clips.clips.entries]


@dataclass(frozen=True)
class CaptionSets:
    """Captioned clips, read and divided.

    Args:
        train: To learn from.
        valid: To choose the model by; None if nothing is held out for it.
        test: For the last test; or None.
        fingerprint: Differs when any frame that is looked at, or any caption, does.
        broken: Clips that cannot be read and were left out, each a sentence that names it.
        cut: Clips that go on after the last frame that is looked at.
    """

    train: Told
    valid: Told | None
    test: Told | None
    fingerprint: str
    broken: tuple[str, ...] = ()
    cut: int = 0


def read_caption_sets(
    data: str, config: CaptionedConfig, progress: Progress | None = None
) -> CaptionSets:
    """Read a set of captioned clips, every clip of it once.

    Args:
        data: As `find_clips` takes it.
        config: The columns, the split, and how frames are seen.
        progress: Told how far the work is.

    Raises:
        DataError: If the set cannot be read, a clip has no caption, a part is empty, or frames
            differ between the parts.
    """
    clips, captions = find_captioned(data, config)
    rows = divided(clips, config)
    parts = {name: (clips.chosen(getattr(rows, name)), captions) for name in PARTS}
    for name in ("valid", "test"):
        if (file := getattr(config, name)) is not None:
            parts[name] = find_captioned(file, config)
    cache = Cache(config.cache_mb << 20)
    told = {}
    for name, (some, said) in parts.items():
        if len(some):
            training = name == "train"
            told[name] = read_told(some, said, cache, fine=training, progress=progress, part=name)
    shapes = {name: one.clips.shape for name, one in told.items()}
    if len(set(shapes.values())) > 1:
        raise DataError(f"{data}: frames differ between the parts: {shapes}. Set video.size")
    digest = hashlib.sha256()
    for name, one in told.items():
        digest.update(json.dumps([name, one.clips.digest, one.captions]).encode())
    broken = tuple(error for one in told.values() for error in one.clips.broken)
    cut = sum(one.clips.left_out for one in told.values())
    return CaptionSets(
        told["train"], told.get("valid"), told.get("test"), digest.hexdigest(), broken, cut
    )


def read_told(
    clips: Clips,
    captions: Mapping[str, tuple[str, ...]],
    cache: Cache,
    *,
    fine: bool = False,
    progress: Progress | None = None,
    part: str = "",
) -> Told:
    """Decode clips once; what cannot be read is left out with a warning.

    Args:
        clips: A part of a set.
        captions: By the clips' names.
        cache: Shared by the parts of a set.
        fine: For training: also keep what may be drawn.
        progress: Told how far the work is.
        part: What the progress is told of.
    """
    phase = f"{part} clips" if part else "clips"
    decoded = checked(clips, cache, fine=fine, progress=progress, phase=phase)
    return Told(decoded, tuple(captions[entry.name] for entry in decoded.clips.entries))


def find_captioned(data: str, config: CaptionedConfig) -> tuple[Clips, dict[str, tuple[str, ...]]]:
    """Return the clips of a set, each once, and their captions by the clips' names.

    Raises:
        DataError: If the set cannot be read, a clip has no caption, or stands in two parts.
    """
    # a column that is named is read in the place of the label, which captions do not need
    clips = find_clips(data, config.model_copy(update={"label": config.caption, "caption": None}))
    entries = clips.entries
    texts = [e.caption if config.caption is None else e.label for e in entries]
    if silent := [e.name for e, text in zip(entries, texts, strict=True) if not text.strip()]:
        where = "all clips" if len(silent) == len(texts) else listed(silent, 5)
        raise DataError(
            f"{clips.name}: no caption for {where}. Expected a column such as caption or text, or "
            "one named with video.caption"
        )
    captions: dict[str, list[str]] = {}
    first: dict[str, int] = {}
    for k, (entry, text) in enumerate(zip(entries, texts, strict=True)):
        at = first.setdefault(entry.name, k)
        if entry.part != entries[at].part:
            parts = listed([str(entries[at].part), str(entry.part)])
            raise DataError(
                f"{clips.name}: {entry.name} stands in two parts: {parts}. All captions of a clip "
                "must be in one part"
            )
        captions.setdefault(entry.name, []).append(" ".join(text.split()))
    unique = clips.chosen(first.values())
    return unique, {name: tuple(some) for name, some in captions.items()}
