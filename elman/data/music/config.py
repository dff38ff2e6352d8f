"""How music is read and what of it a model sees."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from elman.data.config import SplitConfig

__all__ = ["MusicConfig"]

EVENT_STEPS, ROLL_STEPS = 12, 4


class MusicConfig(SplitConfig):
    """How pieces are read, split, and turned into what a model sees.

    Example:
        >>> MusicConfig().grid, MusicConfig(form="roll").grid
        (12, 4)
    """

    form: Literal["events", "roll"] = "events"
    """`events`: one event after another, with bars, durations, loudness and instruments; `roll`:
    which of 88 keys sound at each step of time, as in the papers."""
    steps_per_beat: int | None = Field(default=None, ge=1, le=96)
    """Steps of time in a quarter. Unset: 12, which holds triplets and sixteenths; of a roll 4."""
    transpose: int = Field(default=6, ge=0, le=6)
    """Semitones by which a training piece is moved at most, anew each epoch; 6 reaches all 12
    keys, 0 leaves it in its own."""
    velocities: int = Field(default=8, ge=1, le=64)
    """Events: degrees of loudness; 1 leaves loudness out."""
    tempos: int = Field(default=8, ge=1, le=64)
    """Events: degrees of tempo; 1 leaves tempo out."""
    keys: bool = True
    """Events: tell the key of each piece before it begins, so that `--key` can be asked for."""
    styles: bool = True
    """Events: tell the folder of each piece before it begins, where there are several, so that
    `--style` can be asked for."""

    @property
    def grid(self) -> int:
        """Steps of time in a quarter."""
        return self.steps_per_beat or (EVENT_STEPS if self.form == "events" else ROLL_STEPS)

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        for name in ("velocities", "tempos", "keys", "styles"):
            if self.form == "roll" and getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"{name} has no effect on form = 'roll'")
        return self
