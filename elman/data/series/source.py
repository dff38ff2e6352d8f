"""The table that series are read from: rows of text, whatever kind of file it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from elman._errors import DataError
from elman.data.parquet import ParquetFile, is_parquet
from elman.data.series.columns import are_dates, are_numbers
from elman.data.series.config import SeriesConfig
from elman.data.table import Row, Table, open_table
from elman.data.table_config import ColumnsConfig
from elman.data.text import reasons

__all__ = ["open_source"]

BATCH_ROWS = 1 << 13


def open_source(name: str, config: SeriesConfig) -> Table:
    """Open a table of series: CSV, TSV, JSON lines or Parquet.

    Raises:
        DataError: If it cannot be read, or is no table.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "a.csv"
        >>> _ = path.write_text("2024-01-01,5\\n2024-01-02,6\\n")
        >>> open_source(str(path), SeriesConfig()).columns
        ('1', '2')
    """
    path = Path(name)
    with reasons(path):
        if path.is_dir():
            raise DataError(f"{name} is a folder. Give one table of all series")
        if is_parquet(path):
            return ParquetSource(path)
    given = ColumnsConfig(header=config.header is not False, delimiter=config.delimiter)
    table = open_table(name, given, config.encoding)
    if config.header is None and any(map(is_value, table.columns)):
        table = open_table(name, given.model_copy(update={"header": False}), config.encoding)
    return table


def is_value(name: str) -> bool:
    """Whether what stands where a column's name is expected is a number or a date."""
    return are_numbers([name]) or are_dates([name])


class ParquetSource(Table):
    """An Apache Parquet file; its dates and numbers as text that means the same."""

    unit = "row"

    def __init__(self, path: Path) -> None:
        self._file = TextParquet(path)
        super().__init__(str(path), self._file.columns)

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Yield the values of columns."""
        names = [self.find(name) for name in columns]
        for number, values in enumerate(self._file.rows(names), 1):
            yield Row(number, values)


class TextParquet(ParquetFile):
    """A Parquet file whose columns are turned into text by Arrow, not one by one."""

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """Yield the values of columns, row by row."""
        arrow = self._arrow()
        with self._opened() as file:
            for name in columns:
                self._refuse_nested(name, file.schema_arrow.field(name).type)
            try:
                for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
                    texts = (as_texts(arrow, batch.column(name)) for name in columns)
                    yield from zip(*texts, strict=True)
            except (arrow.ArrowException, OSError) as error:
                raise DataError(f"{self._path}: damaged Parquet file: {error}") from None

    def _refuse_nested(self, name: str, kind: Any) -> None:
        types = self._arrow("pyarrow.types")
        if types.is_nested(kind) or types.is_binary(kind):
            raise DataError(
                f"{self._path}: column '{name}' holds {kind}; expected numbers, dates or text"
            )


def as_texts(arrow: Any, column: Any) -> list[str]:
    """Return a column of Arrow as text; what is missing is empty."""
    if arrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if arrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(arrow.timestamp("us", column.type.tz), safe=False)
    texts: list[str] = column.cast(arrow.string()).fill_null("").to_pylist()
    return texts
