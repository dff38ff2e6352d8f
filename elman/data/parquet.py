"""Parquet files, batch by batch; needs pyarrow, which is imported when it is needed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from elman._errors import DataError

__all__ = ["ParquetFile", "is_parquet"]

BATCH_ROWS = 1024


class ParquetFile:
    """An Apache Parquet file, read in constant memory.

    Raises:
        DataError: If pyarrow is not installed or the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as file:
            self.columns = tuple(str(name) for name in file.schema_arrow.names)

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the values of columns, row by row."""
        arrow = self._arrow()
        with self._opened() as file:
            try:
                for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
                    yield from zip(*(batch.column(c).to_pylist() for c in columns), strict=True)
            except (arrow.ArrowException, OSError) as error:
                raise DataError(f"{self._path}: damaged Parquet file: {error}") from None

    def _arrow(self, module: str = "pyarrow") -> Any:
        try:
            return importlib.import_module(module)
        except ImportError:
            raise DataError(
                f"{self._path} is a Parquet table, and pyarrow is not installed: "
                "pip install 'elman[table]'"
            ) from None

    def _opened(self) -> Any:
        parquet, arrow = self._arrow("pyarrow.parquet"), self._arrow()
        try:
            return parquet.ParquetFile(self._path)
        except arrow.ArrowException as error:
            raise DataError(f"{self._path}: not a sound Parquet file: {error}") from None


def is_parquet(path: Path) -> bool:
    """Return whether a file begins as Parquet files do."""
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"
