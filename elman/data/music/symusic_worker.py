"""A process that reads MIDI files by symusic for its parent: one path a line in, one reply out.

symusic is fast C++ and trusts its input; what brings it down brings down this process alone.
Started by `isolated.py` as ``python -m elman.data.music.symusic_worker``.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from typing import Any

__all__ = ["main", "parse"]

MEMORY = 4 << 30
"""Bytes of address space that the process may take: a damaged length asks for more."""


def parse(content: bytes) -> dict[str, Any]:
    """Return a MIDI file as plain lists.

    Raises:
        Exception: Whatever symusic raises.
    """
    score = importlib.import_module("symusic").Score.from_midi(content)
    return {
        "ticks_per_beat": score.ticks_per_quarter,
        "tracks": [
            {
                "program": 128 if track.is_drum else track.program,
                "notes": [
                    [note.time, note.pitch, note.duration, note.velocity] for note in track.notes
                ],
            }
            for track in score.tracks
        ],
        "meters": [[m.time, m.numerator, m.denominator] for m in score.time_signatures],
        "tempos": [[t.time, t.mspq] for t in score.tempos],
    }


def main() -> None:
    """Answer until standard input ends."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        resource = importlib.import_module("resource")  # not on Windows
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        try:
            with open(json.loads(line), "rb") as file:
                reply = parse(file.read())
        except Exception as error:
            reply = {"error": f"{error}" or type(error).__name__}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
