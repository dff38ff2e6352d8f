"""A trained captioner, opened from its run directory: it scores, and tells new clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from elman._errors import ConfigError, DataError, RunError
from elman._files import atomic_write
from elman._run import RunDirectory
from elman.data.find import find_data
from elman.data.video.captions import CaptionSets, Told, find_captioned, read_told
from elman.data.video.clips import listed_clips
from elman.data.video.decode import Cache
from elman.models.save import load_model
from elman.tasks.caption.baselines import most_frequent, nearest
from elman.tasks.caption.captions import Caption, Narrator
from elman.tasks.caption.clips import NamedClip, windows
from elman.tasks.caption.config import CaptionEval, CaptionPredict, CaptionTask
from elman.tasks.caption.facts import Facts
from elman.tasks.caption.output import Narrated, shown_words, written
from elman.tasks.caption.scores import score_captions
from elman.tasks.caption.training import new_model, own_sets, read_words
from elman.tasks.clips import sound_clips
from elman.tasks.decoding_config import Decoding
from elman.tasks.page import report_page
from elman.tasks.report import Column, Figure, Picture, Report, Table
from elman.tasks.training import MODEL, Progress, read_config

__all__ = ["CaptionRun"]

Split = Literal["train", "valid", "test"]
CHUNK = 16
"""Clips that are read before the first is told."""
EVERY_S = 2.0
PAGE = 100
"""Clips that a page shows."""
MISTAKES, SHOWN = 10, 8
"""Mistakes in a table, and clips in the pictures of a report."""


@dataclass(frozen=True)
class CaptionRun:
    """A trained captioner.

    Example:
        ```
        run = CaptionRun.open(Path("runs/clips"))
        for clip, caption in run.tell(["a.mp4", "b.png"]):
            print(clip.name, caption.text)
        ```
    """

    directory: RunDirectory
    narrator: Narrator

    takes: ClassVar[Literal["files"]] = "files"

    @classmethod
    def open(cls, path: Path) -> CaptionRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        run = RunDirectory.open(path)
        task, facts, tokenizer = read_config(run, CaptionTask), Facts.read(run), read_words(run)
        model = new_model(task, facts, tokenizer)
        load_model(model, run.read(MODEL))
        return cls(run, Narrator(task, facts, tokenizer, model.eval()))

    @property
    def task(self) -> CaptionTask:
        """What was configured."""
        return self.narrator.task

    def inputs(self, path: Path) -> Iterator[str]:
        """Yield the files that a manifest names, or the lines of another file, each once."""
        seen: set[str] = set()
        for name in listed_clips(path, self.task.video):
            if name not in seen:  # several captions are several rows
                seen.add(name)
                yield name

    def tell(
        self, paths: Iterable[str], how: Decoding | None = None, chunk: int = CHUNK
    ) -> Iterator[tuple[NamedClip, Caption]]:
        """Yield clips and their captions, in order, in bounded memory; broken ones are left out.

        Args:
            paths: Video files, pictures, folders of frames.
            how: Beam; ``None`` is greedy.
            chunk: Clips told together.
        """
        for clip, (best, *_) in self.narrator.stream(self.named(paths), how or Decoding(), chunk):
            yield clip, best

    def predict(
        self,
        inputs: Iterable[str],
        options: CaptionPredict,
        write: Callable[[str], None],
        color: bool,
    ) -> None:
        """Write the caption of each clip, for the command.

        Raises:
            ConfigError: If attention is asked for and the model has none, or an option does not
                fit.
            RunError: If the page cannot be written.
        """
        if (options.attention or options.html) and self.narrator.model.attention is None:
            raise ConfigError("this model has no attention to show: it was trained with 'none'")
        if options.html and not Path(options.html).absolute().parent.is_dir():
            raise RunError(f"cannot write {options.html}: its folder is not there. Make it first")
        rate = self.task.video.rate
        kept: list[Narrated] = []
        clips, chunk = self.clips(inputs, options)
        for named, captions in self.narrator.stream(clips, options, chunk):
            looked = options.attention or options.html or options.format == "json"
            weights = self.narrator.attention(named.clip, captions[0]) if looked else None
            words = shown_words(self.narrator.tokenizer, captions[0])
            found = Narrated(named, captions, words, weights)
            write(written(found, options, rate))
            if options.html and len(kept) < PAGE:
                kept.append(found)
        if options.html:
            from elman.tasks.caption.pictures import told_picture

            pictures = tuple(told_picture(one, rate) for one in kept)
            report = Report(f"Captions of {self.directory.path.name}", (), pictures=pictures)
            atomic_write(Path(options.html), report_page(report).encode())

    def named(self, paths: Iterable[str]) -> Iterator[NamedClip]:
        """Read clips one by one; broken ones are named in a warning and left out."""
        found = sound_clips(paths, self.task.video, self.narrator.facts.frames.shape)
        return (NamedClip(name, clip) for name, clip in found)

    def clips(
        self, inputs: Iterable[str], options: CaptionPredict
    ) -> tuple[Iterator[NamedClip], int]:
        """Return the clips that the command was given, and how many are told at once."""
        config, facts = self.task.video, self.narrator.facts
        if not options.stream:
            return self.named(inputs), CHUNK
        sources = list(inputs)
        if len(sources) != 1:
            raise ConfigError(f"stream: expected one video, got {len(sources)}")
        window_s = options.window_s or facts.steps / (config.rate or 1.0)
        every_s = options.every_s or EVERY_S
        return windows(sources[0], config, every_s, window_s, facts.frames.shape), 1

    def evaluate(
        self,
        data: str | None = None,
        *,
        split: Split = "test",
        options: CaptionEval | None = None,
        baselines: bool = False,
        pictures: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Tell the clips of a held-out part, or other clips, and compare with their captions.

        Args:
            data: Another set of captioned clips, all of it; ``None``: the run's own data.
            split: Which part of the run's own data.
            options: Greedy or beam.
            baselines: Also score what needs no network.
            pictures: Also draw some clips, with what was said of them.
            progress: Told how far the work is.

        Raises:
            DataError: If there is no clip, or the data cannot be read.
        """
        how, narrator = options or CaptionEval(), self.narrator
        own = None
        if data is None or baselines:
            own = own_sets(self.directory, self.task, narrator.facts, progress)
        told = self.part(own, data, split, progress)
        judged = narrator.judged(told, how, progress)
        texts = judged.texts
        scores = score_captions(texts, told.captions)
        others = {}
        if own is not None and baselines:
            common = [most_frequent(own.train)] * len(told)
            others = {
                "most frequent": score_captions(common, told.captions).values(),
                "nearest mean frame": score_captions(
                    nearest(own.train, told, progress), told.captions
                ).values(),
            }
        figures = (
            Figure("exact match", scores.exact, "%", 1),
            Figure("CIDEr-D", scores.cider, digits=2),
            Figure("BLEU", scores.bleu, digits=2),
            Figure("nats per token", judged.nats),
        )
        note = f"BLEU is sacreBLEU, {scores.signature}"
        if scores.bleu is None:
            note = "BLEU needs the package sacrebleu: pip install 'elman[metrics]'"
        notes = [note, *left_out(own.broken if own is not None else told.clips.broken)]
        name = data if data is not None else self.name_of(split)
        searched = "greedy" if how.beam == 1 else f"beam {how.beam}"
        return Report(
            f"{name}, {len(told):,} clips, {searched}",
            figures,
            others,
            mistakes(told, texts),
            tuple(notes),
            self.drawn(told, judged.captions) if pictures else (),
        )

    def part(
        self, own: CaptionSets | None, data: str | None, split: Split, progress: Progress | None
    ) -> Told:
        """Return the clips that are scored."""
        if data is not None:
            config = self.task.video
            clips, captions = find_captioned(find_data(data, progress), config)
            return read_told(clips, captions, Cache(config.cache_mb << 20), progress=progress)
        told: Told | None = getattr(own, split)
        if told is None:
            raise DataError(f"the {split} part has no clips. Choose another --split, or give data")
        return told

    def name_of(self, split: Split) -> str:
        """Return what a part of the run's own data is called."""
        file = None if split == "train" else getattr(self.task.video, split)
        return file or f"{split} part of {self.task.data}"

    def drawn(self, told: Told, found: list[list[Caption]]) -> tuple[Picture, ...]:
        """Draw the first mistakes and the first that were right, half of each if there are."""
        from elman.tasks.caption.pictures import told_picture

        wrong = [k for k, some in enumerate(found) if some[0].text not in told.captions[k]]
        right = sorted(set(range(len(told))) - set(wrong))
        half = max(SHOWN // 2, SHOWN - len(right))
        kept = wrong[:half] + right[: SHOWN - len(wrong[:half])]
        pictures = []
        for k in kept:
            clip, best = told.clips[k], found[k][0]
            one = Narrated(
                NamedClip(told.names[k], clip),
                found[k],
                shown_words(self.narrator.tokenizer, best),
                self.narrator.attention(clip, best),
            )
            pictures.append(told_picture(one, self.task.video.rate, told.captions[k]))
        return tuple(pictures)


def mistakes(told: Told, texts: list[str]) -> tuple[Table, ...]:
    """Return a table of the first clips whose caption is none of their references."""
    rows = [
        (name, text, " | ".join(some))
        for name, text, some in zip(told.names, texts, told.captions, strict=True)
        if text not in some
    ]
    columns = (Column("clip"), Column("this network"), Column("people"))
    title = f"not said by people: {len(rows):,} of {len(texts):,}"
    if len(rows) > MISTAKES:
        title += f"; the first {MISTAKES}"
    return (Table(title, columns, tuple(rows[:MISTAKES])),) if rows else ()


def left_out(broken: Iterable[str]) -> list[str]:
    """Say how many clips could not be read."""
    errors = list(broken)
    if not errors:
        return []
    shown = "; ".join(errors[:3]) + (" ..." if len(errors) > 3 else "")
    return [f"{len(errors):,} broken clip{'s' * (len(errors) > 1)} left out: {shown}"]
