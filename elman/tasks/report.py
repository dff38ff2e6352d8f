"""What an evaluation found: figures, the same of baselines, tables and pictures.

It is text and JSON here, and a page to look at in `page.py`. Every task's `evaluate` returns a
`Report`, so that one command prints them all. Knows nothing of any task, of torch or of the
terminal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rich.cells import cell_len

from elman.train.log import printable

__all__ = ["Cell", "Column", "Figure", "Picture", "Report", "Table", "aligned"]

Cell = str | int | float | None
"""What a table holds; None is a figure that is not there."""
OURS = "this network"
MISSING = "-"


@dataclass(frozen=True)
class Column:
    """The heading of a table's column, and how its numbers are written.

    Args:
        name: The heading.
        unit: ``"%"`` shows a fraction times 100; any other unit is written behind the number.
        digits: Digits behind the point, of numbers that are no integers.

    Example:
        >>> Column("accuracy", "%", 1).show(0.8756), Column("rows").show(12345)
        ('87.6 %', '12,345')
    """

    name: str
    unit: str = ""
    digits: int = 3

    def show(self, value: Cell) -> str:
        """Return a value as people read it."""
        if isinstance(value, str):
            return printable(value).replace("\n", " ")
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return MISSING
        if self.unit == "%":
            return f"{100 * value:.{self.digits}f} %"
        number = f"{value:,}" if isinstance(value, int) else f"{value:,.{self.digits}f}"
        return f"{number} {self.unit}".rstrip()


@dataclass(frozen=True)
class Figure:
    """One number that an evaluation found.

    Args:
        name: As people call it: ``"accuracy"``, ``"nats per token"``.
        value: The number; of percentages the fraction, 0 to 1. None if there is none.
        unit: As in `Column`.
        digits: As in `Column`.

    Example:
        >>> str(Figure("accuracy", 0.918, "%", 1))
        'accuracy 91.8 %'
    """

    name: str
    value: float | int | None
    unit: str = ""
    digits: int = 3

    def show(self, value: Cell) -> str:
        """Return a number of this figure's kind as people read it."""
        return Column(self.name, self.unit, self.digits).show(value)

    def __str__(self) -> str:
        return f"{self.name} {self.show(self.value)}"


@dataclass(frozen=True)
class Table:
    """Rows under headings: scores of each class, a confusion matrix.

    Example:
        >>> columns = (Column("class"), Column("F1", "%", 1))
        >>> table = Table("by class", columns, (("spam", 0.91),))
        >>> print(table.text())
        by class
        class      F1
        spam   91.0 %
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def text(self) -> str:
        """Return the table as lines of text."""
        cells = [[c.show(v) for c, v in zip(self.columns, row, strict=True)] for row in self.rows]
        return "\n".join([self.title, *aligned([[c.name for c in self.columns], *cells])])


@dataclass(frozen=True)
class Picture:
    """Something to look at, drawn already.

    Args:
        title: What it shows.
        image: The bytes of an image file.
        kind: Which kind of file.
        caption: How to read it, in a sentence.
    """

    title: str
    image: bytes
    kind: Literal["png", "svg"] = "png"
    caption: str = ""


@dataclass(frozen=True)
class Report:
    """The result of an evaluation.

    Args:
        title: What was scored: ``"test part of reviews.csv, 1,067 examples"``.
        figures: The model's numbers, the most important first.
        baselines: The same numbers, by figure, of each trivial method by its name.
        tables: What else there is to see.
        notes: Remarks, each a sentence.
        pictures: What there is to look at; text and JSON do not have them.

    Example:
        >>> figures = (Figure("accuracy", 0.9, "%", 1), Figure("nats", 0.31))
        >>> report = Report("test part", figures, {"majority class": {"accuracy": 0.5}})
        >>> print(report.text())
        test part
                  this network  majority class
        accuracy        90.0 %          50.0 %
        nats             0.310               -
        >>> report["nats"]
        0.31
    """

    title: str
    figures: tuple[Figure, ...]
    baselines: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()

    def __getitem__(self, name: str) -> float | int | None:
        return {figure.name: figure.value for figure in self.figures}[name]

    def text(self) -> str:
        """Return the whole report as lines of text."""
        heading = [["", OURS, *self.baselines]] if self.baselines else []
        rows = [
            [f.name, f.show(f.value), *(f.show(b.get(f.name)) for b in self.baselines.values())]
            for f in self.figures
        ]
        parts = ["\n".join([self.title, *aligned([*heading, *rows])])]
        parts += [table.text() for table in self.tables]
        return "\n\n".join(parts + (["\n".join(self.notes)] if self.notes else []))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON has it; a number that JSON does not have becomes null."""
        return {
            "title": self.title,
            "figures": {figure.name: number(figure.value) for figure in self.figures},
            "baselines": {
                name: {figure: number(value) for figure, value in values.items()}
                for name, values in self.baselines.items()
            },
            "tables": [
                {
                    "title": table.title,
                    "columns": [column.name for column in table.columns],
                    "rows": [[number(cell) for cell in row] for row in table.rows],
                }
                for table in self.tables
            ],
            "notes": list(self.notes),
        }


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows of text as lines: the first column to the left, the others to the right.

    Example:
        >>> aligned([["a", "1"], ["bcd", "23"]])
        ['a     1', 'bcd  23']
    """
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        gaps = [" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)]
        cells = [
            row[0] + gaps[0],
            *(gap + cell for gap, cell in zip(gaps[1:], row[1:], strict=True)),
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def number(value: Cell) -> Cell:
    """Return a value as JSON has it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
