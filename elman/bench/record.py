"""What was measured: rows of contenders, ratios with their targets, and the file they are kept in.

Needs no torch: the page and the chart are made from the file alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from elman._errors import DataError
from elman._files import atomic_write

__all__ = ["FORMAT", "Comparison", "Contender", "Record", "Row"]

FORMAT = 1


@dataclass(frozen=True)
class Contender:
    """One way to do the work of a row.

    Attributes:
        name: ``elman`` for the own one, which is the first of a row.
        median, p10, p90: Over the rounds, in the unit of the row.
        error: Largest error against the reference in float64, relative to the largest value of
            each tensor; ``None`` where nothing is computed.
        rate: What the row's ``rate_unit`` says.
    """

    name: str
    median: float
    p10: float
    p90: float
    error: float | None = None
    rate: float | None = None


@dataclass(frozen=True)
class Comparison:
    """A ratio, and what it should be.

    Attributes:
        name: What elman is compared with.
        value: The ratio.
        target: What it should reach, or ``None``.
        sense: Whether the target is the least or the most.
    """

    name: str
    value: float
    target: float | None = None
    sense: Literal["at least", "at most"] = "at least"

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; ``None`` without one."""
        if self.target is None:
            return None
        if self.sense == "at least":
            return self.value >= self.target
        return self.value <= self.target


@dataclass(frozen=True)
class Row:
    """One piece of work, done by all contenders in turns.

    Attributes:
        part: A name of `plan.PARTS`.
        cell: A name of `plan.CELLS`, or empty.
        case: The piece of work.
        threads: Of all contenders that do not say otherwise.
        unit: Of the contenders' figures: ms, us, s or MB.
        facts: What else is to be known of it.
    """

    part: str
    cell: str
    case: str
    threads: int
    unit: str
    contenders: tuple[Contender, ...]
    comparisons: tuple[Comparison, ...] = ()
    rate_unit: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class Record:
    """A run of `elman bench`.

    Attributes:
        about: Processor, cores, instruction set, versions, when.
        missing: A line for each competitor that was not there.
        rows: What was measured.
        quick: Whether with few rounds and shapes.
        complete: Whether nothing was cut short.
        seconds: How long it took.
    """

    about: dict[str, str]
    missing: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    quick: bool = False
    complete: bool = False
    seconds: float = 0.0

    def of(self, part: str) -> list[Row]:
        """Return the rows of a part."""
        return [row for row in self.rows if row.part == part]

    def targets(self) -> Iterator[tuple[Row, Comparison]]:
        """Yield every comparison that has a target."""
        for row in self.rows:
            for comparison in row.comparisons:
                if comparison.target is not None:
                    yield row, comparison

    def write(self, path: Path) -> None:
        """Keep it as JSON."""
        content = {"format": FORMAT, **asdict(self)}
        for shown, row in zip(content["rows"], self.rows, strict=True):
            for ratio, comparison in zip(shown["comparisons"], row.comparisons, strict=True):
                ratio["reached"] = comparison.reached
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
        atomic_write(path, f"{text}\n".encode())

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read what `write` wrote.

        Raises:
            DataError: If the file is not of this format.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            found = content.pop("format")
            if found != FORMAT:
                raise DataError(
                    f"{path}: expected format {FORMAT}, got {found}. Measure anew with elman bench"
                )
            content["rows"] = [read_row(row) for row in content["rows"]]
            content["missing"] = tuple(content["missing"])
            return cls(**content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{path}: not a file of elman bench --json ({error})") from error


def read_row(content: dict[str, Any]) -> Row:
    """Build a row from its JSON."""
    contenders = tuple(Contender(**given) for given in content.pop("contenders"))
    ratios = []
    for given in content.pop("comparisons"):
        del given["reached"]  # follows from the rest
        ratios.append(Comparison(**given))
    return Row(contenders=contenders, comparisons=tuple(ratios), **content)
