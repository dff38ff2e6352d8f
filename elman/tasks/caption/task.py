"""The front door of captioning: what the registry of tasks finds by name."""

from elman.tasks.caption.run import CaptionRun
from elman.tasks.caption.training import CaptionTraining

__all__ = ["CaptionRun", "CaptionTraining"]
