"""Clips as `classify` takes them: files or stacked frames, and a frame encoder to learn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman._errors import DataError, did_you_mean
from elman._run import RunDirectory
from elman.data.find import is_known
from elman.data.table import listed
from elman.data.video.ahead import Ahead
from elman.data.video.batch import packed
from elman.data.video.clips import Clips, find_clips, listed_clips, looks_like_clips
from elman.data.video.config import VideoConfig
from elman.data.video.decode import Cache, DecodedClips, checked
from elman.data.video.parts import divided
from elman.data.video.read import Clip, stream_frames
from elman.models.classifier import SequenceClassifier
from elman.models.linear_baseline import LogisticRegression
from elman.tasks.classify.batches import LabelledBatches, logits_of
from elman.tasks.classify.config import ClassifyTask
from elman.tasks.classify.examples import Examples, Named, Step
from elman.tasks.classify.kind import Kind
from elman.tasks.clips import (
    FrameFacts,
    are_frame_facts,
    check_shape,
    frame_facts,
    frontend,
    sound_clips,
    stacked,
)
from elman.tasks.contact_sheet import Strip, contact_sheet
from elman.tasks.kind import Sets, Split
from elman.tasks.report import Picture
from elman.tasks.training import Progress, absolute, read_json
from elman.train.classification import Floats
from elman.train.config import ExampleTrainConfig
from elman.train.objective import Batch

__all__ = ["LabelledClips", "VideoKind"]

FACTS = "video.json"
PIXELS = 1 << 23
"""Pixels in one batch, where nobody says otherwise: what bounds memory."""
SHOWN = 4
"""Clips of a kind that a picture shows."""
SMALL = 8
"""Height and width, and number, of the frames that the baselines see."""


@dataclass(frozen=True)
class LabelledClips:
    """Clips with the numbers of their labels.

    Args:
        clips: Decoded when asked for.
        labels: The number of each one's label, ``(E,)``.
    """

    clips: DecodedClips
    labels: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Frames of each that are looked at, ``(E,)``."""
        return self.clips.lengths

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, k: int) -> Clip:
        return self.clips[k]


class ClipBatches(LabelledBatches):
    """Batches that are decoded while the one before is learned from."""

    def __init__(self, plain: LabelledBatches, threads: int) -> None:
        self.__dict__.update(plain.__dict__)  # the same batches by the same numbers
        self._ahead: Ahead[Batch] = Ahead(plain, threads)

    def batch(self, epoch: int, index: int) -> Batch:
        """Return batch ``index`` of ``epoch``, and let those that follow be made."""
        return self._ahead.batch(epoch, index)


