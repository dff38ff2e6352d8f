"""What a clip that cannot be read is called, so that a whole data set need not fail with it."""

from __future__ import annotations

from elman._errors import DataError

__all__ = ["BrokenClip"]


class BrokenClip(DataError):
    """One clip is damaged, cut off or no video; others of the same set may be sound."""
