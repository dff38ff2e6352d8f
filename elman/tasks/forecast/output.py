"""What a forecast is written as: a table with intervals, as text, CSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from elman._errors import ConfigError, DataError
from elman._files import atomic_write
from elman.data.series.frequency import Times
from elman.data.series.series import Series
from elman.tasks.forecast.backtest import Forecast
from elman.tasks.forecast.pictures import PAST, SHORTEST_PAST, Panel, fan_picture
from elman.tasks.forecast.scores import levels
from elman.tasks.page import report_page
from elman.tasks.report import Column, Picture, Report, Table, aligned

__all__ = [
    "Format",
    "Told",
    "columns_of",
    "fan_of",
    "page_of",
    "rows_of",
    "save_table",
    "stamps",
    "written",
]

Format = Literal["text", "csv", "json"]
DRAWN = 6
"""Series that are drawn of a forecast of many."""
SHOWN = 500
"""Rows of a table on a page; the rest is left to the other formats."""
Row = tuple[str | float | int, ...]


class Told(NamedTuple):
    """A series, the times that follow it, ``(H,)``, and what is told of them."""

    series: Series
    times: Times
    forecast: Forecast


def columns_of(probabilities: Sequence[float], targets: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns.

    Example:
        >>> columns_of([0.1, 0.5, 0.9], ["y"])
        ('unique_id', 'ds', 'mean', 'lo-80', 'median', 'hi-80')
        >>> columns_of([0.05], ["a", "b"])
        ('unique_id', 'ds', 'target', 'mean', 'q-0.05')
    """
    head = ("unique_id", "ds") + (("target",) if len(targets) > 1 else ())
    return (
        *head,
        "mean",
        *map(lambda k: quantile_name(probabilities, k), range(len(probabilities))),
    )


def quantile_name(probabilities: Sequence[float], k: int) -> str:
    """Return the name of the k-th quantile: of an interval's bound where it is one."""
    if abs(probabilities[k] - 0.5) < 1e-6:
        return "median"
    other = min(k, len(probabilities) - 1 - k)
    central = levels(probabilities)
    level = central[other] if other < len(central) else 0
    if not level:
        return f"q-{probabilities[k]:g}"
    return f"{'lo' if k == other else 'hi'}-{level}"


def rows_of(told: Iterable[Told], targets: Sequence[str]) -> Iterator[Row]:
    """Yield a row for each step and target, series by series."""
    for series, times, forecast in told:
        for target, name in enumerate(targets):
            head = (name,) if len(targets) > 1 else ()
            for step, time in enumerate(stamps(times)):
                numbers = [forecast.mean[step, target], *forecast.quantiles[step, :, target]]
                yield (series.unique_id, time, *head, *map(float, numbers))


def stamps(times: Times) -> list[str | int]:
    """Return times as the tables have them: dates, with a clock if any has one; or numbers.

    Example:
        >>> stamps(np.array(["2024-05-31T00", "2024-05-31T06"], "datetime64[us]"))
        ['2024-05-31 00:00', '2024-05-31 06:00']
    """
    if times.dtype.kind != "M":
        return list(times.tolist())
    coarser = (times.astype(f"datetime64[{unit}]") for unit in ("D", "m", "s", "ms"))
    exact = next((one for one in coarser if (one == times).all()), times)
    return [text.replace("T", " ") for text in exact.astype(str).tolist()]


def written(
    told: Iterable[Told], targets: Sequence[str], probabilities: Sequence[float], form: Format
) -> Iterator[str]:
    """Yield a table as text, piece by piece.

    Args:
        told: The forecasts.
        targets: Names of the targets.
        probabilities: Of the quantiles.
        form: ``text`` to read, ``csv``, or ``json``: an object a line.
    """
    columns = columns_of(probabilities, targets)
    if form == "json":
        for row in rows_of(told, targets):
            yield json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n"
        return
    if form == "csv":
        yield line(columns)
        for row in rows_of(told, targets):
            yield line(row)
        return
    for one in told:
        shown = [list(map(readable, row)) for row in rows_of([one], targets)]
        yield "\n".join(aligned([columns, *shown])) + "\n\n"


