"""What a loss in nats means in other units, and its record on disk, one JSON object a line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from elman._errors import RunError
from elman._files import atomic_write
from elman.train.events import Event, Sampled, Started, Stopped
from elman.train.listener import Listener

__all__ = ["JsonlWriter", "bits_per_character", "perplexity"]


def perplexity(nats: float) -> float:
    """Return the number of equally likely tokens that would be as hard to guess.

    Example:
        >>> round(perplexity(math.log(50)), 6)
        50.0
    """
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def bits_per_character(nats: float, tokens: int, characters: int) -> float:
    """Return a loss per token as bits per character, comparable between tokenizers.

    Args:
        nats: Mean loss per token.
        tokens: Tokens of a text.
        characters: Characters of the same text.

    Example:
        >>> bits_per_character(math.log(2), tokens=100, characters=400)
        0.25
    """
    return nats / math.log(2) * tokens / characters


class JsonlWriter(Listener):
    """Listener that appends each event to a file; the lines so far are whole at any instant.

    When a run is taken up at a step, lines from beyond it are removed: they tell of steps that
    will be made again. A line that a kill cut short is removed with them. A number that JSON
    does not have (NaN, infinity) is written as null.

    Args:
        path: The file, by custom ``metrics.jsonl``.

    Raises:
        RunError: If the file cannot be read or written.

    Example:
        >>> import tempfile
        >>> from elman.train.events import Started, Validated
        >>> path = Path(tempfile.mkdtemp()) / "metrics.jsonl"
        >>> with JsonlWriter(path) as write:
        ...     write(Started(0, None, 10))
        ...     write(Validated(100, 1.5, True))
        >>> print(path.read_text().splitlines()[-1])
        {"event": "validated", "step": 100, "nats": 1.5, "best": true, "metrics": {}}
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        if isinstance(event, Started):
            self._start(event.step)
        if isinstance(event, Sampled) or self._file is None:
            return  # samples are for the eye
        record = {"event": type(event).__name__.lower(), **asdict(event)}
        line = json.dumps({key: plain(value) for key, value in record.items()})
        try:
            self._file.write(line.encode() + b"\n")  # unbuffered: one write, one line
        except OSError as error:
            raise RunError(f"cannot write {self.path}: {error.strerror}") from error
        if isinstance(event, Stopped):
            self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _start(self, step: int) -> None:
        self.close()
        try:
            old = self.path.read_bytes() if self.path.exists() else b""
            kept = lines_up_to(old, step)
            if kept != old:
                atomic_write(self.path, kept)
            self._file = self.path.open("ab", buffering=0)
        except RunError:
            raise
        except OSError as error:
            raise RunError(f"cannot write {self.path}: {error.strerror}") from error


def lines_up_to(data: bytes, step: int) -> bytes:
    """Return the leading whole lines of records up to ``step``; none for a fresh start."""
    kept = []
    for line in data.splitlines(keepends=True) if step else []:
        try:
            record = json.loads(line)
            if not line.endswith(b"\n") or record["step"] > step or record["event"] == "stopped":
                break
        except (ValueError, KeyError, TypeError):
            break
        kept.append(line)
    return b"".join(kept)


def plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, Path):
        return value.name
    if isinstance(value, Mapping):
        return {name: plain(entry) for name, entry in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
