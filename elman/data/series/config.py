"""How time series are read from a table, put on a grid, and held out."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from elman._config import Config
from elman.data.config import Encoding
from elman.data.series.frequency import parse_frequency

__all__ = ["SeriesConfig"]


class SeriesConfig(Config):
    """Where in a table the series stand, and how they become regular.

    Example:
        >>> SeriesConfig(frequency="15min", test_size=96).fill
        'linear'
    """

    id_column: tuple[str, ...] = ()
    """Columns that name the series; several are joined by a slash. Unset: a usual name such as
    unique_id, series or symbol; without any the table is one series."""
    time_column: str | None = None
    """Column of the times: dates as 2024-05-31 13:00 or numbers of steps. Unset: a usual name such
    as ds, date or timestamp; without any the rows are counted."""
    targets: tuple[str, ...] = ()
    """Columns to forecast; several make each series multivariate. Unset: a usual name such as y or
    value, or the only column of numbers that has no other use."""
    known: tuple[str, ...] = ()
    """Columns known in advance, such as prices or holidays: rows after the last target may have
    them, and then reach into the forecast."""
    past: tuple[str, ...] = ()
    """Columns known up to now only, such as measured weather."""
    static: tuple[str, ...] = ()
    """Columns that say something of the whole series, such as its region: words or numbers."""
    frequency: str = "auto"
    """The step between times: h, D, B (working days), W, M, Q, Y, min, s, ms, also as 15min; a
    number for times that are numbers; auto finds it."""
    season: int | None = Field(default=None, ge=1)
    """Steps until the same comes again. Unset: 24 of hours, 7 of days, 12 of months, ..."""
    fill: Literal["linear", "last", "zero", "none"] = "linear"
    """What stands where steps or values are missing: a line between the neighbours, or the last
    value, made up and never scored; zero, if no row means none; none refuses such a table."""
    calendar: bool = True
    """Whether the network is told the hour, weekday, month, ... as the frequency has them."""
    steps: int | None = Field(default=None, ge=1)
    """Steps of each series that are used, from its first. Unset: all."""
    valid_size: float = Field(default=0.1, ge=0)
    """Steps at each series' end, before the test part, to validate on; below 1 a part of them."""
    test_size: float = Field(default=0.1, ge=0)
    """Steps at each series' end for the last test; below 1 a part of them."""
    skip_short: bool = False
    """Leave out series that are too short, and say which, instead of refusing the table."""
    date_format: str | None = None
    """How dates are written, as in Python's strptime: "%d.%m.%Y". Unset: year, month, day."""
    decimal: Literal[".", ","] = "."
    """The decimal sign of numbers."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """The sign between columns. Unset: a tab in .tsv, else whichever of , ; | and tab fits."""
    header: bool | None = None
    """Whether the first line names the columns. Unset: it does, unless a number is in it."""
    encoding: Encoding = "utf-8"
    """The encoding of the file: utf-8, latin-1, utf-16, ..."""

    @field_validator("frequency", mode="before")
    @classmethod
    def _known_frequency(cls, value: Any) -> Any:
        text = str(value) if isinstance(value, int) else value
        if isinstance(text, str) and text != "auto":
            parse_frequency(text)
        return text

    @model_validator(mode="after")
    def _sizes_and_columns_fit(self) -> Self:
        for name in ("valid_size", "test_size"):
            size = getattr(self, name)
            if size >= 1 and size != int(size):
                raise ValueError(f"{name} = {size}: expected whole steps, or a part below 1")
        if self.valid_size < 1 and self.test_size < 1 and self.valid_size + self.test_size >= 1:
            raise ValueError("valid_size + test_size must leave steps to train on (< 1)")
        roles = ("id_column", "targets", "known", "past", "static")
        named = [(column, role) for role in roles for column in getattr(self, role)]
        named += [(self.time_column, "time_column")] if self.time_column else []
        seen: dict[str, str] = {}
        for column, role in named:
            if column in seen:
                raise ValueError(f"column '{column}' is both {seen[column]} and {role}")
            seen[column] = role
        return self
