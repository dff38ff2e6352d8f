"""Checkpoints on disk: each one atomic file whose name carries its own sha256.

``00001200-3f9a0c2b7d114e65.safetensors``: a file is complete or recognisably not, without a
second file that could disagree with it. Knows nothing of what is inside.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from elman._errors import RunError
from elman._files import atomic_write, sha256
from elman.train.tree import dump_tree, parse_tree

__all__ = ["Checkpoint", "CheckpointStore"]

NAME = re.compile(r"(\d{8,})-([0-9a-f]{16})\.safetensors")


class Checkpoint(NamedTuple):
    """A checkpoint read back."""

    path: Path
    step: int
    state: Any


class CheckpointStore:
    """A folder of checkpoints, of which the newest ``keep`` stay.

    Args:
        folder: Made when first needed. Temporary files that a killed run left are removed.
        keep: Complete checkpoints to keep, at least 1; with 2 one survives a damaged disk block.

    Raises:
        RunError: If the folder cannot be made, read or written.

    Example:
        >>> import tempfile
        >>> from elman.train import CheckpointStore
        >>> store = CheckpointStore(tempfile.mkdtemp())
        >>> path = store.save(7, {"weight": torch.ones(2)})
        >>> path.name[:9], store.newest().state
        ('00000007-', {'weight': tensor([1., 1.])})
    """

    def __init__(self, folder: Path | str, keep: int = 2) -> None:
        self.folder = Path(folder)
        self.keep = keep
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for leftover in self.folder.glob(".*.tmp"):
                leftover.unlink(missing_ok=True)
        except OSError as error:
            raise RunError(
                f"cannot use {self.folder} for checkpoints: {error.strerror}. Choose another --out"
            ) from error

    def save(self, step: int, state: Any) -> Path:
        """Write a checkpoint, whole or not at all, then remove those that are too old.

        Raises:
            RunError: If it cannot be written; the earlier checkpoints are untouched.
        """
        data = dump_tree(state)
        path = self.folder / f"{step:08d}-{sha256(data)[:16]}.safetensors"
        atomic_write(path, data)
        self._tidy(path)
        return path

    def save_aside(self, name: str, state: Any) -> Path:
        """Write something that is not a checkpoint beside them, under a plain name."""
        path = self.folder / f"{name}.safetensors"
        atomic_write(path, dump_tree(state))
        return path

    def newest(self) -> Checkpoint | None:
        """Read the newest complete checkpoint; a damaged one is passed over with a warning.

        Raises:
            RunError: If there are checkpoints but all are damaged.
        """
        damaged = []
        for path in reversed(self.paths()):
            try:
                state = self._read(path)
            except RunError as error:
                damaged.append(str(error))
                continue
            for message in damaged:
                warnings.warn(f"{message}; going back to {path.name}", stacklevel=2)
            return Checkpoint(path, step_of(path), state)
        if damaged:
            raise RunError("no checkpoint can be read: " + "; ".join(damaged))
        return None

    def paths(self) -> list[Path]:
        """Return the checkpoint files, oldest first, by step and then by time of writing."""
        try:
            found = [p for p in self.folder.iterdir() if NAME.fullmatch(p.name)]
            return sorted(found, key=lambda p: (step_of(p), p.stat().st_mtime_ns))
        except OSError as error:
            raise RunError(f"cannot read {self.folder}: {error.strerror}") from error

    def _read(self, path: Path) -> Any:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RunError(f"cannot read {path}: {error.strerror}") from error
        if sha256(data)[:16] != path.stem.partition("-")[2]:
            raise RunError(f"{path} is damaged (sha256 differs)")
        try:
            return parse_tree(data)
        except RunError as error:
            raise RunError(f"{path}: {error}") from None

    def _tidy(self, newest: Path) -> None:
        # Files of a later step are damaged ones that a resume had to pass over.
        later = [path for path in self.paths() if step_of(path) > step_of(newest)]
        others = [path for path in self.paths() if path != newest and path not in later]
        for path in later + others[: max(0, len(others) - (self.keep - 1))]:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise RunError(f"cannot remove {path}: {error.strerror}") from error


def step_of(path: Path) -> int:
    """Return the step in a checkpoint's name."""
    return int(path.name.partition("-")[0])
