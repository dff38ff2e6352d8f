"""`elman predict RUN --stream`: rows of a table come one by one, a forecast follows each."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from elman._errors import ConfigError, DataError
from elman.data.series.columns import GROUPS, IDS, TIMES
from elman.tasks.forecast.config import ForecastPredict
from elman.tasks.forecast.network import TrainedForecaster
from elman.tasks.forecast.output import Told, written
from elman.tasks.forecast.stream import ForecastSession

__all__ = ["stream_rows"]

ONE = "series"
"""The name of a series that no column names."""


class Columns(NamedTuple):
    """Where in a row everything stands."""

    ids: tuple[int, ...]
    time: int
    targets: tuple[int, ...]
    covariates: dict[str, int]
    words: dict[str, int]
    numbers: dict[str, int]


def stream_rows(
    run: TrainedForecaster,
    inputs: Iterable[str],
    options: ForecastPredict,
    levels: Sequence[float],
    write: Callable[[str], None],
) -> None:
    """Take in rows of standard input, and write the forecast after each.

    Args:
        run: The trained forecaster.
        inputs: Tables of what is known before; ``-`` is standard input itself.
        options: The format, and how paths are drawn.
        levels: Quantiles to write.
        write: Takes text.

    Raises:
        ConfigError: If the network cannot stream, or needs to know columns in advance.
        DataError: If a row cannot be used; with its line.
    """
    if run.learned.known:
        raise ConfigError(
            f"stream: the network needs {', '.join(run.learned.known)} of the steps to come, which "
            "rows of the present do not have. In Python: run.stream(series).forecast(known=...)"
        )
    sessions = {
        series.unique_id: ForecastSession.after(run, series)
        for name in inputs
        if name != "-"
        for series in run.read(name).series
    }
    run.model.start(1)  # says why not, before anything is read
    first = True
    for session in observed(run, sessions, sys.stdin):
        told = session.forecast(levels=levels, samples=options.samples, seed=options.seed)
        one = Told(session.series, session.times, told)
        table = "".join(written([one], run.learned.targets, levels, options.format))
        if options.format == "csv" and not first:
            table = table.partition("\n")[2]
        first = False
        write(table)


def observed(
    run: TrainedForecaster, sessions: dict[str, ForecastSession], lines: Iterable[str]
) -> Iterator[ForecastSession]:
    """Yield the session that has taken in each row."""
    sign = run.task.series.delimiter or ","
    rows = csv.reader(lines, delimiter=sign)
    header = next(rows, None)
    if header is None:
        raise DataError("standard input: expected a first line that names the columns, got nothing")
    columns = columns_in(run, [name.strip() for name in header])
    for row in rows:
        if not row:
            continue
        if len(row) != len(header):
            raise DataError(
                f"standard input, line {rows.line_num}: {len(row)} columns, expected "
                f"{len(header)}: {', '.join(header)}"
            )
        try:
            yield taken(run, sessions, columns, row)
        except DataError as error:
            raise DataError(f"standard input, line {rows.line_num}: {error}") from None


def taken(
    run: TrainedForecaster,
    sessions: dict[str, ForecastSession],
    columns: Columns,
    row: Sequence[str],
) -> ForecastSession:
    """Take in one row, and return the session of its series."""
    name = "/".join(row[k] for k in columns.ids) or only(run)
    if name not in sessions:
        static: dict[str, str | float] = {
            **{key: row[k] for key, k in columns.words.items()},
            **{key: number(run, row[k], key) for key, k in columns.numbers.items()},
        }
        sessions[name] = ForecastSession.fresh(run, name, static)
    session = sessions[name]
    y = [
        number(run, row[k], target)
        for k, target in zip(columns.targets, run.learned.targets, strict=True)
    ]
    covariates = {key: number(run, row[k], key) for key, k in columns.covariates.items()}
    session.observe(row[columns.time], y, covariates)
    return session


def only(run: TrainedForecaster) -> str:
    """Return the name of the series where no column says it."""
    return next(iter(run.learned.units)) if len(run.learned.units) == 1 else ONE


def number(run: TrainedForecaster, text: str, name: str) -> float:
    """Return a cell as a number; an empty one was not observed."""
    text = text.strip()
    if run.task.series.decimal == ",":
        text = text.replace(".", "").replace(",", ".")
    try:
        return float(text) if text else float("nan")
    except ValueError:
        raise DataError(f"{name} is '{text}', expected a number") from None


def columns_in(run: TrainedForecaster, header: Sequence[str]) -> Columns:
    """Find the columns by the names that the run was trained with.

    Raises:
        DataError: If one is not there.
    """
    learned, config = run.learned, run.task.series

    def place(name: str) -> int:
        if name in header:
            return header.index(name)
        raise DataError(
            f"standard input: no column '{name}' in the first line, which names {', '.join(header)}"
        )

    def usual(names: Sequence[str]) -> str | None:
        lower = [name.lower() for name in header]
        return next((header[lower.index(name)] for name in names if name in lower), None)

    time = config.time_column or usual(TIMES)
    if time is None:
        raise DataError(f"standard input: no column of times among {', '.join(header)}")
    used = {time, *learned.targets, *learned.past, *learned.words, *learned.numbers}
    ids = config.id_column
    if not ids and (found := usual([name for name in (*IDS, *GROUPS) if name not in used])):
        ids = (found,)
    return Columns(
        tuple(map(place, ids)),
        place(time),
        tuple(map(place, learned.targets)),
        {name: place(name) for name in learned.past},
        {name: place(name) for name in learned.words},
        {name: place(name) for name in learned.numbers},
    )
