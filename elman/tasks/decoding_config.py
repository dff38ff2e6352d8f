"""How tokens are searched for, in every task whose network writes. No torch here."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from elman._config import Config

__all__ = ["Decoding"]


class Decoding(Config):
    """How sequences are decoded.

    Example:
        >>> Decoding(beam=4).length_penalty
        0.6
    """

    beam: int = Field(default=1, ge=1)
    """Beginnings that are kept at each step: 1 is greedy, 5 usually better and slower."""
    length_penalty: float = Field(default=0.6, ge=0)
    """Of a beam: 0 favours short sequences, 1 long ones."""

    @model_validator(mode="after")
    def _penalty_is_read(self) -> Self:
        default = type(self).model_fields["length_penalty"].default
        if self.beam == 1 and self.length_penalty != default:
            raise ValueError("length_penalty chooses among the hypotheses of a beam; give beam > 1")
        return self
