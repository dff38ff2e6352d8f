"""Clips in, captions out, with a trained captioner: batches, and where it looked."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman.data.buckets import scoring_batches
from elman.data.sentence import sentence_text
from elman.data.tokenizer import Tokenizer
from elman.data.video.sampling import Clip
from elman.models.captioner import Captioner
from elman.models.generate import evaluating
from elman.tasks.caption.clips import NamedClip
from elman.tasks.caption.config import CaptionTask
from elman.tasks.caption.data import Frames, collate, most_frames, targets_of
from elman.tasks.caption.facts import Facts
from elman.tasks.decoding_config import Decoding
from elman.train.nest import map_nest

__all__ = ["Caption", "Narrator"]

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
class Narrator:
    """A captioner with all that turns clips into its inputs and its outputs into text."""

    task: CaptionTask
    facts: Facts
    tokenizer: Tokenizer
    model: Captioner

    def captions(
        self, clips: Sequence[Clip] | Any, lengths: Sequence[int] | NDArray[np.int64], how: Decoding
    ) -> list[list[Caption]]:
        """Return the captions of clips, in their order: of each as many as the beam found.

        Args:
            clips: By number; they may be read when they are asked for.
            lengths: Frames of each.
            how: Greedy, or a beam.
        """
        found: list[list[Caption]] = [[] for _ in lengths]
        for rows, some in self.batches(clips, lengths, how):
            for row, captions in zip(rows, some, strict=True):
                found[row] = captions
        return found

    def batches(
        self, clips: Sequence[Clip] | Any, lengths: Sequence[int] | NDArray[np.int64], how: Decoding
    ) -> Iterator[tuple[list[int], list[list[Caption]]]]:
        """Yield some clips by number and their captions, then others, the longest first."""
        unknown = self.tokenizer.unk_id
        options: dict[str, Any] = {"beam": how.beam, "alpha": how.length_penalty}
        options["never"] = [] if unknown is None else [unknown]
        for rows in self.cut(lengths):
            inputs, sizes = self.laid([clips[int(row)] for row in rows])
            limits = torch.full_like(sizes, self.facts.most_tokens)
            with evaluating(self.model):
                some = self.model.write(inputs, sizes, limits, **options)
            texts = [
                [
                    Caption(
                        sentence_text(self.tokenizer, one.tokens),
                        one.log_prob,
                        one.score,
                        tuple(one.tokens),
                    )
                    for one in hypotheses
                ]
                for hypotheses in some
            ]
            yield [int(row) for row in rows], texts

    def cut(self, lengths: Sequence[int] | NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """Yield the numbers of clips that fit into a batch, the longest first."""
        return scoring_batches(lengths, SCORED, most_frames(self.task, self.facts.shape))

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

    @torch.inference_mode()
    def nats(
        self,
        clips: Any,
        lengths: NDArray[np.int64],
        captions: Sequence[Sequence[str]],
    ) -> float:
        """Return the mean nats per token of all captions, the ends included."""
        total, count = 0.0, 0
        for rows in self.cut(lengths):
            some = [clips[int(row)] for row in rows]
            # the k-th caption of each clip that has so many: frames are seen once for each
            for turn in range(max(len(captions[int(row)]) for row in rows)):
                own = [k for k, row in enumerate(rows) if turn < len(captions[int(row)])]
                inputs, sizes = self.laid([some[k] for k in own])
                texts = [captions[int(rows[k])][turn] for k in own]
                targets: Tensor = targets_of(self.tokenizer, texts).to(self.model.device)
                with evaluating(self.model):
                    nats = float(self.model.loss(inputs, sizes, targets).nats)
                tokens = int((targets >= 0).sum())
                total, count = total + nats * tokens, count + tokens
        return total / max(1, count)