class VideoKind(Kind[Clip]):
    """Labelled clips.

    Args:
        config: How they are read, the size of their frames settled.
        facts: What is known of the frames.
    """

    name, noun, steps = "video", "clips", "frames"
    chunk = 16

    def __init__(self, config: VideoConfig, facts: FrameFacts) -> None:
        size = facts.shape[:2] if len(facts.shape) == 3 else config.size
        self.config, self.facts = config.model_copy(update={"size": size}), facts

    @property
    def budget(self) -> int:
        """Frames in one batch, where nobody says otherwise."""
        return max(64, PIXELS // int(np.prod(self.facts.shape)))

    @classmethod
    def recognises(cls, data: str) -> bool:
        """Tell video by the names of the files."""
        return looks_like_clips(data)

    @classmethod
    def settled(cls, task: ClassifyTask) -> ClassifyTask:
        """Name files from the root."""

        def place(name: str | None) -> str | None:
            return absolute(name, is_known)

        video = task.video or VideoConfig()
        video = video.model_copy(update={"valid": place(video.valid), "test": place(video.test)})
        return task.model_copy(update={"data": str(place(task.data)), "video": video})

    @classmethod
    def learn(cls, task: ClassifyTask, progress: Progress | None) -> tuple[VideoKind, Sets]:
        """Find the clips, decode each once, and measure their pixels."""
        config = task.video or VideoConfig()
        sets = read_sets(task.data, config, progress)
        return cls(config, frame_facts(sets.train.clips)), sets

    @classmethod
    def restored(cls, task: ClassifyTask, run: RunDirectory) -> VideoKind:
        """Read what is known of the frames."""
        found = read_json(run, FACTS, are_frame_facts)
        facts = FrameFacts(*(tuple(found[name]) for name in FrameFacts._fields))
        return cls(task.video or VideoConfig(), facts)

    def files(self) -> dict[str, bytes]:
        """Keep what is known of the frames."""
        return {FACTS: json.dumps(self.facts._asdict()).encode()}

    def sets(self, task: ClassifyTask, progress: Progress | None) -> Sets:
        """Find the same clips again."""
        return read_sets(task.data, self.config, progress)

    def examples(
        self, task: ClassifyTask, data: str, labels: Sequence[str], progress: Progress | None
    ) -> LabelledClips:
        """Read another set of clips."""
        clips = find_clips(data, self.config)
        clips.said("label")
        return labelled(checked(clips, new_cache(self.config), progress=progress), labels)

    def named(self, inputs: Iterator[str]) -> Iterator[Named[Clip]]:
        """Read clips one by one; a broken one is named and left out.

        Raises:
            DataError: If none can be read.
        """
        for path, clip in sound_clips(inputs, self.config, self.facts.shape):
            yield Named(path, clip)

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the clips that a manifest names, or the lines of another file."""
        return listed_clips(path, self.config)

    def arriving(self, source: str) -> Iterator[Step[Clip]]:
        """Yield a video second by second, or frame by frame if there are fewer."""
        held: list[NDArray[Any]] = []
        second, end = 1, 0.0
        for end, frame in stream_frames(source, self.config):
            check_shape(source, frame.shape, self.facts.shape)
            held.append(frame)
            if end + 1e-6 >= second:
                second = int(end + 1e-6) + 1
                yield Step(f"{end:.1f} s", stacked(held))
                held = []
        if held:
            yield Step(f"{end:.1f} s", stacked(held))

    def collate(
        self, items: Sequence[Clip], rng: np.random.Generator | None = None
    ) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Return the frames of all clips, one after the other, and how many each has."""
        frames, sizes = packed(items, self.config, rng)
        lengths = torch.from_numpy(sizes)
        return (torch.from_numpy(frames), lengths), lengths

    def batches(self, examples: Examples, config: ExampleTrainConfig) -> LabelledBatches:
        """Return the training part as batches that are decoded ahead."""
        plain = LabelledBatches(self.collate, examples, config, self.budget)
        return ClipBatches(plain, self.config.threads)

    def logits(
        self,
        model: SequenceClassifier,
        items: Sequence[Clip] | Examples,
        lengths: Sequence[int] | NDArray[np.int64],
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """Return the logits ``(N, C)`` of clips, in their order."""
        return logits_of(self.collate, model, items, lengths, progress, self.budget)

    def model(self, task: ClassifyTask, classes: int) -> SequenceClassifier:
        """Put a frame encoder before the rest."""
        return SequenceClassifier(frontend(self.config, self.facts), classes, task.model)

    def item_steps(self, named: Named[Clip]) -> list[str]:
        """Return when each frame is seen."""
        rate = self.config.rate
        count = len(named.item)
        return [f"{k / rate:.2f} s" if rate else f"frame {k + 1}" for k in range(count)]

    def about(self, task: ClassifyTask, sets: Sets) -> list[tuple[str, str]]:
        """Say what is seen of a clip."""
        config, shape = self.config, self.facts.shape
        rate = f"{config.rate:g} a second" if config.rate else f"{config.frames} of each clip"
        what = (
            f"{shape[0]} x {shape[1]} {config.color}" if len(shape) == 3 else f"{shape[0]} features"
        )
        frames = int(sets.train.lengths.sum())
        return [("frames", f"{what}, {rate}; {frames:,} to train on")]

    def baselines(
        self,
        task: ClassifyTask,
        labels: Sequence[str],
        data: str | None,
        split: Split,
        progress: Progress | None,
    ) -> dict[str, Floats]:
        """Return what logistic regression says of small clips laid flat, and of mean frames."""
        sets = self.sets(task, progress)
        scored = sets.part(split) if data is None else self.examples(task, data, labels, progress)
        found: dict[str, Floats] = {}
        for name, view in (("flat clip", flat), ("mean frame", mean_frame)):
            train = np.stack([view(sets.train[k]) for k in range(len(sets.train))])
            model = LogisticRegression(len(labels), penalty=10.0).fit(train, sets.train.labels)
            found[f"logistic regression, {name}"] = model.log_probs(
                np.stack([view(scored[k]) for k in range(len(scored))])
            )
        return found

    def pictures(
        self, task: ClassifyTask, examples: Examples, log_probs: Floats, labels: Sequence[str]
    ) -> list[Picture]:
        """Draw some clips: those that were mistaken most surely, and some that were not."""
        if len(self.facts.shape) != 3:
            return []
        told, surely = log_probs.argmax(-1), np.exp(log_probs.max(-1))
        wrong = np.flatnonzero(told != examples.labels)
        wrong = wrong[np.argsort(-surely[wrong], kind="stable")][:SHOWN]
        right = np.flatnonzero(told == examples.labels)
        right = right[np.linspace(0, len(right) - 1, min(SHOWN, len(right))).astype(int)]
        strips = []
        for k in (*right, *wrong):
            said = f"{labels[told[k]]}, {surely[k]:.0%} sure"
            if told[k] != examples.labels[k]:
                said = f"{said}; it is {labels[examples.labels[k]]}"
            clip = examples[int(k)].seen()
            strips.append(Strip(clip, said, bool(told[k] == examples.labels[k])))
        caption = (
            "Some clips that were told correctly, and the mistakes that were made most surely."
        )
        return [contact_sheet("Clips and what was said of them", strips, caption)]

    def prompt(self) -> str:
        """Propose a file."""
        return "clip.mp4"


def new_cache(config: VideoConfig) -> Cache:
    """Return an empty cache of the configured size."""
    return Cache(config.cache_mb << 20)


def read_sets(data: str, config: VideoConfig, progress: Progress | None) -> Sets:
    """Find clips, split them, and check each part.

    Raises:
        DataError: If there is nothing to learn from, or a label is missing in the training part.
    """
    clips = find_clips(data, config)
    names = clips.said("label")
    labels = label_names(clips.name, names)
    rows = divided(clips, config, names)
    cache = new_cache(config)
    parts: dict[str, Clips] = {
        part: clips.chosen(own) for part, own in zip(("train", "valid", "test"), rows, strict=True)
    }
    for part in ("valid", "test"):
        if (file := getattr(config, part)) is not None:
            parts[part] = find_clips(file, config)
            parts[part].said("label")
    sets = {
        part: labelled(part_of(own, cache, part == "train", progress, part), labels)
        for part, own in parts.items()
    }
    known = {labels[k] for k in np.unique(sets["train"].labels)}
    if missing := [label for label in labels if label not in known]:
        raise DataError(f"{data}: no clip of {listed(missing)} is left to train on")
    shapes = {part: own.clips.shape for part, own in sets.items() if len(own)}
    if len(set(shapes.values())) > 1:
        raise DataError(f"{data}: frames differ between the parts: {shapes}. Set video.size")
    digest = hashlib.sha256("\0".join(labels).encode("utf-8", "surrogatepass"))
    for own in sets.values():
        digest.update(own.clips.digest.encode() + own.labels.tobytes())
    return Sets(labels, **sets, fingerprint=digest.hexdigest(), notes=notes_of(sets, config))


def part_of(
    clips: Clips, cache: Cache, fine: bool, progress: Progress | None, part: str
) -> DecodedClips:
    """Return a part, each clip decoded once; it may be empty."""
    if not len(clips):
        return DecodedClips(clips, np.zeros(0, np.int64), cache, fine=fine)
    return checked(clips, cache, fine=fine, progress=progress, phase=f"clips ({part})")


def labelled(clips: DecodedClips, labels: Sequence[str]) -> LabelledClips:
    """Number the labels of clips.

    Raises:
        DataError: If one is not known.
    """
    number_of = {label: k for k, label in enumerate(labels)}
    names = clips.clips.said("label") if len(clips) else []
    for entry, name in zip(clips.clips.entries, names, strict=True):
        if name not in number_of:
            raise DataError(
                f"{clips.clips.name}: {entry.name}: label '{name}' does not occur in the training "
                f"part{did_you_mean(name, labels) or '.'} Its labels: {listed(labels)}"
            )
    return LabelledClips(clips, np.array([number_of[name] for name in names], np.int64))


def label_names(name: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the different labels, numbers by value, others by alphabet."""
    known = set(names)
    if len(known) < 2:
        raise DataError(
            f"{name}: all {len(names):,} clips have the label '{next(iter(known))}'; a classifier "
            "needs two or more. If the labels are in another column: --video.label NAME"
        )
    try:
        return tuple(sorted(known, key=int))
    except ValueError:
        return tuple(sorted(known))


def notes_of(sets: dict[str, LabelledClips], config: VideoConfig) -> tuple[str, ...]:
    """Say what was left out."""
    broken = [error for own in sets.values() for error in own.clips.broken]
    cut = sum(own.clips.left_out for own in sets.values())
    notes = []
    if broken:
        one = len(broken) == 1
        shown = "; ".join(broken[:3]) + (" ..." if len(broken) > 3 else "")
        notes.append(f"{len(broken):,} broken clip{'' if one else 's'} left out: {shown}")
    if cut:
        notes.append(f"{cut:,} clips seen up to frame {config.max_frames} (--video.max-frames)")
    return tuple(notes)


def flat(clip: Clip) -> NDArray[np.float64]:
    """Return a few small frames, evenly over the clip, as one vector."""
    seen = clip.seen()
    places = ((np.arange(SMALL) + 0.5) / SMALL * len(seen)).astype(int)
    return np.concatenate([small(seen[k]) for k in places])


def mean_frame(clip: Clip) -> NDArray[np.float64]:
    """Return the mean of a clip's frames, which knows no order."""
    return small(clip.seen().mean(0))


def small(frame: NDArray[Any]) -> NDArray[np.float64]:
    """Return a frame averaged over 8 x 8 fields; features as they are."""
    if frame.ndim == 1:
        return frame.astype(np.float64)
    rows, columns = (np.linspace(0, n, SMALL + 1).astype(int)[:-1] for n in frame.shape[:2])
    if min(frame.shape[:2]) < SMALL:
        return frame.astype(np.float64).ravel()
    sums = np.add.reduceat(np.add.reduceat(frame.astype(np.float64), rows, 0), columns, 1)
    return np.asarray(sums.ravel())
