"""Tagging, whatever is tagged: finds out what kind of data it is, and hands over.

Sentences have words, spans and a vocabulary of their own and live in `text.py`. All that is read
step by step, DNA and recordings, is a `TagKind` and lives in `steps.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elman._run import RunDirectory
from elman.tasks.tag.config import TagTask
from elman.tasks.tag.kinds import settled
from elman.tasks.tag.steps import StepTagRun, StepTagTraining
from elman.tasks.tag.text import TextTagRun, TextTagTraining
from elman.tasks.training import Progress, read_config

__all__ = ["TagRun", "TagTraining"]


class TagTraining:
    """The training of a tagger, of the class that its data needs."""

    @staticmethod
    def start(
        task: TagTask, out: Path, progress: Progress | None = None
    ) -> TextTagTraining | StepTagTraining:
        """Read the data and make a new run directory; if that fails, nothing is left behind.

        Raises:
            DataError: If the data cannot be read or does not fit together.
            ConfigError: If something is set that has no effect on this kind of data.
        """
        task = settled(task)
        if task.input == "text":
            return TextTagTraining.start(task, out, progress)
        return StepTagTraining.start(task, out, progress)

    @staticmethod
    def resumed(
        path: Path, changes: dict[str, Any], progress: Progress | None = None
    ) -> TextTagTraining | StepTagTraining:
        """Take up a run where it stopped; ``changes`` overlay its ``[train]`` table."""
        if is_text(path):
            return TextTagTraining.resumed(path, changes, progress)
        return StepTagTraining.resumed(path, changes, progress)


class TagRun:
    """A trained tagger, opened from its run directory with the class that it needs."""

    @staticmethod
    def open(path: Path) -> TextTagRun | StepTagRun:
        """Open a run directory, every file verified.

        Raises:
            RunError: If it is not a run, is damaged, or has no trained model yet.
        """
        return TextTagRun.open(path) if is_text(path) else StepTagRun.open(path)


def is_text(path: Path) -> bool:
    """Say whether a run tags the words of sentences."""
    return read_config(RunDirectory.open(path), TagTask).input == "text"
