"""Clips in, captions out, with a trained captioner: batches, and where it looked."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.buckets import scoring_batches
from elman.data.sentence import sentence_text
from elman.data.tokenizer import Tokenizer
from elman.data.video.captions import Told
from elman.data.video.sampling import Clip
from elman.models.attention_decoder import DecoderState, Memory
from elman.models.captioner import Captioner
from elman.models.decode import Hypothesis, select
from elman.models.generate import evaluating
from elman.tasks.caption.clips import NamedClip
from elman.tasks.caption.config import CaptionTask
from elman.tasks.caption.data import Frames, collate, most_frames, targets_of
from elman.tasks.caption.facts import Facts
from elman.tasks.decoding_config import Decoding
from elman.tasks.training import Progress
from elman.train.nest import map_nest

__all__ = ["Caption", "Judged", "Narrator"]

Seen = tuple[DecoderState, Memory]
"""What the network has read of some clips."""

SCORED = 64
"""Clips at once, at most: changes the speed, not the result."""


@dataclass(frozen=True)
class Caption:
    """What was written of a clip.

    Args:
        text: As it is written.
        log_prob: Of all its tokens and the end, in nats.
        score: What a beam orders by: ``log_prob`` over the length penalty.
        tokens: The ids.
    """

    text: str
    log_prob: float
    score: float
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class Judged:
    """What was written of clips whose captions are known.

    Args:
        captions: Of each clip, the best first.
        nats: Mean nats per token of the true captions, the ends included.
    """

    captions: list[list[Caption]]
    nats: float

    @property
    def texts(self) -> list[str]:
        """The best caption of each clip."""
        return [best.text for best, *_ in self.captions]


@dataclass(frozen=True)
class Narrator:
    """A captioner with all that turns clips into its inputs and its outputs into text."""

    task: CaptionTask
    facts: Facts
    tokenizer: Tokenizer
    model: Captioner

    def captions(
        self, clips: Sequence[Clip], lengths: Sequence[int], how: Decoding
    ) -> list[list[Caption]]:
        """Return the captions of clips, in their order: of each as many as the beam found.

        Args:
            clips: By number.
            lengths: Frames of each.
            how: Greedy, or a beam.
        """
        found: list[list[Caption]] = [[] for _ in lengths]
        for rows in self.cut(lengths):
            seen = self.seen([clips[int(row)] for row in rows])
            for row, captions in zip(rows, self.told(seen, how), strict=True):
                found[int(row)] = captions
        return found

    def judged(
        self, told: Told, how: Decoding | None = None, progress: Progress | None = None
    ) -> Judged:
        """Tell clips, and say how likely their true captions are; frames are encoded once.

        Args:
            told: Clips and their captions.
            how: A beam; ``None`` is greedy.
            progress: Told how far the work is.
        """
        captions: list[list[Caption]] = [[] for _ in range(len(told))]
        total, count, done = 0.0, 0, 0
        for rows in self.cut(told.clips.lengths):
            seen = self.seen([told.clips[int(row)] for row in rows])
            for row, some in zip(rows, self.told(seen, how or Decoding()), strict=True):
                captions[int(row)] = some
            nats, tokens = self.nats(seen, [told.captions[int(row)] for row in rows])
            total, count, done = total + nats, count + tokens, done + len(rows)
            if progress is not None:
                progress(done, len(told), "telling")
        return Judged(captions, total / max(1, count))

    @torch.inference_mode()
    def seen(self, clips: Sequence[Clip]) -> Seen:
        """Return what the network has read of clips."""
        inputs, sizes = self.laid(clips)
        with evaluating(self.model):
            return self.model.encode(inputs, sizes)

    @torch.inference_mode()
    def told(self, seen: Seen, how: Decoding) -> list[list[Caption]]:
        """Return the captions of what was read, of each the best first."""
        state, memory = seen
        limits = torch.full_like(memory.lengths[0], self.facts.most_tokens)
        unknown = self.tokenizer.unk_id
        with evaluating(self.model):
            found = self.model.search(
                state,
                memory,
                limits,
                beam=how.beam,
                alpha=how.length_penalty,
                never=[] if unknown is None else [unknown],
            )
        return [[self.caption(one) for one in hypotheses] for hypotheses in found]

    def caption(self, found: Hypothesis) -> Caption:
        """Return a hypothesis as text."""
        text = sentence_text(self.tokenizer, found.tokens)
        return Caption(text, found.log_prob, found.score, tuple(found.tokens))

    @torch.inference_mode()
    def nats(self, seen: Seen, captions: Sequence[Sequence[str]]) -> tuple[float, int]:
        """Return the nats of all captions of what was read, and their tokens, ends included."""
        state, memory = seen
        total, count = 0.0, 0
        for turn in range(max(map(len, captions))):  # the k-th caption of all that have so many
            own = [row for row, some in enumerate(captions) if turn < len(some)]
            texts = [captions[row][turn] for row in own]
            rows = torch.tensor(own, device=self.model.device)
            targets = targets_of(self.tokenizer, texts).to(self.model.device)
            with evaluating(self.model):
                loss = self.model.loss_of(select(state, rows), select(memory, rows), targets)
            tokens = int((targets >= 0).sum())
            total, count = total + float(loss.nats) * tokens, count + tokens
        return total, count

    def cut(self, lengths: Sequence[int] | NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """Yield the numbers of clips that fit into a batch, the longest first."""
        return scoring_batches(lengths, SCORED, most_frames(self.task, self.facts.frames.shape))

    def laid(self, clips: Sequence[Clip]) -> Frames:
        """Return clips as the model reads them, where it is."""
        frames: Frames = map_nest(
            lambda tensor: tensor.to(self.model.device), collate(clips, self.task)
        )
        return frames

    def stream(
        self, clips: Iterable[NamedClip], how: Decoding, chunk: int
    ) -> Iterator[tuple[NamedClip, list[Caption]]]:
        """Yield each clip with its captions, the best first, in memory that does not grow.

        Args:
            clips: In order; as many as a chunk are read ahead.
            how: Greedy, or a beam.
            chunk: Clips that are told together.
        """
        left = iter(clips)
        while some := list(itertools.islice(left, chunk)):
            told = self.captions([one.clip for one in some], [len(one.clip) for one in some], how)
            yield from zip(some, told, strict=True)

    @torch.inference_mode()
    def attention(self, clip: Clip, caption: Caption) -> NDArray[np.float32] | None:
        """Return where the network looked for each token and the end, ``(L + 1, T)``.

        ``None`` if it has no attention.
        """
        inputs, sizes = self.laid([clip])
        targets = torch.tensor([[*caption.tokens, self.model.end]], device=self.model.device)
        with evaluating(self.model):
            weights = self.model.attended(inputs, sizes, targets)
        return None if weights is None else weights[0].float().cpu().numpy()