def line(cells: Iterable[object]) -> str:
    """Return cells as a line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def readable(cell: str | float) -> str:
    """Return a cell for people to read."""
    return f"{cell:,.6g}" if isinstance(cell, float) else str(cell)


def save_table(
    path: Path, told: Sequence[Told], targets: Sequence[str], probabilities: Sequence[float]
) -> None:
    """Write a table to a file; its ending says which kind.

    ``.csv``, ``.parquet``, ``.json`` (a list of objects) or ``.jsonl`` (an object a line).

    Raises:
        ConfigError: If the ending is none of these.
    """
    kinds: dict[str, Format] = {".csv": "csv", ".jsonl": "json"}
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        atomic_write(path, parquet(told, targets, probabilities))
    elif suffix == ".json":
        lines = map(str.rstrip, written(told, targets, probabilities, "json"))
        atomic_write(path, f"[{','.join(lines)}]\n".encode())
    elif suffix in kinds:
        text = "".join(written(told, targets, probabilities, kinds[suffix]))
        atomic_write(path, text.encode())
    else:
        raise ConfigError(f"{path}: expected a name that ends in .csv, .json, .jsonl or .parquet")


def parquet(told: Sequence[Told], targets: Sequence[str], probabilities: Sequence[float]) -> bytes:
    """Return a table as a Parquet file, times as times."""
    try:
        arrow = importlib.import_module("pyarrow")
        store = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise DataError(
            "Parquet needs pyarrow, which is not installed: pip install 'elman[table]'"
        ) from None
    names = columns_of(probabilities, targets)
    columns = dict(zip(names, zip(*rows_of(told, targets), strict=True), strict=True))
    times = [np.tile(one.times, len(targets)) for one in told]
    arrays = {name: arrow.array(list(values)) for name, values in columns.items()}
    arrays["ds"] = arrow.array(np.concatenate(times))
    file = io.BytesIO()
    store.write_table(arrow.table(arrays), file)
    return file.getvalue()


def fan_of(told: Sequence[Told], targets: Sequence[str], probabilities: Sequence[float]) -> Picture:
    """Draw forecasts, of many series the first."""
    panels = []
    for series, times, forecast in told[:DRAWN]:
        past = max(PAST * len(times), SHORTEST_PAST)
        for target, name in enumerate(targets):
            panels.append(
                Panel(
                    series.unique_id if len(targets) == 1 else f"{series.unique_id}: {name}",
                    series.ds[-past:],
                    series.y[-past:, target],
                    times,
                    forecast.mean[:, target],
                    forecast.quantiles[:, :, target],
                )
            )
    return fan_picture(panels[:DRAWN], probabilities)


def page_of(
    title: str, told: Sequence[Told], targets: Sequence[str], probabilities: Sequence[float]
) -> str:
    """Return a page with the picture and the table, one file without script."""
    head = 2 + (len(targets) > 1)
    names = columns_of(probabilities, targets)
    columns = tuple(Column(name, digits=4 if k >= head else 0) for k, name in enumerate(names))
    rows = tuple(
        (row[0], str(row[1]), *row[2:])
        for row, _ in zip(rows_of(told, targets), range(SHOWN), strict=False)
    )
    total = sum(len(one.times) for one in told) * len(targets)
    notes = []
    if total > SHOWN:
        notes.append(f"The first {SHOWN:,} of {total:,} rows; all of them: --format csv")
    if len(told) > DRAWN:
        notes.append(f"The first {DRAWN} of {len(told):,} series are drawn")
    table = Table("forecast", columns, rows)
    drawn = fan_of(told, targets, probabilities)
    return report_page(Report(title, (), tables=(table,), notes=tuple(notes), pictures=(drawn,)))
