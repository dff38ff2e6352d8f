"""Captions as they are written: lines, lines with attention, JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.tokenizer import Tokenizer
from elman.tasks.caption.captions import Caption
from elman.tasks.caption.clips import NamedClip
from elman.tasks.caption.config import CaptionPredict
from elman.train.log import printable

__all__ = ["END", "Narrated", "spark", "written"]

END = "⏎"
"""Shown for the end of a caption."""
BLOCKS = "▁▂▃▄▅▆▇█"
ACROSS = 60
"""Signs in a line of attention; of more frames, neighbours share one."""


@dataclass(frozen=True)
class Narrated:
    """A clip, what was written of it, and where the network looked.

    Args:
        named: The clip.
        captions: The best first.
        words: The tokens of the best as people are shown them, and the end, L + 1.
        weights: ``(L + 1, T)``, each row sums to one; None if nobody asked, or there is none.
    """

    named: NamedClip
    captions: Sequence[Caption]
    words: Sequence[str]
    weights: NDArray[np.float32] | None

    @property
    def best(self) -> Caption:
        """The best caption."""
        return self.captions[0]


def shown_words(tokenizer: Tokenizer, caption: Caption) -> list[str]:
    """Return the tokens of a caption as people are shown them, and the end."""
    words = (printable(tokenizer.token(token)).strip() or "␣" for token in caption.tokens)
    return [*words, END]


def written(found: Narrated, options: CaptionPredict, rate: float | None) -> str:
    r"""Return what is written of a clip, its line ends included.

    Args:
        found: The clip and its captions.
        options: The form.
        rate: Frames in a second; None if they are spread over the whole clip.

    Example:
        >>> from elman.data.video.sampling import Clip
        >>> clip = NamedClip("a.mp4", Clip(np.zeros((1, 4, 4, 1)), np.array([[0]])))
        >>> found = Narrated(clip, [Caption("a dog", -0.5, -0.4, (3, 4))], ["a", "dog", "⏎"], None)
        >>> written(found, CaptionPredict(), 10.0)
        'a.mp4\ta dog\n'
    """
    named = found.named
    if options.format == "json":
        return json.dumps(record(found, rate), ensure_ascii=False) + "\n"
    stamp = named.name if named.until_s is None else f"{named.until_s:.1f} s"
    lines = [f"{stamp}\t{' '.join(found.best.text.split())}"]
    if options.attention and found.weights is not None:
        wide = max(map(len, found.words))
        for word, row in zip(found.words, found.weights, strict=True):
            lines.append(f"  {word:<{wide}}  {spark(row)}  {peak(row, rate)}")
    return "\n".join(lines) + "\n"


def record(found: Narrated, rate: float | None) -> dict[str, Any]:
    """Return what JSON says of a clip."""
    named = found.named
    where = {} if named.until_s is None else {"until_s": round(named.until_s, 3)}
    captions = [
        {"text": one.text, "score": one.score, "log_prob": one.log_prob} for one in found.captions
    ]
    content: dict[str, Any] = {"file": named.name, **where, "caption": found.best.text}
    content |= {"captions": captions, "frames": len(named.clip), "frames_per_s": rate}
    if found.weights is not None:
        content["attention"] = [
            {"word": word, "frames": [round(float(w), 4) for w in row]}
            for word, row in zip(found.words, found.weights, strict=True)
        ]
    return content


def spark(weights: NDArray[np.float32]) -> str:
    """Return weights as a line of bars, the largest at full height.

    Example:
        >>> spark(np.array([0.1, 0.8, 0.1, 0.0]))
        '▂█▂▁'
    """
    if len(weights) > ACROSS:
        edges = np.linspace(0, len(weights), ACROSS + 1).astype(int)[:-1]
        weights = np.maximum.reduceat(weights, edges)
    heights = weights / max(1e-12, float(weights.max())) * (len(BLOCKS) - 1)
    return "".join(BLOCKS[round(float(height))] for height in heights)


def peak(weights: NDArray[np.float32], rate: float | None) -> str:
    """Return where a word looks most: a moment, or the number of a frame."""
    place = int(weights.argmax())
    return f"{(place + 0.5) / rate:.2f} s" if rate else f"frame {place + 1}"
