"""Sets that are folders of files, sounds and clips: made once on this machine, known by a name.

=================  ===================  ==============================================
``dialled``        transcribe           telephone numbers as they are dialled
``moving-digits``  classify, caption    short films of handwritten digits that move
=================  ===================  ==============================================
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elman._registry import Registry
from elman.data.audio.builtin import make_dialled
from elman.data.made import Make, Progress, made_folder
from elman.data.package import Package
from elman.data.video.moving_digits import make_moving_digits

__all__ = ["FOLDERS", "BuiltinFolder"]

CLIPS = 3000


@dataclass(frozen=True)
class BuiltinFolder:
    """A set that is made.

    Args:
        description: What it is, in one line.
        licence: What it may be used for.
        make: Fills a folder with it, the same each time.
        task: What is trained on it.
        version: Another number where what is made changes.
        entry: The file in the folder that a task is given; empty: the folder itself.
        package: What must be installed for it.
    """

    description: str
    licence: str
    make: Make
    task: str
    version: int
    entry: str
    package: Package

    @property
    def here(self) -> bool:
        """Whether what it is made with is installed."""
        return self.package.folder() is not None

    def path(self, name: str, progress: Progress | None = None) -> Path:
        """Return where it is, made first if it is not there.

        Raises:
            DataError: If a package is missing.
            RunError: If the cache cannot be written.
        """
        return made_folder(f"{name}-{self.version}", self.make, progress) / self.entry


def moving_digits(folder: Path, progress: Progress | None) -> None:
    """Fill a folder with clips."""
    make_moving_digits(folder, CLIPS, progress=progress)


def dialled(folder: Path, progress: Progress | None) -> None:
    """Fill a folder with recordings."""
    make_dialled(folder, progress=progress)


FOLDERS: Registry[BuiltinFolder] = Registry("built-in folder")
FOLDERS.register(
    "dialled",
    BuiltinFolder(
        "Telephone numbers as they are dialled, in tones with noise; made by rule",
        "none needed",
        dialled,
        "transcribe",
        1,
        "manifest.tsv",
        Package("soundfile", "pip install 'elman[audio]'"),
    ),
)
FOLDERS.register(
    "moving-digits",
    BuiltinFolder(
        "Short films of handwritten digits that move, with activity and caption",
        "BSD 3-clause (digits of scikit-learn)",
        moving_digits,
        "classify, caption",
        1,
        "",
        Package("sklearn", "pip install 'elman[demo,video]'"),
    ),
)
