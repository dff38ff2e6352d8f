"""MIDI files read by symusic in a process of its own, so that no file can bring this one down.

A file on which that process dies, or that it does not answer in time, is left to mido, and a
new process reads the rest. Without symusic, mido reads all.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from elman._errors import DataError
from elman.data.music.midi import read_midi, sound_meter, sound_tempo
from elman.data.music.score import Note, Score, Track, tidy

__all__ = ["MidiReader"]

PATIENCE_S = 20.0
"""A file that takes longer is damaged; the start of the process is in it."""
MOST_BYTES = 32 << 20
"""A MIDI file is smaller; a song has some 50 kB."""


class MidiReader:
    """Reads MIDI files, one after another; to be used in a ``with``.

    Args:
        fast: Whether symusic reads, if it is installed; else mido.
        patience_s: Seconds that symusic has for a file.
    """

    def __init__(self, *, fast: bool = True, patience_s: float = PATIENCE_S) -> None:
        self._fast = fast and importlib.util.find_spec("symusic") is not None
        self._patience_s = patience_s
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if one was started."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def read(self, path: Path) -> Score:
        """Return what a MIDI file says.

        Raises:
            DataError: If it cannot be read or is damaged.
        """
        try:
            if path.stat().st_size > MOST_BYTES:
                raise DataError(f"{path}: more than {MOST_BYTES >> 20} MB: no MIDI file of a piece")
            content = path.read_bytes()
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}") from None
        if content[:4] != b"MThd":
            found = "begins otherwise" if content else "is empty"
            raise DataError(
                f"{path}: expected a Standard MIDI file, which begins with MThd; this one {found}"
            )
        reply = self._ask(path) if self._fast else None
        return read_midi(content, path) if reply is None else as_score(reply, path)

    def _ask(self, path: Path) -> dict[str, Any] | None:
        """Return symusic's reply; None if it has none, and mido shall say what is wrong."""
        if self._worker is None:
            self._worker = Worker()
        line = self._worker.ask(json.dumps(str(path.absolute())), self._patience_s)
        if line is None:
            self.close()  # it died, or hangs
            return None
        reply = json.loads(line)
        return None if "error" in reply else reply


class Worker:
    """The process that symusic runs in."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "elman.data.music.symusic_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        # a pipe cannot be waited for with a limit everywhere, a queue can
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 (it is a pipe)
        with self._process.stdout as replies:
            for line in replies:
                self._lines.put(line)
        self._lines.put(None)

    def ask(self, question: str, patience_s: float) -> str | None:
        """Return the answer, or None if there is none in time or the process has died."""
        assert self._process.stdin is not None  # noqa: S101 (it is a pipe)
        try:
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
            return self._lines.get(timeout=patience_s)
        except (OSError, ValueError, queue.Empty):  # its pipe is broken, or closed
            return None

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # what it was not told any more
                self._process.stdin.close()


def as_score(reply: dict[str, Any], path: Path) -> Score:
    """Return symusic's lists as a score in normal form."""
    tracks = tuple(
        Track(t["program"], tuple(Note(*n) for n in t["notes"])) for t in reply["tracks"]
    )
    meters = tuple(m for values in reply["meters"] for m in sound_meter(*values))
    tempos = tuple(t for values in reply["tempos"] for t in sound_tempo(*values))
    try:
        return tidy(Score(reply["ticks_per_beat"], tracks, 0, meters, tempos))
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
