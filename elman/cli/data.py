"""`elman data`: the texts that are here without a download."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console
from rich.table import Table

__all__ = ["data"]

data = App(name="data", help="Show the built-in data.")


@data.command(name="list")
def list_data() -> None:
    """List the built-in texts with their size, licence and what they are."""
    from elman.data.builtin import BUILTIN

    table = Table(box=None, pad_edge=False)
    for column in ("name", "bytes", "licence", "what it is"):
        table.add_column(column, justify="right" if column == "bytes" else "left")
    for name in BUILTIN:
        text = BUILTIN[name]
        table.add_row(name, f"{text.size:,}", text.licence, text.description)
    Console().print(table)
    print("\nTrain on one: elman train language-model --data NAME")
