"""The task as the registry finds it: its training and its runs."""

from __future__ import annotations

from elman.tasks.transcribe.run import TranscribeRun
from elman.tasks.transcribe.training import TranscribeTraining

__all__ = ["TranscribeRun", "TranscribeTraining"]
