"""`elman data`: what is here without a file, and what can be downloaded."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console
from rich.table import Table

from elman._errors import DataError
from elman.cli.show import byte_count, progress_bar

__all__ = ["data"]

data = App(name="data", help="Show the built-in data, download well-known sets.")


@data.command(name="list")
def list_data() -> None:
    """List the built-in data and the sets that can be downloaded: size, task, licence."""
    from elman.data.builtin import BUILTIN
    from elman.data.catalog import CATALOG
    from elman.data.fetch import fetched

    table = Table(box=None, pad_edge=False)
    for column in ("name", "size", "task", "licence", "what it is", "how to get it"):
        table.add_column(column, justify="right" if column == "size" else "left")
    for name in BUILTIN:
        text = BUILTIN[name]
        size = byte_count(text.size) if text.here else ""
        how = "is here" if text.here or text.package is None else text.package.install
        table.add_row(name, size, text.task, text.licence, text.description, how)
    for name in CATALOG:
        remote = CATALOG[name]
        try:
            fetched(name)
            how = "is here"
        except DataError:
            how = f"elman data fetch {name}"
        size = byte_count(remote.size)
        table.add_row(name, size, remote.task, remote.licence, remote.description, how)
    Console().print(table)
    print("\nTrain on one: elman train TASK NAME")


@data.command(name="fetch")
def fetch_data(name: str, /) -> None:
    """Download a well-known set into the cache; a download that broke off goes on.

    Args:
        name: The set, one of those that `elman data list` shows.
    """
    from elman.data.catalog import CATALOG
    from elman.data.fetch import fetch

    remote = CATALOG[name]
    with progress_bar() as progress:
        folder = fetch(name, progress)
    for file in remote.files:
        print(folder / file.name)
    print(f"licence: {remote.licence}\ntrain on it: {remote.command.format(folder)}")
