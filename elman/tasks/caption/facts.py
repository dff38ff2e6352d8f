"""What a captioner's run must remember of its data, beside the words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from elman._run import RunDirectory
from elman.data.tokenizer import Tokenizer
from elman.data.video.captions import Told
from elman.tasks.caption.data import caption_ids
from elman.tasks.clips import FrameFacts, are_frame_facts, frame_facts
from elman.tasks.training import read_json

__all__ = ["DATA", "Facts"]

DATA = "data.json"


@dataclass(frozen=True)
class Facts:
    """What is known of the training clips.

    Args:
        fingerprint: Differs when any frame or caption of any part does.
        frames: Their shape and their pixels.
        longest: Tokens of the longest caption.
        steps: Frames of the median clip.

    Example:
        >>> Facts("ab", FrameFacts((48, 48, 1), (0.5,), (0.2,)), 9, 20).most_tokens
        28
    """

    fingerprint: str
    frames: FrameFacts
    longest: int
    steps: int

    @classmethod
    def of(cls, told: Told, tokenizer: Tokenizer, fingerprint: str) -> Facts:
        """Return the facts of the training part."""
        longest = max(len(caption_ids(tokenizer, t)) - 1 for some in told.captions for t in some)
        steps = int(np.median(told.clips.lengths))
        return cls(fingerprint, frame_facts(told.clips), longest, steps)

    @classmethod
    def read(cls, run: RunDirectory) -> Facts:
        """Read them from a run directory, whose files are not trusted.

        Raises:
            RunError: If they are damaged.
        """
        content = read_json(run, DATA, sound)
        frames = FrameFacts(*(tuple(content["frames"][name]) for name in FrameFacts._fields))
        return cls(**{**content, "frames": frames})

    def files(self) -> dict[str, bytes]:
        """Return them as files of a run directory."""
        content = {**vars(self), "frames": self.frames._asdict()}
        return {DATA: json.dumps(content).encode()}

    @property
    def most_tokens(self) -> int:
        """Tokens that a caption may have: twice the longest that was seen, and ten."""
        return 2 * self.longest + 10


def sound(content: Any) -> bool:
    """Say whether the content of the file is what `Facts.files` writes."""
    counts = [content["longest"], content["steps"]]
    return (
        set(content) == {"fingerprint", "frames", "longest", "steps"}
        and isinstance(content["fingerprint"], str)
        and are_frame_facts(content["frames"])
        and all(type(count) is int and count > 0 for count in counts)
    )
