"""What a captioner's run must remember of its data, beside the words."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from elman._run import RunDirectory
from elman.data.tokenizer import Tokenizer
from elman.data.video.captions import Told
from elman.tasks.caption.data import caption_ids
from elman.tasks.training import read_json

__all__ = ["DATA", "Facts"]

DATA = "data.json"


@dataclass(frozen=True)
class Facts:
    """What is known of the training clips.

    Args:
        fingerprint: Differs when any frame or caption of any part does.
        shape: Of one frame, ``(H, W, C)``, or ``(E,)`` of saved features.
        longest: Tokens of the longest caption.
        frames: Of the clip in the middle, when they are sorted by length.

    Example:
        >>> Facts("ab", (48, 48, 1), 9, 20).most_tokens
        28
    """

    fingerprint: str
    shape: tuple[int, ...]
    longest: int
    frames: int

    @classmethod
    def of(cls, told: Told, tokenizer: Tokenizer, fingerprint: str) -> Facts:
        """Return the facts of the training part."""
        longest = max(len(caption_ids(tokenizer, t)) - 1 for some in told.captions for t in some)
        return cls(fingerprint, told.clips.shape, longest, int(np.median(told.clips.lengths)))

    @classmethod
    def read(cls, run: RunDirectory) -> Facts:
        """Read them from a run directory, whose files are not trusted.

        Raises:
            RunError: If they are damaged.
        """
        content = read_json(run, DATA, sound)
        return cls(**{**content, "shape": tuple(content["shape"])})

    def files(self) -> dict[str, bytes]:
        """Return them as files of a run directory."""
        return {DATA: json.dumps(asdict(self)).encode()}

    @property
    def most_tokens(self) -> int:
        """Tokens that a caption may have: twice the longest that was seen, and ten."""
        return 2 * self.longest + 10


def sound(content: Any) -> bool:
    """Say whether the content of the file is what `Facts.files` writes."""
    shape, counts = content["shape"], [content["longest"], content["frames"]]
    return (
        set(content) == {"fingerprint", "shape", "longest", "frames"}
        and isinstance(content["fingerprint"], str)
        and len(shape) in (1, 3)
        and all(type(size) is int and size > 0 for size in [*shape, *counts])
    )
