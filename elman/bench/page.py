"""A record as one HTML file that needs nothing else: the chart inside, all tables below."""

from __future__ import annotations

import re
from html import escape

from elman.bench.chart import draw
from elman.bench.record import Record
from elman.bench.text import Table, summary, tables

__all__ = ["page"]

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
svg { width: 100%; height: auto; background: white; }
table { border-collapse: collapse; margin: 1rem 0 2rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; }
.missed { color: #b3261e; } .reached { color: #1b7a3d; }
@media (prefers-color-scheme: dark) {
  body { background: #181a1f; color: #d6dae2; }
  .missed { color: #ff8a80; } .reached { color: #8bd5a0; }
}
"""


def page(record: Record) -> str:
    """Return the page."""
    svg = draw(record, "svg").decode()
    svg = svg[svg.index("<svg") :]  # without the XML prologue, which HTML does not know
    facts = ", ".join(f"{name} {value}" for name, value in record.about.items())
    notes = [facts, *record.missing]
    if record.quick:
        notes.append("A quick run: few rounds, few shapes.")
    if not record.complete:
        notes.append("Interrupted: not all of it was measured.")
    body = "".join(f"<p>{escape(note)}</p>\n" for note in notes)
    told = escape("\n".join(summary(record)))
    return (
        "<!DOCTYPE html>\n"
        '<html lang="en"><head><meta charset="utf-8"><title>elman bench</title>\n'
        f"<style>{STYLE}</style></head>\n<body>\n<h1>elman bench</h1>\n{body}{svg}\n"
        f"<pre>{told}</pre>\n" + "".join(map(table_html, tables(record))) + "</body></html>\n"
    )


def table_html(table: Table) -> str:
    """Return a table with a heading."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.header)
    rows = "".join(
        f"<tr>{''.join(f'<td>{coloured(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows
    )
    return f"<h2>{escape(table.title)}</h2>\n<table><tr>{head}</tr>\n{rows}</table>\n"


def coloured(cell: str) -> str:
    """Return a cell with its verdict in colour."""
    return re.sub(r"\b(missed|reached)$", r'<span class="\1">\1</span>', escape(cell))
