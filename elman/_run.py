"""A run directory: what people keep of a training, share, resume and serve.

=====================  ==========================================================
``config.toml``        everything needed to repeat the run
``model.safetensors``  the best parameters
``tokenizer.json``     the vocabulary
``metrics.jsonl``      one line for each report of the training
``checkpoints/``       what a resume needs; may be deleted when done
``manifest.json``      sha256 of each file that must not change
=====================  ==========================================================

Knows files and checksums only, nothing of what is in them and nothing of torch.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elman._errors import RunError
from elman._files import atomic_write, sha256

__all__ = ["RunDirectory"]

MANIFEST = "manifest.json"
FORMAT = 1


class RunDirectory:
    """A folder whose listed files are verified when read and replaced whole when written.

    Example:
        >>> import tempfile
        >>> run = RunDirectory.create(Path(tempfile.mkdtemp()) / "run", {"config.toml": b"x = 1"})
        >>> RunDirectory.open(run.path).read("config.toml")
        b'x = 1'
    """

    def __init__(self, path: Path, hashes: dict[str, list[str]]) -> None:
        self.path = path
        self._hashes = hashes

    @classmethod
    def create(cls, path: Path, files: Mapping[str, bytes]) -> RunDirectory:
        """Make a new run directory with its first files; where that fails, nothing stays.

        Raises:
            RunError: If something is there already or the place cannot be written.
        """
        made = next((p for p in reversed([path, *path.parents]) if not p.exists()), None)
        try:
            if path.exists() and (not path.is_dir() or any(path.iterdir())):
                raise RunError(
                    f"{path} exists and is not empty. Choose another --out, "
                    "or continue that run with --resume"
                )
            path.mkdir(parents=True, exist_ok=True)
            run = cls(path, {})
            run.write(files)
        except OSError as error:
            if made is not None:
                shutil.rmtree(made, ignore_errors=True)
            if isinstance(error, RunError):
                raise
            raise RunError(
                f"cannot create {path}: {error.strerror}. Choose another --out"
            ) from None
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """Open an existing run directory.

        Raises:
            RunError: If there is none, or its manifest cannot be understood.
        """
        manifest = path / MANIFEST
        try:
            content: Any = json.loads(manifest.read_bytes())
            files = content["files"]
            hashes = {str(name): [str(h) for h in entry] for name, entry in files.items()}
        except FileNotFoundError:
            what = "is not a run directory (no manifest.json)" if path.exists() else "is not there"
            raise RunError(f"{path} {what}. Give the folder that `elman train` wrote") from None
        except NotADirectoryError:
            raise RunError(
                f"{path} is a file, not a run directory. Give the folder that `elman train` "
                "wrote; models in other formats, pickles among them, are not loaded"
            ) from None
        except OSError as error:
            raise RunError(f"cannot read {manifest}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RunError(f"{manifest} is damaged: {error}. Restore it from a copy") from None
        if content.get("format") != FORMAT:
            raise RunError(
                f"{manifest}: format {content.get('format')!r} is not {FORMAT}; "
                "this run was written by another version of elman"
            )
        return cls(path, hashes)

    def discard(self) -> None:
        """Remove the run and all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.path / "checkpoints"

    @property
    def metrics(self) -> Path:
        """The log of the training, one JSON object a line."""
        return self.path / "metrics.jsonl"

    def __contains__(self, name: str) -> bool:
        return name in self._hashes

    def read(self, name: str) -> bytes:
        """Return a file's content, verified against the manifest.

        Raises:
            RunError: If the file is missing, not listed, or not what was written.
        """
        path = self.path / name
        if name not in self._hashes:
            raise RunError(f"{self.path} has no {name}: its training has not written one yet")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RunError(f"cannot read {path}: {error.strerror}") from None
        if sha256(data) not in self._hashes[name]:
            raise RunError(
                f"{path} is not what was written (sha256 differs): it is truncated or was "
                "edited. Restore it from a copy"
            )
        return data

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write files and their checksums so that a crash at any instant leaves a valid run.

        The manifest first admits both the old and the new content, then the files are
        replaced, then the manifest admits the new alone.

        Raises:
            RunError: If the place cannot be written.
        """
        before = dict(self._hashes)
        for name, data in files.items():
            self._hashes[name] = [*before.get(name, []), sha256(data)]
        try:
            self._write_manifest()
            for name, data in files.items():
                atomic_write(self.path / name, data)
        except RunError:
            self._hashes = before
            raise
        for name, data in files.items():
            self._hashes[name] = [sha256(data)]
        self._write_manifest()

    def _write_manifest(self) -> None:
        content = {"format": FORMAT, "files": self._hashes}
        atomic_write(self.path / MANIFEST, json.dumps(content, indent=2).encode() + b"\n")
